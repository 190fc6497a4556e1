import assert from 'node:assert/strict';
import { credentialPlaces } from '../../../analysis/credentials/places';
import livekitConfig from '../../../rules/livekit/livekit-config-not-substituted';
import placeholderConfig from '../../../rules/placeholders/placeholder-config';
import placeholderImage from '../../../rules/placeholders/placeholder-image';
import placeholderSecret from '../../../rules/placeholders/placeholder-secret';
import redisNotApplied from '../../../rules/redis/redis-password-not-applied';
import type { Rule } from '../../../rules/rule';
import notBase64 from '../../../rules/secrets/secret-data-not-base64';
import turnNotApplied from '../../../rules/turn/turn-static-secret-not-applied';
import { readFixture, workspaceOf } from '../../fixture';
import { messages } from '../expect';

const tree = (token: string, script: string): string => `
#- /manifests/secret.yaml
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: matrix}
stringData: {password: "${token}"}
#- /manifests/config.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: db, namespace: matrix}
data: {host: "${token}"}
#- /deploy.sh
${script}
`;

const secrets = (token: string, script: string): number => messages(placeholderSecret, tree(token, script)).length;

describe('placeholders that a script fills in', () => {
  it('are none where sed replaces them in their file on the way to kubectl', () => {
    for (const token of ['@DB_PASSWORD@', '__DB_PASSWORD__', 'DB_PASSWORD_PLACEHOLDER', 'CHANGEME_DB']) {
      for (const script of [
        `sed "s|${token}|\${P}|g" manifests/secret.yaml | kubectl apply -f -`,
        `sed -e 's#a#b#' \\\n  -e "s#${token}#$P#" manifests/secret.yaml | kubectl apply -f -`,
        `sed -i "s/${token}/$P/" manifests/*.yaml\nkubectl apply -f manifests`,
        `for f in manifests/*; do sed "s/${token}/$P/" "$f" | kubectl apply -f -; done`,
      ])
        assert.equal(secrets(token, script), 0, script);
    }
    const script = 'sed "s|CHANGEME_DB|${P}|g" manifests/config.yaml | kubectl apply -f -';
    assert.deepEqual(messages(placeholderConfig, tree('CHANGEME_DB', script)), []);
  });

  it('are none in what LiveKit, Redis, Sentinel and coturn read either', () => {
    const program = (image: string, command: string, file: string, text: string): string => `
#- /manifests/program.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: program, namespace: matrix}
data:
  ${file}: |
    ${text.replaceAll('\n', '\n    ')}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: program, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: program}}
    spec:
      containers:
        - name: program
          image: ${image}
          command: [${command}, /conf/${file}]
          env: [{name: DB, valueFrom: {secretKeyRef: {name: db, key: password}}}]
          volumeMounts: [{name: conf, mountPath: /conf}]
      volumes: [{name: conf, configMap: {name: program}}]
`;
    const programs: readonly (readonly [Rule, string])[] = [
      [
        livekitConfig,
        program('livekit/livekit-server:v1.8.0', '/livekit-server, --config', 'livekit.yaml', 'keys:\n  a: {{DB}}b'),
      ],
      [redisNotApplied, program('redis:7.4', 'redis-server', 'redis.conf', 'requirepass __DB__')],
      [
        turnNotApplied,
        program('coturn/coturn:4.6', 'turnserver, -c', 'turnserver.conf', 'use-auth-secret\nstatic-auth-secret=__DB__'),
      ],
    ];
    for (const [rule, source] of programs) {
      const found = (script: string): readonly string[] => messages(rule, `${source}#- /deploy.sh\n${script}\n`);
      assert.equal(
        found('kubectl apply -f manifests').filter(one => one.includes('is still there')).length,
        1,
        rule.id,
      );
      const token = source.includes('__DB__') ? '__DB__' : '{{DB}}';
      assert.deepEqual(
        found(`sed -i "s/${token}/$DB/" manifests/program.yaml\nkubectl apply -f manifests`),
        [],
        rule.id,
      );
    }
  });

  it('stay what they are otherwise', () => {
    for (const script of [
      'kubectl apply -f manifests',
      'sed "s|CHANGEME_OTHER|${P}|g" manifests/secret.yaml | kubectl apply -f -',
      'sed "s|CHANGEME_DB|${P}|g" manifests/config.yaml | kubectl apply -f -',
      '# sed "s|CHANGEME_DB|${P}|g" manifests/secret.yaml\nkubectl apply -f manifests',
      'sed "s|CHANGEME_DB|${P}|g" manifests/secret.yaml > /dev/null',
    ])
      assert.equal(secrets('CHANGEME_DB', script), 1, script);
  });
});

