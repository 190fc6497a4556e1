import { acceptedCatalogue, catalogueVariants } from './catalogue-variants';
import { add, type Change, cut, edit, type Mutation, mutation, remove } from './mutations/mutation';
import { acceptedOperations, operationVariants } from './operation-variants';
import { acceptedPlatform, platformVariants } from './platform-variants';
import { programVariants } from './program-variants';
import { acceptedReach, reachVariants } from './reach-variants';
import { acceptedSections, sectionVariants } from './section-variants';

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

const media = 'main-instance/03-workers/media-statefulset.yaml';
const liBackground = 'li-instance/02-workers/background-statefulset.yaml';
const sequences = 'li-instance/04-sync-system/sequences-cronjob.yaml';
const synapse = 'main-instance/01-synapse/main-statefulset.yaml';
const liConfig = 'li-instance/01-synapse/configmap.yaml';
const keyVault = 'main-instance/08-key-vault/deployment.yaml';
const li = 'li-instance/01-synapse/synapse-statefulset.yaml';

const guide = 'docs/SCALING-GUIDE.md';
const deployScript = 'scripts/deploy.sh';
const syncSecrets = 'li-instance/04-sync-system/credentials.yaml';

const scanWorkers = 'antivirus/02-scan-workers/deployment.yaml';
const synapseSecrets = 'main-instance/01-synapse/credentials.yaml';
const livekitSecrets = 'main-instance/04-livekit/credentials.yaml';
const prometheusValues = 'values/kube-prometheus-stack.yaml';

const macaroon = 'e882204e6b41ec30fffc3c7629812f11eee437432d1d5e2b6a5b0eb95ff2ebd8';
const superuser = '  enableSuperuserAccess: true\n';
const ownSuperuser = `${superuser}  superuserSecret:\n    name: own-superuser\n`;

const fillRedis = `              sed -i "s|REDIS_PASSWORD_PLACEHOLDER|\${REDIS_PASSWORD}|g" /config/redis.conf\n`;
const fillSentinel = fillRedis.replace('redis.conf', 'sentinel.conf');
const asked = '    requirepass REDIS_PASSWORD_PLACEHOLDER\n    masterauth REDIS_PASSWORD_PLACEHOLDER\n';

const liPassword = `                - name: LI_DB_PASSWORD
                  valueFrom:
                    secretKeyRef:
                      name: matrix-postgresql-li-app
                      key: password
`;

/** What makes a script sign in with a file that has the password of a variable. */
const passwordFile = (variable: string): string => `set -euo pipefail
                  export PGPASSFILE=/tmp/pgpass
                  echo "*:*:*:synapse_li:\${${variable}}" > /tmp/pgpass
                  chmod 600 /tmp/pgpass
`;

const claim = (mode: string): Change =>
  add(
    'main-instance/01-synapse/claim.yaml',
    `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: shared, namespace: matrix}
spec: {accessModes: [${mode}], resources: {requests: {storage: 1Gi}}}
`,
  );

/** Keeps the Python packages of a workload on that claim. */
const onClaim = (path: string): Change =>
  edit(
    path,
    '        - name: python-packages\n          emptyDir: {}',
    '        - name: python-packages\n          persistentVolumeClaim:\n            claimName: shared',
  );

const djangoProject = `apiVersion: v1
kind: ConfigMap
metadata: {name: key-vault-app, namespace: matrix}
data:
  empty: ""
  manage.py: |
    import os
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "key_vault.settings")
  settings.py: |
    import os
    SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]
    ROOT_URLCONF = "key_vault.urls"
    INSTALLED_APPS = ["vault"]
    DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "HOST": os.environ["DB_HOST"]}}
  urls.py: |
    from django.urls import path
    from vault import views
    urlpatterns = [path("health", views.health)]
  wsgi.py: |
    from django.core.wsgi import get_wsgi_application
    application = get_wsgi_application()
  models.py: |
    from django.db import models
    class Vault(models.Model):
        user_id = models.CharField(max_length=255)
  views.py: |
    from django.http import JsonResponse
    def health(request):
        return JsonResponse({})
  0001_initial.py: |
    from django.db import migrations, models
    class Migration(migrations.Migration):
        operations = [migrations.CreateModel(name="Vault", fields=[("user_id", models.CharField(max_length=255))])]
`;

