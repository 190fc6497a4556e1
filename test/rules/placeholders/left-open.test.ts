import assert from 'node:assert/strict';
import { credentialPlaces } from '../../../analysis/credentials/places';
import unsubstituted from '../../../rules/config/config-placeholder-unsubstituted';
import { LiveFindings } from '../../../rules/live';
import placeholderConfig from '../../../rules/placeholders/placeholder-config';
import placeholderDomain from '../../../rules/placeholders/placeholder-domain';
import placeholderImage from '../../../rules/placeholders/placeholder-image';
import placeholderSecret from '../../../rules/placeholders/placeholder-secret';
import keyMissing from '../../../rules/references/reference-missing-secret-key';
import type { Rule } from '../../../rules/rule';
import notBase64 from '../../../rules/secrets/secret-data-not-base64';
import emptyValue from '../../../rules/secrets/secret-empty-value';
import weakValue from '../../../rules/secrets/secret-weak-value';
import duplicate from '../../../rules/yaml/duplicate-resource';
import { readFixture, uriOf, workspaceOf } from '../../fixture';
import { messages } from '../expect';

describe('placeholders in files that are examples by name', () => {
  const open: ReadonlyMap<Rule, string> = new Map<Rule, string>([
    [placeholderSecret, 'kind: Secret\nmetadata: {name: db, namespace: matrix}\nstringData: {password: CHANGE_ME}'],
    [placeholderConfig, 'kind: ConfigMap\nmetadata: {name: db, namespace: matrix}\ndata: {token: CHANGE_ME}'],
    [
      placeholderDomain,
      'kind: Secret\nmetadata: {name: db, namespace: matrix}\nstringData: {url: "https://matrix.example.com"}',
    ],
    [
      placeholderImage,
      'kind: Pod\nmetadata: {name: db, namespace: matrix}\nspec: {containers: [{name: a, image: "your-registry/a:1"}]}',
    ],
  ]);

  it('are meant to be open', () => {
    for (const [rule, text] of open) {
      const of = (path: string): number => messages(rule, `#- /${path}\napiVersion: v1\n${text}\n`).length;
      for (const path of ['app.yaml', 'examples.yaml', 'example.yaml', 'distribution.yaml', 'a/example/app.yaml'])
        assert.equal(of(path), 1, `${rule.id} ${path}`);
      for (const path of [
        'app.example.yaml',
        'a/app-sample.yml',
        'app_example.yaml',
        'example-app.yaml',
        'app.dist.yaml',
      ])
        assert.equal(of(path), 0, `${rule.id} ${path}`);
    }
  });

  it('are not open where a kustomization takes them in or a script applies them', () => {
    const of = (rule: Rule, text: string, rest: string): number =>
      messages(rule, `#- /k8s/db.example.yaml\napiVersion: v1\n${text}\n#- /${rest}`).length;
    for (const [rule, text] of open) {
      // Domains are gathered of all objects at once, so what deploys them is not asked there.
      if (rule === placeholderDomain) continue;
      assert.equal(of(rule, text, 'k8s/kustomization.yaml\nresources: [db.example.yaml]\n'), 1, rule.id);
      assert.equal(of(rule, text, 'k8s/kustomization.yaml\nresources: [db.yaml]\n'), 0, rule.id);
      assert.equal(of(rule, text, 'deploy.sh\nkubectl apply -f k8s/db.example.yaml\n'), 1, rule.id);
      assert.equal(of(rule, text, 'deploy.sh\nkubectl delete -f k8s/db.example.yaml\n'), 0, rule.id);
      assert.equal(of(rule, text, 'deploy.sh\nkubectl apply -f other/db.example.yaml\n'), 0, rule.id);
      assert.equal(
        of(rule, text, 'deploy.sh\nsed s/CHANGE_ME/x/ k8s/db.example.yaml | kubectl apply -f -\n'),
        0,
        rule.id,
      );
      assert.equal(of(rule, text, 'README.md\n```sh\nkubectl apply -f k8s/db.example.yaml\n```\n'), 0, rule.id);
    }
  });

  it('are seen to be taken in while the kustomization is edited', () => {
    const secret = [...open.values()][0];
    const source = `#- /k8s/db.example.yaml\napiVersion: v1\n${secret}\n#- /k8s/kustomization.yaml\nresources: [db.yaml]\n`;
    const workspace = workspaceOf(readFixture(source).files);
    const live = new LiveFindings(workspace, [placeholderSecret], {}, () => undefined);
    for (const file of workspace.files) live.apply({ file, removed: [], added: file.documents });
    live.start();
    const found = (resources: string): number => {
      const file = workspace.file(uriOf('k8s/kustomization.yaml'));
      assert.ok(file);
      live.apply(workspace.update(file.uri, file.path, `resources: [${resources}]\n`));
      return live.all().length;
    };
    assert.equal(live.all().length, 0);
    assert.equal(found('db.yaml, db.example.yaml'), 1);
    assert.equal(found('db.yaml'), 0);
  });

  it('stand beside the file that has been made of them, which is no duplicate', () => {
    const secret = (path: string, password: string): string => `#- /${path}
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: matrix}
stringData: {password: ${password}}
`;
    const of = (path: string): number =>
      messages(duplicate, secret('secret.yaml', 'Kq7VmX2kLz9') + secret(path, 'CHANGE_ME')).length;
    assert.equal(of('secret.example.yaml'), 0);
    assert.ok(of('secret2.yaml') > 0);
  });

  it('say nothing of the keys that the Secret beside them has', () => {
    const secret = (path: string, data: string): string => `#- /${path}
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: matrix}
data: {${data}}
`;
    const pod = `#- /pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: matrix}
spec:
  containers:
    - name: db
      image: postgres:16
      env: [{name: POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: db, key: password}}}]
`;
    const real = secret('secret.yaml', 'password: S3E3Vm1YMmtMejk=');
    const of = (rule: Rule, source: string): number => messages(rule, source).length;
    assert.equal(of(keyMissing, pod + real + secret('secret.example.yaml', 'user: bWF0cml4')), 0);
    assert.equal(of(keyMissing, pod + secret('secret.example.yaml', 'user: bWF0cml4')), 1);
    for (const [rule, data] of [
      [notBase64, 'password: "<base64 of the password>"'],
      [emptyValue, 'password: ""'],
      [weakValue, 'password: cGFzc3dvcmQ='],
    ] as const) {
      assert.equal(of(rule, secret('secret.yaml', data)), 1, rule.id);
      assert.equal(of(rule, secret('secret.example.yaml', data)), 0, rule.id);
    }
    assert.equal(credentialPlaces(workspaceOf(readFixture(real).files)).length, 1);
    const example = secret('secret.example.yaml', 'password: ""');
    assert.equal(credentialPlaces(workspaceOf(readFixture(example).files)).length, 0);
  });
});

