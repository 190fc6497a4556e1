import { workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Problem, Rule } from '../rule';
import { type Answer, isAllowed, isAllowedBy } from './access';
import { type McCommand, type McSetup, rootUserOf, setupOf } from './mc-admin';
import { clientsOf, isEndpointOf, type S3Client } from './s3-clients';
import { bucketsMadeBy } from './transfers';

export default {
  id: 'minio-client-refused',
  items: [],
  severity: 'error',
  summary: 'A client signs in to MinIO as a user that scripts do not make, or that may not do what the client does.',
  why: 'MinIO answers `InvalidAccessKeyId`, `SignatureDoesNotMatch` or `AccessDenied`: media are not stored, recordings are lost, or no backup is ever written.',
  remedy:
    'Add the user with the same keys as the client has, and attach a policy that allows its actions on its bucket, or `readwrite`.',
  traps: [
    'Only a MinIO without the operator counts, whose users the scripts of pods make by mc. Where a script cannot be read, or one that somebody runs by hand makes users too, nothing is said.',
    'A client that no script makes a user for is a warning, unless one has its keys in part.',
    'Statements with conditions, `NotAction`, `NotResource` or variables may allow anything.',
  ],
  sources: [
    'min.io documentation, Identity and Access Management: a user without a policy may do nothing; minio/pkg policy/statement.go',
    'matrix-org/synapse-s3-storage-provider, s3_storage_provider.py; CloudNativePG documentation, Backup on object stores',
  ],
  examples: { bad: example('s3:GetObject', true), good: example('s3:*Object', false) },
  kinds: workloadKinds.filter(kind => !/Job$/.test(kind)),
  *check(store, workspace) {
    if (!familiesOf(store).has('minio.plain')) return;
    const setup = setupOf(workspace);
    const isHere = setup.commands.some(
      one =>
        (one.kind === 'user' || one.kind === 'account') && isEndpointOf(workspace, one.resource, one.endpoint, store),
    );
    if (setup.isOpen || !isHere) return;
    const root = rootUserOf(workspace, store);
    const made = workloadKinds
      .flatMap(kind => workspace.resources(kind))
      .flatMap(workload => bucketsMadeBy(workspace, workload).map(one => one.bucket));
    for (const client of clientsOf(workspace, store)) {
      if (!client.accessKey || root === undefined || client.accessKey.text === root) continue;
      // A bucket that nobody makes is reported by minio-bucket-missing.
      if (made.length > 0 && !made.includes(client.bucket)) continue;
      yield* problemsOf(setup, store, client);
    }
  },
} satisfies Rule;

function* problemsOf({ commands }: McSetup, store: Resource, client: S3Client): Iterable<Problem> {
  const { title, accessKey, secretKey, bucket } = client;
  const keys = commands.flatMap(one => (one.kind === 'user' || one.kind === 'account' ? [one] : []));
  if (!accessKey || keys.some(one => one.accessKey.text === undefined)) return;
  const own = keys.findLast(one => one.accessKey.text === accessKey.text);
  if (!own) {
    const isSwapped = keys.some(one => one.secretKey.text === accessKey.text);
    const alike = secretKey && keys.find(one => one.secretKey.text === secretKey.text);
    yield {
      at: accessKey.at,
      severity: isSwapped || alike ? 'error' : 'warning',
      message: isSwapped
        ? `mc adds the user of ${inSentence(title)} with the access key and the secret key in each other’s place, so ${store.title} refuses it — write the access key first.`
        : alike
          ? `mc adds the user of ${inSentence(title)} with another access key, so ${store.title} refuses it — write the same on both sides.`
          : `Nothing makes a user with the access key of ${inSentence(title)} in ${store.title} — add it by mc admin user add, or use the keys of one that is made.`,
      related: keys.map(one => ({ at: one.at, message: `${one.resource.title} adds a user` })),
    };
    return;
  }
  if (secretKey && own.secretKey.text !== undefined && own.secretKey.text !== secretKey.text) {
    yield {
      at: secretKey.at,
      message: `mc adds the user of ${inSentence(title)} with another secret key, so ${store.title} refuses it — write the same on both sides.`,
      related: [{ at: own.at, message: `${own.resource.title} adds the user` }],
    };
    return;
  }
  const user = own.kind === 'account' ? own.user.text : own.accessKey.text;
  const attached = user === undefined ? undefined : policiesOf(commands, user);
  if (!attached) return;
  const related = [
    { at: own.at, message: `${own.resource.title} adds the user` },
    ...attached.map(one => ({ at: one.at, message: 'A policy is attached to it' })),
  ];
  if (attached.length === 0) {
    yield {
      at: client.at,
      message: `mc attaches no policy to the user of ${inSentence(title)}, so ${store.title} refuses all that it does in ${bucket} — attach one by mc admin policy attach.`,
      related,
    };
    return;
  }
  const missing = client.needs.filter(action => answerOf(attached, action, bucket) === 'no');
  if (missing.length === 0) return;
  yield {
    at: client.at,
    message: `${title} needs ${list(missing)} in the bucket ${bucket}, which no policy of its user allows (${list(attached.map(one => one.name))}) — allow ${missing.length === 1 ? 'it' : 'them'} there, or attach another policy.`,
    related,
  };
}

