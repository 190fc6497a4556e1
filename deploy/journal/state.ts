import { type DeployPlan, objectReference, plannedSteps } from '../plan/plan';
import type {
  CheckVerdict,
  ClusterIdentity,
  JournalEntry,
  ObjectOutcome,
  PauseReason,
  StepState,
  Waiver,
} from './entries';

export type ObjectState = 'planned' | 'inFlight' | ObjectOutcome | 'failed' | 'unknown';

/** What the entries of a journal add up to. */
export interface RunState {
  readonly run: string;
  readonly root: string;
  readonly planHash: string;
  readonly waivers: readonly Waiver[];
  readonly cluster: ClusterIdentity | undefined;
  readonly steps: ReadonlyMap<string, StepRecord>;
  /** By {@link objectKey}. */
  readonly objects: ReadonlyMap<string, ObjectRecord>;
  readonly checks: ReadonlyMap<
    string,
    { readonly verdict: CheckVerdict; readonly text: string; readonly time: string }
  >;
  readonly paused: { readonly reason: PauseReason; readonly text: string } | undefined;
  readonly ended: 'completed' | 'completed-with-waivers' | 'abandoned' | undefined;
}

export interface StepRecord {
  readonly state: StepState;
  readonly reason: string | undefined;
  /** ISO 8601. */
  readonly since: string;
}

export interface ObjectRecord {
  readonly state: ObjectState;
  /** The HMAC that was noted before the last attempt. */
  readonly content: string;
  readonly uid: string | undefined;
}

/** Where the record of an object is kept: an object belongs to one step of a run. */
export function objectKey(
  step: string,
  object: { readonly apiVersion: string; readonly kind: string; readonly name: string; readonly namespace?: string },
): string {
  return `${step} ${objectReference(object)}`;
}

/** Folds entries into a state. An intent without a result means that nobody knows whether it took effect. */
export function runState(entries: readonly JournalEntry[]): RunState {
  const steps = new Map<string, StepRecord>();
  const objects = new Map<string, ObjectRecord>();
  const checks = new Map<string, { verdict: CheckVerdict; text: string; time: string }>();
  let head = { run: '', root: '', planHash: '', waivers: [] as readonly Waiver[] };
  let cluster: ClusterIdentity | undefined;
  let paused: RunState['paused'];
  let ended: RunState['ended'];
  for (const entry of entries) {
    switch (entry.type) {
      case 'run':
        head = { run: entry.run, root: entry.root, planHash: entry.planHash, waivers: entry.waivers };
        break;
      case 'bound':
        cluster = entry.cluster;
        break;
      case 'step':
        steps.set(entry.step, { state: entry.state, reason: entry.reason, since: entry.time });
        break;
      case 'intent': {
        if (entry.operation !== 'apply') break;
        const key = objectKey(entry.step, entry.object);
        objects.set(key, { state: 'inFlight', content: entry.content, uid: objects.get(key)?.uid });
        break;
      }
      case 'result': {
        const key = objectKey(entry.step, entry.object);
        const before = objects.get(key);
        if (entry.operation === 'delete') {
          if (entry.outcome === 'deleted') objects.delete(key);
        } else if (entry.outcome !== 'deleted') {
          objects.set(key, {
            state: entry.outcome,
            content: entry.content ?? before?.content ?? '',
            uid: entry.uid ?? before?.uid,
          });
        }
        break;
      }
      case 'verify':
        checks.set(entry.step === undefined ? entry.check : `${entry.step} ${entry.check}`, {
          verdict: entry.verdict,
          text: entry.text,
          time: entry.time,
        });
        break;
      case 'paused':
        paused = { reason: entry.reason, text: entry.text };
        break;
      case 'resumed':
        paused = undefined;
        break;
      case 'ended':
        ended = entry.outcome;
        break;
      default:
        break;
    }
  }
  return { ...head, cluster, steps, objects, checks, paused, ended };
}

/** Where a run stands, in words: "stopped in the step Main Synapse instance, at object 4 of 11". */
export function interruptedAt(state: RunState, plan: DeployPlan): string {
  const steps = plannedSteps(plan);
  const step = [...steps].reverse().find(candidate => {
    const record = state.steps.get(candidate.id);
    return record !== undefined && record.state !== 'done' && record.state !== 'skipped';
  });
  if (step === undefined) return 'Stopped between two steps.';
  const applied = step.objects.filter(object => isApplied(state.objects.get(objectKey(step.id, object)))).length;
  return `Stopped in the step ${step.title}, after ${applied} of ${step.objects.length} objects.`;
}

/** Whether the record says that the cluster has the object as it was written then. */
export function isApplied(record: ObjectRecord | undefined): boolean {
  return record !== undefined && ['created', 'configured', 'unchanged', 'reconciled'].includes(record.state);
}