/** Other ways to make the same mistakes: each is found like the first one, by its rule alone. */
export const variants: Readonly<Record<string, Mutation>> = {
  ...reachVariants,
  ...operationVariants,
  ...programVariants,
  ...sectionVariants,
  ...platformVariants,
  ...catalogueVariants,
  'a password of the replication that is written out': mutation(
    'sync-credentials-password',
    edit(
      sync,
      'valueFrom:\n                secretKeyRef:\n                  name: matrix-postgresql-app\n                  key: password\n',
      'value: hunter2-hunter2-hunter2\n',
    ),
    { also: { 'secret-in-plain-config': 'It is a secret in plain text, too.' } },
  ),
  'a worker that is not given the file which makes it one': mutation(
    'synapse-worker-app-unknown',
    edit(media, '              worker_app: synapse.app.generic_worker\n', ''),
  ),
  'a Redis that asks for a password which Synapse does not have': mutation(
    'synapse-redis-unusable',
    edit(synapseConfig, '      password: REDIS_PASSWORD_PLACEHOLDER\n', ''),
  ),
  'a listener of Synapse that is for its own pod only': mutation(
    'port-not-listened-on',
    edit(
      synapseConfig,
      'bind_addresses: ["0.0.0.0"]\n        resources:\n          - names: [client, federation]',
      'bind_address: 127.0.0.1\n        resources:\n          - names: [client, federation]',
    ),
  ),
  'a server on another port than the one that is probed': mutation(
    'port-not-listened-on',
    edit(keyVault, '--bind=0.0.0.0:8000', '--bind=0.0.0.0:8080'),
  ),
  'metrics that Synapse has no listener for': mutation(
    'monitor-target-has-no-metrics',
    edit(synapseConfig, '      - type: metrics\n        port: 9090\n        bind_addresses: ["0.0.0.0"]\n', ''),
    { also: { 'port-not-listened-on': 'The Service leads to the port as well.' } },
  ),
  'a connection setting by the name that others give it': mutation(
    'synapse-database-mismatch',
    edit(synapseConfig, 'dbname: matrix\n', 'db_name: matrix\n'),
  ),
  'a worker of the LI instance that has the password of the main database': mutation(
    'pg-password-of-another-role',
    edit(liBackground, 'name: matrix-postgresql-li-app', 'name: matrix-postgresql-app'),
  ),
  'a password file with the password of another role': mutation('pg-password-of-another-role', [
    edit(sequences, 'PGPASSWORD="${LI_DB_PASSWORD}" psql', 'psql'),
    edit(sequences, 'set -euo pipefail\n', passwordFile('MAIN_DB_PASSWORD')),
    edit(sequences, liPassword, ''),
  ]),
  'a password of key_vault that its database does not get': mutation(
    'secret-group-mismatch',
    edit(keyVaultJob, 'key: DB_PASSWORD', 'key: API_KEY'),
    { also: { 'secret-key-mixed-up': 'the variable is called like the right key' } },
  ),
  'a role that the operator drops': mutation(
    'pg-role-cannot-login',
    edit(cluster, 'ensure: present', 'ensure: absent'),
  ),
  'an LI cluster that may not run a subscription': mutation(
    'sync-wal-level',
    edit(clusterLi, 'max_logical_replication_workers: "8"', 'max_logical_replication_workers: "0"'),
  ),
  'a claim for one node that two workloads mount': mutation('claim-shared-by-replicas', [
    claim('ReadWriteOnce'),
    onClaim(synapse),
    onClaim(li),
  ]),
  'a program that a line for debugging keeps from starting': mutation(
    'script-step-unreachable',
    edit(
      keyVault,
      '              mkdir -p /app/key_vault',
      '              sleep infinity\n              mkdir -p /app/key_vault',
    ),
  ),
  'a main instance that erases what the LI instance is to keep': mutation(
    'li-messages-erased',
    edit(liConfig, 'send_federation: false', 'redaction_retention_period: null\n    send_federation: false'),
  ),
  'an LI instance that deletes old messages': mutation(
    'li-messages-erased',
    edit(liConfig, 'send_federation: false', 'retention:\n      enabled: true\n    send_federation: false'),
  ),
  'guests on the LI instance': mutation(
    'li-registration-enabled',
    edit(liConfig, 'allow_guest_access: false', 'allow_guest_access: true'),
  ),
  'a server that nothing installs': mutation('key-vault-package-missing', edit(keyVault, ' gunicorn==23.0.0', '')),
  'models without a migration': mutation('key-vault-tables-missing', [
    edit(keyVault, 'cat > /app/vault/migrations/0001_initial.py', 'cat > /app/vault/initial.txt'),
  ]),
  'a remote of rclone that is misspelt': mutation(
    'rclone-remote-undefined',
    edit('li-instance/04-sync-system/media-cronjob.yaml', 'minio:synapse-media-li', 'mino:synapse-media-li'),
  ),
  'a subscription that the owner of the LI database creates': mutation(
    'sync-subscription-invalid',
    edit(
      sync,
      'psql -h matrix-postgresql-li-rw.matrix.svc.cluster.local -U postgres -d matrix_li -v ON_ERROR_STOP=1 <<SQL',
      'PGPASSWORD="${LI_DB_PASSWORD}" psql -h matrix-postgresql-li-rw.matrix.svc.cluster.local -U synapse_li -d matrix_li -v ON_ERROR_STOP=1 <<SQL',
    ),
  ),
  'more federation senders than the configuration names': mutation(
    'synapse-worker-name-mismatch',
    edit('main-instance/03-workers/federation-sender-statefulset.yaml', 'replicas: 2', 'replicas: 3'),
  ),
  'a token between at signs that nothing replaces': mutation(
    'config-placeholder-unsubstituted',
    edit(scanWorkers, 'pickle_key: PICKLE_KEY_PLACEHOLDER', 'pickle_key: "@PICKLE_KEY@"'),
    { also: { 'substitution-idle': 'The script replaces what stood there before.' } },
  ),
  'both clusters at once': mutation('pg-li-cluster-missing', [remove(cluster), remove(clusterLi)], {
    also: {
      'pg-main-cluster-missing': 'The main cluster is missing as well.',
      'deploy-path-missing': 'Their folder is empty.',
    },
  }),
  "one size too little by the tree's own guide": mutation(
    'pg-resources-below-profile',
    [
      add('matrix-preflight.yaml', 'scale:\n  source: guide\n'),
      edit(guide, '| 100 | 3 | 1 | 2Gi | 50Gi |', '| 100 | 3 | 1 | 2Gi | 60Gi |'),
    ],
    { count: 2 },
  ),
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
  'a port of the node': mutation(
    'key-vault-exposed',
    edit(
      keyVault,
      '              containerPort: 8000\n',
      '              containerPort: 8000\n              hostPort: 8000\n',
    ),
  ),
  'external addresses': mutation(
    'key-vault-exposed',
    edit(
      keyVault,
      'spec:\n  selector:\n    app.kubernetes.io/name: key-vault\n  ports',
      'spec:\n  externalIPs: [192.0.2.7]\n  selector:\n    app.kubernetes.io/name: key-vault\n  ports',
    ),
  ),
  'a route of the Gateway API': mutation(
    'key-vault-exposed',
    add(
      'main-instance/08-key-vault/route.yaml',
      `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: key-vault, namespace: matrix}
spec:
  rules:
    - backendRefs:
        - {name: key-vault, port: 8000}
`,
    ),
    { also: { 'schema-unknown-kind': 'No schema of the Gateway API is known.' } },
  ),
  'the API key in the hands of the LI instance': mutation(
    'key-vault-exposed',
    edit(
      li,
      '            - name: FORM_SECRET\n',
      '            - name: VAULT_TOKEN\n              valueFrom:\n                secretKeyRef:\n                  name: key-vault-secrets\n                  key: API_KEY\n            - name: FORM_SECRET\n',
    ),
  ),
  'the address in the hands of the LI instance': mutation(
    'key-vault-exposed',
    edit(
      li,
      '            - name: FORM_SECRET\n',
      '            - name: VAULT_URL\n              value: http://key-vault:8000\n            - name: FORM_SECRET\n',
    ),
  ),
  'a password that is written out': mutation(
    'key-vault-initdb-not-superuser',
    edit(
      keyVaultJob,
      '              valueFrom:\n                secretKeyRef:\n                  name: matrix-postgresql-superuser\n                  key: password\n',
      '              value: tR4vKq8ZsYx1LcWb6RmJd3KgHf7EuAo0\n',
    ),
    { also: { 'secret-in-plain-config': 'It is no secret there.' } },
  ),
  'no password at all': mutation(
    'key-vault-initdb-not-superuser',
    edit(keyVaultJob, 'name: PGPASSWORD\n', 'name: PGPASS\n'),
  ),
  'the username for a password': mutation(
    'key-vault-initdb-not-superuser',
    edit(
      keyVaultJob,
      'name: matrix-postgresql-superuser\n                  key: password',
      'name: matrix-postgresql-superuser\n                  key: username',
    ),
  ),
  'a subscription with a user of another variable': mutation('sync-credentials-user', [
    edit(sync, 'user=${MAIN_DB_USER} password', 'user=${SOURCE_USER} password'),
    edit(sync, '          env:\n', '          env:\n            - name: SOURCE_USER\n              value: postgres\n'),
  ]),
  'a subscription with a user that is written out': mutation(
    'sync-credentials-user',
    edit(sync, 'user=${MAIN_DB_USER} password', 'user=postgres password'),
  ),
  'a subscription with a password of another variable': mutation('sync-credentials-password', [
    edit(sync, "password=${MAIN_DB_PASSWORD}'", "password=${SOURCE_PASSWORD}'"),
    edit(
      sync,
      '          env:\n',
      '          env:\n            - name: SOURCE_PASSWORD\n              valueFrom:\n                secretKeyRef:\n                  name: matrix-postgresql-li-app\n                  key: password\n',
    ),
  ]),
  'a literal that a subscription signs in with': mutation('pg-literal-copy-of-generated-password', [
    edit(sync, "password=${MAIN_DB_PASSWORD}'", "password=${SOURCE_PASSWORD}'"),
    edit(
      sync,
      '          env:\n',
      '          env:\n            - name: SOURCE_PASSWORD\n              valueFrom:\n                secretKeyRef:\n                  name: sync-system-secrets\n                  key: SOURCE_PASSWORD\n',
    ),
    edit(
      syncSecrets,
      '  MAIN_DB_USER: synapse\n',
      '  MAIN_DB_USER: synapse\n  SOURCE_PASSWORD: tR4vKq8ZsYx1LcWb6RmJd3KgHf7EuAo0\n',
    ),
  ]),
  'another word for a value to come': mutation(
    'placeholder-secret',
    edit(synapseSecrets, macaroon, 'GENERATE_A_SECURE_KEY'),
  ),
  'a variable that nothing puts into a Secret': mutation(
    'placeholder-secret',
    edit(synapseSecrets, macaroon, '"${MACAROON_SECRET}"'),
  ),
  'the values of a chart': mutation(
    'placeholder-config',
    edit(prometheusValues, 'grafana:\n', 'grafana:\n  adminEmail: CHANGEME\n'),
  ),
  'a base64 text without its padding': mutation('secret-data-not-base64', edit(redis, 'TNCNnJlNg==', 'TNCNnJlNg')),
  'the line break of a block scalar in a variable': mutation(
    'secret-trailing-newline',
    edit(synapseSecrets, `MACAROON_SECRET: ${macaroon}`, `MACAROON_SECRET: |\n    ${macaroon}`),
  ),
  'a public key for the private one': mutation(
    'secret-bad-key-material',
    cut(
      keyVaultSecrets,
      '-----BEGIN RSA PRIVATE',
      '-----END RSA PRIVATE KEY',
      '-----BEGIN PUBLIC KEY-----\n    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAp\n    -----END PUBLIC KEY',
    ),
  ),
  'a text for a private key': mutation(
    'secret-bad-key-material',
    cut(
      keyVaultSecrets,
      'RSA_PRIVATE_KEY: |',
      'END RSA PRIVATE KEY-----',
      'RSA_PRIVATE_KEY: dbff2be8d382e69328a093595a51f2c5614e78ce979e8a59',
    ),
  ),
  'a password with a blank in redis.conf': mutation(
    'substitution-unsafe-secret',
    [
      edit(
        redis,
        'UE9IcEhlcHJITmRtNHhvUU5TNVF0cjh6cGFOMzc3cE9UOG1jVTNCNnJlNg==',
        'UE9IcCBlcHJITmRtNHhvUU5TNVF0cjh6cGFOMzc3cE9UOG1jVTNCNnJlNg==',
      ),
      edit(synapseSecrets, 'POHpHeprHNdm', 'POHp eprHNdm'),
      edit(livekitSecrets, 'POHpHeprHNdm', 'POHp eprHNdm'),
    ],
    { count: 3 },
  ),
  'an S3 user that nothing makes': mutation(
    'minio-secret-dual-format',
    edit(tenant, '  users:\n    - name: minio-credentials\n', ''),
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
  ...acceptedPlatform,
  ...acceptedCatalogue,
  ...acceptedReach,
  ...acceptedOperations,
  ...acceptedSections,
  'a remote of rclone in the command itself': [
    edit(
      'li-instance/04-sync-system/media-cronjob.yaml',
      '- minio:synapse-media\n',
      '- ":s3,env_auth,provider=Minio:synapse-media"\n',
    ),
  ],
  'a driver of PostgreSQL by its newer name': [edit(keyVault, 'psycopg2-binary==2.9.10', "'psycopg[binary]==3.2.3'")],
  'a variable of key_vault with a default': [
    edit(keyVault, 'os.environ["DB_PORT"]', 'os.environ.get("DB_PORT", "5432")'),
    edit(keyVault, '            - name: DB_PORT\n              value: "5432"\n', ''),
  ],
  'a claim for many nodes that two workloads mount': [claim('ReadWriteMany'), onClaim(synapse), onClaim(li)],
  'messages that both instances keep for ever': [synapseConfig, liConfig].map(path =>
    edit(path, 'enable_registration: false', 'redaction_retention_period: null\n    enable_registration: false'),
  ),
  'an end in a condition, in a function and of a subshell': [
    edit(
      sync,
      '              # CREATE SUBSCRIPTION makes',
      '              fail() { echo "$1"; exit 1; }\n              (exit 0)\n              [ -n "${MAIN_DB_USER}" ] || exit 1\n              if [ -z "${MAIN_DB_PASSWORD}" ]; then fail "no password"; exit 1; fi\n              # CREATE SUBSCRIPTION makes',
    ),
  ],
  'a password file in place of PGPASSWORD': [
    edit(sequences, 'PGPASSWORD="${LI_DB_PASSWORD}" psql', 'psql'),
    edit(sequences, 'set -euo pipefail\n', passwordFile('LI_DB_PASSWORD')),
  ],
  'one path for the backups of two clusters, which have names of their own': [
    edit(clusterLi, 's3://postgresql-backups/li', 's3://postgresql-backups/main'),
  ],
  'registration with a token, or that is meant to be open': [
    edit(
      synapseConfig,
      'enable_registration: false',
      'enable_registration: true\n    registration_requires_token: true',
    ),
  ],
  'registration with an e-mail address': [
    edit(
      synapseConfig,
      'enable_registration: false',
      'enable_registration: true\n    registrations_require_3pid: [email]',
    ),
  ],
  'a password of Redis from a file, and TLS to the database': [
    edit(synapseConfig, '      password: REDIS_PASSWORD_PLACEHOLDER\n', '      password_path: /signing/redis\n'),
    edit(synapseConfig, 'cp_max: 10', 'cp_max: 10\n        sslmode: require\n        keepalives_idle: 10'),
    edit(
      'main-instance/01-synapse/credentials.yaml',
      '  signing.key: ed',
      '  redis: POHpHeprHNdm4xoQNS5Qtr8zpaN377pOT8mcU3B6re6\n  signing.key: ed',
    ),
  ],
  'a listener for the pod itself beside the one that others reach': [
    edit(
      synapseConfig,
      '      - type: metrics\n',
      '      - type: manhole\n        port: 9000\n        bind_addresses: ["127.0.0.1"]\n      - type: metrics\n',
    ),
  ],
  'a token between at signs that an init container replaces': [
    edit(scanWorkers, 'pickle_key: PICKLE_KEY_PLACEHOLDER', 'pickle_key: "@PICKLE_KEY@"'),
    edit(scanWorkers, 's|PICKLE_KEY_PLACEHOLDER|', 's|@PICKLE_KEY@|'),
  ],
  "sizes of the tree's own guide for more users": [
    add('matrix-preflight.yaml', 'scale:\n  ccu: 1000\n  source: guide\n'),
    ...[cluster, clusterLi].flatMap(path => [
      edit(
        path,
        '    requests:\n      memory: 2Gi\n      cpu: "1"\n',
        '    requests:\n      memory: 8Gi\n      cpu: "4"\n',
      ),
      edit(
        path,
        '    limits:\n      memory: 2Gi\n      cpu: "2"\n',
        '    limits:\n      memory: 8Gi\n      cpu: "4"\n',
      ),
      edit(path, 'size: 50Gi', 'size: 100Gi'),
    ]),
  ],
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
  'a Django project of a ConfigMap, whose items put it into folders': [
    cut(keyVault, '        - name: create-app', '        - name: fetch-wheels', '        - name: fetch-wheels'),
    edit(
      keyVault,
      '        - name: app\n          emptyDir: {}\n',
      `        - name: app
          configMap:
            name: key-vault-app
            items:
              - {key: manage.py, path: manage.py}
              - {key: empty, path: key_vault/__init__.py}
              - {key: settings.py, path: key_vault/settings.py}
              - {key: urls.py, path: key_vault/urls.py}
              - {key: wsgi.py, path: key_vault/wsgi.py}
              - {key: empty, path: vault/__init__.py}
              - {key: models.py, path: vault/models.py}
              - {key: views.py, path: vault/views.py}
              - {key: empty, path: vault/migrations/__init__.py}
              - {key: 0001_initial.py, path: vault/migrations/0001_initial.py}
`,
    ),
    add('main-instance/08-key-vault/app.yaml', djangoProject),
  ],
  "key_vault's database made by createdb": [rewritten('createuser key_vault; createdb -O key_vault key_vault')],
  "key_vault's database made by psql without a shell": [
    cut(
      keyVaultJob,
      '            - bash\n            - -c',
      '              SQL\n',
      '            - psql\n            - -hmatrix-postgresql-rw\n            - -Upostgres\n            - "-cCREATE ROLE key_vault LOGIN PASSWORD \'$(DB_PASSWORD)\'"\n            - -cCREATE DATABASE key_vault OWNER key_vault\n',
    ),
  ],
  "key_vault's database made by a program in Python": [
    cut(
      keyVaultJob,
      '            - bash\n            - -c',
      '              SQL\n',
      `            - python3
            - -c
            - |
              import os, psycopg2
              connection = psycopg2.connect(host="matrix-postgresql-rw", user="postgres", password=os.environ["PGPASSWORD"])
              connection.autocommit = True
              connection.cursor().execute("CREATE ROLE key_vault LOGIN PASSWORD %s", [os.environ["DB_PASSWORD"]])
              connection.cursor().execute("CREATE DATABASE key_vault OWNER key_vault")
`,
    ),
  ],
  'a variable in a Secret that a script fills in': [
    edit(synapseSecrets, macaroon, '"${MACAROON_SECRET}"'),
    edit(
      deployScript,
      '# Core services\n',
      '# Core services\nenvsubst < main-instance/01-synapse/credentials.yaml | kubectl apply -f -\n',
    ),
  ],
  'a private key in base64 once more': [
    cut(
      keyVaultSecrets,
      'RSA_PRIVATE_KEY: |',
      'END RSA PRIVATE KEY-----',
      'RSA_PRIVATE_KEY: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpNSUlFb2dJQkFBS0NBUUVBcCtTRA==',
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

/** The Job of key_vault's database with another script, which is signed in by its environment. */
function rewritten(script: string): Change {
  return cut(
    keyVaultJob,
    '            - bash\n            - -c',
    '              SQL\n',
    `            - bash\n            - -c\n            - export PGHOST=matrix-postgresql-rw PGUSER=postgres; ${script}\n`,
  );
}

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
