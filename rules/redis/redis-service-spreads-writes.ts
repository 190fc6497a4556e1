import { configurationOf, parsed } from '../../analysis/configs';
import { resolveHost } from '../../analysis/flows/destinations';
import { homeserverOf } from '../../analysis/homeserver';
import { type Pods, podsOf, workloadKinds } from '../../analysis/pods';
import { replicasIn } from '../../analysis/replicas';
import { familiesOf, synapseMains, workloads } from '../../analysis/roles';
import { podsBehind, type Service, servicesOf } from '../../analysis/services';
import { parseClusterHost } from '../../analysis/text/hosts';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { sentinels } from './conf';

export default {
  id: 'redis-service-spreads-writes',
  items: [],
  severity: 'warning',
  summary:
    'Synapse or LiveKit writes to Redis by a name that leads to all its pods, or always to the same one while Sentinel moves the master.',
  why: 'Followers are read-only, and what is published on one pod does not reach the subscribers of a follower’s own clients. Connections work or fail at random. A name of one pod is right until the first failover; from then on every write is refused.',
  remedy:
    'Let the Service select only the master, by a label that a script keeps, or put a proxy that knows the master in front.',
  traps: [
    'Synapse cannot ask Sentinel; LiveKit can, with `sentinel_addresses`.',
    'A Service of a single pod (`statefulset.kubernetes.io/pod-name`) is accepted where no Sentinel is in the tree, and one of a role label always.',
    'Servers of a proxy that asks each pod for its role are no writers.',
  ],
  sources: ['Redis documentation, Replication: read-only replica', 'Synapse configuration manual, redis'],
  examples: {
    bad: `
      #- /redis.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: redis
        namespace: matrix
      data:
        redis.conf: |
          port 6379
          replicaof 192.0.2.1 6379
        sentinel.conf: |
          sentinel resolve-hostnames yes
          sentinel monitor main redis-0.redis 6379 2
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        replicas: 3
        serviceName: redis
        selector:
          matchLabels: {app: redis}
        template:
          metadata:
            labels: {app: redis}
          spec:
            containers:
              - name: redis
                image: redis:7.4
                command: [redis-server, /conf/redis.conf]
                volumeMounts:
                  - {name: config, mountPath: /conf}
              - name: sentinel
                image: redis:7.4
                command: [redis-sentinel, /conf/sentinel.conf]
                volumeMounts:
                  - {name: config, mountPath: /conf}
            volumes:
              - name: config
                configMap: {name: redis}
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: redis-write
        namespace: matrix
      spec:
        selector: {app: redis}
      # ^^^^^^^^ warning: The Service redis-write leads to all 3 Redis pods
        ports:
          - {name: redis, port: 6379}
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          redis: {enabled: true, host: redis-write}
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: synapse
        namespace: matrix
      spec:
        containers:
          - name: synapse
            image: ghcr.io/element-hq/synapse:v1.119.0
            volumeMounts:
              - {name: config, mountPath: /data}
        volumes:
          - name: config
            configMap: {name: synapse}
    `,
    good: `
      #- /redis.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: redis
        namespace: matrix
      data:
        redis.conf: |
          port 6379
          replicaof 192.0.2.1 6379
        sentinel.conf: |
          sentinel resolve-hostnames yes
          sentinel monitor main redis-0.redis 6379 2
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        replicas: 3
        serviceName: redis
        selector:
          matchLabels: {app: redis}
        template:
          metadata:
            labels: {app: redis}
          spec:
            containers:
              - name: redis
                image: redis:7.4
                command: [redis-server, /conf/redis.conf]
                volumeMounts:
                  - {name: config, mountPath: /conf}
              - name: sentinel
                image: redis:7.4
                command: [redis-sentinel, /conf/sentinel.conf]
                volumeMounts:
                  - {name: config, mountPath: /conf}
            volumes:
              - name: config
                configMap: {name: redis}
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: redis-write
        namespace: matrix
      spec:
        selector: {app: redis, role: master}
        ports:
          - {name: redis, port: 6379}
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          redis: {enabled: true, host: redis-write}
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: synapse
        namespace: matrix
      spec:
        containers:
          - name: synapse
            image: ghcr.io/element-hq/synapse:v1.119.0
            volumeMounts:
              - {name: config, mountPath: /data}
        volumes:
          - name: config
            configMap: {name: synapse}
    `,
  },
  kinds: ['Service', ...workloadKinds],
  *check(resource, workspace) {
    const [service] = servicesOf(resource);
    if (service) yield* ofService(workspace, resource, service);
    else if (familiesOf(resource).has('synapse') || familiesOf(resource).has('livekit'))
      yield* ofPod(workspace, resource);
  },
} satisfies Rule;

