import { add, cut, edit, type Mutation, mutation } from './mutation';
import {
  clamav,
  keyVault,
  keyVaultJob,
  li,
  persister,
  scanner,
  sender,
  synapse,
  synapseConfig,
  synapseSecrets,
  sync,
} from './sample';

export const synapseMutations: readonly Mutation[] = [
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
];
