import { cut, edit, type Mutation, mutation } from './mutation';
import { liConfig, sync, syncSecrets } from './sample';

export const liMutations: readonly Mutation[] = [
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
];
