import type { PlannedObject } from '../plan/plan';

/** Raised when the meaning of an entry changes; a journal of another schema is refused, never guessed at. */
export const journalSchema = 1;

export type ErrorClass =
  | 'unauthorized'
  | 'forbidden'
  | 'namespace-missing'
  | 'kind-missing'
  | 'immutable'
  | 'invalid'
  | 'conflict'
  | 'transient'
  | 'unreachable'
  | 'not-found'
  | 'configuration'
  | 'tree-changed'
  | 'not-ready'
  | 'check-failed'
  | 'other';

export type ObjectOutcome = 'created' | 'configured' | 'unchanged' | 'reconciled';

export type PauseReason =
  | 'failed'
  | 'cancelled'
  | 'needs-confirm'
  | 'auth-expired'
  | 'cluster-changed'
  | 'tree-changed'
  | 'lease-lost'
  | 'host-died';

export type StepState =
  | 'pending'
  | 'gate'
  | 'diff'
  | 'confirm'
  | 'applying'
  | 'waiting'
  | 'verifying'
  | 'done'
  | 'failed'
  | 'skipped'
  | 'absent'
  | 'blocked';

/** What identifies the cluster of a run; the uid of the namespace kube-system is as good as a cluster's own. */
export interface ClusterIdentity {
  readonly context: string;
  readonly server: string;
  /** SHA-256 of the cluster's certificate authority; empty without one. */
  readonly caHash: string;
  readonly uid: string;
  readonly serverVersion: string;
}

/** One fact of a run. No entry holds a secret value, a token, a manifest or raw output of a program. */
export type JournalFact =
  | {
      readonly type: 'run';
      readonly schema: typeof journalSchema;
      readonly run: string;
      readonly tool: string;
      readonly user: string;
      readonly root: string;
      readonly git?: { readonly commit: string; readonly dirty: boolean };
      readonly planHash: string;
      readonly waivers: readonly Waiver[];
      readonly kubectl: { readonly path: string; readonly version: string };
    }
  | {
      readonly type: 'bound';
      readonly cluster: ClusterIdentity;
      /** Whether a Lease in the cluster kept others from deploying at the same time. */
      readonly lease?: 'held' | 'unavailable';
    }
  | { readonly type: 'step'; readonly step: string; readonly state: StepState; readonly reason?: string }
  | {
      readonly type: 'confirm';
      readonly step: string;
      /** SHA-256 of the masked differences that were shown. */
      readonly diffHash: string;
      readonly clusterUid: string;
      readonly by: string;
    }
  | {
      readonly type: 'intent';
      readonly step: string;
      readonly operation: 'apply' | 'delete';
      readonly object: ObjectIdentity;
      /** HMAC of the content under the run's own key, because a bare hash of a weak password can be guessed. */
      readonly content: string;
    }
  | {
      readonly type: 'result';
      readonly step: string;
      readonly operation: 'apply' | 'delete';
      readonly object: ObjectIdentity;
      readonly outcome: ObjectOutcome | 'failed' | 'deleted' | 'unknown';
      /** HMAC of the content the outcome is about, where no intent says it. */
      readonly content?: string;
      readonly uid?: string;
      readonly resourceVersion?: string;
      readonly generation?: string;
      readonly code?: number;
      readonly class?: ErrorClass;
      /** Redacted, at most 4 KiB. */
      readonly stderr?: string;
    }
  | {
      readonly type: 'wait';
      readonly step: string;
      readonly ready: number;
      readonly wanted: number;
      readonly text: string;
    }
  | {
      readonly type: 'job';
      readonly step: string;
      readonly object: ObjectIdentity;
      readonly uid: string;
      readonly verdict: 'passed' | 'failed' | 'unknown';
      readonly text: string;
    }
  | {
      readonly type: 'verify';
      readonly step?: string;
      readonly check: string;
      readonly verdict: CheckVerdict;
      readonly text: string;
    }
  | { readonly type: 'paused'; readonly reason: PauseReason; readonly text: string }
  | { readonly type: 'resumed'; readonly user: string }
  | { readonly type: 'ended'; readonly outcome: 'completed' | 'completed-with-waivers' | 'abandoned' };

export type CheckVerdict = 'pass' | 'fail' | 'warn' | 'unknown' | 'skipped';

export interface Waiver {
  readonly step: string;
  readonly rule: string;
  readonly reason: string;
  readonly by: string;
}

export type ObjectIdentity = Pick<
  PlannedObject,
  'apiVersion' | 'kind' | 'name' | 'namespace' | 'file' | 'line' | 'runOnce'
>;

/** A fact with its place in the chain: `hash` covers the entry and the hash before it. */
export type JournalEntry = JournalFact & {
  readonly seq: number;
  /** ISO 8601. */
  readonly time: string;
  readonly previous: string;
  readonly hash: string;
};
