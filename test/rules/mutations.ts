/** A small edit of the sample deployment, and the rule whose finding it has to yield, alone. */
export interface Mutation {
  readonly rule: string;
  readonly changes: readonly Change[];
  /** How many findings of the rule the edit makes; one where nothing is said. */
  readonly count?: number;
  /** Further rules whose findings follow of necessity, each with the reason. */
  readonly also?: Readonly<Record<string, string>>;
}

export type Change =
  | {
      readonly kind: 'edit';
      readonly path: string;
      readonly find: string;
      readonly replacement: string;
      readonly nth?: number;
    }
  /** From one text through another, each of which stands once after the other. */
  | {
      readonly kind: 'cut';
      readonly path: string;
      readonly from: string;
      readonly to: string;
      readonly replacement: string;
    }
  | { readonly kind: 'add'; readonly path: string; readonly text: string }
  | { readonly kind: 'remove'; readonly path: string }
  /** Cuts out one document, named as `Kind/name`. */
  | { readonly kind: 'drop'; readonly path: string; readonly document: string };

/** Replaces a text that stands once in the file; `nth` counts from zero where it stands more often. */
export function edit(path: string, find: string, replacement: string, nth?: number): Change {
  return { kind: 'edit', path, find, replacement, ...(nth !== undefined && { nth }) };
}

/** Replaces all that stands from one text through another. */
export function cut(path: string, from: string, to: string, replacement = ''): Change {
  return { kind: 'cut', path, from, to, replacement };
}

export function add(path: string, text: string): Change {
  return { kind: 'add', path, text: text.replace(/^\n/, '') };
}

function drop(path: string, document: string): Change {
  return { kind: 'drop', path, document };
}

export function remove(path: string): Change {
  return { kind: 'remove', path };
}

export function mutation(
  rule: string,
  changes: Change | readonly Change[],
  rest: { readonly count?: number; readonly also?: Readonly<Record<string, string>> } = {},
): Mutation {
  return { rule, changes: Array.isArray(changes) ? changes : [changes as Change], ...rest };
}

const cluster = 'infrastructure/01-postgresql/cluster.yaml';
const clusterLi = 'infrastructure/01-postgresql/cluster-li.yaml';
const redis = 'infrastructure/02-redis/redis-statefulset.yaml';
const minioSecrets = 'infrastructure/03-minio/credentials.yaml';
const tenant = 'infrastructure/03-minio/tenant.yaml';
const policies = 'infrastructure/04-networking/networkpolicies.yaml';
const issuer = 'infrastructure/04-networking/cluster-issuer.yaml';
const synapseConfig = 'main-instance/01-synapse/configmap.yaml';
const synapse = 'main-instance/01-synapse/main-statefulset.yaml';
const synapseSecrets = 'main-instance/01-synapse/credentials.yaml';
const haproxyConfig = 'main-instance/02-haproxy/configmap.yaml';
const haproxy = 'main-instance/02-haproxy/deployment.yaml';
const haproxyIngress = 'main-instance/02-haproxy/ingress.yaml';
const persister = 'main-instance/03-workers/event-persister-statefulset.yaml';
const sender = 'main-instance/03-workers/federation-sender-statefulset.yaml';
const generic = 'main-instance/03-workers/generic-statefulset.yaml';
const synchrotron = 'main-instance/03-workers/synchrotron-statefulset.yaml';
const livekit = 'main-instance/04-livekit/deployment.yaml';
const livekitSecrets = 'main-instance/04-livekit/credentials.yaml';
const jwtService = 'main-instance/04-livekit/jwt-service.yaml';
const coturn = 'main-instance/05-coturn/deployment.yaml';
const coturnSecrets = 'main-instance/05-coturn/credentials.yaml';
const element = 'main-instance/07-element-web/deployment.yaml';
const keyVault = 'main-instance/08-key-vault/deployment.yaml';
const keyVaultSecrets = 'main-instance/08-key-vault/credentials.yaml';
const keyVaultJob = 'main-instance/08-key-vault/init-db-job.yaml';
const clamav = 'antivirus/01-clamav/deployment.yaml';
const scanner = 'antivirus/02-scan-workers/deployment.yaml';
const scannerSecrets = 'antivirus/02-scan-workers/credentials.yaml';
const liConfig = 'li-instance/01-synapse/configmap.yaml';
const li = 'li-instance/01-synapse/synapse-statefulset.yaml';
const sync = 'li-instance/04-sync-system/replication-job.yaml';
const syncSecrets = 'li-instance/04-sync-system/credentials.yaml';
const monitors = 'monitoring/01-prometheus/servicemonitors.yaml';
const alerts = 'monitoring/01-prometheus/prometheusrules.yaml';
const dashboards = 'monitoring/02-grafana/dashboards.yaml';
const deployScript = 'scripts/deploy.sh';
const operatorsScript = 'scripts/install-operators.sh';
const ingressValues = 'values/ingress-nginx.yaml';
const prometheusValues = 'values/kube-prometheus-stack.yaml';
const guide = 'docs/SCALING-GUIDE.md';

const vaultUrl = 'http://key-vault.matrix.svc.cluster.local:8000';

const allBut = `  podSelector:
    matchExpressions:
      - key: app
        operator: NotIn
        values: [echo]
`;

