import { imageTag, programOf } from '../../analysis/images';
import { nearest } from '../../analysis/nearest';
import { workloadKinds } from '../../analysis/pods';
import { tenantKind } from '../../analysis/roles';
import { jsonProblems } from '../../analysis/text/json';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { isAllowedBy, listOf, matches } from './access';
import { type McCommand, type McPolicy, type McSetup, rootUserOf, setupOf } from './mc-admin';
import { isEndpointOf, storesOf } from './s3-clients';

export default {
  id: 'minio-user-setup-fails',
  items: [],
  severity: 'error',
  summary: 'A script makes users and policies of MinIO by a command, or from a policy, that MinIO refuses.',
  why: 'mc ends with an error, so the Job fails, or it goes on and the user stays without rights: every client of it gets `AccessDenied`.',
  remedy: 'Create the policy before it is attached, and write it as MinIO takes it.',
  traps: [
    '`readwrite`, `readonly`, `writeonly`, `diagnostics` and `consoleAdmin` are always there.',
    'Users, groups and policies that somebody makes by a script of the tree outside of pods are not known, and neither are those of commands that cannot be read; then nothing is called missing.',
    '`mc admin policy add` and `set` are refused by releases of mc from March 2023 on; the release is that of the image.',
  ],
  sources: [
    'min.io documentation, mc admin policy; minio/mc issue 4513 and minio/minio issue 16877: the commands that went in 2023',
    'minio/pkg policy/policy.go, statement.go, resource.go, action.go: isValid, ParseResource, supportedActions',
  ],
  examples: { bad: example('media-rw', true), good: example('media', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const setup = setupOf(workspace);
    for (const command of setup.commands) {
      if (command.resource !== resource) continue;
      yield* oldWords(command);
      yield* signIn(workspace, setup, command);
      if (command.kind === 'policy' && command.policy) yield* refusedPolicy(command.policy);
      if (command.kind === 'attach' && !setup.isOpen) yield* nothingToAttach(workspace, setup, command);
    }
  },
} satisfies Rule;

function* oldWords(command: McCommand): Iterable<Problem> {
  const { image } = command.container;
  if (!command.isOld || programOf(image) !== 'mc') return;
  const tag = imageTag(image);
  const released = /^RELEASE\.(\d{4}-\d\d-\d\d)/.exec(tag ?? '')?.[1];
  const isNew = released === undefined ? tag === undefined || tag === 'latest' : released >= '2023-03-20';
  if (!isNew) return;
  const words = command.kind === 'policy' ? ['policy add', 'policy create'] : ['policy set', 'policy attach'];
  yield {
    at: command.at,
    message: `mc admin ${words[0]} is gone from mc since March 2023, so the command fails — write mc admin ${words[1]}${command.kind === 'attach' ? ' with --user or --group' : ''}.`,
  };
}

/** Only the root user, or one with rights for it, may change users. */
function* signIn(workspace: Workspace, { commands }: McSetup, command: McCommand): Iterable<Problem> {
  const { signsInAs, endpoint, resource } = command;
  const isUser = commands.some(
    one => one.kind === 'user' && one.accessKey.text !== undefined && one.accessKey.text === signsInAs?.text,
  );
  if (!signsInAs || !isUser) return;
  // One finding for each container.
  if (commands.find(one => one.container === command.container) !== command) return;
  const mayDoAll = commands.some(one =>
    one.kind === 'attach' && (one.name.text === undefined || one.to === 'group' || one.name.text === signsInAs.text)
      ? one.policies.some(({ text }) => text === undefined || !/^(?:readwrite|readonly|writeonly)$/.test(text))
      : false,
  );
  const store = storesOf(workspace).find(one => isEndpointOf(workspace, resource, endpoint, one));
  const root = store && rootUserOf(workspace, store);
  if (!store || root === undefined || root === signsInAs.text) return;
  const isOwn = commands.some(
    one => one.kind === 'user' && one.container === command.container && one.accessKey.text === signsInAs.text,
  );
  if (!isOwn && mayDoAll) return;
  yield {
    at: signsInAs.at,
    message: `mc signs in to ${store.title} with the keys of a user that it is to make itself, and only the root user may change users — use those of the root user.`,
  };
}

function* nothingToAttach(
  workspace: Workspace,
  { commands }: McSetup,
  command: McCommand & { readonly kind: 'attach' },
): Iterable<Problem> {
  const severity = command.errorsIgnored ? ('warning' as const) : ('error' as const);
  const policies = commands.flatMap(one => (one.kind === 'policy' ? [one.name.text] : []));
  if (!policies.includes(undefined))
    for (const { text, at, isWritten } of command.policies) {
      if (text === undefined || policies.includes(text) || isAllowedBy(text, '') !== undefined) continue;
      const close = isWritten
        ? nearest(
            text,
            policies.flatMap(one => one ?? []),
          )
        : undefined;
      yield {
        at,
        severity,
        message: `Nothing creates the policy ${isWritten ? text : 'of this variable'} in MinIO, so it is not attached — ${close ? `did you mean ${close}?` : 'create it first, or name one that there is.'}`,
        fixes: () => (close ? [{ title: `Write ${close}`, safe: false, edits: [{ at, newText: close }] }] : []),
      };
    }
  const { name, to } = command;
  const known = commands.flatMap(one =>
    to === 'user'
      ? one.kind === 'user' || one.kind === 'account'
        ? [one.accessKey.text]
        : []
      : one.kind === 'group'
        ? [one.name.text]
        : [],
  );
  if (name.text === undefined || known.includes(undefined) || known.includes(name.text)) return;
  // Users may be made by the operator, or by hand.
  if (to === 'user' && (known.length === 0 || workspace.resources(tenantKind).length > 0)) return;
  yield {
    at: name.at,
    severity,
    message:
      to === 'user'
        ? `Nothing adds the user ${name.isWritten ? name.text : 'of this variable'} to MinIO, so no policy is attached to it — add it first, or correct the name.`
        : `Nobody is in the group ${name.isWritten ? name.text : 'of this variable'} of MinIO, so no policy is attached to it — add users by mc admin group add.`,
  };
}

/** minio/pkg policy/policy.go and statement.go: isValid. */
function* refusedPolicy({ file, root }: McPolicy): Iterable<Problem> {
  const refused = (at: Place, what: string, cure: string): Problem => ({
    at,
    message: `MinIO refuses the policy ${file.path}: ${what} — ${cure}.`,
  });
  const [broken] = jsonProblems(file.content.text);
  if (broken) {
    const at = file.content.place(broken.span.start, broken.span.end);
    yield refused(at, `it is no JSON (${broken.message})`, 'correct it');
    return;
  }
  const version = root.at('Version');
  if (version.text !== undefined && version.text !== '' && version.text !== '2012-10-17')
    yield refused(version, `it has the version ${version.text}`, 'write 2012-10-17');
  for (const statement of listOf(root.at('Statement'))) {
    const effect = statement.at('Effect');
    if (effect.text !== 'Allow' && effect.text !== 'Deny')
      yield refused(effect, `the Effect is ${effect.text ?? 'missing'}`, 'write Allow or Deny');
    const actions = listOf(statement.at('Action'));
    if (actions.length === 0 && !statement.at('NotAction').exists)
      yield refused(statement.at('Action'), 'a statement has no Action', 'say what it allows');
    for (const action of actions) yield* unknownAction(action, refused);
    for (const one of listOf(statement.at('Resource'))) {
      const text = one.text ?? '';
      if (text === '' || /^arn:|^\*$|[${}<>]/.test(text)) continue;
      yield refused(one, `the resource ${text} is no ARN`, `write arn:aws:s3:::${text.replace(/^\/+/, '')}`);
    }
  }
}

function* unknownAction(action: Value, refused: (at: Place, what: string, cure: string) => Problem): Iterable<Problem> {
  const name = /^s3:(.+)$/i.exec(action.text ?? '')?.[1];
  if (name === undefined || /[${}<>]/.test(name) || s3Actions.some(one => matches(action.text ?? '', `s3:${one}`)))
    return;
  const close =
    s3Actions.find(one => one.toLowerCase() === name.toLowerCase()) ?? nearest(name, s3Actions) ?? undefined;
  const problem = refused(
    action,
    `it does not know the action ${action.text}`,
    close ? `write s3:${close}` : 'name one that it knows',
  );
  // A newer release may know more.
  yield close ? problem : { ...problem, severity: 'warning' };
}

/** minio/pkg policy/action.go, supportedActions. */
const s3Actions: readonly string[] = (
  'AbortMultipartUpload CreateBucket DeleteBucket ForceDeleteBucket DeleteBucketPolicy DeleteBucketCors DeleteObject ' +
  'GetBucketLocation GetBucketNotification GetBucketPolicy GetBucketCors GetObject HeadBucket ListAllMyBuckets ' +
  'ListBucket GetBucketPolicyStatus ListBucketVersions ListBucketMultipartUploads ListenNotification ' +
  'ListenBucketNotification ListMultipartUploadParts PutLifecycleConfiguration GetLifecycleConfiguration ' +
  'PutBucketNotification PutBucketPolicy PutBucketCors PutBucketQOS GetBucketQOS PutObject BypassGovernanceRetention ' +
  'PutObjectRetention GetObjectRetention GetObjectLegalHold PutObjectLegalHold GetBucketObjectLockConfiguration ' +
  'PutBucketObjectLockConfiguration GetBucketTagging PutBucketTagging GetObjectVersion GetObjectAttributes ' +
  'GetObjectVersionAttributes GetObjectVersionTagging DeleteObjectVersion DeleteObjectVersionTagging ' +
  'PutObjectVersionTagging GetObjectTagging PutObjectTagging DeleteObjectTagging PutEncryptionConfiguration ' +
  'GetEncryptionConfiguration PutBucketVersioning GetBucketVersioning GetReplicationConfiguration ' +
  'PutReplicationConfiguration ReplicateObject ReplicateDelete ReplicateTags GetObjectVersionForReplication ' +
  'RestoreObject ResetBucketReplicationState PutObjectFanOut PutInventoryConfiguration GetInventoryConfiguration'
).split(' ');

function example(policy: string, isBad: boolean): string {
  return `
      #- /users.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: minio-users
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: mc
                image: minio/mc:RELEASE.2024-11-05T11-29-45Z
                command:
                  - sh
                  - -c
                  - |
                    mc alias set store http://minio:9000 "$ROOT_USER" "$ROOT_PASSWORD"
                    mc admin policy create store media /policies/media.json
                    mc admin user add store synapse "$SECRET_KEY"
                    mc admin policy attach store ${policy} --user synapse
${isBad ? '      #                                          ^^^^^^^^ error: Nothing creates the policy media-rw in MinIO, so it is not attached\n' : ''}    `;
}