function* ofService(workspace: Workspace, resource: Resource, service: Service): Iterable<Problem> {
  const pods = podsBehind(workspace, service).find(
    ({ owner, replicas }) => replicas > 1 && familiesOf(owner).has('redis'),
  );
  const single = pods ? undefined : singlePod(workspace, resource, service);
  if (!pods && !single) return;
  const user = workspace.shared(writers).find(({ host, from }) => {
    const cluster = parseClusterHost(host.text?.replace(/:\d+$/, '') ?? '', from.namespace);
    return (
      cluster?.service === service.name &&
      cluster.pod === undefined &&
      (cluster.namespace ?? service.namespace) === service.namespace
    );
  });
  if (!user) return;
  yield {
    at: single ?? resource.root.at('spec', 'selector').key,
    message: single
      ? `The Service ${service.name} always leads to ${single.text}, but after a failover by Sentinel another pod is the master, and what ${user.from.title} writes is refused — select the master by a label that follows it, or use a proxy that does.`
      : `The Service ${service.name} leads to all ${pods?.replicas} Redis pods, but only the master takes what ${user.from.title} writes — select the master only.`,
    related: [{ at: user.host, message: `${user.from.title} connects here` }],
  };
}

/** The label by which a Service selects one of several Redis pods whose master Sentinel moves. */
function singlePod(workspace: Workspace, { root, namespace }: Resource, service: Service): Value | undefined {
  const label = root.at('spec', 'selector', podNameLabel);
  const owner = label.text?.replace(/-\d+$/, '');
  const redis = owner === undefined ? undefined : workspace.find('StatefulSet', namespace, owner);
  const isWhole = redis && podsOf(redis).some(pods => matchesWithout(service, pods));
  return isWhole && isMoved(workspace, redis) ? label : undefined;
}

const podNameLabel = 'statefulset.kubernetes.io/pod-name';

/** Whether the rest of the selector holds for the pods, too. */
function matchesWithout({ selectorLabels }: Service, { labels }: Pods): boolean {
  return [...selectorLabels].every(([key, value]) => key === podNameLabel || labels.get(key) === value);
}

/** Whether Sentinel may make another pod of a Redis the master. */
function isMoved(workspace: Workspace, redis: Resource): boolean {
  if (!familiesOf(redis).has('redis') || replicasIn(workspace, redis) < 2) return false;
  return sentinels(workspace).some(one => one.namespace === redis.namespace);
}

/** A writer that names one pod. */
function* ofPod(workspace: Workspace, resource: Resource): Iterable<Problem> {
  for (const { host, from } of workspace.shared(writers)) {
    if (from !== resource) continue;
    const found = resolveHost(workspace, from.namespace, host.text?.replace(/:\d+$/, '') ?? '');
    if (found.kind !== 'pod' || !isMoved(workspace, found.pods.owner)) continue;
    const isLivekit = familiesOf(from).has('livekit');
    yield {
      at: host,
      message: `${host.text} is always the same pod, but after a failover by Sentinel another one is the master, and what ${from.title} writes is refused — ${isLivekit ? 'set sentinel_master_name and sentinel_addresses in place of address' : 'name a Service or a proxy that follows the master'}.`,
      related: sentinels(workspace).map(one => ({ at: one.root.at('metadata', 'name'), message: 'Moves the master' })),
    };
  }
}

/** Where Synapse and LiveKit write to Redis. */
function writers(workspace: Workspace): readonly { readonly host: Value; readonly from: Resource }[] {
  const hosts = [
    ...synapseMains(workspace).map(from => ({ from, host: homeserverOf(workspace, from)?.at('redis', 'host') })),
    ...workloads(workspace, 'livekit').flatMap(from =>
      (configurationOf(workspace, from, 'livekit')?.files ?? []).map(file => ({
        from,
        host: file.isOpaque ? undefined : parsed(file).root.at('redis', 'address'),
      })),
    ),
  ];
  return hosts.flatMap(({ from, host }) => (host?.exists ? [{ from, host }] : []));
}
