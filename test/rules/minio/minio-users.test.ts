import assert from 'node:assert/strict';
import { isAllowed } from '../../../rules/minio/access';
import clientRefused from '../../../rules/minio/minio-client-refused';
import setupFails from '../../../rules/minio/minio-user-setup-fails';
import remoteUndefined from '../../../rules/minio/rclone-remote-undefined';
import { check, workspaceOf } from '../../fixture';

const setup = [
  'mc admin policy create store media /policies/media.json',
  'mc admin user add store "$ACCESS_KEY" "$SECRET_KEY"',
  'mc admin policy attach store media --user "$ACCESS_KEY"',
];

describe('users of MinIO that mc makes', () => {
  it('are those that clients sign in as', () => {
    assert.deepEqual(found(), []);
    assert.match(one({ key: 'other' }), /^error: mc adds the user of Synapse with another access key/);
    assert.match(one({ secret: 'other-secret-of-synapse' }), /^error: mc adds the user of Synapse with another secret/);
    assert.match(
      one({ key: 'other', secret: 'other-secret-of-synapse' }),
      /^warning: Nothing makes a user with the access key of Synapse in StatefulSet\/minio/,
    );
    assert.deepEqual(found({ key: 'warden' }), []);
  });

  it('need a policy that allows what the client does', () => {
    assert.match(one({ commands: setup.slice(0, 2) }), /^error: mc attaches no policy to the user of Synapse/);
    assert.match(
      one({ actions: '"s3:GetObject"' }),
      /^error: Synapse needs s3:PutObject in the bucket media, which no policy of its user allows \(media\)/,
    );
    assert.match(one({ resource: 'arn:aws:s3:::medias/*' }), /needs s3:PutObject and s3:GetObject in the bucket media/);
    assert.match(one({ resource: 'arn:aws:s3:::media' }), /needs s3:PutObject and s3:GetObject/);
    assert.match(one({ commands: attached('readonly') }), /needs s3:PutObject .*\(readonly\)/);
    for (const name of ['readwrite', 'consoleAdmin']) assert.deepEqual(found({ commands: attached(name) }), [], name);
    assert.deepEqual(found({ resource: 'arn:aws:s3:::*' }), []);
    assert.deepEqual(found({ resource: 'arn:aws:s3:::media/of-synapse/*' }), [], 'a part may be all that is used');
  });

  it('get policies through groups and service accounts', () => {
    const group = 'mc admin group add store writers "$ACCESS_KEY"';
    const toGroup = 'mc admin policy attach store media -g writers';
    assert.deepEqual(found({ commands: [...setup.slice(0, 2), group, toGroup] }), []);
    assert.deepEqual(found({ commands: [...setup.slice(0, 2), toGroup] }), [
      'error: mc attaches no policy to the user of Synapse, so StatefulSet/minio refuses all that it does in media — attach one by mc admin policy attach.',
      'error: Nobody is in the group writers of MinIO, so no policy is attached to it — add users by mc admin group add.',
    ]);
    const account = [
      setup[0] ?? '',
      'mc admin user add store app some-other-secret',
      'mc admin user svcacct add store app --access-key "$ACCESS_KEY" --secret-key "$SECRET_KEY"',
      'mc admin policy attach store media --user app',
    ];
    assert.deepEqual(found({ commands: account }), []);
    assert.match(one({ commands: account.slice(0, 3) }), /attaches no policy/);
  });

  it('are unknown where a script cannot be read, or somebody makes them by hand', () => {
    const key = 'other';
    assert.deepEqual(found({ key, commands: [...setup, 'mc admin user add store "$(cat /run/user)" x'] }), []);
    assert.deepEqual(found({ key, commands: ['mc mb store/media'] }), []);
    assert.deepEqual(found({ key, commands: [...setup, 'mc admin idp openid add store x'] }), []);
    assert.deepEqual(found({ key, more: '#- /users.sh\nmc admin user add store other "$1"\n' }), []);
    const rewritten = ['a', 'media'].flatMap(bucket => [
      `echo '{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::${bucket}/*"}]}' > /tmp/p.json`,
      `mc admin policy create store ${bucket} /tmp/p.json`,
    ]);
    assert.deepEqual(found({ commands: [...rewritten, ...setup.slice(1)] }), []);
  });

  it('are made by commands and policies that MinIO takes', () => {
    assert.match(
      one({ commands: attached('medai') }),
      /^error: Nothing creates the policy medai .* did you mean media\?/,
    );
    assert.match(
      one({ commands: [...setup, 'mc admin policy attach store media --user nobody'] }),
      /^error: Nothing adds the user nobody to MinIO/,
    );
    assert.match(one({ actions: '"s3:*",' }), /^error: MinIO refuses the policy \/policies\/media.json: it is no JSON/);
    assert.match(
      one({ actions: '"s3:*", "s3:PutObjects"' }),
      /does not know the action s3:PutObjects — write s3:PutObject/,
    );
    assert.match(one({ actions: '"s3:*", "s3:SomethingNew"' }), /^warning/);
    assert.match(one({ resource: 'media/*' }), /the resource media\/\* is no ARN/);
    const old = [setup[0]?.replace('create', 'add') ?? '', ...setup.slice(1)];
    assert.match(one({ commands: old }), /^error: mc admin policy add is gone from mc since March 2023/);
    assert.deepEqual(found({ commands: old, release: 'RELEASE.2022-10-29T10-09-23Z' }), []);
    assert.match(one({ root: '"$ACCESS_KEY"' }), /^error: mc signs in to StatefulSet\/minio with the keys of a user/);
    assert.deepEqual(
      found({ commands: setup.map(line => line.replace(' store ', ' stroe ')) }, [remoteUndefined]).map(message =>
        message.replace(/ —.*/, ''),
      ),
      setup.map(() => 'error: mc has no alias stroe in container mc, so the command fails'),
    );
  });

  it('say nothing of statements with conditions', () => {
    const policy = (statements: string): string =>
      isAllowed([documentOf(`{"Statement": [${statements}]}`)], 's3:PutObject', 'media');
    const allow = '"Action": "s3:Put*", "Resource": "arn:aws:s3:::media/*"';
    assert.equal(policy(`{"Effect": "Allow", ${allow}}`), 'yes');
    assert.equal(policy(`{"Effect": "Allow", ${allow}, "Condition": {}}`), 'unknown');
    assert.equal(policy(`{"Effect": "Allow", ${allow}}, {"Effect": "Deny", ${allow}}`), 'no');
    assert.equal(policy(`{"Effect": "Allow", ${allow}}, {"Effect": "Deny", ${allow}, "Condition": {}}`), 'unknown');
    assert.equal(policy(`{"Effect": "Allow", "NotAction": "s3:Get*", "Resource": "arn:aws:s3:::media/*"}`), 'unknown');
  });
});

