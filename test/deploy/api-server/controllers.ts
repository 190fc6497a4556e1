import type { StoredObject } from './apply';

/** How the pods of a workload, or an operator's object, turn out. */
export type Outcome =
  | 'ready'
  | 'never'
  | 'crash-loop'
  | 'image-pull'
  | 'config-error'
  | 'unschedulable'
  | 'deadline'
  | 'fail';

/** What the controllers need of the server. */
export interface ControllerStore {
  list(kind: string, namespace?: string): StoredObject[];
  /** Creates or replaces an object as a controller does, without ownership of fields. */
  put(object: StoredObject): void;
  remove(kind: string, namespace: string, name: string): void;
}

/** Sets what the controllers of a real cluster would set some time after an object was written. */
export function settle(object: StoredObject, outcome: Outcome, store: ControllerStore, now: string): void {
  const ready = outcome === 'ready';
  switch (object.kind) {
    case 'Deployment': {
      const wanted = number(object, 1, 'spec', 'replicas');
      putPods(object, wanted, outcome, store, now);
      const got = ready ? wanted : 0;
      setStatus(object, store, {
        observedGeneration: object.metadata.generation,
        replicas: wanted,
        updatedReplicas: wanted,
        readyReplicas: got,
        availableReplicas: got,
        conditions: [
          condition('Available', ready),
          outcome === 'deadline'
            ? condition('Progressing', false, 'ProgressDeadlineExceeded')
            : condition('Progressing', true, ready ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated'),
        ],
      });
      break;
    }
    case 'StatefulSet': {
      const wanted = number(object, 1, 'spec', 'replicas');
      putPods(object, wanted, outcome, store, now);
      const got = ready ? wanted : 0;
      setStatus(object, store, {
        observedGeneration: object.metadata.generation,
        replicas: wanted,
        updatedReplicas: wanted,
        currentReplicas: wanted,
        readyReplicas: got,
        availableReplicas: got,
        currentRevision: '1',
        updateRevision: '1',
      });
      break;
    }
    case 'DaemonSet':
      putPods(object, 1, outcome, store, now);
      setStatus(object, store, {
        observedGeneration: object.metadata.generation,
        desiredNumberScheduled: 1,
        currentNumberScheduled: 1,
        updatedNumberScheduled: 1,
        numberReady: ready ? 1 : 0,
        numberAvailable: ready ? 1 : 0,
      });
      break;
    case 'Job':
      putPods(object, 1, outcome, store, now);
      if (ready) setStatus(object, store, { succeeded: 1, startTime: now, conditions: [condition('Complete', true)] });
      else if (outcome === 'fail')
        setStatus(object, store, {
          failed: 7,
          startTime: now,
          conditions: [condition('Failed', true, 'BackoffLimitExceeded')],
        });
      else setStatus(object, store, { active: 1, startTime: now });
      break;
    case 'Cluster': {
      const instances = number(object, 1, 'spec', 'instances');
      putClusterParts(object, instances, outcome, store, now);
      setStatus(object, store, {
        instances,
        readyInstances: ready ? instances : 0,
        phase: ready ? 'Cluster in healthy state' : 'Setting up primary',
        conditions: [condition('Ready', ready)],
      });
      break;
    }
    case 'Tenant': {
      const { namespace, name } = object.metadata;
      store.put(serviceFor('minio', namespace!, { 'v1.min.io/tenant': name }, [{ name: 'https-minio', port: 443 }]));
      store.put(podFor(object, `${name}-pool-0-0`, { 'v1.min.io/tenant': name }, outcome, now));
      setStatus(object, store, {
        currentState: ready ? 'Initialized' : 'Waiting for pods',
        healthStatus: ready ? 'green' : 'red',
      });
      break;
    }
    case 'Certificate':
      setStatus(object, store, {
        notAfter: '2099-01-01T00:00:00Z',
        conditions: [condition('Ready', ready, ready ? 'Ready' : 'Issuing')],
      });
      break;
    case 'Issuer':
    case 'ClusterIssuer':
      setStatus(object, store, { conditions: [condition('Ready', ready)] });
      break;
    case 'PersistentVolumeClaim':
      setStatus(object, store, { phase: ready ? 'Bound' : 'Pending' });
      break;
    case 'PodDisruptionBudget':
      setStatus(object, store, { currentHealthy: 1, desiredHealthy: 1, disruptionsAllowed: 0, expectedPods: 1 });
      break;
    case 'Namespace':
      setStatus(object, store, { phase: 'Active' });
      break;
    default:
      break;
  }
}

/** The ready endpoints of every Service with a selector, as the endpoint slice controller derives them. */
export function endpointSlices(store: ControllerStore, namespace: string | undefined): StoredObject[] {
  return store.list('Service', namespace).flatMap(service => {
    const selector = (service.spec as { selector?: { [key: string]: string } } | undefined)?.selector;
    if (selector === undefined) return [];
    const pods = store
      .list('Pod', service.metadata.namespace)
      .filter(pod => matches(pod.metadata.labels ?? {}, selector));
    return {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${service.metadata.name}-slice`,
        namespace: service.metadata.namespace!,
        labels: { 'kubernetes.io/service-name': service.metadata.name },
      },
      addressType: 'IPv4',
      endpoints: pods.map((pod, index) => ({
        addresses: [`10.0.0.${index + 1}`],
        conditions: { ready: isReady(pod) },
        targetRef: { kind: 'Pod', name: pod.metadata.name },
      })),
      ports: [],
    };
  });
}

function putPods(owner: StoredObject, count: number, outcome: Outcome, store: ControllerStore, now: string): void {
  const { name, namespace } = owner.metadata;
  for (const pod of store.list('Pod', namespace))
    if (ownerName(pod) === `${owner.kind}/${name}`) store.remove('Pod', namespace!, pod.metadata.name);
  const template = read(owner, 'spec', 'template') as { metadata?: { labels?: { [key: string]: string } } } | undefined;
  const labels = { ...template?.metadata?.labels };
  if (owner.kind === 'Job') labels['job-name'] = labels['batch.kubernetes.io/job-name'] = name;
  for (let index = 0; index < count; index++) {
    const podName = owner.kind === 'StatefulSet' ? `${name}-${index}` : `${name}-x${index}`;
    store.put(podFor(owner, podName, labels, outcome, now));
  }
}

function podFor(
  owner: StoredObject,
  name: string,
  labels: { [key: string]: string },
  outcome: Outcome,
  now: string,
): StoredObject {
  const spec = (read(owner, 'spec', 'template', 'spec') ?? { containers: [{ name: 'main', image: 'x' }] }) as {
    containers?: { name: string }[];
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: owner.metadata.namespace!,
      labels,
      creationTimestamp: now,
      ownerReferences: [
        {
          apiVersion: owner.apiVersion,
          kind: owner.kind,
          name: owner.metadata.name,
          uid: owner.metadata.uid,
          controller: true,
        },
      ],
    },
    spec,
    status: podStatus(owner.kind === 'Job', spec.containers ?? [], outcome, now),
  };
}

function podStatus(job: boolean, containers: readonly { name: string }[], outcome: Outcome, now: string): object {
  if (outcome === 'unschedulable')
    return {
      phase: 'Pending',
      conditions: [
        { ...condition('PodScheduled', false, 'Unschedulable'), lastTransitionTime: '2020-01-01T00:00:00Z' },
      ],
    };
  if (outcome === 'ready' && job)
    return {
      phase: 'Succeeded',
      conditions: [],
      containerStatuses: containers.map(c => status(c.name, false, { terminated: { exitCode: 0 } })),
    };
  if (outcome === 'ready')
    return {
      phase: 'Running',
      conditions: [condition('Ready', true)],
      containerStatuses: containers.map(c => status(c.name, true, { running: { startedAt: now } })),
    };
  if (outcome === 'fail')
    return {
      phase: 'Failed',
      conditions: [],
      containerStatuses: containers.map(c => status(c.name, false, { terminated: { exitCode: 1 } })),
    };
  const reason = waitingReasons[outcome] ?? 'ContainerCreating';
  return {
    phase: 'Pending',
    conditions: [condition('Ready', false)],
    containerStatuses: containers.map(c =>
      status(
        c.name,
        false,
        { waiting: { reason, message: `${reason} of ${c.name}` } },
        outcome === 'crash-loop' ? 5 : 0,
      ),
    ),
  };
}

const waitingReasons: { readonly [outcome: string]: string } = {
  'crash-loop': 'CrashLoopBackOff',
  'image-pull': 'ImagePullBackOff',
  'config-error': 'CreateContainerConfigError',
};

function status(name: string, ready: boolean, state: object, restartCount = 0): object {
  return { name, ready, restartCount, state, image: 'x', imageID: '' };
}

function putClusterParts(
  cluster: StoredObject,
  instances: number,
  outcome: Outcome,
  store: ControllerStore,
  now: string,
): void {
  const { name, namespace } = cluster.metadata;
  for (let index = 1; index <= instances; index++) {
    const instanceRole = index === 1 ? 'primary' : 'replica';
    const labels = { 'cnpg.io/cluster': name, 'cnpg.io/instanceRole': instanceRole, 'cnpg.io/podRole': 'instance' };
    const pod = podFor(cluster, `${name}-${index}`, labels, outcome, now);
    const ports = [
      { name: 'postgresql', containerPort: 5432 },
      { name: 'metrics', containerPort: 9187 },
    ];
    pod.spec = { containers: [{ name: 'postgres', image: 'postgresql', ports }] };
    store.put(pod);
  }
  for (const suffix of ['rw', 'ro', 'r'])
    store.put(
      serviceFor(`${name}-${suffix}`, namespace!, { 'cnpg.io/cluster': name }, [{ name: 'postgres', port: 5432 }]),
    );
  for (const suffix of ['superuser', 'app'])
    store.put({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: `${name}-${suffix}`, namespace: namespace! },
      data: { password: Buffer.from('canary-operator-password').toString('base64') },
    });
}

function serviceFor(
  name: string,
  namespace: string,
  selector: { [key: string]: string },
  ports: object[],
): StoredObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec: { selector, ports } };
}

function setStatus(object: StoredObject, store: ControllerStore, value: object): void {
  store.put({ ...object, status: value });
}

function condition(type: string, isTrue: boolean, reason = type): { type: string; status: string; reason: string } {
  return { type, status: isTrue ? 'True' : 'False', reason };
}

function ownerName(pod: StoredObject): string {
  const [owner] = (pod.metadata.ownerReferences ?? []) as { kind: string; name: string }[];
  return owner === undefined ? '' : `${owner.kind}/${owner.name}`;
}

function isReady(pod: StoredObject): boolean {
  const conditions = (read(pod, 'status', 'conditions') ?? []) as { type: string; status: string }[];
  return conditions.some(c => c.type === 'Ready' && c.status === 'True');
}

export function matches(labels: { [key: string]: string }, selector: { [key: string]: string }): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}

function number(object: StoredObject, fallback: number, ...path: readonly string[]): number {
  const value = read(object, ...path);
  return typeof value === 'number' ? value : fallback;
}

function read(object: unknown, ...path: readonly string[]): unknown {
  let current = object;
  for (const key of path) current = (current as { [key: string]: unknown } | undefined | null)?.[key];
  return current;
}
