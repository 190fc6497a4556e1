import { at, items, type Json, number, text } from '../plan/source';

/** The states of kstatus (sigs.k8s.io/cli-utils), computed for one object as the API server returned it. */
export type Status = 'current' | 'inProgress' | 'failed' | 'terminating' | 'notFound' | 'unknown';

export interface ObjectStatus {
  readonly status: Status;
  /** One short clause, such as "2 of 3 ready". */
  readonly text: string;
}

/**
 * Whether an object has reached what its spec asks for. Follows kstatus: a controller that has not seen the newest
 * generation yet makes everything else it says worthless. Custom resources have explicit rules here, because kstatus
 * takes those it does not know for current.
 */
export function statusOf(object: Json | undefined): ObjectStatus {
  if (object === undefined) return { status: 'notFound', text: 'does not exist' };
  if (at(object, 'metadata', 'deletionTimestamp') !== undefined)
    return { status: 'terminating', text: 'is being deleted' };
  const observed = number(at(object, 'status', 'observedGeneration'));
  const generation = number(at(object, 'metadata', 'generation'));
  if (observed !== undefined && generation !== undefined && observed < generation)
    return inProgress('its controller has not seen the change yet');
  const rule = rules.get(text(at(object, 'kind')) ?? '');
  return rule === undefined ? { status: 'current', text: 'exists' } : rule(object);
}

type StatusRule = (object: Json) => ObjectStatus;

const rules: ReadonlyMap<string, StatusRule> = new Map<string, StatusRule>([
  ['Deployment', deployment],
  ['StatefulSet', statefulSet],
  ['DaemonSet', daemonSet],
  ['Job', job],
  ['Pod', pod],
  ['PersistentVolumeClaim', claim],
  ['PodDisruptionBudget', disruptionBudget],
  ['Service', service],
  ['Namespace', namespace],
  ['Cluster', postgresCluster],
  ['Tenant', minioTenant],
  ['Certificate', readyCondition],
  ['Issuer', readyCondition],
  ['ClusterIssuer', readyCondition],
]);

function deployment(object: Json): ObjectStatus {
  const wanted = number(at(object, 'spec', 'replicas')) ?? 1;
  const progressing = condition(object, 'Progressing');
  if (progressing?.reason === 'ProgressDeadlineExceeded') return failed('made no progress within its deadline');
  const failure = condition(object, 'ReplicaFailure');
  if (failure?.status === 'True') return failed(`cannot create pods (${failure.reason})`);
  const [replicas, updated, available, ready] = [
    'replicas',
    'updatedReplicas',
    'availableReplicas',
    'readyReplicas',
  ].map(key => number(at(object, 'status', key)) ?? 0) as [number, number, number, number];
  if (number(at(object, 'status', 'observedGeneration')) === undefined) return inProgress('not observed yet');
  if (updated < wanted) return inProgress(`${updated} of ${wanted} updated`);
  if (replicas > updated) return inProgress(`${replicas - updated} old pods still to end`);
  if (available < wanted || ready < wanted) return inProgress(`${Math.min(available, ready)} of ${wanted} ready`);
  return current(`${wanted} of ${wanted} ready`);
}

