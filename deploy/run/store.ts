import { createHmac, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readJournal } from '../journal/journal';
import { lockHolder } from '../journal/lock';
import { type RunState, runState } from '../journal/state';
import type { DeployPlan } from '../plan/plan';

/** Where a run keeps what must survive it; never in the workspace, which gets committed. */
export interface RunFiles {
  readonly id: string;
  readonly directory: string;
  readonly journal: string;
  readonly lock: string;
  readonly plan: string;
}

/** A run as the disk tells it. */
export interface StoredRun {
  readonly files: RunFiles;
  readonly state: RunState;
  /** True if a living process drives it. */
  readonly isRunning: boolean;
}

/** `$XDG_STATE_HOME/matrix-preflight`, or its default. */
export function defaultStateDirectory(environment: { readonly [name: string]: string | undefined }): string {
  const state = environment.XDG_STATE_HOME;
  return join(state !== undefined && state !== '' ? state : join(homedir(), '.local', 'state'), 'matrix-preflight');
}

/** Makes the directory of a new run, readable by its user only. */
export function createRun(stateDirectory: string, plan: DeployPlan, now: number): RunFiles {
  const stamp = new Date(now).toISOString().replace(/[-:]|\..*/g, '');
  const id = `${stamp}-${randomBytes(3).toString('hex')}`;
  const files = runFiles(stateDirectory, id);
  mkdirSync(files.directory, { recursive: true, mode: 0o700 });
  writeFileSync(files.plan, JSON.stringify(plan, undefined, 2), { mode: 0o600 });
  writeFileSync(join(files.directory, 'key'), randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' });
  return files;
}

/** Where the files of a run are. Throws a RangeError for what is not the id of a run. */
export function runFiles(stateDirectory: string, id: string): RunFiles {
  if (!/^[\w-]+$/.test(id)) throw new RangeError(`${JSON.stringify(id)} is not the id of a run.`);
  const directory = join(stateDirectory, 'runs', id);
  return {
    id,
    directory,
    journal: join(directory, 'journal.jsonl'),
    lock: join(directory, 'lock'),
    plan: join(directory, 'plan.json'),
  };
}

/** The HMAC of contents under a run's own key. */
export function sealOf(files: RunFiles): (content: string) => string {
  const key = Buffer.from(readFileSync(join(files.directory, 'key'), 'utf8'), 'hex');
  return content => createHmac('sha256', key).update(content).digest('hex');
}

/** All runs, newest first; one whose journal cannot be read is left out. */
export function listRuns(stateDirectory: string, now: () => number = Date.now): readonly StoredRun[] {
  const directory = join(stateDirectory, 'runs');
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter(id => /^[\w-]+$/.test(id))
    .sort()
    .reverse()
    .flatMap(id => readRun(stateDirectory, id, now) ?? []);
}

/** A run that was kept; undefined if there is none, or its journal cannot be read. */
export function readRun(stateDirectory: string, id: string, now: () => number = Date.now): StoredRun | undefined {
  const files = runFiles(stateDirectory, id);
  try {
    const state = runState(readJournal(files.journal).entries);
    return { files, state, isRunning: lockHolder(files.lock, now) !== undefined };
  } catch {
    return undefined;
  }
}

/** The plan a run was started with. */
export function readPlan(files: RunFiles): DeployPlan {
  return JSON.parse(readFileSync(files.plan, 'utf8')) as DeployPlan;
}

/** A lock that keeps two runs from changing one cluster at the same time from this machine. */
export function clusterLock(stateDirectory: string, clusterUid: string): string {
  const directory = join(stateDirectory, 'locks');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return join(directory, `${clusterUid.replace(/[^\w-]/g, '_')}.lock`);
}
