import type { ClusterIdentity } from '../journal/entries';
import type { PlannedObject, PlannedStep } from '../plan/plan';
import type { Diagnosis } from './diagnose';
import type { ObjectDiff } from './diff';

/** Everything a run asks a person. All texts in the questions are redacted. */
export interface Interaction {
  /**
   * Asked once before the first change, and again whenever the cluster or the plan has changed.
   *
   * @returns the name of the context as the person typed it; a window with a button may return it only if the context
   *   is not protected. Anything else refuses the run.
   */
  confirmContext(question: ContextQuestion): Promise<string | undefined>;
  /** Asked when somebody else's deployment to this cluster has gone silent: whether to take its Lease over. */
  confirmTakeOver(question: TakeOverQuestion): Promise<boolean>;
  /** Asked before each step, with everything it would change. */
  confirmStep(question: StepQuestion): Promise<StepDecision>;
  /** Asked before a Job that may have run already. */
  confirmRunOnce(question: RunOnceQuestion): Promise<RunOnceDecision>;
  /** Asked about a step whose objects are not in the tree. */
  skipAbsent(step: PlannedStep): Promise<SkipDecision>;
  /** Asked when a step has failed. */
  afterFailure(question: FailureQuestion): Promise<FailureDecision>;
}

export interface ContextQuestion {
  readonly cluster: ClusterIdentity;
  /** True if the name must be typed. */
  readonly isProtected: boolean;
  readonly planHash: string;
  readonly steps: number;
  readonly objects: number;
}

export interface TakeOverQuestion {
  /** Who holds the Lease, as `user@host/run`. */
  readonly holder: string;
  /** When it was last renewed, as RFC 3339 or as the API server says it. */
  readonly since: string;
}

export interface StepQuestion {
  readonly step: PlannedStep;
  readonly cluster: ClusterIdentity;
  readonly diffs: readonly ObjectDiff[];
  /** "3 created, 1 changed, 7 unchanged". */
  readonly summary: string;
}

export type StepDecision =
  | {
      readonly decision: 'apply';
      /** References of objects whose conflicting fields may be taken over from their present managers. */
      readonly takeOver?: readonly string[];
    }
  | { readonly decision: 'skip'; readonly reason: string }
  | { readonly decision: 'stop' };

export interface RunOnceQuestion {
  readonly step: PlannedStep;
  readonly object: PlannedObject;
  /** Why it is not simply applied. */
  readonly reason: string;
  /** What is known about the Job, one line a fact. */
  readonly facts: readonly string[];
}

/** `keep` takes the Job as it is and only verifies it; `run-again` deletes it if it exists and starts it anew. */
export type RunOnceDecision = 'keep' | 'run-again' | 'stop';

export type SkipDecision = { readonly decision: 'skip'; readonly reason: string } | { readonly decision: 'stop' };

export interface FailureQuestion {
  readonly step: PlannedStep;
  readonly diagnosis: Diagnosis;
  /** True if everything was applied and only a check did not pass, so that its result may be accepted. */
  readonly mayAccept: boolean;
}

export type FailureDecision =
  | { readonly decision: 'retry' }
  | { readonly decision: 'skip'; readonly reason: string }
  | { readonly decision: 'accept'; readonly reason: string }
  | { readonly decision: 'stop' };

/**
 * Answers for a run that nobody watches: it goes on only with the very plan and context that were named on the
 * command line, never takes fields over, never runs a Job twice, and stops at the first failure.
 */
export function unattended(confirmed: {
  readonly context: string;
  readonly planHash: string;
  /** Whether an expired Lease of somebody else is to be taken over. */
  readonly takesOver?: boolean;
}): Interaction {
  return {
    confirmContext: async question => (question.planHash === confirmed.planHash ? confirmed.context : undefined),
    confirmStep: async () => ({ decision: 'apply' }),
    confirmRunOnce: async () => 'keep',
    confirmTakeOver: async () => confirmed.takesOver === true,
    skipAbsent: async step => ({ decision: 'skip', reason: step.reason }),
    afterFailure: async () => ({ decision: 'stop' }),
  };
}
