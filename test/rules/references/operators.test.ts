import assert from 'node:assert/strict';
import pgMainClusterMissing from '../../../rules/postgresql/pg-main-cluster-missing';
import missingConfigMap from '../../../rules/references/reference-missing-configmap';
import missingSecret from '../../../rules/references/reference-missing-secret';
import missingSecretKey from '../../../rules/references/reference-missing-secret-key';
import { messages } from '../expect';

const pod = (name: string, key: string): string => `
#- /pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: matrix}
spec:
  containers:
    - name: app
      image: registry.test/app:1
      env:
        - name: VALUE
          valueFrom: {secretKeyRef: {name: ${name}, key: ${key}}}
`;

/** A Secret of something else: the tree keeps its Secrets itself. */
const others = `
#- /others.yaml
apiVersion: v1
kind: Secret
metadata: {name: others, namespace: matrix}
stringData: {a: x}
`;

/** Settings, which only trees that follow the checklist have. */
const checklist = '#- /matrix-preflight.yaml\nprovided: []\n';

const object = (apiVersion: string, kind: string, name: string, rest = 'spec: {}'): string => `
#- /object.yaml
apiVersion: ${apiVersion}
kind: ${kind}
metadata:
  name: ${name}
  namespace: matrix
${rest}
`;

const found = (source: string): readonly string[] => [
  ...messages(missingSecret, source),
  ...messages(missingSecretKey, source),
];

describe('what programs of the tree make', () => {
  const tree = (change: (text: string) => string = text => text): readonly string[] =>
    messages(
      missingConfigMap,
      change(`
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: maker, namespace: matrix}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: maker, namespace: matrix}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: maker}
subjects: [{kind: ServiceAccount, name: default, namespace: matrix}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: generate, namespace: matrix}
spec:
  template:
    spec:
      restartPolicy: OnFailure
      containers:
        - {name: capture, image: "registry.test/capture:1", args: ["--config-map-name=config"]}
---
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: matrix}
spec:
  containers: [{name: app, image: "registry.test/app:1", volumeMounts: [{name: config, mountPath: /config}]}]
  volumes: [{name: config, configMap: {name: config}}]
`),
    );

  it('is known where they are told the name and may create such objects', () => {
    assert.deepEqual(tree(), []);
    for (const change of [
      (text: string) => text.replace('name=config', 'name=config-2'),
      (text: string) => text.replace('verbs: [create]', 'verbs: [get]'),
      (text: string) => text.replace('resources: [configmaps]', 'resources: [secrets]'),
      (text: string) => text.replace('kind: ServiceAccount, name: default', 'kind: ServiceAccount, name: other'),
      (text: string) =>
        text.replaceAll('namespace: matrix}\nspec:\n  containers', 'namespace: chat}\nspec:\n  containers'),
    ])
      assert.equal(tree(change).length, 1, change.toString());
  });
});

