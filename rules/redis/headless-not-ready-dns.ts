import { familiesOf } from '../../analysis/roles';
import { podsBehind, servicesOf } from '../../analysis/services';
import { parseClusterHost } from '../../analysis/text/hosts';
import { sentinelMonitors } from '../../analysis/text/redis-conf';
import { insertEntry, replaceValue } from '../../manifests/edit';
import type { Rule } from '../rule';
import { placeIn, redisConf } from './conf';

export default {
  id: 'headless-not-ready-dns',
  items: [],
  severity: 'warning',
  summary: 'The names of Redis pods resolve only once the pods are ready.',
  why: 'Sentinel looks up the master by its pod’s name when it starts. Without an address it ends, so the pod does not become ready, so the name never resolves.',
  remedy: 'Set `publishNotReadyAddresses: true` in the headless Service.',
  traps: ['Newer versions of Redis start without the address, so this is a warning.'],
  sources: ['Kubernetes documentation, Service: publishNotReadyAddresses'],
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
        name: redis
        namespace: matrix
      spec:
      #^^^ 💡 warning: redis-0.redis resolves only once that pod is ready
        clusterIP: None
        selector: {app: redis}
        ports:
          - {name: redis, port: 6379}
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
        name: redis
        namespace: matrix
      spec:
        clusterIP: None
        publishNotReadyAddresses: true
        selector: {app: redis}
        ports:
          - {name: redis, port: 6379}
    `,
  },
  kinds: ['Service'],
  *check(resource, workspace) {
    const [service] = servicesOf(resource);
    const spec = resource.root.at('spec');
    if (!service?.isHeadless || spec.at('publishNotReadyAddresses').boolean === true) return;
    for (const { owner } of podsBehind(workspace, service)) {
      // Without Sentinel in the same pod, the pod becomes ready on its own.
      const conf = familiesOf(owner).has('redis') ? redisConf(workspace, owner, 'sentinel') : undefined;
      for (const { host } of conf ? sentinelMonitors(conf.directives) : []) {
        const cluster = host && parseClusterHost(host.value, owner.namespace);
        if (!conf || !host || cluster?.pod === undefined || cluster.service !== service.name) continue;
        yield {
          at: spec.key,
          message: `${host.value} resolves only once that pod is ready, but Sentinel in the pod needs the name to start — set publishNotReadyAddresses: true.`,
          related: [{ at: placeIn(conf, host.span), message: 'Sentinel looks up this name' }],
          fixes: () => {
            const written = spec.at('publishNotReadyAddresses');
            const edit = written.exists
              ? replaceValue(written, 'true')
              : insertEntry(spec, 'publishNotReadyAddresses: true', { after: 'clusterIP' });
            return edit ? [{ title: 'Set publishNotReadyAddresses: true', safe: true, edits: [edit] }] : [];
          },
        };
        return;
      }
    }
  },
} satisfies Rule;
