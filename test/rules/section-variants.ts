import { add, type Change, cut, edit, type Mutation, mutation } from './mutations/mutation';

const cluster = 'infrastructure/01-postgresql/cluster.yaml';
const redis = 'infrastructure/02-redis/redis-statefulset.yaml';
const tenant = 'infrastructure/03-minio/tenant.yaml';
const haproxyConfig = 'main-instance/02-haproxy/configmap.yaml';
const coturn = 'main-instance/05-coturn/deployment.yaml';
const livekit = 'main-instance/04-livekit/deployment.yaml';
const keyVault = 'main-instance/08-key-vault/deployment.yaml';
const operatorsScript = 'scripts/install-operators.sh';

const superuser = add(
  'infrastructure/01-postgresql/superuser.yaml',
  `
apiVersion: v1
kind: Secret
metadata: {name: matrix-postgresql-superuser, namespace: matrix}
type: kubernetes.io/basic-auth
stringData: {username: postgres, password: Xh2kPp0o9Nw3LmQ7rT5vYb1ZsDfGhJkL8e}
`,
);

const workMemory =
  '      work_mem: 8MB\n      maintenance_work_mem: 128MB\n      random_page_cost: "1.1"\n      max_replication_slots: "32"\n      max_wal_senders: "32"\n\n';

/** Mistakes that the catalogue names, in other places and other spellings. */
export const sectionVariants: Readonly<Record<string, Mutation>> = {
  'a locale for both, collation and character classes': mutation(
    'pg-locale-not-c',
    edit(cluster, '      localeCollate: C\n      localeCType: C\n', '      locale: en_US.UTF-8\n'),
  ),
  'a parameter that the installed chart of the operator still manages': mutation('pg-parameter-managed-by-operator', [
    edit(cluster, workMemory, `      wal_log_hints: "on"\n${workMemory}`),
    edit(operatorsScript, '--version 0.22.1', '--version 0.20.0'),
  ]),
  'a number of servers in quotes, which is said once': mutation(
    'crd-unknown-field',
    edit(tenant, 'servers: 4', 'servers: "4"'),
  ),
  'a backend without a server': mutation(
    'haproxy-backend-undefined',
    edit(
      haproxyConfig,
      '      server-template synchrotron- 2 synapse-synchrotron.matrix.svc.cluster.local:8008 check\n',
      '',
    ),
    { also: { 'haproxy-worker-unrouted': 'nothing else leads to the synchrotrons' } },
  ),
  'an application on a volume that the server mounts elsewhere': mutation(
    'key-vault-django-app-missing',
    edit(
      keyVault,
      '          volumeMounts:\n            - name: app\n              mountPath: /app\n        - name: fetch-wheels',
      '          volumeMounts:\n            - name: tmp\n              mountPath: /app\n        - name: fetch-wheels',
    ),
  ),
  'views in a file of another name than the one that is imported': mutation(
    'key-vault-django-file-missing',
    edit(keyVault, 'cat > /app/vault/views.py', 'cat > /app/vault/view.py'),
    { count: 3 },
  ),
  'a database of key_vault that its settings write out': mutation(
    'key-vault-database-mismatch',
    edit(keyVault, '"NAME": os.environ["DB_NAME"]', '"NAME": "keyvault"'),
  ),
  'dashboards outside the namespace that is named for them': mutation(
    'dashboard-label-missing',
    edit('values/kube-prometheus-stack.yaml', 'searchNamespace: ALL', 'searchNamespace: grafana'),
    { count: 3 },
  ),
  'a path for the configuration of LiveKit, from a ConfigMap': mutation('livekit-config-env-misused', [
    edit(
      livekit,
      '          env:\n            - name: NODE_IP\n',
      '          envFrom:\n            - configMapRef:\n                name: livekit-env\n          env:\n            - name: NODE_IP\n',
    ),
    add(
      'main-instance/04-livekit/environment.yaml',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: livekit-env, namespace: matrix}\ndata: {LIVEKIT_CONFIG: /etc/livekit.yaml}\n',
    ),
  ]),
};

/** What the catalogue accepts, in other spellings: nothing is found. */
export const acceptedSections: Readonly<Record<string, readonly Change[]>> = {
  'a Secret of the superuser under the name that the operator would give it': [superuser],
  'a level of the log that the installed operator leaves to the user': [
    edit(cluster, workMemory, `      wal_level: logical\n${workMemory}`),
  ],
  'a password of Redis for its default user': [
    edit(
      redis,
      '    requirepass REDIS_PASSWORD_PLACEHOLDER\n',
      '    user default on >REDIS_PASSWORD_PLACEHOLDER ~* &* +@all\n',
    ),
  ],
  'options of coturn without a value, one after the other': [
    edit(
      coturn,
      '            - -c\n',
      '            - --use-auth-secret\n            - --fingerprint\n            - -c\n',
    ),
  ],
  'an application that git fetches, without a shell': [
    cut(
      keyVault,
      '          image: busybox:1.36.1\n',
      '              EOF\n          resources:\n',
      '          image: alpine/git:2.45.2\n          command: [git, clone, --depth=1, "https://git.tessera.test/key-vault.git", /app]\n          resources:\n',
    ),
  ],
};