function statefulSet(object: Json): ObjectStatus {
  const wanted = number(at(object, 'spec', 'replicas')) ?? 1;
  if (number(at(object, 'status', 'observedGeneration')) === undefined) return inProgress('not observed yet');
  const ready = number(at(object, 'status', 'readyReplicas')) ?? 0;
  if (ready < wanted) return inProgress(`${ready} of ${wanted} ready`);
  if (text(at(object, 'spec', 'updateStrategy', 'type')) === 'OnDelete') return current(`${wanted} of ${wanted} ready`);
  const partition = number(at(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition')) ?? 0;
  const updated = number(at(object, 'status', 'updatedReplicas')) ?? 0;
  if (partition > 0)
    return updated < wanted - partition ? inProgress(`${updated} updated`) : current('partition updated');
  const [now, next] = [at(object, 'status', 'currentRevision'), at(object, 'status', 'updateRevision')];
  if (now !== next && updated < wanted) return inProgress(`${updated} of ${wanted} updated`);
  return current(`${wanted} of ${wanted} ready`);
}

function daemonSet(object: Json): ObjectStatus {
  if (number(at(object, 'status', 'observedGeneration')) === undefined) return inProgress('not observed yet');
  const wanted = number(at(object, 'status', 'desiredNumberScheduled'));
  if (wanted === undefined) return inProgress('not scheduled yet');
  const updated = number(at(object, 'status', 'updatedNumberScheduled')) ?? 0;
  const available = number(at(object, 'status', 'numberAvailable')) ?? 0;
  if (updated < wanted) return inProgress(`${updated} of ${wanted} updated`);
  return available < wanted
    ? inProgress(`${available} of ${wanted} available`)
    : current(`${wanted} of ${wanted} available`);
}

function job(object: Json): ObjectStatus {
  const failure = condition(object, 'Failed');
  if (failure?.status === 'True') return failed(`failed (${failure.reason})`);
  if (condition(object, 'Complete')?.status === 'True') return current('complete');
  if (at(object, 'spec', 'suspend') === true) return inProgress('is suspended');
  return inProgress(at(object, 'status', 'startTime') === undefined ? 'has not started' : 'is running');
}

function pod(object: Json): ObjectStatus {
  const phase = text(at(object, 'status', 'phase')) ?? 'Pending';
  if (phase === 'Succeeded') return current('succeeded');
  if (phase === 'Failed') return failed('failed');
  return phase === 'Running' && condition(object, 'Ready')?.status === 'True' ? current('ready') : inProgress(phase);
}

function claim(object: Json): ObjectStatus {
  const phase = text(at(object, 'status', 'phase')) ?? 'Pending';
  if (phase === 'Lost') return failed('has lost its volume');
  return phase === 'Bound' ? current('bound') : inProgress(phase);
}

function disruptionBudget(object: Json): ObjectStatus {
  const healthy = number(at(object, 'status', 'currentHealthy'));
  const desired = number(at(object, 'status', 'desiredHealthy'));
  if (healthy === undefined || desired === undefined) return inProgress('not observed yet');
  return healthy < desired ? inProgress(`${healthy} of ${desired} healthy`) : current(`${healthy} healthy`);
}

function service(object: Json): ObjectStatus {
  if (text(at(object, 'spec', 'type')) !== 'LoadBalancer') return current('exists');
  const addresses = items(at(object, 'status', 'loadBalancer', 'ingress'));
  return addresses.length > 0 ? current('has an address') : inProgress('has no address yet');
}

function namespace(object: Json): ObjectStatus {
  return text(at(object, 'status', 'phase')) === 'Terminating'
    ? { status: 'terminating', text: 'is being deleted' }
    : current('active');
}

/** CloudNativePG sets a Ready condition, the number of ready instances and a phase in words. */
function postgresCluster(object: Json): ObjectStatus {
  const wanted = number(at(object, 'spec', 'instances')) ?? 1;
  const ready = number(at(object, 'status', 'readyInstances')) ?? 0;
  const phase = text(at(object, 'status', 'phase')) ?? 'not observed yet';
  const isReady = condition(object, 'Ready')?.status === 'True';
  return isReady && ready >= wanted
    ? current(`${ready} of ${wanted} ready`)
    : inProgress(`${ready} of ${wanted} ready: ${phase}`);
}

/** MinIO's operator sets no conditions; `currentState` is free text that ends as "Initialized". */
function minioTenant(object: Json): ObjectStatus {
  const state = text(at(object, 'status', 'currentState')) ?? 'not observed yet';
  const health = text(at(object, 'status', 'healthStatus')) ?? 'unknown';
  return state === 'Initialized' && health === 'green'
    ? current('initialized and green')
    : inProgress(`${state}, health ${health}`);
}

function readyCondition(object: Json): ObjectStatus {
  const ready = condition(object, 'Ready');
  if (ready?.status === 'True') return current('ready');
  return inProgress(ready === undefined ? 'not observed yet' : `not ready (${ready.reason})`);
}

/** One condition of an object's status. */
export function condition(
  object: Json,
  type: string,
): { readonly status: string; readonly reason: string } | undefined {
  const found = items(at(object, 'status', 'conditions')).find(candidate => at(candidate, 'type') === type);
  if (found === undefined) return undefined;
  return { status: text(at(found, 'status')) ?? '', reason: text(at(found, 'reason')) ?? '' };
}

function current(words: string): ObjectStatus {
  return { status: 'current', text: words };
}

function inProgress(words: string): ObjectStatus {
  return { status: 'inProgress', text: words };
}

function failed(words: string): ObjectStatus {
  return { status: 'failed', text: words };
}
