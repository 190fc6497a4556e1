import { add, edit, type Mutation, mutation, remove } from './mutation';
import {
  coturn,
  element,
  haproxy,
  ingressValues,
  issuer,
  operatorsScript,
  policies,
  synapse,
  sync,
  tenant,
} from './sample';

export const schemaMutations: readonly Mutation[] = [
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
];
