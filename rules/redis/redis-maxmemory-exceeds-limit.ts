import { workloadKinds } from '../../analysis/pods';
import { quantityOf } from '../../analysis/quantity';
import { redisMemory } from '../../analysis/text/redis-conf';
import type { Rule } from '../rule';
import { redisOption } from './conf';

export default {
  id: 'redis-maxmemory-exceeds-limit',
  items: [],
  severity: 'warning',
  summary: 'Redis may fill more memory than its container has.',
  why: 'Redis needs memory beside its data: buffers of its clients, and a copy while it writes to disk. It is killed before `maxmemory` takes effect.',
  remedy: 'Set `maxmemory` to three quarters of the limit, or raise the limit.',
  traps: ['`2gb` is 2Gi; `2g` is 2 000 000 000 bytes.', 'Reported from nine tenths of the limit on.'],
  sources: ['Redis documentation, redis.conf: maxmemory, units'],
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
          maxmemory 2gb
      #             ^^^ warning: maxmemory 2gb leaves Redis
        sentinel.conf: |
          sentinel resolve-hostnames yes
          sentinel monitor main 192.0.2.1 6379 2
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
                resources:
                  limits:
                    memory: 2Gi
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
          maxmemory 2gb
        sentinel.conf: |
          sentinel resolve-hostnames yes
          sentinel monitor main 192.0.2.1 6379 2
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
                resources:
                  limits:
                    memory: 3Gi
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
    const option = redisOption(workspace, resource, 'maxmemory');
    const limit = option?.container.value.at('resources', 'limits', 'memory');
    const [bytes, available] = [redisMemory(option?.text ?? ''), quantityOf(limit?.text)];
    if (!option || !limit || !bytes || !available || bytes < 0.9 * available) return;
    yield {
      at: option.at,
      message: `maxmemory ${option.text} leaves Redis nothing beside its data under the limit of ${limit.text} — set three quarters of the limit.`,
      related: [{ at: limit, message: 'The limit of the container' }],
    };
  },
} satisfies Rule;