function attached(policy: string): readonly string[] {
  return [...setup.slice(0, 2), `mc admin policy attach store ${policy} --user "$ACCESS_KEY"`];
}

function documentOf(text: string) {
  const workspace = workspaceOf(
    new Map([['a.yaml', `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: ${text}\n`]]),
  );
  const root = workspace.resources('Pod')[0]?.root.at('spec');
  assert.ok(root);
  return root;
}

interface Options {
  readonly key?: string;
  readonly secret?: string;
  readonly commands?: readonly string[];
  readonly actions?: string;
  readonly resource?: string;
  readonly release?: string;
  readonly root?: string;
  readonly more?: string;
}

function one(options: Options): string {
  const all = found(options).filter(message => !/needs s3|attaches no/.test(message) || found(options).length === 1);
  assert.equal(all.length, 1, all.join('\n'));
  return all[0] ?? '';
}

function found(options: Options = {}, rules = [clientRefused, setupFails]): readonly string[] {
  const {
    key = 'synapse-writer',
    secret = 'secret-of-synapse',
    commands = setup,
    actions = '"s3:*Object"',
    resource = 'arn:aws:s3:::media/*',
    release = 'RELEASE.2024-11-05T11-29-45Z',
    root = 'warden',
    more = '',
  } = options;
  const source = `#- /store.yaml
apiVersion: v1
kind: Service
metadata: {name: minio, namespace: matrix}
spec: {selector: {app: minio}, ports: [{port: 9000}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: minio, namespace: matrix}
spec:
  selector: {matchLabels: {app: minio}}
  template:
    metadata: {labels: {app: minio}}
    spec:
      containers:
        - name: minio
          image: minio/minio:RELEASE.2024-11-07T00-52-20Z
          env: [{name: MINIO_ROOT_USER, value: warden}]
#- /users.yaml
apiVersion: v1
kind: Secret
metadata: {name: s3, namespace: matrix}
stringData: {access: synapse-writer, secret: secret-of-synapse}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: policies, namespace: matrix}
data:
  media.json: |
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [${actions}], "Resource": ["${resource}"]}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: users, namespace: matrix}
spec:
  template:
    spec:
      volumes: [{name: policies, configMap: {name: policies}}]
      containers:
        - name: mc
          image: minio/mc:${release}
          volumeMounts: [{name: policies, mountPath: /policies}]
          env:
            - {name: ACCESS_KEY, valueFrom: {secretKeyRef: {name: s3, key: access}}}
            - {name: SECRET_KEY, valueFrom: {secretKeyRef: {name: s3, key: secret}}}
          command:
            - sh
            - -c
            - |
              mc alias set store http://minio:9000 ${root} "$ROOT_PASSWORD"
${commands.map(line => `              ${line}`).join('\n')}
#- /synapse.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: synapse, namespace: matrix}
data:
  homeserver.yaml: |
    media_storage_providers:
      - module: s3_storage_provider.S3StorageProviderBackend
        store_local: true
        config:
          bucket: media
          endpoint_url: http://minio:9000
          access_key_id: ${key}
          secret_access_key: ${secret}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: synapse, namespace: matrix}
spec:
  template:
    spec:
      volumes: [{name: config, configMap: {name: synapse}}]
      containers:
        - name: synapse
          image: matrixdotorg/synapse:v1.139.2
          env: [{name: SYNAPSE_CONFIG_PATH, value: /config/homeserver.yaml}]
          volumeMounts: [{name: config, mountPath: /config}]
${more}`;
  return check(source, rules).findings.map(({ severity, problem }) => `${severity}: ${problem.message}`);
}