/** At least one for each rule, in the order of the topics. */
export const mutations: readonly Mutation[] = [
  // PostgreSQL
  mutation(
    'pg-object-undefined',
    edit(cluster, '  cluster:\n    name: matrix-postgresql\n', '  cluster:\n    name: matrix-postgres\n'),
    {
      also: { 'pg-backup-unscheduled': 'No ScheduledBackup names the cluster any more.' },
    },
  ),
  mutation('pg-main-cluster-missing', [
    drop(cluster, 'Cluster/matrix-postgresql'),
    drop(cluster, 'ScheduledBackup/matrix-postgresql-nightly'),
  ]),
  mutation('pg-li-cluster-missing', remove(clusterLi)),
  mutation('pg-role-cannot-login', edit(cluster, '        login: true\n', '')),
  mutation(
    'pg-database-unknown',
    edit('li-instance/04-sync-system/sequences-cronjob.yaml', '-U synapse_li -d matrix_li', '-U synapse_li -d matrix'),
  ),
  mutation(
    'written-text-lost',
    edit(
      redis,
      '              cp /templates/sentinel.conf /config/sentinel.conf\n',
      '              cp /templates/sentinel.conf /config/sentinel.conf\n              echo "min-replicas-to-write 1" > /config/redis.conf\n',
    ),
    { also: { 'redis-password-not-applied': 'The password was in what is lost.' } },
  ),
  mutation(
    'psql-password-missing',
    add(
      'main-instance/09-jobs/vacuum.yaml',
      `
apiVersion: batch/v1
kind: CronJob
metadata: {name: synapse-vacuum, namespace: matrix-jobs}
spec:
  schedule: "15 4 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: vacuum
              image: postgres:16.4
              resources: {requests: {cpu: 50m, memory: 64Mi}, limits: {memory: 128Mi}}
              command: [sh, -c]
              args: ["psql -h matrix-postgresql-rw.matrix.svc.cluster.local -U synapse -d matrix -c 'VACUUM'"]
---
apiVersion: v1
kind: Namespace
metadata: {name: matrix-jobs}
`,
    ),
    {
      also: {
        'netpol-flow-blocked': 'No policy admits the new Job.',
        'deploy-file-not-applied': 'No script applies the new file.',
      },
    },
  ),
  mutation(
    'pg-password-of-another-role',
    edit(
      'li-instance/04-sync-system/sequences-cronjob.yaml',
      'name: matrix-postgresql-li-app',
      'name: matrix-postgresql-li-superuser',
    ),
  ),
  mutation('pg-password-file-ignored', [
    edit(keyVaultJob, '- name: PGPASSWORD', '- name: SUPERUSER_PASSWORD'),
    edit(
      keyVaultJob,
      'set -euo pipefail\n',
      'set -euo pipefail\n              echo "*:*:*:postgres:${SUPERUSER_PASSWORD}" > /tmp/pgpass\n              export PGPASSFILE=/tmp/pgpass\n',
    ),
  ]),
  mutation('pg-dump-older-than-server', edit(sync, 'postgresql:16.4', 'postgresql:15.8')),
  mutation(
    'pg-backup-path-shared',
    edit(
      clusterLi,
      'destinationPath: s3://postgresql-backups/li',
      'destinationPath: s3://postgresql-backups/main\n      serverName: matrix-postgresql',
    ),
  ),
  mutation(
    'pg-superuser-secret-undefined',
    edit(cluster, 'enableSuperuserAccess: true', 'enableSuperuserAccess: false'),
  ),
  mutation('pg-resources-below-profile', edit(cluster, 'size: 50Gi', 'size: 20Gi')),
  mutation('pg-shared-buffers-too-large', edit(cluster, 'shared_buffers: 512MB', 'shared_buffers: 2GB')),
  mutation('pg-scaling-increments-undefined', remove(guide)),
  mutation('scale-sources-differ', edit(guide, '| 100 | 3 | 1 | 2Gi | 50Gi |', '| 100 | 3 | 1 | 2Gi | 100Gi |')),
  mutation('pg-connection-budget-exceeded', edit(synapseConfig, 'cp_max: 10', 'cp_max: 30')),
  mutation(
    'pg-parameter-managed-by-operator',
    edit(cluster, 'work_mem: 8MB', 'work_mem: 8MB\n      log_destination: stderr'),
  ),
  mutation(
    'pg-connection-limit-low',
    edit(cluster, '        login: true\n', '        login: true\n        connectionLimit: 20\n'),
  ),
  mutation('pg-locale-not-c', edit(cluster, 'localeCollate: C\n', 'localeCollate: en_US.UTF-8\n')),
  mutation('psql-failure-hidden', edit(keyVaultJob, '-v ON_ERROR_STOP=1 -v', '-v')),
  mutation('pg-cron-six-fields', edit(cluster, '"0 0 2 * * *"', '"0 2 * * *"')),
  mutation('pg-backup-unscheduled', drop(cluster, 'ScheduledBackup/matrix-postgresql-nightly')),
  mutation('synapse-database-mismatch', edit(synapseConfig, 'dbname: matrix\n', 'dbname: synapse\n')),
  mutation('pg-literal-copy-of-generated-password', [
    edit(
      synapse,
      'name: matrix-postgresql-app\n                  key: password',
      'name: synapse-secrets\n                  key: DB_PASSWORD',
    ),
    edit(
      synapseSecrets,
      'stringData:\n  # Equal',
      'stringData:\n  DB_PASSWORD: tR4vKq8ZsYx1LcWb6RmJd3KgHf7EuAo0\n  # Equal',
    ),
  ]),
  mutation('pg-role-secret-invalid', [
    edit(
      cluster,
      '        replication: true\n',
      '        replication: true\n      - name: reporting\n        login: true\n        passwordSecret:\n          name: minio-credentials\n',
    ),
  ]),
  mutation('sync-wal-level', edit(cluster, 'work_mem: 8MB', 'work_mem: 8MB\n      wal_level: replica')),
  mutation(
    'li-default-read-only',
    edit(clusterLi, 'work_mem: 8MB', 'work_mem: 8MB\n      default_transaction_read_only: "on"'),
  ),

  // Redis
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

  // MinIO
  mutation('minio-erasure-parity', edit(minioSecrets, 'EC:4', 'EC:2'), {
    also: { 'minio-storage-efficiency': 'Less parity is less redundancy: an item of its own.' },
  }),
  mutation('minio-drive-count', edit(tenant, 'servers: 4', 'servers: 8'), {
    also: { 'minio-storage-efficiency': 'Less parity is less redundancy: an item of its own.' },
  }),
  mutation(
    'minio-storage-efficiency',
    edit(tenant, '            requests:\n              storage: 100Gi', '            requests: {}'),
  ),
  mutation(
    'minio-secret-dual-format',
    edit(minioSecrets, '  CONSOLE_SECRET_KEY: 4ZZhkW5t0T5Wysf1ZhprApqp5G9OzHzZjiGCd7Ww\n', ''),
  ),
  mutation(
    'minio-secret-pairs-differ',
    edit(minioSecrets, '  CONSOLE_ACCESS_KEY: A3WKCUX7DM1JR3F8PO93', '  CONSOLE_ACCESS_KEY: A3WKCUX7DM1JR3F8PO94'),
  ),
  mutation('minio-user-is-root', edit(minioSecrets, 'tessera-storage-root', 'A3WKCUX7DM1JR3F8PO93')),
  mutation(
    'minio-config-secret-missing',
    edit(minioSecrets, '    export MINIO_ROOT_PASSWORD="VZM4LwGWUMGXAvhx2uI9XjfIlaSrlI7Yusav02D4Dxk"\n', ''),
  ),
  mutation('minio-bucket-missing', edit(synapseConfig, 'bucket: synapse-media\n', 'bucket: synapse-medias\n')),
  mutation(
    'minio-bucket-missing',
    edit('li-instance/04-sync-system/media-cronjob.yaml', '- minio:synapse-media\n', '- minio:synapse-medai\n'),
  ),
  mutation(
    'minio-endpoint-mismatch',
    edit(
      synapseConfig,
      'http://matrix-minio-hl.matrix.svc.cluster.local:9000',
      'https://matrix-minio-hl.matrix.svc.cluster.local:9000',
    ),
  ),
  mutation('minio-tenant-missing', drop(tenant, 'Tenant/matrix-minio'), {
    also: {
      'secret-unused': 'What only the Tenant reads is left without a use.',
    },
  }),
  mutation('generated-name-taken', edit(tenant, '  name: minio-metrics\n  namespace', '  name: minio\n  namespace')),

  // NetworkPolicies
  mutation(
    'netpol-namespace-selector-label',
    edit(
      policies,
      '              - key: kubernetes.io/metadata.name\n                operator: In\n                values: ["monitoring"]',
      '              - key: name\n                operator: In\n                values: ["monitoring"]',
    ),
    {
      also: { 'netpol-flow-blocked': 'The rule that matches nothing was the one that let Prometheus in.' },
    },
  ),
  mutation('netpol-default-deny-missing', drop(policies, 'NetworkPolicy/default-deny-all')),
  mutation(
    'netpol-dns-egress-missing',
    edit(
      policies,
      '        - protocol: UDP\n          port: 53\n        - protocol: TCP\n          port: 53\n',
      '        - protocol: UDP\n          port: 53\n',
    ),
  ),
  mutation(
    'netpol-database-access',
    edit(
      policies,
      '              cnpg.io/cluster: matrix-postgresql-li\n      ports:\n        - protocol: TCP\n          port: 5432\n    - from:',
      '              cnpg.io/cluster: matrix-postgresql-li\n        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: element-web\n      ports:\n        - protocol: TCP\n          port: 5432\n    - from:',
    ),
  ),
  mutation(
    'netpol-key-vault-isolation',
    edit(
      policies,
      '              app.kubernetes.io/component: homeserver\n              matrix.instance: main\n      ports:\n        - protocol: TCP\n          port: 8000\n  egress:',
      '              app.kubernetes.io/component: homeserver\n              matrix.instance: main\n        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: element-web\n      ports:\n        - protocol: TCP\n          port: 8000\n  egress:',
    ),
  ),
  mutation(
    'netpol-li-isolation',
    edit(
      policies,
      '          port: 9000\n---\n# Replication and media copy',
      '          port: 9000\n    - to:\n        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: key-vault\n      ports:\n        - protocol: TCP\n          port: 8000\n---\n# Replication and media copy',
    ),
  ),
  mutation('netpol-ingress-access', edit(policies, '        - protocol: TCP\n          port: 7880\n', '')),
  mutation(
    'netpol-flow-blocked',
    edit(
      policies,
      '        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: livekit\n      ports:\n        - protocol: TCP\n          port: 6379\n        - protocol: TCP\n          port: 26379\n',
      '      ports:\n        - protocol: TCP\n          port: 6379\n        - protocol: TCP\n          port: 26379\n',
    ),
    {
      count: 2,
    },
  ),
  mutation(
    'netpol-selects-nothing',
    edit(
      policies,
      '  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: python-wheels\n',
      '  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: python-wheel\n',
    ),
    {
      also: { 'netpol-flow-blocked': 'The policy that selects nothing was the one that let the Job out.' },
    },
  ),
  mutation(
    'netpol-peer-matches-nothing',
    edit(
      policies,
      '              app.kubernetes.io/name: key-vault-init-db\n        - podSelector',
      '              app.kubernetes.io/name: key-vault-initdb\n        - podSelector',
    ),
    {
      also: { 'netpol-flow-blocked': 'The peer that names nobody was the one that let the Job in.' },
    },
  ),
  mutation(
    'netpol-allows-everything',
    edit(
      policies,
      '    - from:\n        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: content-scanner\n      ports:\n        - protocol: TCP\n          port: 3310',
      '    - from:\n        - namespaceSelector: {}\n        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: content-scanner\n      ports:\n        - protocol: TCP\n          port: 3310',
    ),
  ),
  mutation(
    'netpol-rule-empty-peer',
    edit(
      policies,
      '    - from:\n        - ipBlock:\n            cidr: 0.0.0.0/0\n      ports:\n        - protocol: TCP\n          port: 7881',
      '    - from: []\n      ports:\n        - protocol: TCP\n          port: 7881',
    ),
  ),
  mutation(
    'netpol-port-not-on-pod',
    edit(
      policies,
      '        - protocol: TCP\n          port: 3310\n  egress:',
      '        - protocol: TCP\n          port: 3310\n        - protocol: TCP\n          port: 8080\n  egress:',
    ),
  ),
  mutation(
    'netpol-host-network',
    edit(
      policies,
      '---\n# ClamAV is asked',
      `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: coturn
  namespace: matrix
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: coturn
  policyTypes:
    - Ingress
  ingress:
    - ports:
        - protocol: UDP
          port: 3478
---
# ClamAV is asked`,
    ),
  ),
  mutation(
    'netpol-set-incomplete',
    [
      ...[
        'allow-prometheus',
        'synapse-media-from-scanner',
        'synapse-storage',
        'synapse-to-key-vault',
        'key-vault-init-db',
        'livekit',
        'lk-jwt-service',
        'clamav',
        'content-scanner',
        'python-wheels',
        'sync-system',
        'haproxy',
      ].map(name => drop(policies, `NetworkPolicy/${name}`)),
    ],
    { also: { 'netpol-flow-blocked': 'What the policies let through is blocked without them.' } },
  ),
  mutation(
    'netpol-pod-unprotected',
    [
      edit(policies, '  podSelector: {}\n', allBut, 0),
      edit(policies, '  podSelector: {}\n', allBut, 1),
      add(
        'main-instance/07-element-web/echo.yaml',
        `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: echo
  namespace: matrix
spec:
  selector:
    matchLabels: {app: echo}
  template:
    metadata:
      labels: {app: echo}
    spec:
      containers:
        - name: echo
          image: registry.tessera.test/echo:1.0
          resources:
            requests: {cpu: 10m, memory: 16Mi}
            limits: {memory: 32Mi}
          ports:
            - containerPort: 8080
          readinessProbe:
            tcpSocket: {port: 8080}
          livenessProbe:
            tcpSocket: {port: 8080}
`,
      ),
    ],
    {
      also: {
        'netpol-default-deny-missing': 'A policy that leaves out one pod does not deny by default.',
        'netpol-host-network': 'A selector of its own is about the pods of coturn too.',
      },
    },
  ),

  // Synapse
  mutation(
    'synapse-s3-provider-not-installed',
    edit(synapse, 'synapse-s3-storage-provider==1.4.0 boto3==1.35.99', 'boto3==1.35.99'),
  ),
  mutation(
    'synapse-s3-provider-unpinned',
    edit(synapse, 'synapse-s3-storage-provider==1.4.0', 'synapse-s3-storage-provider'),
  ),
  mutation(
    'synapse-s3-provider-lost',
    edit(
      li,
      '            - name: HOME\n              value: /python-packages\n',
      '            - name: PIP_NO_INPUT\n              value: "1"\n',
    ),
  ),
  mutation(
    'synapse-python-packages-not-mounted',
    edit(
      li,
      '            - name: python-packages\n              mountPath: /python-packages\n              readOnly: true\n',
      '',
    ),
  ),
  mutation(
    'synapse-python-version-mismatch',
    edit(
      li,
      'value: /python-packages/.local/lib/python3.12/site-packages',
      'value: /python-packages/.local/lib/python3.11/site-packages',
    ),
  ),
  mutation(
    'synapse-site-packages-shadowed',
    edit(
      li,
      '            - name: data\n              mountPath: /data\n',
      '            - name: config\n              mountPath: /usr/local/lib/python3.12/site-packages\n            - name: data\n              mountPath: /data\n',
    ),
  ),
  mutation(
    'synapse-module-unavailable',
    edit(synapseConfig, 'synapse_key_vault.KeyVaultModule', 'synapse_recovery.RecoveryModule'),
  ),
  mutation(
    'synapse-signing-key-missing',
    edit(
      synapse,
      '            - name: signing-key\n              mountPath: /signing\n              readOnly: true\n',
      '',
    ),
    { also: { 'volume-unmounted': 'the volume is left without a mount' } },
  ),
  mutation('synapse-secret-unset', edit(synapseConfig, 'form_secret: FORM_SECRET_PLACEHOLDER', 'form_secret: ""')),
  mutation(
    'synapse-instance-map',
    edit(
      synapseConfig,
      '      main:\n        host: synapse-main-0',
      '      synapse-main-0:\n        host: synapse-main-0',
    ),
  ),
  mutation(
    'synapse-worker-legacy-replication',
    edit(
      persister,
      '              worker_log_config: /config/log.yaml\n',
      '              worker_log_config: /config/log.yaml\n              worker_replication_host: synapse-main-0.synapse-main.matrix.svc.cluster.local\n',
    ),
  ),
  mutation(
    'synapse-stream-writer-count',
    edit(
      synapseConfig,
      '    stream_writers:\n      events:',
      '    stream_writers:\n      typing:\n        - synapse-event-persister-0\n        - synapse-event-persister-1\n      events:',
    ),
  ),
  mutation(
    'synapse-worker-name-mismatch',
    edit(synapseConfig, '      - synapse-federation-sender-1\n', '      - synapse-federation-sender-7\n'),
  ),
  mutation('synapse-main-duty-duplicated', edit(synapseConfig, '    enable_media_repo: false\n', ''), {
    also: {
      'synapse-s3-provider-not-installed': 'Every process then loads the storage provider.',
      'synapse-media-store-unwritable': 'Every process then makes the folder of media.',
    },
  }),
  mutation(
    'li-media-bucket-shared',
    edit('li-instance/01-synapse/configmap.yaml', 'bucket: synapse-media-li', 'bucket: synapse-media'),
  ),
  mutation(
    'synapse-worker-app-unknown',
    edit(persister, 'worker_app: synapse.app.generic_worker', 'worker_app: synapse.app.generic_wroker'),
  ),
  mutation('li-messages-erased', [
    edit(
      synapseConfig,
      'enable_registration: false',
      'redaction_retention_period: null\n    enable_registration: false',
    ),
  ]),
  mutation(
    'script-syntax',
    edit(
      sync,
      '              # CREATE SUBSCRIPTION makes',
      '              if true; then\n              # CREATE SUBSCRIPTION makes',
    ),
  ),
  mutation(
    'script-step-unreachable',
    edit(
      sync,
      '              # CREATE SUBSCRIPTION makes',
      '              exit 0\n              # CREATE SUBSCRIPTION makes',
    ),
  ),
  mutation(
    'key-vault-variable-missing',
    edit(keyVault, '            - name: DJANGO_SECRET_KEY\n', '            - name: SECRET_KEY\n'),
  ),
  mutation(
    'sql-catalog-column-unknown',
    edit(
      'li-instance/04-sync-system/replication-job.yaml',
      "FROM pg_subscription WHERE subname = 'matrix_li'",
      "FROM pg_subscription WHERE subname = 'matrix_li' AND received_lsn IS NOT NULL",
    ),
  ),
  mutation(
    'key-vault-settings-refused',
    edit(keyVault, 'INSTALLED_APPS = ["vault"]', 'INSTALLED_APPS = ["vault", "django.contrib.admin"]'),
  ),
  mutation('key-vault-package-missing', edit(keyVault, ' psycopg2-binary==2.9.10', '')),
  mutation('key-vault-tables-missing', edit(keyVault, '            - migrate\n', '            - check\n')),
  mutation(
    'rclone-remote-undefined',
    edit(
      'li-instance/04-sync-system/media-cronjob.yaml',
      '                - name: RCLONE_CONFIG_MINIO_TYPE\n                  value: s3\n',
      '',
    ),
    { count: 2 },
  ),
  mutation(
    'synapse-secret-reused',
    edit(
      synapseSecrets,
      '5e8325323756d9d5789076b869577513971d311cea7e181c3950cae454463bbf',
      'e882204e6b41ec30fffc3c7629812f11eee437432d1d5e2b6a5b0eb95ff2ebd8',
    ),
  ),
  mutation('clamd-limit-low', edit(clamav, 'StreamMaxLength 110M', 'StreamMaxLength 25M')),
  mutation(
    'call-backend-unannounced',
    cut(synapseConfig, '    extra_well_known_client_content:\n', 'https://rtc.tessera.test\n'),
  ),
  mutation('key-vault-settings-unfit', edit(keyVault, 'matrix-postgresql-rw', 'matrix-postgresql-ro')),
  mutation(
    'synapse-media-store-unwritable',
    edit(synapseConfig, 'media_store_path: /data/media_store', 'media_store_path: /media_store'),
  ),
  mutation('synapse-log-config-invalid', edit(synapseConfig, 'handlers: [console]', 'handlers: [consol]')),
  mutation(
    'env-reference-unexpanded',
    edit(
      keyVault,
      '            - name: DB_HOST\n',
      '            - name: DATABASE_URL\n              value: postgresql://key_vault:$(DB_PASSWORD)@matrix-postgresql-rw:5432/key_vault\n            - name: DB_HOST\n',
    ),
  ),
  mutation('synapse-media-not-shared', edit(synapseConfig, 'store_local: true', 'store_local: false')),
  mutation('psql-variable-unset', edit(keyVaultJob, ' -v password="${DB_PASSWORD}"', '')),
  mutation('container-user-refused', edit(synapse, 'runAsUser: 991', 'runAsUser: 0')),
  mutation('mounted-file-mode', edit(scanner, '            defaultMode: 0555\n', '')),
  mutation('sql-guard-mismatch', edit(keyVaultJob, "datname = 'key_vault'", "datname = 'keyvault'")),
  mutation(
    'pg-role-unusable',
    edit(keyVaultJob, "              ALTER ROLE key_vault WITH LOGIN PASSWORD :'password';\n", ''),
  ),
  mutation('secret-key-mixed-up', edit(keyVault, '  key: DJANGO_SECRET_KEY', '  key: API_KEY'), {
    also: { 'secret-key-unused': 'nobody takes the key that is meant' },
  }),
  mutation(
    'pg-cluster-image-unfit',
    edit('infrastructure/01-postgresql/cluster.yaml', 'ghcr.io/cloudnative-pg/postgresql:16.4', 'postgres:16.4'),
  ),
  mutation(
    'sql-role-missing',
    edit(
      keyVaultJob,
      'REVOKE CONNECT ON DATABASE key_vault FROM PUBLIC;',
      'GRANT CONNECT ON DATABASE key_vault TO vault_reader;',
    ),
  ),
  mutation('synapse-value-refused', edit(synapseConfig, 'max_upload_size: 100M', 'max_upload_size: 100MB')),
  mutation('synapse-unknown-key', edit(synapseConfig, 'turn_user_lifetime: 1h', 'turn_user_life_time: 1h')),
  mutation(
    'synapse-registration-unverified',
    edit(synapseConfig, 'enable_registration: false', 'enable_registration: true'),
  ),
  mutation(
    'synapse-redis-unusable',
    edit(synapseConfig, '      enabled: true\n      host: redis-master', '      host: redis-master'),
  ),
  mutation(
    'synapse-file-missing',
    edit(
      synapseConfig,
      'enable_registration: false',
      'app_service_config_files: [/appservices/bridge.yaml]\n    enable_registration: false',
    ),
  ),
  mutation('port-not-listened-on', edit(keyVault, '--bind=0.0.0.0:8000', '--bind=127.0.0.1:8000')),
  mutation(
    'init-tool-missing-in-image',
    edit(
      synapse,
      'cp /config-template/log.yaml /config/log.yaml',
      'envsubst < /config-template/log.yaml > /config/log.yaml',
    ),
  ),
  mutation(
    'config-copy-drift',
    add('main-instance/01-synapse/homeserver.yaml', 'server_name: matrix.tessera.test\nenable_registration: true\n'),
  ),
  mutation('image-version-skew', edit(sender, 'matrixdotorg/synapse:v1.139.2', 'matrixdotorg/synapse:v1.138.0', 1)),

  // HAProxy
  mutation(
    'haproxy-servicemonitor-path',
    edit(monitors, '    - port: stats\n      path: /metrics', '    - port: stats\n      path: /haproxy'),
  ),
  mutation(
    'haproxy-csv-not-prometheus',
    edit(monitors, '    - port: stats\n      path: /metrics', '    - port: stats\n      path: /stats;csv'),
  ),
  mutation('haproxy-worker-unrouted', edit(haproxyConfig, '      use_backend synchrotron if is_sync\n', ''), {
    also: { 'haproxy-backend-undefined': 'Its backend is left without a use.' },
  }),
  mutation(
    'haproxy-backend-undefined',
    edit(haproxyConfig, 'use_backend messages if is_messages', 'use_backend history if is_messages'),
  ),
  mutation(
    'haproxy-acl-several-criteria',
    edit(
      haproxyConfig,
      'acl is_generic path_beg /_matrix/client/versions',
      'acl is_generic path_beg /_matrix/client/ path_end /versions',
    ),
    {
      also: { 'haproxy-stream-writer-unrouted': 'All requests of clients match now, those of the stream writers too.' },
    },
  ),
  mutation(
    'haproxy-healthcheck-missing',
    edit(
      haproxyConfig,
      'server main-0 synapse-main-0.synapse-main.matrix.svc.cluster.local:8008 check',
      'server main-0 synapse-main-0.synapse-main.matrix.svc.cluster.local:8008',
    ),
  ),
  mutation(
    'haproxy-map-file-missing',
    edit(
      haproxyConfig,
      '      use_backend generic if is_generic\n',
      '      use_backend generic if is_generic\n      use_backend %[path,map_beg(/usr/local/etc/haproxy/paths.map,main)]\n',
    ),
  ),
  mutation(
    'haproxy-bind-port-unexposed',
    edit(haproxyConfig, '      bind :8404\n', '      bind :8404\n      bind :8999\n'),
  ),
  mutation('haproxy-template-on-clusterip', edit(generic, '  clusterIP: None\n', '')),
  mutation(
    'haproxy-resolver-address',
    edit(haproxyConfig, '      parse-resolv-conf\n', '      nameserver dns 10.96.0.10:53\n'),
  ),
  mutation('haproxy-stream-writer-unrouted', [
    edit(
      synapseConfig,
      '    stream_writers:\n      events:',
      '    stream_writers:\n      typing:\n        - synapse-event-persister-0\n      events:',
    ),
  ]),

  // key_vault
  mutation(
    'key-vault-django-app-missing',
    cut(
      keyVault,
      '              mkdir -p /app/key_vault',
      '                  return JsonResponse({"user_id": user_id})\n              EOF\n',
      '              mkdir -p /app\n',
    ),
  ),
  mutation('key-vault-django-file-missing', edit(keyVault, 'cat > /app/vault/models.py', 'cat > /app/vault/tables.py')),
  mutation(
    'key-vault-database-not-created',
    edit(
      keyVaultJob,
      "SELECT 'CREATE DATABASE key_vault OWNER key_vault'\n              WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'key_vault')\n              \\gexec\n",
      '',
    ),
  ),
  mutation('key-vault-database-mismatch', [
    edit(keyVaultJob, "'CREATE DATABASE key_vault OWNER key_vault'", "'CREATE DATABASE keyvault OWNER key_vault'"),
    edit(keyVaultJob, "datname = 'key_vault'", "datname = 'keyvault'"),
  ]),
  mutation(
    'key-vault-schema-privilege',
    edit(keyVaultJob, "'CREATE DATABASE key_vault OWNER key_vault'", "'CREATE DATABASE key_vault'"),
  ),
  mutation('key-vault-initdb-not-superuser', edit(keyVaultJob, '-U postgres -d postgres', '-U synapse -d postgres')),
  mutation(
    'key-vault-exposed',
    edit(
      keyVault,
      '  selector:\n    app.kubernetes.io/name: key-vault\n  ports:',
      '  type: NodePort\n  selector:\n    app.kubernetes.io/name: key-vault\n  ports:',
    ),
  ),

  // LiveKit
  mutation(
    'livekit-config-not-substituted',
    edit(livekit, '              sed -i "s|API_SECRET_PLACEHOLDER|${API_SECRET}|g" /config/livekit.yaml\n', ''),
  ),
  mutation('livekit-redis-password-missing', edit(livekit, '      password: REDIS_PASSWORD_PLACEHOLDER\n', '')),
  mutation('livekit-redis-db', edit(livekit, '      db: 1\n', '      db: 0\n')),
  mutation(
    'livekit-config-env-misused',
    edit(
      livekit,
      '            - name: NODE_IP',
      '            - name: LIVEKIT_CONFIG\n              value: /config/livekit.yaml\n            - name: NODE_IP',
    ),
  ),
  mutation(
    'livekit-udp-range-unreachable',
    edit(livekit, '      udp_port: 7882\n', '      port_range_start: 50000\n      port_range_end: 50100\n'),
  ),
  mutation(
    'livekit-unknown-key',
    edit(livekit, '    logging:\n', '    limits:\n      num_tracks: 100\n    logging:\n'),
  ),

  // Synchronisation and the LI instance
  mutation(
    'sync-creates-role',
    edit(
      sync,
      "SELECT 'CREATE PUBLICATION",
      "CREATE ROLE replicator LOGIN REPLICATION;\n              SELECT 'CREATE PUBLICATION",
    ),
  ),
  mutation('sync-credentials-user', edit(syncSecrets, 'MAIN_DB_USER: synapse', 'MAIN_DB_USER: replicator')),
  mutation(
    'sync-credentials-password',
    edit(
      sync,
      '            - name: MAIN_DB_PASSWORD\n              valueFrom:\n                secretKeyRef:\n                  name: matrix-postgresql-app',
      '            - name: MAIN_DB_PASSWORD\n              valueFrom:\n                secretKeyRef:\n                  name: matrix-postgresql-superuser',
    ),
  ),
  mutation(
    'sync-publication-not-superuser',
    edit(
      sync,
      '-h matrix-postgresql-rw.matrix.svc.cluster.local -U postgres',
      '-h matrix-postgresql-rw.matrix.svc.cluster.local -U synapse',
    ),
  ),
  mutation('sync-subscription-invalid', edit(sync, 'PUBLICATION matrix_li;', 'PUBLICATION matrix_main;')),
  mutation(
    'sync-media-reversed',
    edit(
      'li-instance/04-sync-system/media-cronjob.yaml',
      '- minio:synapse-media\n                - minio:synapse-media-li\n',
      '- minio:synapse-media-li\n                - minio:synapse-media\n',
    ),
  ),
  mutation(
    'sync-restores-into-main',
    edit(
      sync,
      'psql -h matrix-postgresql-li-rw.matrix.svc.cluster.local -U synapse_li -d matrix_li',
      'psql -h matrix-postgresql-rw.matrix.svc.cluster.local -U synapse_li -d matrix_li',
    ),
    { also: { 'pg-role-unusable': 'the role of the LI instance is none of the main database' } },
  ),
  mutation(
    'sync-schema-missing',
    cut(
      sync,
      '              # Logical replication carries no table',
      '              fi\n\n              # CREATE SUBSCRIPTION',
      '              # CREATE SUBSCRIPTION',
    ),
  ),
  mutation(
    'li-database-not-li-cluster',
    edit(
      liConfig,
      'host: matrix-postgresql-li-rw.matrix.svc.cluster.local',
      'host: matrix-postgresql-rw.matrix.svc.cluster.local',
    ),
  ),
  mutation(
    'li-federation-enabled',
    edit(liConfig, '    send_federation: false\n    federation_domain_whitelist: []\n', ''),
  ),
  mutation('li-registration-enabled', edit(liConfig, 'enable_registration: false', 'enable_registration: true')),
  mutation('li-room-list-search-enabled', edit(liConfig, '    enable_room_list_search: false\n', '')),

  // Antivirus
  mutation('scanner-uses-clamdscan', [
    edit(scanner, '      script: /scripts/scan.py', '      script: /scripts/scan.sh'),
    edit(
      scanner,
      '  # clamd runs in another pod',
      '  scan.sh: |\n    #!/bin/sh\n    clamdscan --fdpass "$1"\n  # clamd runs in another pod',
    ),
    edit(
      scanner,
      '              - key: scan.py\n                path: scan.py\n',
      '              - key: scan.sh\n                path: scan.sh\n',
    ),
  ]),
  mutation('scanner-no-tcp-scan', [
    cut(
      scanner,
      '        with socket.create_connection',
      '                reply += part\n',
      '        reply = b"stream: OK"\n',
    ),
    edit(scanner, '    CLAMD = ("clamav.matrix.svc.cluster.local", 3310)\n', ''),
    edit(scanner, 'print(f"clamd did not answer: {error}"', 'print(f"no answer: {error}"'),
  ]),
  mutation(
    'scanner-scan-needs-shared-files',
    edit(scanner, 'clamd.sendall(b"zINSTREAM\\0")', 'clamd.sendall(b"zSCAN " + path.encode() + b"\\0")'),
  ),
  mutation(
    'scanner-wait-missing',
    edit(
      scanner,
      '              until nc -z -w 5 clamav.matrix.svc.cluster.local 3310; do\n                echo "Waiting for clamd on port 3310"\n                sleep 5\n              done\n',
      '              sleep 60\n',
    ),
  ),
  mutation(
    'scanner-wait-weak',
    edit(
      scanner,
      '              until nc -z -w 5 clamav.matrix.svc.cluster.local 3310; do\n                echo "Waiting for clamd on port 3310"\n                sleep 5\n              done\n',
      '              nc -z -w 5 clamav.matrix.svc.cluster.local 3310 || true\n',
    ),
  ),
  mutation('scanner-bypassed', edit(haproxyConfig, '      use_backend content_scanner if is_media_proxy\n', ''), {
    also: { 'haproxy-backend-undefined': 'Its backend is left without a use.' },
  }),

  mutation(
    'scanner-route-not-proxied',
    edit(
      haproxyConfig,
      'use_backend content_scanner if is_media_proxy',
      'use_backend content_scanner if is_media_proxy or is_media',
    ),
    { also: { 'haproxy-worker-unrouted': 'Nothing is left for the media worker, whose rule comes later.' } },
  ),

  // Element Web
  mutation(
    'element-config-not-mounted',
    edit(element, '              mountPath: /app/config.json\n', '              mountPath: /app/configuration.json\n'),
  ),
  mutation('element-config-invalid', edit(element, '"show_labs_settings": false\n', '"show_labs_settings": false,\n')),
  mutation(
    'element-homeserver-mismatch',
    edit(element, '"base_url": "https://matrix.tessera.test"', '"base_url": "https://synapse.tessera.test"'),
  ),
  mutation('element-pdb-missing', drop(element, 'PodDisruptionBudget/element-web')),

  // coturn
  mutation(
    'turn-shared-secret-mismatch',
    edit(
      coturnSecrets,
      'c72fbe4215723ff21fe678b0a72e4d30f824abe6dda88ea78c3680e0965a896f',
      'd72fbe4215723ff21fe678b0a72e4d30f824abe6dda88ea78c3680e0965a896e',
    ),
  ),
  mutation(
    'turn-static-secret-not-applied',
    edit(coturn, '            - --static-auth-secret=$(TURN_SHARED_SECRET)\n', ''),
  ),
  mutation('turn-port-range', edit(coturn, '    min-port=61000\n', '')),
  mutation('turn-uris-invalid', edit(synapseConfig, 'turns:turn.tessera.test:5349', 'turns:turn.tessera.test:6000')),
  mutation(
    'turn-option-misused',
    edit(
      coturn,
      '            - /etc/turnserver.conf\n            - --static',
      '            - /etc/turnserver.conf\n            - -X\n            - /tmp/external-ip\n            - --static',
    ),
  ),
  mutation('turn-realm-missing', edit(coturn, '    realm=turn.tessera.test\n', '')),

  // Monitoring
  mutation('monitor-missing', drop(monitors, 'ServiceMonitor/livekit')),
  mutation(
    'monitor-selects-no-service',
    edit(monitors, '      app.kubernetes.io/name: minio-metrics', '      app.kubernetes.io/name: minio-metric'),
  ),
  mutation(
    'monitor-port-missing',
    edit(
      monitors,
      '    - port: metrics\n      path: /minio/v2/metrics/cluster',
      '    - port: http\n      path: /minio/v2/metrics/cluster',
    ),
  ),
  mutation(
    'monitor-service-port-unnamed',
    add(
      'main-instance/03-workers/metrics-service.yaml',
      `
apiVersion: v1
kind: Service
metadata:
  name: synapse-synchrotron-metrics
  namespace: matrix
  labels:
    app.kubernetes.io/name: synapse
    matrix.process: worker
spec:
  selector:
    app.kubernetes.io/name: synapse
    app.kubernetes.io/component: synchrotron
    matrix.instance: main
  ports:
    - port: 9090
`,
    ),
  ),
  mutation(
    'monitor-label-empty',
    edit(
      monitors,
      '      matrix.process: worker\n  endpoints:\n    - port: metrics\n      path: /_synapse/metrics\n      interval: 30s\n      relabelings:\n        - sourceLabels: [__meta_kubernetes_service_label_matrix_instance]',
      '      matrix.process: worker\n  endpoints:\n    - port: metrics\n      path: /_synapse/metrics\n      interval: 30s\n      relabelings:\n        - sourceLabels: [__meta_kubernetes_service_label_worker_type]',
    ),
  ),
  mutation('monitor-target-has-no-metrics', edit(livekit, '    prometheus_port: 6789\n', ''), {
    also: { 'port-not-listened-on': 'The Service still leads to the port of the metrics.' },
  }),
  mutation(
    'monitor-duplicate-scrape',
    edit(
      monitors,
      '---\napiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata:\n  name: matrix-postgresql-li',
      `---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: livekit-pods
  namespace: monitoring
spec:
  namespaceSelector:
    matchNames:
      - matrix
  selector:
    matchLabels:
      app.kubernetes.io/name: livekit
  podMetricsEndpoints:
    - port: metrics
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: matrix-postgresql-li`,
    ),
  ),
  mutation(
    'monitor-not-picked-up',
    edit(
      prometheusValues,
      '    serviceMonitorSelectorNilUsesHelmValues: false\n',
      '    serviceMonitorSelectorNilUsesHelmValues: false\n    serviceMonitorSelector:\n      matchLabels:\n        team: matrix\n',
    ),
    { count: 5 },
  ),
  mutation(
    'alert-job-unknown',
    edit('monitoring/01-prometheus/prometheusrules.yaml', 'up{job=~"synapse-.+"}', 'up{job="synapse"}'),
  ),
  mutation('alert-rules-missing', remove(alerts)),
  mutation('dashboard-missing', drop(dashboards, 'ConfigMap/grafana-dashboard-postgresql')),
  mutation('dashboard-json-invalid', edit(dashboards, '      "title": "Synapse",\n', '      "title": "Synapse"\n')),
  mutation('dashboard-label-missing', edit(dashboards, '    grafana_dashboard: "1"\n', '', 0)),

  // Placeholders, secrets and domains
  mutation('placeholder-secret', edit(scannerSecrets, 'PICKLE_KEY: ', 'PICKLE_KEY: CHANGEME_')),
  mutation('placeholder-config', edit(coturn, 'realm=turn.tessera.test', 'realm=CHANGEME_REALM')),
  mutation('placeholder-image', edit(element, 'vectorim/element-web:v1.11.96', 'CHANGEME_ELEMENT_IMAGE:v1.11.96')),
  mutation(
    'placeholder-domain',
    edit(synapseConfig, 'admin_contact: mailto:ops@tessera.test', 'admin_contact: mailto:ops@example.com'),
  ),
  mutation(
    'domain-inconsistent',
    edit(
      synapseConfig,
      'web_client_location: https://chat.tessera.test/',
      'web_client_location: https://app.tessera.test/',
    ),
  ),
  mutation(
    'config-placeholder-unsubstituted',
    edit(synapse, '              sed -i "s|FORM_SECRET_PLACEHOLDER|${FORM_SECRET}|g" /config/homeserver.yaml\n', ''),
  ),
  mutation(
    'config-file-missing',
    edit(livekit, '            - /config/livekit.yaml\n', '            - /config/livekit.yml\n'),
  ),
  mutation('values-secret-missing', cut(operatorsScript, "# The password of Grafana's admin", '\nfi\n')),
  mutation(
    'helm-repository-missing',
    edit(operatorsScript, 'helm repo add cnpg https://cloudnative-pg.github.io/charts\n', ''),
  ),
  mutation('haproxy-config-invalid', edit(haproxyConfig, 'timeout server 5m', 'timeout server 5')),
  mutation('haproxy-config-invalid', edit(haproxyConfig, 'frontend redis\n      mode tcp\n', 'frontend redis\n')),
  mutation('haproxy-config-invalid', cut(haproxy, '          env:\n', '                  key: password\n')),
  mutation('haproxy-healthcheck-missing', cut(haproxyConfig, '      tcp-check send-lf', 'expect string +OK\n')),
  mutation('haproxy-template-too-small', edit(generic, '  replicas: 2', '  replicas: 4')),
  mutation('alert-rule-invalid', edit(alerts, 'for: 2m', 'for: 2 min')),
  mutation('alert-rule-invalid', edit(alerts, '    - name: storage', '    - name: postgresql')),
  mutation('monitor-not-picked-up', edit(prometheusValues, '    ruleSelectorNilUsesHelmValues: false\n', '')),
  mutation('redis-bind-loopback', edit(redis, '    port 6379\n', '    port 6379\n    bind 127.0.0.1\n')),
  mutation('sentinel-master-unknown', edit(livekit, 'master_name: mymaster', 'master_name: redis-main')),
  mutation('sentinel-master-unknown', edit(redis, 'failover-timeout mymaster', 'failover-timeout redis-main')),
  mutation('ingress-tls-secret-shared', edit(element, 'secretName: element-web-tls', 'secretName: matrix-tls')),
  mutation(
    'cluster-issuer-secret-elsewhere',
    edit(issuer, '  name: tessera-ca\n  namespace: cert-manager', '  name: tessera-ca\n  namespace: matrix'),
  ),
  mutation(
    'anti-affinity-selects-nothing',
    edit(
      redis,
      '                  app.kubernetes.io/name: redis\n',
      '                  app.kubernetes.io/name: redis-server\n',
    ),
  ),
  mutation('config-path-missing', edit(coturn, 'cert=/tls/tls.crt', 'cert=/tls/fullchain.pem')),
  mutation('config-yaml-invalid', edit(livekit, '      tcp_port: 7881\n', '       tcp_port: 7881\n')),
  mutation(
    'config-host-tls',
    edit('main-instance/01-synapse/configmap.yaml', 'url: http://key-vault', 'url: https://key-vault'),
  ),
  mutation('program-write-refused', [
    edit(
      'main-instance/08-key-vault/deployment.yaml',
      '          env: *settings\n          ports:',
      '          securityContext:\n            readOnlyRootFilesystem: true\n          env: *settings\n          ports:',
    ),
    edit(
      'main-instance/08-key-vault/deployment.yaml',
      '            - name: tmp\n              mountPath: /tmp\n',
      '',
      2,
    ),
  ]),
  mutation(
    'config-write-refused',
    edit(livekit, '|g" /config/livekit.yaml\n          env:', '|g" /config-template/livekit.yaml\n          env:'),
    { also: { 'livekit-config-not-substituted': 'the file that LiveKit reads stays as it was' } },
  ),
  mutation(
    'config-opaque',
    edit(
      livekit,
      '|g" /config/livekit.yaml\n          env:',
      '|g" /config/livekit.yaml\n              confd -onetime -backend env\n          env:',
    ),
  ),
  mutation(
    'config-env-undefined',
    edit(synapse, '            - name: FORM_SECRET\n', '            - name: FORM_SECRETS\n'),
  ),
  mutation(
    'secret-empty-value',
    edit(
      scannerSecrets,
      'PICKLE_KEY: d3552cf352f4346055cd153f22e9371f6dbde6472cc9fd88a2619d150a98f832',
      'PICKLE_KEY: ""',
    ),
  ),
  mutation(
    'secret-data-not-base64',
    edit(
      redis,
      'UE9IcEhlcHJITmRtNHhvUU5TNVF0cjh6cGFOMzc3cE9UOG1jVTNCNnJlNg==',
      'POHpHeprHNdm4xoQNS5Qtr8zpaN377pOT8mcU3B6re6',
    ),
  ),
  mutation(
    'secret-trailing-newline',
    edit(
      redis,
      'UE9IcEhlcHJITmRtNHhvUU5TNVF0cjh6cGFOMzc3cE9UOG1jVTNCNnJlNg==',
      'UE9IcEhlcHJITmRtNHhvUU5TNVF0cjh6cGFOMzc3cE9UOG1jVTNCNnJlNgo=',
    ),
  ),
  mutation(
    'secret-double-encoded',
    edit(
      synapseSecrets,
      'FORM_SECRET: 5e8325323756d9d5789076b869577513971d311cea7e181c3950cae454463bbf',
      'FORM_SECRET: NWU4MzI1MzIzNzU2ZDlkNTc4OTA3NmI4Njk1Nzc1MTM=',
    ),
  ),
  mutation(
    'secret-weak-value',
    edit(
      synapseSecrets,
      'FORM_SECRET: 5e8325323756d9d5789076b869577513971d311cea7e181c3950cae454463bbf',
      'FORM_SECRET: changeit',
    ),
  ),
  mutation('secret-bad-key-material', edit(keyVaultSecrets, '    MIIEogIBAAKCAQEAp', '    XIIEogIBAAKCAQEAp')),
  mutation(
    'secret-group-mismatch',
    edit(
      livekitSecrets,
      'REDIS_PASSWORD: POHpHeprHNdm4xoQNS5Qtr8zpaN377pOT8mcU3B6re6',
      'REDIS_PASSWORD: POHpHeprHNdm4xoQNS5Qtr8zpaN377pOT8mcU3B6re7',
    ),
  ),
  mutation(
    'secret-in-plain-config',
    edit(
      synapseConfig,
      'worker_replication_secret: REPLICATION_SECRET_PLACEHOLDER',
      'worker_replication_secret: 68b7f97a8245815ff96dae4026c1c2b717019e886b7e76e92d536ce0eae52b19',
    ),
  ),
  mutation('substitution-unsafe-secret', edit(scannerSecrets, 'PICKLE_KEY: ', 'PICKLE_KEY: a|')),
  mutation(
    'secret-unused',
    add(
      'main-instance/01-synapse/old-credentials.yaml',
      `
apiVersion: v1
kind: Secret
metadata:
  name: synapse-old-secrets
  namespace: matrix
stringData:
  SMTP_TOKEN: 7ab7773d8c19f386948e217dccf43b5f
`,
    ),
  ),
  mutation(
    'secret-key-unused',
    edit(
      synapseSecrets,
      'stringData:\n  # Equal',
      'stringData:\n  SMTP_TOKEN: 7ab7773d8c19f386948e217dccf43b5f\n  # Equal',
    ),
  ),

  // References
  mutation(
    'reference-missing-priorityclass',
    edit(
      haproxy,
      '      automountServiceAccountToken: false\n',
      '      automountServiceAccountToken: false\n      priorityClassName: high\n',
    ),
  ),
  mutation('generated-name-hashed', [
    drop(minioSecrets, 'Secret/minio-config'),
    add(
      'infrastructure/03-minio/config.env',
      `
export MINIO_ROOT_USER="tessera-storage-root"
export MINIO_ROOT_PASSWORD="VZM4LwGWUMGXAvhx2uI9XjfIlaSrlI7Yusav02D4Dxk"
export MINIO_STORAGE_CLASS_STANDARD="EC:4"
export MINIO_PROMETHEUS_AUTH_TYPE="public"
`,
    ),
    add(
      'infrastructure/03-minio/kustomization.yaml',
      `
resources: [credentials.yaml, tenant.yaml, wheels-job.yaml]
secretGenerator:
  - name: minio-config
    namespace: matrix
    files: [config.env]
`,
    ),
  ]),
  mutation('reference-missing-secret', edit(coturn, 'name: coturn-secrets', 'name: coturn-credentials'), {
    also: { 'secret-unused': 'The Secret that was meant is left without a use.' },
  }),
  mutation(
    'reference-missing-secret-key',
    edit(coturn, '                  key: TURN_SHARED_SECRET', '                  key: TURN_SECRET'),
    {
      also: { 'secret-key-unused': 'The key that was meant is left without a use.' },
    },
  ),
  mutation(
    'reference-missing-configmap',
    edit(element, '            name: element-web-config\n---', '            name: element-config\n---'),
  ),
  mutation(
    'reference-missing-configmap-key',
    edit(scanner, '              - key: scan.py\n', '              - key: scan.sh\n'),
  ),
  mutation(
    'reference-missing-pvc',
    edit(
      coturn,
      '        - name: data\n          emptyDir: {}',
      '        - name: data\n          persistentVolumeClaim:\n            claimName: coturn-data',
    ),
  ),
  mutation(
    'volume-unmounted',
    edit(coturn, '            - name: data\n              mountPath: /var/lib/coturn\n', ''),
  ),
  mutation('claim-shared-by-replicas', [
    edit(
      element,
      '              readOnly: true\n      volumes:\n',
      '              readOnly: true\n            - {name: logs, mountPath: /var/log/nginx}\n      volumes:\n        - name: logs\n          persistentVolumeClaim: {claimName: element-web-logs}\n',
    ),
    edit(
      element,
      'apiVersion: networking.k8s.io/v1\n',
      `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: element-web-logs, namespace: matrix}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: networking.k8s.io/v1
`,
    ),
  ]),
  mutation(
    'reference-missing-volume',
    edit(
      element,
      '            - name: config\n              mountPath',
      '            - name: configuration\n              mountPath',
    ),
  ),
  mutation(
    'netpol-acme-solver-blocked',
    edit(
      issuer,
      '  ca:\n    secretName: tessera-ca\n',
      '  acme:\n    server: https://acme.tessera.test/directory\n    privateKeySecretRef:\n      name: tessera-account\n    solvers:\n      - http01:\n          ingress:\n            ingressClassName: nginx\n',
    ),
  ),
  mutation(
    'scanner-config-invalid',
    edit(scanner, '    result_cache:\n', '    logging: {version: 1}\n    result_cache:\n'),
  ),
  mutation(
    'haproxy-media-unrouted',
    edit(haproxyConfig, '      acl is_media path_beg /_matrix/client/v1/media/\n', ''),
  ),
  mutation('clamd-memory-low', [
    edit(clamav, '    ConcurrentDatabaseReload no\n', ''),
    edit(clamav, '              memory: 4Gi\n', '              memory: 2Gi\n'),
  ]),
  mutation(
    'clamav-unknown-option',
    edit(clamav, '    Foreground yes\n    LogTime yes\n', '    Foreground yes\n    Daemonize no\n    LogTime yes\n'),
  ),
  mutation('client-address-lost', edit(synapseConfig, '        x_forwarded: true\n', '')),
  mutation('federation-undiscoverable', edit(synapseConfig, '    serve_server_wellknown: true\n', '')),
  mutation('synapse-log-file-unwritable', [
    edit(
      synapseConfig,
      '    handlers:\n',
      '    handlers:\n      file:\n        class: logging.FileHandler\n        filename: /var/log/synapse.log\n',
    ),
    edit(
      generic,
      '          ports:\n',
      '          securityContext:\n            readOnlyRootFilesystem: true\n          ports:\n',
    ),
  ]),
  mutation(
    'haproxy-server-resolved-once',
    edit(
      haproxyConfig,
      'default-server init-addr none resolvers kubernetes resolve-prefer ipv4 inter',
      'default-server init-addr libc,none inter',
    ),
    { count: 10 },
  ),
  mutation(
    'volume-mount-nested',
    edit(
      synapse,
      '            - name: config-template\n              mountPath: /config-template\n              readOnly: true\n',
      '            - name: config-template\n              mountPath: /config-template\n              readOnly: true\n            - name: signing-key\n              mountPath: /config-template/signing.key\n              subPath: signing.key\n',
    ),
  ),
  mutation(
    'reference-missing-serviceaccount',
    edit(keyVault, '      serviceAccountName: key-vault\n', '      serviceAccountName: vault\n'),
  ),
  mutation(
    'reference-missing-imagepullsecret',
    edit(
      element,
      '      automountServiceAccountToken: false\n',
      '      automountServiceAccountToken: false\n      imagePullSecrets:\n        - name: registry\n',
    ),
  ),
  mutation(
    'reference-missing-secretstore',
    add(
      'infrastructure/external.yaml',
      `apiVersion: external-secrets.io/v1
kind: ClusterSecretStore
metadata: {name: vault}
spec: {provider: {vault: {server: "https://vault.tessera.test"}}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: sygnal, namespace: matrix}
spec:
  secretStoreRef: {name: vault}
  target: {name: sygnal}
  data: [{secretKey: key, remoteRef: {key: matrix/sygnal, property: key}}]
`,
    ),
    {
      also: {
        'schema-unknown-kind': 'The tree has no definition of the kinds.',
        'deploy-file-not-applied': 'The file is new.',
      },
    },
  ),
  mutation(
    'reference-missing-issuer',
    edit(haproxyIngress, 'cert-manager.io/cluster-issuer: tessera-ca', 'cert-manager.io/cluster-issuer: tessera-root'),
  ),
  mutation(
    'reference-missing-storageclass',
    edit(
      synapse,
      '        accessModes:\n          - ReadWriteOnce\n',
      '        storageClassName: fast-ssd\n        accessModes:\n          - ReadWriteOnce\n',
    ),
  ),
  mutation(
    'namespace-undefined',
    edit(
      dashboards,
      '  name: grafana-dashboard-synapse\n  namespace: monitoring',
      '  name: grafana-dashboard-synapse\n  namespace: observability',
    ),
  ),
  mutation(
    'config-host-unknown-service',
    edit(
      scanner,
      'base_homeserver_url: http://synapse-media.matrix',
      'base_homeserver_url: http://synapse-medias.matrix',
    ),
  ),
  mutation('config-host-port', edit(synapseConfig, vaultUrl, vaultUrl.replace('8000', '8001'))),

  // Services, Ingresses and workloads
  mutation(
    'service-selects-nothing',
    edit(
      clamav,
      '  selector:\n    app.kubernetes.io/name: clamav\n  ports',
      '  selector:\n    app.kubernetes.io/name: clamd\n  ports',
    ),
  ),
  mutation(
    'service-selects-several-workloads',
    edit(
      li,
      '    app.kubernetes.io/component: homeserver\n    matrix.instance: li\n  ports:',
      '    app.kubernetes.io/component: homeserver\n  ports:',
    ),
    {
      also: { 'monitor-duplicate-scrape': 'The monitor of the Service leads to both as well.' },
    },
  ),
  mutation('service-target-port-unexposed', edit(element, '      targetPort: http\n', '      targetPort: 8081\n'), {
    also: {
      'netpol-ingress-access': 'No policy opens a port that the pods do not have.',
      'port-not-listened-on': 'Element Web does not listen there either.',
    },
  }),
  mutation(
    'statefulset-service-missing',
    edit(persister, '  serviceName: synapse-event-persister\n', '  serviceName: synapse-persister\n'),
  ),
  mutation(
    'nodeport-out-of-range',
    edit(
      element,
      '  selector:\n    app.kubernetes.io/name: element-web\n  ports:\n    - name: http\n      port: 80\n',
      '  type: NodePort\n  selector:\n    app.kubernetes.io/name: element-web\n  ports:\n    - name: http\n      port: 80\n      nodePort: 8080\n',
    ),
  ),
  mutation('nodeport-duplicate', [
    edit(
      element,
      '  selector:\n    app.kubernetes.io/name: element-web\n  ports:\n    - name: http\n      port: 80\n',
      '  type: NodePort\n  selector:\n    app.kubernetes.io/name: element-web\n  ports:\n    - name: http\n      port: 80\n      nodePort: 30080\n',
    ),
    edit(
      jwtService,
      '  selector:\n    app.kubernetes.io/name: lk-jwt-service\n  ports:\n    - name: http\n      port: 8080\n',
      '  type: NodePort\n  selector:\n    app.kubernetes.io/name: lk-jwt-service\n  ports:\n    - name: http\n      port: 8080\n      nodePort: 30080\n',
    ),
  ]),
  mutation(
    'workload-selector-mismatch',
    edit(
      element,
      '    matchLabels:\n      app.kubernetes.io/name: element-web\n  template',
      '    matchLabels:\n      app.kubernetes.io/name: element-web\n      tier: web\n  template',
    ),
  ),
  mutation(
    'workload-selectors-overlap',
    edit(
      generic,
      '      app.kubernetes.io/name: synapse\n      app.kubernetes.io/component: generic\n      matrix.instance: main\n  template',
      '      app.kubernetes.io/name: synapse\n      matrix.instance: main\n  template',
    ),
  ),
  mutation(
    'ingress-backend-missing',
    edit(haproxyIngress, '                name: haproxy\n', '                name: haproxy-client\n'),
  ),
  mutation(
    'ingress-path-conflict',
    [
      edit(jwtService, '    - host: rtc.tessera.test\n', '    - host: livekit.tessera.test\n'),
      edit(
        jwtService,
        '        - rtc.tessera.test\n      secretName: lk-jwt-service-tls',
        '        - livekit.tessera.test\n      secretName: lk-jwt-service-tls',
      ),
    ],
    { also: { 'call-host-unserved': 'nothing serves the former host' } },
  ),
  mutation(
    'ingress-tls-host-mismatch',
    edit(haproxyIngress, '        - matrix.tessera.test\n', '        - synapse.tessera.test\n'),
    { count: 2 },
  ),
  mutation('ingress-class-unknown', edit(haproxyIngress, 'ingressClassName: nginx', 'ingressClassName: ngnix')),
  mutation('call-host-unserved', edit(jwtService, 'wss://livekit.tessera.test', 'wss://sfu.tessera.test')),
  mutation(
    'call-host-unserved',
    edit(
      synapseConfig,
      'livekit_service_url: https://rtc.tessera.test',
      'livekit_service_url: https://calls.tessera.test',
    ),
  ),
  mutation('client-api-unrouted', edit(haproxyIngress, '- path: /\n', '- path: /_matrix/federation\n'), {
    also: { 'federation-undiscoverable': 'nothing takes /.well-known/matrix/server either' },
  }),
  mutation('upload-size-refused', edit(haproxyIngress, 'proxy-body-size: 100m', 'proxy-body-size: 10m')),
  mutation(
    'ingress-snippet-disabled',
    edit(
      haproxyIngress,
      '    nginx.ingress.kubernetes.io/proxy-body-size: 100m\n',
      '    nginx.ingress.kubernetes.io/proxy-body-size: 100m\n    nginx.ingress.kubernetes.io/configuration-snippet: more_clear_headers Server;\n',
    ),
  ),

  // Availability
  mutation('hpa-cannot-scale', [
    add(
      'main-instance/07-element-web/autoscaler.yaml',
      `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: element-web
  namespace: matrix
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: element-web
  minReplicas: 2
  maxReplicas: 5
  metrics:
    - type: ContainerResource
      containerResource:
        name: cpu
        container: nginx
        target:
          type: Utilization
          averageUtilization: 70
`,
    ),
  ]),
  mutation(
    'pods-unschedulable',
    edit(tenant, '      affinity:\n', '      nodeSelector:\n        kubernetes.io/hostname: node-1\n      affinity:\n'),
  ),
  mutation('pod-security-refused', edit('namespace.yaml', 'enforce: privileged', 'enforce: baseline')),
  mutation(
    'quota-exceeded',
    add(
      'infrastructure/02-redis/quota.yaml',
      `
apiVersion: v1
kind: ResourceQuota
metadata:
  name: matrix
  namespace: matrix
spec:
  hard:
    pods: "10"
`,
    ),
  ),
  mutation(
    'volume-not-writable',
    edit('main-instance/03-workers/media-statefulset.yaml', '        fsGroup: 991\n', ''),
  ),
  mutation('schedule-unlikely', edit(cluster, '"0 0 2 * * *"', '"0 * 2 * * *"')),
  mutation('command-not-split', edit(clamav, '- clamdcheck.sh', '- clamdcheck.sh 5')),
  mutation('workload-runs-no-pod', edit(clamav, '  replicas: 2\n', '  replicas: 0\n')),
  mutation(
    'container-capabilities',
    edit(
      clamav,
      '          ports:\n            - name: clamd\n',
      '          securityContext:\n            capabilities:\n              drop: [ALL]\n          ports:\n            - name: clamd\n',
    ),
  ),
  mutation('pdb-missing', drop(coturn, 'PodDisruptionBudget/coturn')),
  mutation(
    'pdb-selects-nothing',
    edit(
      coturn,
      '  minAvailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: coturn',
      '  minAvailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: turn',
    ),
    {
      also: { 'pdb-missing': 'The pods that were meant have no budget.' },
    },
  ),
  mutation('pdb-selects-several-workloads', [
    drop(synchrotron, 'PodDisruptionBudget/synapse-synchrotron'),
    edit(
      generic,
      '  selector:\n    matchLabels:\n      app.kubernetes.io/name: synapse\n      app.kubernetes.io/component: generic\n      matrix.instance: main\n---',
      '  selector:\n    matchExpressions:\n      - key: app.kubernetes.io/component\n        operator: In\n        values: [generic, synchrotron]\n---',
    ),
  ]),
  mutation('pdb-unsatisfiable', edit(coturn, '  minAvailable: 1\n', '  minAvailable: 2\n')),
  mutation(
    'pdb-overlap',
    edit(
      coturn,
      '---\n# A relay needs',
      `---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: coturn-relay
  namespace: matrix
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: coturn
---
# A relay needs`,
    ),
  ),
  mutation(
    'hpa-target-missing',
    add(
      'main-instance/07-element-web/autoscaler.yaml',
      `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: element
  namespace: matrix
spec:
  minReplicas: 2
  maxReplicas: 4
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: element
`,
    ),
  ),
  mutation(
    'hpa-on-named-workers',
    add(
      'main-instance/03-workers/autoscaler.yaml',
      `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: synapse-event-persister
  namespace: matrix
spec:
  minReplicas: 2
  maxReplicas: 3
  scaleTargetRef:
    apiVersion: apps/v1
    kind: StatefulSet
    name: synapse-event-persister
`,
    ),
  ),
  mutation('image-tag-mutable', edit(element, 'element-web:v1.11.96', 'element-web:latest')),
  mutation(
    'resources-missing',
    edit(
      coturn,
      '          resources:\n            requests:\n              cpu: 250m\n              memory: 256Mi\n            limits:\n              cpu: "2"\n              memory: 1Gi\n',
      '',
    ),
  ),
  mutation(
    'probe-missing',
    edit(
      coturn,
      '          readinessProbe:\n            tcpSocket:\n              port: 3478\n            periodSeconds: 10\n            timeoutSeconds: 3\n',
      '',
    ),
  ),
  mutation(
    'probe-port-missing',
    edit(
      element,
      '            httpGet:\n              path: /\n              port: http\n            periodSeconds: 10',
      '            httpGet:\n              path: /\n              port: web\n            periodSeconds: 10',
    ),
  ),

  // Schemas, documents and API versions
  mutation('amount-without-unit', edit(tenant, 'storage: 100Gi', 'storage: 100')),
  mutation(
    'crd-unknown-field',
    edit(element, 'automountServiceAccountToken: false', 'automountServiceAccountTokens: false'),
  ),
  mutation('synapse-main-replicated', edit(synapse, 'replicas: 1', 'replicas: 2'), {
    also: { 'pdb-missing': 'Several replicas want a budget.' },
  }),
  mutation('field-value-refused', edit(haproxy, 'memory: 512Mi', 'memory: 512MB')),
  mutation('field-value-refused', edit(policies, 'port: 3310', 'port: "3310"', 0), {
    also: { 'netpol-flow-blocked': 'A port by name is none that ClamAV has.' },
  }),
  mutation('crd-required-field-missing', edit(sync, '      restartPolicy: OnFailure\n', '')),
  mutation(
    'schema-unknown-kind',
    add(
      'main-instance/07-element-web/backup.yaml',
      'apiVersion: velero.io/v1\nkind: Schedule\nmetadata:\n  name: nightly\n  namespace: matrix\nspec: {}\n',
    ),
  ),
  mutation('component-missing', remove(coturn), { also: { 'secret-unused': 'Nobody else reads its Secret.' } }),
  mutation('component-deployed-twice', add('values/livekit-values.yaml', 'replicaCount: 2\n')),
  mutation(
    'alert-metric-unknown',
    edit('monitoring/01-prometheus/prometheusrules.yaml', 'cnpg_collector_up == 0', 'pg_up == 0'),
  ),
  mutation(
    'dashboard-datasource-unknown',
    edit('monitoring/02-grafana/dashboards.yaml', '"uid": "${datasource}"', '"uid": "prometheus-main"', 0),
  ),
  mutation(
    'datasource-not-loaded',
    add(
      'monitoring/02-grafana/datasource.yaml',
      `
apiVersion: v1
kind: ConfigMap
metadata:
  name: grafana-datasource
  namespace: monitoring
data:
  longterm.yaml: |
    apiVersion: 1
    datasources: [{name: Longterm, type: prometheus, url: http://longterm.tessera.test}]
`,
    ),
  ),
  mutation(
    'alertmanager-config-invalid',
    add(
      'monitoring/01-prometheus/alertmanager.yaml',
      `
apiVersion: monitoring.coreos.com/v1alpha1
kind: AlertmanagerConfig
metadata:
  name: matrix
  namespace: monitoring
spec:
  route: {receiver: pager}
  receivers: [{name: mail}]
`,
    ),
    { also: { 'schema-unknown-kind': 'no schema of AlertmanagerConfig is known' } },
  ),
  mutation(
    'rbac-grants-nothing',
    add(
      'main-instance/02-haproxy/role.yaml',
      `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: look
  namespace: matrix
rules:
  - apiGroups: [apps]
    resources: [deployment]
    verbs: [get]
`,
    ),
  ),
  mutation(
    'kubectl-call-forbidden',
    edit(
      'li-instance/04-sync-system/media-cronjob.yaml',
      'image: rclone/rclone:1.68.2\n',
      'image: bitnami/kubectl:1.31.3\n              command: [sh, -c, kubectl get pods]\n',
    ),
    { also: { 'netpol-flow-blocked': 'the Job has no way to the API server' } },
  ),
  mutation(
    'minio-user-setup-fails',
    add(
      'infrastructure/03-minio/users-job.yaml',
      `
apiVersion: batch/v1
kind: Job
metadata:
  name: minio-users
  namespace: matrix
  labels: {app.kubernetes.io/name: python-wheels, app.kubernetes.io/part-of: matrix}
spec:
  template:
    metadata:
      labels: {app.kubernetes.io/name: python-wheels, app.kubernetes.io/part-of: matrix}
    spec:
      restartPolicy: OnFailure
      automountServiceAccountToken: false
      containers:
        - name: mc
          image: quay.io/minio/mc:RELEASE.2024-11-05T11-29-45Z
          command:
            - sh
            - -c
            - |
              mc --config-dir /tmp/mc alias set store http://matrix-minio-hl.matrix.svc.cluster.local:9000 "$USER" "$PASSWORD"
              mc --config-dir /tmp/mc admin policy attach store medai --user "$USER"
          env:
            - {name: USER, valueFrom: {secretKeyRef: {name: minio-credentials, key: access-key}}}
            - {name: PASSWORD, valueFrom: {secretKeyRef: {name: minio-credentials, key: secret-key}}}
          resources:
            requests: {cpu: 10m, memory: 32Mi}
            limits: {cpu: 100m, memory: 128Mi}
`,
    ),
  ),
  mutation(
    'backup-lost',
    add(
      'main-instance/08-key-vault/dump-job.yaml',
      `
apiVersion: batch/v1
kind: Job
metadata:
  name: key-vault-dump
  namespace: matrix
  labels: {app.kubernetes.io/name: key-vault-init-db, app.kubernetes.io/part-of: matrix}
spec:
  template:
    metadata:
      labels: {app.kubernetes.io/name: key-vault-init-db, app.kubernetes.io/part-of: matrix}
    spec:
      restartPolicy: OnFailure
      automountServiceAccountToken: false
      containers:
        - name: dump
          image: ghcr.io/cloudnative-pg/postgresql:16.4
          command: [pg_dump, -h, matrix-postgresql-rw.matrix.svc.cluster.local, -U, postgres, -d, key_vault, -f, /var/tmp/dump.sql]
          env:
            - {name: PGPASSWORD, valueFrom: {secretKeyRef: {name: matrix-postgresql-superuser, key: password}}}
          resources:
            requests: {cpu: 10m, memory: 32Mi}
            limits: {cpu: 100m, memory: 128Mi}
`,
    ),
  ),
  mutation(
    'sql-not-run',
    add(
      'infrastructure/01-postgresql/indexes.yaml',
      `
apiVersion: v1
kind: ConfigMap
metadata:
  name: matrix-indexes
  namespace: matrix
data:
  indexes.sql: |
    CREATE INDEX CONCURRENTLY IF NOT EXISTS events_room_ts ON events (room_id, origin_server_ts);
`,
    ),
  ),
  mutation(
    'netpol-redis-open',
    add(
      'infrastructure/02-redis/redis-open.yaml',
      `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: redis-open
  namespace: matrix
spec:
  podSelector: {matchLabels: {app.kubernetes.io/name: redis}}
  policyTypes: [Ingress]
  ingress:
    - from: [{namespaceSelector: {}}]
      ports: [{port: 6379}]
`,
    ),
  ),
  mutation(
    'removed-volume-type',
    add(
      'infrastructure/01-postgresql/old-volume.yaml',
      `
apiVersion: v1
kind: PersistentVolume
metadata:
  name: dumps
spec:
  capacity:
    storage: 10Gi
  accessModes: [ReadWriteMany]
  glusterfs:
    endpoints: gluster
    path: dumps
`,
    ),
  ),
  mutation('removed-api-version', edit(coturn, 'apiVersion: policy/v1\n', 'apiVersion: policy/v1beta1\n')),
  mutation(
    'removed-api-version',
    edit(issuer, 'apiVersion: cert-manager.io/v1\n', 'apiVersion: cert-manager.io/v1alpha2\n', 1),
  ),
  mutation(
    'operator-not-provisioned',
    edit(
      operatorsScript,
      'helm upgrade --install minio-operator minio-operator/operator \\\n  --namespace minio-operator --create-namespace --version 7.0.0 --wait\n',
      '',
    ),
  ),
  mutation(
    'duplicate-resource',
    add(
      'main-instance/05-coturn/credentials-new.yaml',
      `
apiVersion: v1
kind: Secret
metadata:
  name: coturn-secrets
  namespace: matrix
stringData:
  TURN_SHARED_SECRET: c72fbe4215723ff21fe678b0a72e4d30f824abe6dda88ea78c3680e0965a896f
`,
    ),
  ),
  mutation('duplicate-yaml-key', edit(element, '  replicas: 2\n', '  replicas: 2\n  replicas: 2\n')),
  mutation('yaml-syntax', edit(ingressValues, '  replicaCount: 2\n', '  replicaCount: [2\n')),
  mutation('yaml-syntax', edit(issuer, '  selfSigned: {}\n', '  selfSigned: {\n')),
  mutation(
    'file-templated-skipped',
    add(
      'main-instance/07-element-web/chart.yaml',
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-config\ndata:\n  a: b\n',
    ),
  ),

  // Scripts and settings
  mutation(
    'deploy-path-missing',
    edit(deployScript, 'kubectl apply -f main-instance/05-coturn/', 'kubectl apply -f main-instance/06-coturn/'),
  ),
  mutation('deploy-file-not-applied', edit(deployScript, 'kubectl apply -f main-instance/05-coturn/\n', ''), {
    count: 2,
  }),
  mutation('deploy-order', [
    edit(
      deployScript,
      'kubectl apply -f antivirus/01-clamav/\nkubectl rollout status deployment/clamav -n matrix --timeout=20m\nkubectl apply -f antivirus/02-scan-workers/\n',
      'kubectl apply -f antivirus/02-scan-workers/\nkubectl apply -f antivirus/01-clamav/\nkubectl rollout status deployment/clamav -n matrix --timeout=20m\n',
    ),
  ]),
  mutation('deploy-wait-job-missing', edit(deployScript, 'job/python-wheels', 'job/wheels')),
  mutation(
    'deploy-selector-empty',
    edit(
      deployScript,
      '# LI instance\n',
      'kubectl get pods -n matrix -l app.kubernetes.io/name=synapse,app.kubernetes.io/component=main\n# LI instance\n',
    ),
  ),
  mutation(
    'post-check-name-unknown',
    add('docs/checks.md', '# Checks\n\n```\nkubectl exec -n matrix synapse-web-0 -- curl -s localhost\n```\n'),
  ),
  mutation('settings-invalid', add('matrix-preflight.yaml', 'components:\n  livekit: requird\n')),
  mutation(
    'suppression-unknown-rule',
    edit(
      coturn,
      '  replicas: 2\n',
      '  # preflight-ignore: pdb-mising (the nodes are drained by hand)\n  replicas: 2\n',
    ),
  ),
  mutation(
    'suppression-without-reason',
    edit(coturn, '  replicas: 2\n', '  # preflight-ignore: pdb-missing\n  replicas: 2\n'),
  ),
  mutation(
    'suppression-unused',
    edit(
      coturn,
      '  replicas: 2\n',
      '  # preflight-ignore: pdb-missing (the nodes are drained by hand)\n  replicas: 2\n',
    ),
  ),
  mutation(
    'sign-offs-invalid',
    add(
      '.matrix-preflight/sign-offs.yaml',
      'signOffs:\n  - item: F.88\n    by: Ada Example <ada@tessera.test>\n    at: 2026-01-31\n    note: Restored the backup.\n',
    ),
  ),
  mutation(
    'waiver-unused',
    add(
      '.matrix-preflight/sign-offs.yaml',
      'waivers:\n  - rule: service-selects-nothing\n    file: namespace.yaml\n    fingerprint: 00112233445566778899aabbccddeeff\n    reason: Its pods come from a chart.\n    by: Ada Example <ada@tessera.test>\n    at: 2026-01-31\n',
    ),
  ),
];

