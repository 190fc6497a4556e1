import { type Change, edit, type Mutation, mutation } from './mutations';

const synapse = 'main-instance/01-synapse/main-statefulset.yaml';
const media = 'main-instance/03-workers/media-statefulset.yaml';
const synapseConfig = 'main-instance/01-synapse/configmap.yaml';
const liConfig = 'li-instance/01-synapse/configmap.yaml';
const livekit = 'main-instance/04-livekit/deployment.yaml';
const redis = 'infrastructure/02-redis/redis-statefulset.yaml';
const keyVault = 'main-instance/08-key-vault/deployment.yaml';

const readOnly = '          securityContext:\n            readOnlyRootFilesystem: true\n';
const readOnlyKeyVault = edit(
  keyVault,
  '          env: *settings\n          ports:',
  `${readOnly}          env: *settings\n          ports:`,
);
const readOnlySynapse = (path: string): Change =>
  edit(path, '          startupProbe:', `${readOnly}          startupProbe:`);
const withoutTmp = (path: string): Change =>
  edit(path, '            - name: tmp\n              mountPath: /tmp\n', '', 1);

/** Mistakes in what the cluster gives to programs and puts between them, by what somebody did. */
export const platformVariants: Readonly<Record<string, Mutation>> = {
  'a Synapse that can write no long request down': mutation('program-write-refused', [
    readOnlySynapse(synapse),
    withoutTmp(synapse),
  ]),
  'a media worker that can write no upload down': mutation('program-write-refused', [
    readOnlySynapse(media),
    withoutTmp(media),
  ]),
  'a Redis that is asked with TLS behind a proxy that passes bytes on': mutation(
    'config-host-tls',
    edit(synapseConfig, '      port: 6379\n', '      port: 6379\n      use_tls: true\n'),
  ),
  'Sentinels and a Redis that LiveKit asks with TLS': mutation(
    'config-host-tls',
    edit(livekit, '      db: 1\n', '      db: 1\n      use_tls: true\n'),
  ),
  'a main process that workers ask with TLS': mutation(
    'config-host-tls',
    edit(
      synapseConfig,
      '        port: 9093\n      synapse-event-persister-0',
      '        port: 9093\n        tls: true\n      synapse-event-persister-0',
    ),
  ),
  'media that is deleted after milliseconds': mutation(
    'synapse-value-refused',
    uploads('media_retention: {remote_media_lifetime: 90}'),
  ),
  'messages that are deleted after half a minute': mutation(
    'synapse-value-refused',
    uploads('retention: {enabled: true, default_policy: {max_lifetime: 31536000}}'),
  ),
  'a session of seconds': mutation('synapse-value-refused', uploads('session_lifetime: 86400')),
  'rooms that the LI instance deletes': mutation(
    'li-messages-erased',
    liUploads('forgotten_room_retention_period: 28d'),
  ),
  'media that the LI instance deletes': mutation(
    'li-messages-erased',
    liUploads('media_retention: {local_media_lifetime: 90d}'),
  ),
};

/** Like them, and right. */
export const acceptedPlatform: Readonly<Record<string, readonly Change[]>> = {
  'a read-only root file system with a volume for temporary files': [readOnlySynapse(synapse), readOnlySynapse(media)],
  'gunicorn with its files in the memory of the node': [
    readOnlyKeyVault,
    edit(keyVault, '--worker-tmp-dir=/tmp', '--worker-tmp-dir=/dev/shm'),
    edit(keyVault, '            - name: tmp\n              mountPath: /tmp\n', '', 2),
  ],
  'a Redis that speaks TLS on the port that LiveKit and Synapse ask': [
    edit(redis, '    port 6379\n', '    port 0\n    tls-port 6379\n'),
    edit(redis, '    port 26379\n', '    port 0\n    tls-port 26379\n'),
    edit(livekit, '      db: 1\n', '      db: 1\n      use_tls: true\n'),
    edit(synapseConfig, '      port: 6379\n', '      port: 6379\n      use_tls: true\n'),
  ],
  'times in milliseconds, and none': [
    uploads(
      'refreshable_access_token_lifetime: 300000\n    forgotten_room_retention_period: 0\n    redaction_retention_period: 604800000',
    ),
    liUploads('redaction_retention_period: 7d'),
  ],
  'rooms and media that both instances delete': [
    uploads('forgotten_room_retention_period: 28d\n    media_retention: {local_media_lifetime: 90d}'),
    liUploads('forgotten_room_retention_period: 4w\n    media_retention: {local_media_lifetime: 1y}'),
  ],
};

/** Puts an option into the main instance's homeserver.yaml. */
function uploads(option: string): Change {
  return edit(synapseConfig, '    max_upload_size: 100M\n', `    ${option}\n    max_upload_size: 100M\n`);
}

function liUploads(option: string): Change {
  return edit(liConfig, '    max_upload_size: 100M\n', `    ${option}\n    max_upload_size: 100M\n`);
}
