import { drop, edit, type Mutation, mutation } from './mutation';
import { minioSecrets, synapseConfig, tenant } from './sample';

export const minioMutations: readonly Mutation[] = [
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
];
