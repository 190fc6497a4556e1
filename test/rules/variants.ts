import { add, type Change, edit, type Mutation, mutation, remove } from './mutations';

const cluster = 'infrastructure/01-postgresql/cluster.yaml';
const clusterLi = 'infrastructure/01-postgresql/cluster-li.yaml';
const redis = 'infrastructure/02-redis/redis-statefulset.yaml';
const redisLi = 'li-instance/01-synapse/redis-li.yaml';
const synapseConfig = 'main-instance/01-synapse/configmap.yaml';
const liSecrets = 'li-instance/01-synapse/credentials.yaml';

const minioSecrets = 'infrastructure/03-minio/credentials.yaml';
const tenant = 'infrastructure/03-minio/tenant.yaml';
const keyVaultSecrets = 'main-instance/08-key-vault/credentials.yaml';

const keyVaultJob = 'main-instance/08-key-vault/init-db-job.yaml';
const sync = 'li-instance/04-sync-system/replication-job.yaml';

const superuser = '  enableSuperuserAccess: true\n';
const ownSuperuser = `${superuser}  superuserSecret:\n    name: own-superuser\n`;

const fillRedis = `              sed -i "s|REDIS_PASSWORD_PLACEHOLDER|\${REDIS_PASSWORD}|g" /config/redis.conf\n`;
const fillSentinel = fillRedis.replace('redis.conf', 'sentinel.conf');
const asked = '    requirepass REDIS_PASSWORD_PLACEHOLDER\n    masterauth REDIS_PASSWORD_PLACEHOLDER\n';

/** Other ways to make the same mistakes: each is found like the first one, by its rule alone. */
export const variants: Readonly<Record<string, Mutation>> = {
  'both clusters at once': mutation('pg-li-cluster-missing', [remove(cluster), remove(clusterLi)], {
    also: {
      'pg-main-cluster-missing': 'The main cluster is missing as well.',
      'deploy-path-missing': 'Their folder is empty.',
    },
  }),
  "a superuser's Secret that nothing creates": mutation('pg-superuser-secret-undefined', [
    edit(cluster, superuser, ownSuperuser),
    edit(keyVaultJob, 'name: matrix-postgresql-superuser', 'name: own-superuser'),
    edit(sync, 'name: matrix-postgresql-superuser', 'name: own-superuser'),
  ]),
  "a superuser's Secret with another username": mutation('pg-superuser-secret-undefined', [
    edit(cluster, superuser, ownSuperuser),
    edit(keyVaultJob, 'name: matrix-postgresql-superuser', 'name: own-superuser'),
    edit(sync, 'name: matrix-postgresql-superuser', 'name: own-superuser'),
    add('infrastructure/01-postgresql/superuser.yaml', ownSecret('admin')),
  ]),
  "the generated name where the superuser's Secret is another": mutation('reference-missing-secret', [
    edit(cluster, superuser, ownSuperuser),
    edit(sync, 'name: matrix-postgresql-superuser', 'name: own-superuser'),
    add('infrastructure/01-postgresql/superuser.yaml', ownSecret('postgres')),
  ]),
  'a backup with four fields': mutation('pg-cron-six-fields', edit(cluster, '"0 0 2 * * *"', '"0 2 * *"')),
  'a password of Redis that is empty': mutation(
    'redis-password-not-applied',
    edit(redis, 'requirepass REDIS_PASSWORD_PLACEHOLDER', 'requirepass ""'),
  ),
  'an LI Redis that asks for no password': mutation(
    'redis-password-not-applied',
    edit(redisLi, '            - --requirepass\n            - $(REDIS_PASSWORD)\n', ''),
  ),
  'a variable of the shell where there is no shell': mutation(
    'redis-password-not-applied',
    edit(redisLi, '$(REDIS_PASSWORD)', '${REDIS_PASSWORD}'),
  ),
  'an argument with a variable that is not defined': mutation(
    'redis-password-not-applied',
    edit(redisLi, '$(REDIS_PASSWORD)', '$(REDIS_AUTH)'),
  ),
  'a Sentinel with the password of another Redis': mutation('secret-group-mismatch', [
    edit(redis, fillSentinel, fillSentinel.replace('${REDIS_PASSWORD}', '${SENTINEL_PASSWORD}')),
    edit(
      redis,
      '            - name: REDIS_PASSWORD\n',
      '            - name: SENTINEL_PASSWORD\n              valueFrom:\n                secretKeyRef:\n                  name: redis-li-password\n                  key: password\n            - name: REDIS_PASSWORD\n',
    ),
  ]),
  'another password of the LI Redis than its Synapse has': mutation(
    'secret-group-mismatch',
    edit(liSecrets, 'REDIS_PASSWORD: ZJn', 'REDIS_PASSWORD: YJn'),
  ),
  'a quorum of nobody': mutation('redis-sentinel-quorum', edit(redis, 'local 6379 2', 'local 6379 0')),
  'a headless Service in front of followers': mutation(
    'redis-service-spreads-writes',
    edit(synapseConfig, 'host: redis-master.matrix', 'host: redis-headless.matrix'),
    { also: { 'netpol-flow-blocked': 'The policies let Synapse reach Redis through HAProxy only.' } },
  ),
  'maxmemory among the arguments': mutation('redis-maxmemory-exceeds-limit', edit(redisLi, '128mb', '256mb')),
  'an eviction policy among the arguments': mutation(
    'redis-eviction-policy',
    edit(redisLi, 'noeviction', 'allkeys-lfu'),
  ),
  'a storage class in small letters': mutation('minio-erasure-parity', edit(minioSecrets, 'EC:4', 'ec:4')),
  'a well-known root password of MinIO': mutation(
    'secret-weak-value',
    edit(minioSecrets, 'VZM4LwGWUMGXAvhx2uI9XjfIlaSrlI7Yusav02D4Dxk', 'minioadmin'),
  ),
  'the key that Django makes for development': mutation(
    'secret-weak-value',
    edit(
      keyVaultSecrets,
      '"6j8)@e^5p0q=(=qxb8+zqf0j@k-8gjo2trk-sktj1ea)p!+o@m"',
      '"django-insecure-6j8)@e^5p0q=(=qxb8+zqf0j@k-8gjo2trk-sktj1ea)p"',
    ),
  ),
};

