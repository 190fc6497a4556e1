import type { ClusterIdentity, ObjectIdentity, StepState } from '../journal/entries';
import type { Journal } from '../journal/journal';
import type { Kubectl } from '../kubectl/kubectl';
import type { DeployPlan, PlannedObject } from '../plan/plan';
import type { PlanSource } from '../plan/source';
import type { Redact } from '../redact/redact';
import type { VerifiedCheck } from '../verify/verify';

/** Time, so that tests need not wait. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Ends early, without an error, when the signal is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** How patient a run is; all in milliseconds. */
export interface Pace {
  /** Between two looks at objects that are not ready. */
  readonly poll: number;
  /** How long something that may still mend itself (no node, no Secret yet) is given. */
  readonly grace: number;
  /** Before the second, third and fourth attempt after a fault that may pass. */
  readonly backoff: readonly number[];
  /** How long a step's checks may take to pass after its objects are ready. */
  readonly verify: number;
  /** Multiplies the deadlines of the plan. */
  readonly deadlineFactor: number;
  /** Before the first change to a protected cluster, to leave time for second thoughts. */
  readonly secondThoughts: number;
}

export const defaultPace: Pace = {
  poll: 3000,
  grace: 60_000,
  backoff: [1000, 4000, 15_000],
  verify: 90_000,
  deadlineFactor: 1,
  secondThoughts: 10_000,
};

/** What happens in a run, for a view that follows it; all texts are redacted. */
export type RunEvent =
  | { readonly type: 'step'; readonly step: string; readonly state: StepState; readonly reason?: string }
  | {
      readonly type: 'object';
      readonly step: string;
      readonly object: PlannedObject;
      readonly state: string;
      readonly done: number;
      readonly of: number;
    }
  | {
      readonly type: 'wait';
      readonly step: string;
      readonly ready: number;
      readonly wanted: number;
      readonly secondsLeft: number;
      readonly text: string;
    }
  | { readonly type: 'check'; readonly step: string; readonly check: VerifiedCheck }
  | { readonly type: 'log'; readonly text: string };

/** What every part of a run works with. */
export interface RunContext {
  readonly kubectl: Kubectl;
  readonly cluster: ClusterIdentity;
  readonly plan: DeployPlan;
  readonly sources: readonly PlanSource[];
  readonly journal: Journal;
  readonly redact: Redact;
  readonly clock: Clock;
  readonly pace: Pace;
  /** Aborted when the person wants to stop; the current object is still finished. */
  readonly signal: AbortSignal;
  /** Aborted when the person insists; the current object is then in an unknown state. */
  readonly killSignal: AbortSignal;
  readonly emit: (event: RunEvent) => void;
  /** HMAC of a content under the run's key. */
  readonly seal: (content: string) => string;
  /** False if somebody else has taken over the run. */
  readonly renewLock: () => boolean;
}

export const systemClock: Clock = {
  now: Date.now,
  sleep(milliseconds, signal) {
    return new Promise(done => {
      if (signal?.aborted) return done();
      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        done();
      };
      const timer = setTimeout(finish, milliseconds);
      signal?.addEventListener('abort', finish, { once: true });
    });
  },
};

/** What tells an object of a plan from others, without its content. */
export function identityOf(object: PlannedObject): ObjectIdentity {
  const { apiVersion, kind, name, namespace, file, line, runOnce } = object;
  return {
    apiVersion,
    kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    file,
    line,
    ...(runOnce === undefined ? {} : { runOnce }),
  };
}

/** Cuts a redacted text to what a journal keeps. */
export function excerpt(text: string, limit = 4096): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`;
}