/** A policy that a user has. */
interface Attached {
  readonly name: string;
  readonly at: Place;
  readonly root: Value | undefined;
}

/** The policies of a user and of its groups; undefined where one is not known. */
function policiesOf(commands: readonly McCommand[], user: string): readonly Attached[] | undefined {
  const groups = commands.flatMap(one =>
    one.kind === 'group' && one.members.some(member => member.text === user) ? [one.name.text] : [],
  );
  const attached: Attached[] = [];
  for (const one of commands) {
    if (one.kind !== 'attach') continue;
    if (one.name.text === undefined) return undefined;
    if (one.to === 'user' ? one.name.text !== user : !groups.includes(one.name.text)) continue;
    for (const { text, at } of one.policies) {
      const made = commands.findLast(other => other.kind === 'policy' && other.name.text === text);
      const root = made?.kind === 'policy' ? made.policy?.root : undefined;
      if (text === undefined || (!root && isAllowedBy(text, 's3:GetObject') === undefined)) return undefined;
      attached.push({ name: text, at, root });
    }
  }
  return attached;
}

function answerOf(attached: readonly Attached[], action: string, bucket: string): Answer {
  const own = isAllowed(
    attached.flatMap(({ root }) => root ?? []),
    action,
    bucket,
  );
  const others = attached.flatMap(({ root, name }) => (root ? [] : (isAllowedBy(name, action) ?? [])));
  return own !== 'no' ? own : others.includes('yes') ? 'yes' : 'no';
}

function inSentence(title: string): string {
  return title.replace(/^The /, 'the ');
}

function list(names: readonly string[]): string {
  return [names.slice(0, -1).join(', '), names.at(-1)].filter(Boolean).join(' and ');
}

function example(action: string, isBad: boolean): string {
  return `
      #- /store.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: minio
        namespace: matrix
      spec:
        selector:
          app: minio
        ports:
          - port: 9000
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: minio
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app: minio
        template:
          metadata:
            labels:
              app: minio
          spec:
            containers:
              - name: minio
                image: minio/minio:RELEASE.2024-11-07T00-52-20Z
                env:
                  - name: MINIO_ROOT_USER
                    value: warden
      #- /backup.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: s3
        namespace: matrix
      stringData:
        access-key: archiver
        secret-key: ty7ui9op1as3df5gh7jk
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        backup:
          barmanObjectStore:
            destinationPath: s3://backups/main
${isBad ? '      #                           ^^^^^^^ error: The backup of Cluster matrix-postgresql needs s3:PutObject in the bucket backups, which no policy of its user allows (backups)\n' : ''}            endpointURL: http://minio:9000
            s3Credentials:
              accessKeyId:
                name: s3
                key: access-key
              secretAccessKey:
                name: s3
                key: secret-key
      #- /users.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: policies
        namespace: matrix
      data:
        backups.json: |
          {
            "Version": "2012-10-17",
            "Statement": [
              {
                "Effect": "Allow",
                "Action": ["${action}", "s3:ListBucket"],
                "Resource": ["arn:aws:s3:::backups", "arn:aws:s3:::backups/*"]
              }
            ]
          }
      ---
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
                    mc alias set store http://minio:9000 warden "$ROOT_PASSWORD"
                    mc admin user add store archiver "$SECRET_KEY"
                    mc admin policy create store backups /policies/backups.json
                    mc admin policy attach store backups --user archiver
                env:
                  - name: SECRET_KEY
                    valueFrom:
                      secretKeyRef:
                        name: s3
                        key: secret-key
                volumeMounts:
                  - name: policies
                    mountPath: /policies
            volumes:
              - name: policies
                configMap:
                  name: policies
    `;
}
