import { at, items, type Json, number, stringMap, text } from '../plan/source';
import { condition } from './status';

/** What keeps a pod from running and will not pass by waiting. */
export interface PodProblem {
  readonly pod: string;
  readonly container: string | undefined;
  /** As Kubernetes words it: CrashLoopBackOff, Unschedulable … */
  readonly reason: string;
  readonly message: string;
}

export interface PodPatience {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** How long a pod may stay unschedulable or without its Secret before that counts as a problem. */
  readonly graceMilliseconds: number;
  /** After how many restarts a crash loop counts as a problem. */
  readonly restarts: number;
}

const hopeless: ReadonlySet<string> = new Set([
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'CreateContainerError',
  'RunContainerError',
]);

/** Finds what is wrong with a pod; undefined while there is hope. */
export function podProblem(pod: Json, patience: PodPatience): PodProblem | undefined {
  const name = text(at(pod, 'metadata', 'name')) ?? '';
  for (const list of ['initContainerStatuses', 'containerStatuses']) {
    for (const status of items(at(pod, 'status', list))) {
      const reason = text(at(status, 'state', 'waiting', 'reason')) ?? '';
      const problem = {
        pod: name,
        container: text(at(status, 'name')),
        reason,
        message: text(at(status, 'state', 'waiting', 'message')) ?? '',
      };
      if (hopeless.has(reason)) return problem;
      if (reason === 'CrashLoopBackOff' && (number(at(status, 'restartCount')) ?? 0) >= patience.restarts)
        return problem;
      // A missing Secret or ConfigMap may still be created by an operator.
      if (
        reason === 'CreateContainerConfigError' &&
        ageOf(at(pod, 'metadata', 'creationTimestamp'), patience) > patience.graceMilliseconds
      )
        return problem;
    }
  }
  const scheduled = items(at(pod, 'status', 'conditions')).find(candidate => at(candidate, 'type') === 'PodScheduled');
  if (
    at(scheduled, 'status') === 'False' &&
    at(scheduled, 'reason') === 'Unschedulable' &&
    ageOf(at(scheduled, 'lastTransitionTime'), patience) > patience.graceMilliseconds
  )
    return { pod: name, container: undefined, reason: 'Unschedulable', message: text(at(scheduled, 'message')) ?? '' };
  return undefined;
}

/** Whether a pod does what it is there for: it runs and is ready, or it belongs to a Job and has succeeded. */
export function isPodHealthy(pod: Json): boolean {
  if (at(pod, 'metadata', 'deletionTimestamp') !== undefined) return false;
  const phase = text(at(pod, 'status', 'phase'));
  if (phase === 'Succeeded') return ownerKind(pod) === 'Job';
  return phase === 'Running' && condition(pod, 'Ready')?.status === 'True';
}

function ownerKind(pod: Json): string | undefined {
  return text(at(items(at(pod, 'metadata', 'ownerReferences'))[0], 'kind'));
}

/** The labels by which the pods of an object are found; undefined for objects without pods. */
export function podSelector(object: Json): ReadonlyMap<string, string> | undefined {
  const name = text(at(object, 'metadata', 'name')) ?? '';
  switch (text(at(object, 'kind'))) {
    case 'Deployment':
    case 'StatefulSet':
    case 'DaemonSet':
      return stringMap(at(object, 'spec', 'selector', 'matchLabels'));
    case 'Job':
      return new Map([['job-name', name]]);
    case 'Cluster':
      return new Map([['cnpg.io/cluster', name]]);
    case 'Tenant':
      return new Map([['v1.min.io/tenant', name]]);
    default:
      return undefined;
  }
}

export function hasLabels(pod: Json, selector: ReadonlyMap<string, string>): boolean {
  const labels = stringMap(at(pod, 'metadata', 'labels'));
  return selector.size > 0 && [...selector].every(([key, value]) => labels.get(key) === value);
}

function ageOf(timestamp: Json | undefined, patience: PodPatience): number {
  const since = Date.parse(text(timestamp) ?? '');
  return Number.isNaN(since) ? 0 : patience.now - since;
}