/** Other ways to do it right: nothing is found. */
export const accepted: Readonly<Record<string, readonly Change[]>> = {
  "a superuser's Secret of one's own": [
    edit(cluster, superuser, ownSuperuser),
    edit(keyVaultJob, 'name: matrix-postgresql-superuser', 'name: own-superuser'),
    edit(sync, 'name: matrix-postgresql-superuser', 'name: own-superuser'),
    add('infrastructure/01-postgresql/superuser.yaml', ownSecret('postgres')),
  ],
  'directives of Redis in capital letters': [
    edit(redis, 'requirepass REDIS_PASSWORD_PLACEHOLDER', 'RequirePass REDIS_PASSWORD_PLACEHOLDER'),
  ],
  'a password of Redis that is appended': [
    edit(redis, asked, ''),
    edit(
      redis,
      fillRedis,
      '              printf "requirepass %s\\nmasterauth %s\\n" "$REDIS_PASSWORD" "$REDIS_PASSWORD" >> /config/redis.conf\n',
    ),
  ],
  'a password of Redis among the arguments': [
    edit(redis, asked, ''),
    edit(redis, fillRedis, ''),
    edit(
      redis,
      '            - /config/redis.conf\n',
      '            - /config/redis.conf\n            - --requirepass\n            - $(REDISCLI_AUTH)\n            - --masterauth\n            - $(REDISCLI_AUTH)\n',
    ),
  ],
  'a second pool of MinIO, which Prometheus reaches through the same Service': [
    edit(
      tenant,
      '  users:\n    - name',
      `    - name: pool-1
      servers: 4
      volumesPerServer: 2
      volumeClaimTemplate:
        spec:
          accessModes: [ReadWriteOnce]
          resources:
            requests:
              storage: 100Gi
  users:\n    - name`,
    ),
  ],
};

function ownSecret(username: string): string {
  return `apiVersion: v1
kind: Secret
metadata:
  name: own-superuser
  namespace: matrix
type: kubernetes.io/basic-auth
stringData:
  username: ${username}
  password: Xh2kPp0o9Nw3LmQ7rT5vYb1ZsDfGhJkL8e
`;
}