describe('what other operators make', () => {
  it('are the certificates of webhooks that the hook of a chart makes', () => {
    const hook = (words: string): string =>
      object(
        'batch/v1',
        'Job',
        'admission-create',
        `spec: {template: {spec: {containers: [{name: create, image: "registry.k8s.io/ingress-nginx/kube-webhook-certgen:v1.5.0", args: [${words}]}]}}}`,
      );
    const made = 'create, "--namespace=$(POD_NAMESPACE)", --secret-name=admission';
    assert.deepEqual(found(hook(made) + pod('admission', 'cert')), []);
    assert.deepEqual(
      found(hook('create, --secret-name, admission, --cert-name, tls.crt') + pod('admission', 'tls.crt')),
      [],
    );
    assert.equal(found(hook(made) + pod('admission', 'tls.crt')).length, 1);
    assert.equal(found(hook(made.replace('create', 'patch')) + pod('admission', 'cert')).length, 1);
  });

  const zalando = object(
    'acid.zalan.do/v1',
    'postgresql',
    'acid-db',
    'spec: {users: {syn_apse: []}, databases: {matrix: owner}}',
  );
  const credentials = (user: string): string => `${user}.acid-db.credentials.postgresql.acid.zalan.do`;

  it('are the Secrets of users that operators of PostgreSQL make', () => {
    for (const user of ['syn-apse', 'owner', 'postgres'])
      assert.deepEqual(found(zalando + pod(credentials(user), 'password')), []);
    assert.equal(found(zalando + pod(credentials('nobody'), 'password')).length, 1);
    assert.equal(found(zalando + pod(credentials('owner'), 'host')).length, 1);
    const crunchy = (spec: string): string =>
      object('postgres-operator.crunchydata.com/v1beta1', 'PostgresCluster', 'hippo', `spec: ${spec}`);
    assert.deepEqual(found(crunchy('{}') + pod('hippo-pguser-hippo', 'uri')), []);
    assert.deepEqual(found(crunchy('{users: [{name: synapse}]}') + pod('hippo-pguser-synapse', 'uri')), []);
    assert.equal(found(crunchy('{users: [{name: synapse}]}') + pod('hippo-pguser-hippo', 'uri')).length, 1);
  });

  it('are what leads to buckets, queues and other things', () => {
    for (const [source, name, key] of [
      [object('objectbucket.io/v1alpha1', 'ObjectBucketClaim', 'media'), 'media', 'AWS_ACCESS_KEY_ID'],
      [object('objectstorage.k8s.io/v1alpha1', 'BucketAccess', 'media', 'spec: {credentialsSecretName: a}'), 'a', 'b'],
      [object('rabbitmq.com/v1beta1', 'RabbitmqCluster', 'queue'), 'queue-default-user', 'password'],
      [object('kafka.strimzi.io/v1beta2', 'KafkaUser', 'bridge'), 'bridge', 'password'],
      [
        object('rds.example.test/v1', 'Instance', 'db', 'spec: {writeConnectionSecretToRef: {name: db-conn}}'),
        'db-conn',
        'x',
      ],
    ] as const)
      assert.deepEqual(found(source + pod(name, key)), [], name);
    const claim = object('objectbucket.io/v1alpha1', 'ObjectBucketClaim', 'media');
    assert.equal(found(claim + pod('media', 'access-key')).length, 1);
    const fromConfigMap = pod('media', 'BUCKET_HOST').replace('secretKeyRef', 'configMapKeyRef');
    assert.deepEqual(messages(missingConfigMap, claim + fromConfigMap), []);
  });

  it('are values that a generator puts into a Secret', () => {
    const secret = (annotation: string): string =>
      object('v1', 'Secret', 'made', `  annotations: {${annotation}}`).replace('\nspec', '');
    assert.deepEqual(found(secret('secret-generator.v1.mittwald.de/autogenerate: a') + pod('made', 'a')), []);
    assert.equal(found(secret('b: c') + pod('made', 'a')).length, 1);
  });

  it('are the Secrets of the hook of a chart, and perhaps what a Role lets somebody write', () => {
    const job = object(
      'batch/v1',
      'Job',
      'init',
      `spec:
  template:
    spec:
      containers:
        - name: init
          image: ghcr.io/element-hq/ess-helm/matrix-tools:0.5.2
          args: [generate-secrets, -secrets, "made:MACAROON:rand32,made:KEY:signingkey,other:A:rand32"]`,
    );
    assert.deepEqual(found(job + pod('made', 'KEY')), []);
    assert.deepEqual(found(job + pod('other', 'A')), []);
    assert.equal(found(job + pod('other', 'KEY')).length, 1);
    assert.match(found(job + pod('third', 'A') + checklist)[0] ?? '', /^error: /);
    const role = (verbs: string): string =>
      object(
        'rbac.authorization.k8s.io/v1',
        'Role',
        'init',
        `rules: [{apiGroups: [""], resources: [secrets], resourceNames: [made], verbs: ${verbs}}]`,
      );
    assert.match(found(role('[get, update]') + pod('made', 'A') + others + checklist)[0] ?? '', /^warning: /);
    assert.match(found(role('[get, list]') + pod('made', 'A') + others + checklist)[0] ?? '', /^error: /);
  });

  it('may be called after a resource of a kind that is not known', () => {
    const unknown = object('db.tessera.test/v1', 'Database', 'chat');
    assert.match(found(unknown + pod('chat-credentials', 'a'))[0] ?? '', /^warning: Nothing creates the Secret/);
    assert.match(found(unknown + pod('chat', 'a') + others + checklist)[0] ?? '', /^warning: /);
    assert.match(found(unknown + pod('chatter', 'a') + others + checklist)[0] ?? '', /^error: /);
    const known = object('cert-manager.io/v1', 'Issuer', 'chat');
    assert.match(found(known + pod('chat-credentials', 'a') + others + checklist)[0] ?? '', /^error: /);
  });

  it('leave databases of something else alone', () => {
    const other = zalando.replace('namespace: matrix', 'namespace: shop');
    assert.deepEqual(messages(pgMainClusterMissing, other), []);
    assert.equal(messages(pgMainClusterMissing, zalando).length, 1);
    assert.equal(messages(pgMainClusterMissing, other.replaceAll('acid-db', 'acid-synapse')).length, 1);
  });
});
