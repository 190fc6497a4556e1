import { type Change, edit, type Mutation, mutation } from './mutations';

const synapse = 'main-instance/01-synapse/main-statefulset.yaml';
const media = 'main-instance/03-workers/media-statefulset.yaml';
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
};

/** Like them, and right. */
export const acceptedPlatform: Readonly<Record<string, readonly Change[]>> = {
  'a read-only root file system with a volume for temporary files': [readOnlySynapse(synapse), readOnlySynapse(media)],
  'gunicorn with its files in the memory of the node': [
    readOnlyKeyVault,
    edit(keyVault, '--worker-tmp-dir=/tmp', '--worker-tmp-dir=/dev/shm'),
    edit(keyVault, '            - name: tmp\n              mountPath: /tmp\n', '', 2),
  ],
};
