import { workloadKinds } from '../../analysis/pods';
import { familiesOf, isLi } from '../../analysis/roles';
import type { Rule } from '../rule';
import { redisOption } from './conf';

export default {
  id: 'redis-eviction-policy',
  items: [],
  severity: 'info',
  summary: 'Redis may throw away keys that Synapse or LiveKit still need.',
  why: 'With a policy `allkeys-…` a full Redis deletes any key, also LiveKit’s rooms and nodes. With `noeviction` it refuses to write, which is at least noticed.',
  remedy: 'Set `maxmemory-policy noeviction`, or `volatile-lru` if keys have an expiry.',
  sources: ['Redis documentation, Key eviction'],
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
          replicaof 192.0.2.1 6379
          maxmemory-policy allkeys-lru
      #                    ^^^^^^^^^^^ 💡 info: allkeys-lru deletes any key
        sentinel.conf: |

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
          replicaof 192.0.2.1 6379
          maxmemory-policy noeviction
        sentinel.conf: |

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
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (!familiesOf(resource).has('redis')) return;
    const policy = redisOption(workspace, resource, 'maxmemory-policy');
    if (!policy || !/^allkeys-/i.test(policy.text)) return;
    const lost = isLi(workspace, resource) ? '' : ", also LiveKit's rooms";
    yield {
      at: policy.at,
      message: `${policy.text} deletes any key when Redis is full${lost} — set noeviction.`,
      fixes: () => {
        const edit = policy.replace('noeviction');
        return edit ? [{ title: 'Set noeviction', safe: false, edits: [edit] }] : [];
      },
    };
  },
} satisfies Rule;
