import { add, drop, edit, type Mutation, mutation, remove } from './mutation';
import { cluster, clusterLi, guide, keyVaultJob, redis, synapse, synapseConfig, synapseSecrets, sync } from './sample';

export const postgresqlMutations: readonly Mutation[] = [
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
  mutation('sql-statement-refused', edit(keyVaultJob, 'REVOKE CONNECT ON DATABASE', 'REVOKE CONNECT DATABASE')),
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
  mutation(
    'pg-recovery-unfit',
    add(
      'infrastructure/01-postgresql/restore.yaml',
      `
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: matrix-postgresql-restored, namespace: matrix}
spec:
  storage: {size: 50Gi}
  instances: 1
  imageName: ghcr.io/cloudnative-pg/postgresql:16.4
  bootstrap: {recovery: {source: matrix-postgresql}}
  externalClusters:
    - name: matrix-postgresql
      barmanObjectStore: {destinationPath: 's3://postgresql-backups/primary'}
`,
    ),
    {
      also: {
        'monitor-missing': 'Nothing watches the new cluster.',
        'netpol-flow-blocked': 'No policy admits it.',
        'pg-backup-unscheduled': 'It has no backup of its own.',
      },
    },
  ),
];