describe('a placeholder under the keys of LiveKit', () => {
  const livekit = (config: string, variable: string): string => `
#- /livekit.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: livekit, namespace: matrix}
data:
  livekit.yaml: |
${config}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: livekit, namespace: matrix}
spec:
  template:
    spec:
      containers:
        - name: livekit
          image: livekit/livekit-server:v1.8.0
          args: [--config, /etc/livekit/livekit.yaml]
          env: [{name: ${variable}, valueFrom: {secretKeyRef: {name: livekit, key: keys}}}]
          volumeMounts: [{name: config, mountPath: /etc/livekit}]
      volumes: [{name: config, configMap: {name: livekit}}]
`;
  const keys = '    port: 7880\n    keys:\n      # From the variable\n      CHANGEME: CHANGEME';
  const count = (source: string): number => messages(placeholderConfig, source).length;

  it('is never read where LIVEKIT_KEYS is given', () => {
    assert.equal(count(livekit(keys, 'LIVEKIT_KEYS')), 0);
    assert.equal(count(livekit(keys, 'LIVEKIT_REGION')), 2);
  });

  it('is one elsewhere in that file', () => {
    assert.equal(count(livekit(`${keys}\n    region: CHANGEME`, 'LIVEKIT_KEYS')), 1);
    assert.equal(count(livekit('    keys: {}\n    turn:\n      domain: CHANGEME', 'LIVEKIT_KEYS')), 1);
  });
});

describe('a variable in an image', () => {
  it('is filled in where it is one that a pipeline sets in each run', () => {
    const found = (name: string): number =>
      messages(
        placeholderImage,
        `
        #- /app.yaml
        apiVersion: v1
        kind: Pod
        metadata: {name: app, namespace: web}
        spec: {containers: [{name: app, image: "registry.test/app:\${${name}}"}]}
        `,
      ).length;
    for (const name of ['CI_COMMIT_SHORT_SHA', 'CI_REGISTRY_IMAGE', 'GITHUB_SHA', 'BUILD_NUMBER', 'CIRCLE_SHA1'])
      assert.equal(found(name), 0, name);
    for (const name of ['TAG', 'APP_VERSION', 'CI_TAG', 'BUILD']) assert.equal(found(name), 1, name);
  });
});

describe('placeholders in annotations', () => {
  it('count where a program reads the annotation, on pods as on other objects', () => {
    const annotated = (annotation: string): readonly string[] =>
      messages(
        placeholderConfig,
        `
apiVersion: apps/v1
kind: Deployment
metadata: {name: turn, namespace: matrix}
spec:
  template:
    metadata:
      annotations: {${annotation}}
    spec: {containers: [{name: turn, image: "coturn/coturn:4.6.2"}]}
`,
      );
    assert.deepEqual(annotated('checksum/secret: replace-me-or-restart-by-hand'), []);
    assert.equal(annotated('vault.hashicorp.com/role: CHANGE_ME').length, 1);
  });
});

describe('placeholders of the Vault plugin of Argo CD', () => {
  const secret = (annotations: string): number =>
    messages(
      placeholderSecret,
      `
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: matrix, annotations: {${annotations}}}
stringData: {password: "<db-password>"}
`,
    ).length;

  it('are filled in from the path that an annotation names, unless another switches that off', () => {
    assert.equal(secret('avp.kubernetes.io/path: kv/data/matrix'), 0);
    assert.equal(secret('avp.kubernetes.io/path: kv/data/matrix, avp.kubernetes.io/ignore: "true"'), 1);
    assert.equal(secret(''), 1);
  });

  it('are no places for generated credentials and no damaged base64, nor is what SOPS has encrypted', () => {
    const places = (annotation: string, value: string): number => {
      const text = `
#- /secret.yaml
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: matrix, annotations: {${annotation}}}
stringData: {password: "${value}"}
#- /config.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: db, namespace: matrix, annotations: {${annotation}}}
data: {DB_PASSWORD: "${value}"}
`;
      return credentialPlaces(workspaceOf(readFixture(text).files)).length;
    };
    const path = 'avp.kubernetes.io/path: kv/data/matrix';
    assert.equal(places('', '<db-password>'), 2);
    assert.equal(places(path, '<db-password>'), 0);
    assert.equal(places(path, 'CHANGEME_DB'), 2);
    assert.equal(places('', 'ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]'), 0);
    assert.equal(places('', '<path:kv/data/matrix#db>'), 0);
    assert.equal(places('', '<secret:/kv/data/matrix~db>'), 0);
    const encoded = (annotation: string): number =>
      messages(
        notBase64,
        `
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: matrix, annotations: {${annotation}}}
data: {password: "<db-password>"}
`,
      ).length;
    assert.deepEqual([encoded(''), encoded(path)], [1, 0]);
  });
});
