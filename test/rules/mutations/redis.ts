import { drop, edit, type Mutation, mutation } from './mutation';
import { haproxy, redis } from './sample';

export const redisMutations: readonly Mutation[] = [
  mutation('redis-config-invalid', edit(redis, 'sentinel down-after-milliseconds', 'sentinel down-after')),
  mutation(
    'redis-probe-unauthenticated',
    edit(
      redis,
      '          env:\n            - name: REDISCLI_AUTH\n              valueFrom:\n                secretKeyRef:\n                  name: redis-password\n                  key: password\n',
      '',
    ),
    { count: 2 },
  ),
  mutation(
    'redis-exporter-unauthenticated',
    edit(
      redis,
      '      containers:\n',
      `      containers:
        - name: exporter
          image: oliver006/redis_exporter:v1.62.0
          args: [--web.listen-address=127.0.0.1:9121]
          env:
            - name: REDIS_ADDR
              value: redis://localhost:6379
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
          resources:
            requests:
              cpu: 50m
              memory: 32Mi
            limits:
              memory: 64Mi
`,
    ),
  ),
  mutation('redis-password-secret-missing', drop(redis, 'Secret/redis-password')),
  mutation('redis-password-not-applied', edit(redis, '    requirepass REDIS_PASSWORD_PLACEHOLDER\n', '')),
  mutation(
    'redis-sentinel-auth-missing',
    edit(redis, '    sentinel auth-pass mymaster REDIS_PASSWORD_PLACEHOLDER\n', ''),
  ),
  mutation('redis-sentinel-replica-count', edit(redis, 'replicas: 3', 'replicas: 4'), {
    also: { 'redis-sentinel-quorum': 'Two of four are no majority.' },
  }),
  mutation('redis-sentinel-quorum', edit(redis, 'local 6379 2', 'local 6379 1')),
  mutation('redis-sentinel-hostname', edit(redis, '    sentinel resolve-hostnames yes\n', '')),
  mutation('headless-not-ready-dns', edit(redis, '  publishNotReadyAddresses: true\n', '')),
  mutation(
    'redis-replication-uninitialised',
    edit(redis, 'echo "replicaof ${MASTER} 6379" >> /config/redis.conf', 'echo "The master is ${MASTER}."'),
  ),
  mutation(
    'redis-service-spreads-writes',
    edit(
      haproxy,
      '  selector:\n    app.kubernetes.io/name: haproxy\n  ports:\n    - name: redis',
      '  selector:\n    app.kubernetes.io/name: redis\n    matrix.instance: main\n  ports:\n    - name: redis',
    ),
    {
      also: { 'netpol-flow-blocked': 'The policies let Synapse reach Redis through HAProxy only.' },
    },
  ),
  mutation('redis-maxmemory-exceeds-limit', edit(redis, 'maxmemory 256mb', 'maxmemory 512mb')),
  mutation('redis-eviction-policy', edit(redis, 'maxmemory-policy noeviction', 'maxmemory-policy allkeys-lru')),
];
