import { configurationOf, parsed } from '../../analysis/configs';
import { homeserverOf } from '../../analysis/homeserver';
import { familiesOf, synapseMains, workloads } from '../../analysis/roles';
import { podsBehind, servicesOf } from '../../analysis/services';
import { parseClusterHost } from '../../analysis/text/hosts';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'redis-service-spreads-writes',
  items: [],
  severity: 'warning',
  summary: 'Synapse or LiveKit writes to Redis through a Service that leads to all its pods.',
  why: 'Followers are read-only, and what is published on one pod does not reach the subscribers of a follower’s own clients. Connections work or fail at random.',
  remedy:
    'Let the Service select only the master, by a label that a script keeps, or put a proxy that knows the master in front.',
  traps: [
    'Synapse cannot ask Sentinel; LiveKit can, with `sentinel_addresses`.',
    'A Service of a single pod (`statefulset.kubernetes.io/pod-name`) or of a role label is accepted.',
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
        selector: {app: redis, statefulset.kubernetes.io/pod-name: redis-0}
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
  kinds: ['Service'],
  *check(resource, workspace) {
    const [service] = servicesOf(resource);
    if (!service) return;
    const pods = podsBehind(workspace, service).find(
      ({ owner, replicas }) => replicas > 1 && familiesOf(owner).has('redis'),
    );
    const user =
      pods &&
      writers(workspace).find(({ host, from }) => {
        const cluster = parseClusterHost(host.text?.replace(/:\d+$/, '') ?? '', from.namespace);
        return (
          cluster?.service === service.name &&
          cluster.pod === undefined &&
          (cluster.namespace ?? service.namespace) === service.namespace
        );
      });
    if (!pods || !user) return;
    yield {
      at: resource.root.at('spec', 'selector').key,
      message: `The Service ${service.name} leads to all ${pods.replicas} Redis pods, but only the master takes what ${user.from.title} writes — select the master only.`,
      related: [{ at: user.host, message: `${user.from.title} connects here` }],
    };
  },
} satisfies Rule;

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
