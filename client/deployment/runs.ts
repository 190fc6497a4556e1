import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalEntry } from '../../deploy/journal/entries';
import { readJournal } from '../../deploy/journal/journal';
import { lockHolder } from '../../deploy/journal/lock';
import { type RunState, runState } from '../../deploy/journal/state';
import type { DeployPlan } from '../../deploy/plan/plan';
import { type RunFiles, readPlan, runFiles } from '../../deploy/run/store';
import { logFile } from './terminal';

/** A run of a deployment tree as the disk tells it. */
export interface KnownRun {
  readonly files: RunFiles;
  readonly plan: DeployPlan;
  readonly entries: readonly JournalEntry[];
  readonly state: RunState;
  /** True if a living process drives it, ours or another. */
  readonly isRunning: boolean;
}

/** The runs of a tree; what has ended is read once. */
export interface Runs {
  /** Newest first, at most `shownRuns`. */
  of(root: string): readonly KnownRun[];
  read(id: string): KnownRun | undefined;
  /** The log that was kept of a run; undefined if it was driven from the command line. */
  logOf(id: string): string | undefined;
}

const shownRuns = 5;

export function runsIn(stateDirectory: string): Runs {
  const ended = new Map<string, KnownRun>();
  const read = (id: string): KnownRun | undefined => {
    const known = ended.get(id);
    if (known) return known;
    try {
      const files = runFiles(stateDirectory, id);
      const { entries } = readJournal(files.journal);
      const state = runState(entries);
      const run = { files, plan: readPlan(files), entries, state, isRunning: lockHolder(files.lock) !== undefined };
      if (state.ended !== undefined && !run.isRunning) ended.set(id, run);
      return run;
    } catch {
      // A directory that is just being made, or a journal of another version of the tool.
      return undefined;
    }
  };
  return {
    read,
    of: root => {
      const directory = join(stateDirectory, 'runs');
      if (!existsSync(directory)) return [];
      const found: KnownRun[] = [];
      for (const id of readdirSync(directory).sort().reverse()) {
        if (!/^[\w-]+$/.test(id)) continue;
        const run = read(id);
        if (run?.state.root === root) found.push(run);
        if (found.length === shownRuns) break;
      }
      return found;
    },
    logOf: id => {
      try {
        return readFileSync(join(runFiles(stateDirectory, id).directory, logFile), 'utf8');
      } catch {
        return undefined;
      }
    },
  };
}