/** Rules that no edit of a text of the sample can trigger, and where they are tested instead. */
export const unplantable: Readonly<Record<string, string>> = {
  'minio-metrics-refused': 'The sample deployment runs MinIO by its operator: test/rules/minio/plain-servers.test.ts.',
  'minio-client-refused': 'The sample deployment runs MinIO by its operator: test/rules/minio/minio-users.test.ts.',
  'image-settings-refused':
    'The sample deployment runs PostgreSQL and MinIO by operators: test/rules/postgresql/official-image.test.ts.',
  'nginx-config-invalid': 'The sample deployment routes by HAProxy: test/rules/services/nginx-config.test.ts.',
  'gateway-route-unattached': 'The sample deployment is served by Ingresses: test/rules/services/gateways.test.ts.',
  'gateway-reference-not-granted':
    'The sample deployment is served by Ingresses: test/rules/services/gateways.test.ts.',
  'nginx-request-unanswered':
    'The sample deployment routes by HAProxy: its examples, and test/rules/other-hands.test.ts.',
  'flux-reference-missing': 'The sample deployment is not applied by Flux: test/rules/deploy.',
  'flux-decryption-missing': 'The sample deployment is not applied by Flux: test/rules/deploy.',
  'argo-path-missing': 'The sample deployment is not applied by Argo CD: test/rules/charts.',
  'chart-bucket-missing': 'The sample deployment installs no charts by Flux, Argo CD or k3s: test/rules/charts.',
  'chart-client-refused': 'The sample deployment installs no charts by Flux, Argo CD or k3s: test/rules/charts.',
  'chart-database-mismatch': 'The sample deployment installs no charts by Flux, Argo CD or k3s: test/rules/charts.',
  'chart-redis-mismatch': 'The sample deployment installs no charts by Flux, Argo CD or k3s: test/rules/charts.',
  'chart-value-unfit': 'The sample deployment installs no charts by Flux, Argo CD or k3s: test/rules/charts.',
  'kustomization-entry-idle': 'The sample deployment has no kustomizations: test/rules/deploy.',
  'kustomization-part-unlisted': 'The sample deployment has no kustomizations: test/rules/deploy.',
  'kustomization-path-missing':
    'It is about kustomizations, of which the sample deployment has none: test/rules/deploy.',
  'file-not-read': 'It is about files that cannot be decoded or are too large, which have no text: test/rules/yaml.',
};
