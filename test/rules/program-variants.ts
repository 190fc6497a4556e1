import { edit, type Mutation, mutation } from './mutations/mutation';

const clamav = 'antivirus/01-clamav/deployment.yaml';
const generic = 'main-instance/03-workers/generic-statefulset.yaml';
const media = 'main-instance/03-workers/media-statefulset.yaml';
const liConfig = 'li-instance/01-synapse/configmap.yaml';
const mediaSync = 'li-instance/04-sync-system/media-cronjob.yaml';
const keyVault = 'main-instance/08-key-vault/deployment.yaml';
const keyVaultJob = 'main-instance/08-key-vault/init-db-job.yaml';
const replication = 'li-instance/04-sync-system/replication-job.yaml';
const sequences = 'li-instance/04-sync-system/sequences-cronjob.yaml';
const synapse = 'main-instance/01-synapse/main-statefulset.yaml';
const synapseConfig = 'main-instance/01-synapse/configmap.yaml';

const checkingHosts = edit(keyVault, 'MIDDLEWARE = [', 'MIDDLEWARE = ["django.middleware.common.CommonMiddleware", ');

/** Mistakes in what Synapse and the programs around it are told, by what somebody did. */
export const programVariants: Readonly<Record<string, Mutation>> = {
  'a duration with a word': refused('turn_user_lifetime: 1h', 'turn_user_lifetime: 1hour'),
  'a server name with a scheme': mutation(
    'synapse-value-refused',
    edit(synapseConfig, '    server_name: matrix.tessera.test\n', '    server_name: https://matrix.tessera.test\n'),
    {
      also: {
        'domain-inconsistent': 'the LI instance has the right name',
        'element-homeserver-mismatch': 'Element Web has the right name',
      },
    },
  ),
  'a base URL without a scheme': refused('public_baseurl: https://matrix', 'public_baseurl: matrix'),
  'an unknown type of listener': refused('- type: metrics', '- type: metric', {
    'monitor-target-has-no-metrics': 'nothing serves metrics any more',
  }),
  'a listener with TLS and no certificate': refused('port: 8008\n        tls: false', 'port: 8008\n        tls: true'),
  'registration beside a delegated sign-in': refused(
    '    enable_registration: false\n',
    '    enable_registration: true\n    enable_registration_without_verification: true\n    experimental_features: {msc3861: {enabled: true}}\n',
  ),
  'an unknown stream': refused('      events:\n', '      event:\n'),
  'key servers as names': refused('      - server_name: matrix.org\n', '      - matrix.org\n'),
  'a secret and its file': refused(
    '    enable_registration: false\n',
    '    enable_registration: false\n    registration_shared_secret_path: /config/log.yaml\n',
  ),
  'a switch that is a text': refused('allow_guest_access: false', 'allow_guest_access: "false"'),
  'one address in place of a list': refused(
    'trusted_key_servers:\n      - server_name: matrix.org',
    'trusted_key_servers: matrix.org',
  ),
  'previews of any address': refused(
    'max_upload_size: 100M\n',
    'max_upload_size: 100M\n    url_preview_enabled: true\n',
  ),
  'no answer about statistics': refused('    report_stats: false\n', ''),
  'a database by the name of its server': refused('name: psycopg2', 'name: postgresql'),
  'a smallest pool above the largest': refused('cp_min: 2', 'cp_min: 20'),
  'a verified connection without an authority': refused('cp_min: 2', 'cp_min: 2\n        sslmode: verify-full'),
  'no secret for the TURN server': mutation(
    'turn-shared-secret-mismatch',
    edit(synapseConfig, '    turn_shared_secret: TURN_SECRET_PLACEHOLDER\n', ''),
  ),
  'a clamd that passes large files unseen': mutation(
    'clamd-limit-low',
    edit(clamav, 'MaxFileSize 110M', 'MaxFileSize 25M'),
  ),
  'a class that a module does not have': mutation(
    'synapse-module-unavailable',
    edit(synapseConfig, 'synapse_key_vault.KeyVaultModule', 'synapse_key_vault.KeyVault'),
  ),
  'a class that the S3 provider does not have': mutation(
    'synapse-module-unavailable',
    edit(synapseConfig, 'S3StorageProviderBackend', 'S3StorageProvider'),
  ),
  'a listener for media that serves clients': mutation(
    'haproxy-media-unrouted',
    edit(media, 'names: [media]', 'names: [client]'),
  ),
  'a volume for media that is read-only': mutation(
    'synapse-media-store-unwritable',
    edit(
      media,
      '            - name: data\n              mountPath: /data\n',
      '            - name: data\n              mountPath: /data\n              readOnly: true\n',
    ),
  ),
  'one name for all pods of a worker': mutation(
    'synapse-worker-name-mismatch',
    edit(generic, 'worker_name: ${HOSTNAME}', 'worker_name: synapse-generic'),
  ),
  'a formatter that is not defined': mutation(
    'synapse-log-config-invalid',
    edit(synapseConfig, 'formatter: precise', 'formatter: exact'),
  ),
  'a logging configuration without its version': mutation(
    'synapse-log-config-invalid',
    edit(synapseConfig, '  log.yaml: |\n    version: 1\n', '  log.yaml: |\n'),
  ),
  'the main process of the other instance': mutation(
    'synapse-instance-map',
    edit(liConfig, 'host: synapse-li-0.synapse-li.', 'host: synapse-main-0.synapse-main.'),
  ),
  'an entry of instance_map with the host of its neighbour': mutation(
    'synapse-instance-map',
    edit(synapseConfig, 'host: synapse-event-persister-1.', 'host: synapse-event-persister-0.'),
  ),
  'media copied where the LI instance does not look': mutation(
    'sync-media-reversed',
    edit(mediaSync, '- minio:synapse-media-li', '- minio:synapse-li-media'),
  ),
  'a reference without its key': mutation(
    'crd-required-field-missing',
    edit(
      keyVaultJob,
      '                  name: key-vault-secrets\n                  key: DB_PASSWORD\n',
      '                  name: key-vault-secrets\n',
    ),
  ),
  'workers in a mapping': refused(
    '      - synapse-federation-sender-0\n      - synapse-federation-sender-1\n',
    '      synapse-federation-sender-0: true\n',
  ),
  'a key server under another key': refused('      - server_name: matrix.org\n', '      - servername: matrix.org\n'),
  'a range that is none': refused(
    '    enable_metrics: true\n',
    '    enable_metrics: true\n    ip_range_blacklist: ["10.0.0.0/33"]\n',
  ),
  'a publication in another database': mutation(
    'sync-subscription-invalid',
    edit(replication, '-U postgres -d matrix -v', '-U postgres -d postgres -v'),
  ),
  'debugging in production': mutation('key-vault-settings-unfit', edit(keyVault, 'DEBUG = False', 'DEBUG = True')),
  'hosts without the one that Synapse asks': mutation('key-vault-settings-unfit', [
    checkingHosts,
    edit(keyVault, '["key-vault", "key-vault.matrix.svc.cluster.local"]', '["key-vault"]'),
  ]),
  'a probe by address': mutation('key-vault-settings-unfit', [
    checkingHosts,
    edit(
      keyVault,
      '              httpHeaders:\n                - name: Host\n                  value: key-vault\n',
      '',
    ),
  ]),
  'an import that nothing installs': mutation('key-vault-package-missing', edit(keyVault, ' cryptography==44.0.0', '')),
  'packages where Python does not look': mutation(
    'key-vault-package-missing',
    edit(keyVault, '            - name: PYTHONPATH\n              value: /packages\n', ''),
    { count: 2 },
  ),
  'a project in another folder': mutation(
    'key-vault-django-file-missing',
    edit(keyVault, '          workingDir: /app\n', '', 1),
  ),
  'a guard of another role': mutation(
    'sql-guard-mismatch',
    edit(keyVaultJob, "rolname = 'key_vault'", "rolname = 'keyvault'"),
  ),
  'a guard of another subscription': mutation(
    'sql-guard-mismatch',
    edit(replication, "subname = 'matrix_li'", "subname = 'matrix_sub'"),
  ),
  'a password for another role': mutation(
    'pg-role-unusable',
    edit(keyVaultJob, 'ALTER ROLE key_vault WITH', 'ALTER ROLE keyvault WITH'),
  ),
  'a role that nothing creates': mutation(
    'pg-role-unusable',
    edit(keyVault, 'name: DB_USER\n              value: key_vault', 'name: DB_USER\n              value: keyvault'),
  ),
  'sequences of the LI database': mutation(
    'pg-role-unusable',
    edit(sequences, 'psql -h matrix-postgresql-rw', 'psql -h matrix-postgresql-li-rw'),
  ),
  'images that run as root': mutation('container-user-refused', edit(keyVault, '        runAsUser: 10001\n', '')),
  'a key that only root may read': mutation(
    'mounted-file-mode',
    [
      edit(synapse, '        fsGroup: 991\n', ''),
      edit(
        synapse,
        'secretName: synapse-signing-key',
        'secretName: synapse-signing-key\n            defaultMode: 0400',
      ),
    ],
    { also: { 'volume-not-writable': 'Without the group the volume belongs to root as well.' } },
  ),
};

function refused(from: string, to: string, also: Readonly<Record<string, string>> = {}): Mutation {
  return mutation('synapse-value-refused', edit(synapseConfig, from, to), { also });
}
