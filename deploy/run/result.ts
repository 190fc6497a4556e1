import type { PauseReason } from '../journal/entries';
import type { Journal } from '../journal/journal';
import type { PlanBlocker } from '../plan/source';
import { excerpt } from './context';

/** How a run ended; the text is redacted. */
export interface DeployResult {
  readonly outcome: 'completed' | 'completed-with-waivers' | 'blocked' | 'failed' | 'paused' | 'refused';
  /** The run's id; empty if none was begun. */
  readonly run: string;
  readonly text: string;
  /** Findings and unresolved steps that stand in the way; only for a blocked run. */
  readonly blockers: readonly (PlanBlocker & { readonly step: string })[];
  readonly reason?: PauseReason;
}

/** The exit code of the command line for an outcome. */
export function exitCode(result: DeployResult): number {
  return { completed: 0, 'completed-with-waivers': 0, blocked: 1, failed: 3, paused: 4, refused: 5 }[result.outcome];
}

/** Why a run ends before its last step is done. */
export type Ending =
  | { readonly type: 'failed'; readonly text: string }
  | { readonly type: 'refused'; readonly text: string }
  | { readonly type: 'paused'; readonly reason: PauseReason; readonly text: string };

/** Writes an ending into the journal. */
export function finish(journal: Journal, run: string, ending: Ending): DeployResult {
  // The journal belongs to whoever has the lock now.
  if (ending.type === 'paused' && ending.reason === 'lease-lost')
    return { outcome: 'paused', run, text: ending.text, blockers: [], reason: ending.reason };
  if (ending.type === 'paused') return pause(journal, run, ending.reason, ending.text);
  if (ending.type === 'refused') {
    journal.append({ type: 'paused', reason: 'needs-confirm', text: excerpt(ending.text, 1000) });
    return refused(run, ending.text);
  }
  journal.append({ type: 'paused', reason: 'failed', text: excerpt(ending.text, 1000) });
  return { outcome: 'failed', run, text: ending.text, blockers: [], reason: 'failed' };
}

/** Writes into the journal that the run can be gone on with. */
export function pause(journal: Journal, run: string, reason: PauseReason, text: string): DeployResult {
  journal.append({ type: 'paused', reason, text: excerpt(text, 1000) });
  return { outcome: 'paused', run, text, blockers: [], reason };
}

/** The result of a run that was not begun or not gone on with. */
export function refused(run: string, text: string): DeployResult {
  return { outcome: 'refused', run, text, blockers: [] };
}

/** The result where findings stand in the way. */
export function blocked(run: string, blockers: DeployResult['blockers']): DeployResult {
  const steps = new Set(blockers.map(blocker => blocker.step));
  return { outcome: 'blocked', run, text: `${blockers.length} findings block ${[...steps].join(', ')}.`, blockers };
}
