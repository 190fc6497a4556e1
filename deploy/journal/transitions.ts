import type { StepState } from './entries';
import type { ObjectState } from './state';

/**
 * From which state a step may go to which, as its journal entries tell it. `docs/deploying.md` draws this, and tests
 * hold the picture, this table and what runs really write to be the same.
 */
export const stepTransitions: { readonly [from: string]: readonly StepState[] } = {
  pending: ['gate', 'absent'],
  gate: ['diff', 'waiting', 'failed', 'gate'],
  diff: ['confirm', 'failed', 'gate'],
  confirm: ['applying', 'skipped', 'failed', 'gate'],
  applying: ['waiting', 'failed', 'gate'],
  waiting: ['verifying', 'done', 'failed', 'gate'],
  verifying: ['done', 'failed', 'gate'],
  failed: ['gate', 'skipped', 'done'],
  done: ['gate'],
  absent: ['skipped', 'absent'],
};

/** The same for an object; `created`, `configured`, `unchanged` and `reconciled` are drawn as one. */
export const objectTransitions: { readonly [from: string]: readonly (ObjectState | 'applied')[] } = {
  planned: ['inFlight', 'applied'],
  inFlight: ['applied', 'failed', 'unknown', 'inFlight'],
  unknown: ['inFlight', 'applied'],
  failed: ['inFlight'],
  applied: ['inFlight', 'planned', 'applied'],
};

/** The same for a run. Before it is running it has no journal: it can be blocked or refused, and then nothing is kept. */
export const runTransitions: { readonly [from: string]: readonly string[] } = {
  running: ['paused', 'completed', 'completed-with-waivers'],
  paused: ['running'],
};