describe('placeholders that nothing reads', () => {
  const config = (rule: Rule, text: string): readonly string[] =>
    messages(
      rule,
      `
apiVersion: v1
kind: ConfigMap
metadata: {name: synapse, namespace: matrix}
data:
  homeserver.yaml: |
    server_name: tessera.test
${text.replaceAll(/^/gm, '    ')}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: synapse, namespace: matrix}
spec:
  template:
    spec:
      containers:
        - name: synapse
          image: matrixdotorg/synapse:v1.139.2
          volumeMounts: [{name: config, mountPath: /data/homeserver.yaml, subPath: homeserver.yaml}]
      volumes: [{name: config, configMap: {name: synapse}}]
`,
    ).map(message => message.split(' ')[1] ?? '');
  const captcha = 'recaptcha_public_key: "CHANGE_ME"\nrecaptcha_private_key: "CHANGE_ME"';

  it('are none where Synapse asks no CAPTCHA and names no TURN server', () => {
    assert.deepEqual(config(placeholderConfig, `enable_registration_captcha: false\n${captcha}`), []);
    assert.deepEqual(config(placeholderConfig, `enable_registration_captcha: true\n${captcha}`), [
      'CHANGE_ME',
      'CHANGE_ME',
    ]);
    assert.equal(config(placeholderConfig, captcha).length, 2);
    const turn = 'turn_shared_secret: "CHANGE_ME"';
    assert.deepEqual(config(placeholderConfig, `turn_uris: []\n${turn}`), []);
    assert.equal(config(placeholderConfig, `turn_uris: ["turn:turn.tessera.test:3478"]\n${turn}`).length, 1);
    assert.equal(config(placeholderConfig, turn).length, 1);
    assert.equal(config(placeholderConfig, 'turn_uris: []\nform_secret: "CHANGE_ME"').length, 1);
    assert.deepEqual(config(unsubstituted, 'turn_uris: []\nturn_shared_secret: "${TURN_SECRET}"'), []);
    assert.equal(config(unsubstituted, 'turn_uris: ["turn:a.test"]\nturn_shared_secret: "${TURN_SECRET}"').length, 1);
  });

  it('are none in a Secret, for a domain and in the values of a chart either', () => {
    const stores = (isEnabled: boolean): string => `#- /secret.yaml
apiVersion: v1
kind: Secret
metadata: {name: repo, namespace: matrix}
stringData:
  stores.yaml: |
    datastores:
      - {type: file, enabled: true, opts: {path: /data}}
      - {type: s3, enabled: ${isEnabled}, opts: {bucketName: "your-media-bucket", endpoint: s3.example.com}}
`;
    for (const rule of [placeholderSecret, placeholderDomain])
      assert.deepEqual([messages(rule, stores(true)).length, messages(rule, stores(false)).length], [1, 0]);
    const values = (isEnabled: boolean): string => `#- /install.sh
helm install synapse charts/synapse -n matrix -f values.yaml
#- /values.yaml
mail: {enabled: ${isEnabled}, host: mail.example.com, password: CHANGE_ME}
`;
    for (const rule of [placeholderConfig, placeholderDomain])
      assert.deepEqual([messages(rule, values(true)).length, messages(rule, values(false)).length], [1, 0]);
  });

  it('are none in the list of application services that matrix-media-repo is told not to read', () => {
    const tokens = (isRead: boolean): readonly string[] =>
      config(
        placeholderDomain,
        `accessTokens:\n  useLocalAppserviceConfig: ${isRead}\n  appservices: [{senderUserId: "@bridge:yourdomain.com"}]`,
      );
    assert.deepEqual([tokens(true).length, tokens(false).length], [1, 0]);
    const shared = (isEnabled: boolean): readonly string[] =>
      config(placeholderConfig, `shared:\n  enabled: ${isEnabled}\n  token: "PutSomeRandomSecureValueHere"`);
    assert.deepEqual([shared(true).length, shared(false).length], [1, 0]);
  });

  it('are none below what is not enabled', () => {
    const email = (isEnabled: string): readonly string[] =>
      config(placeholderConfig, `password_config:\n  ${isEnabled}\n  pepper: "CHANGE_ME"\nform_secret: "CHANGE_ME"`);
    assert.equal(email('enabled: false').length, 1);
    assert.equal(email('enabled: true').length, 2);
    assert.equal(email('localdb_enabled: false').length, 2);
    const oidc =
      'oidc_providers:\n  - {idp_id: a, enabled: false, client_secret: CHANGE_ME}\n  - {client_secret: CHANGE_ME}';
    assert.equal(config(placeholderConfig, oidc).length, 1);
  });
});
