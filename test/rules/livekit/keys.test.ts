import assert from 'node:assert/strict';
import fileMode from '../../../rules/config/mounted-file-mode';
import configInvalid from '../../../rules/livekit/livekit-config-invalid';
import configNotSubstituted from '../../../rules/livekit/livekit-config-not-substituted';
import type { Rule } from '../../../rules/rule';
import groupMismatch from '../../../rules/secrets/secret-group-mismatch';
import inPlainConfig from '../../../rules/secrets/secret-in-plain-config';
import weakValue from '../../../rules/secrets/secret-weak-value';
import { fixed, messages } from '../expect';

interface Tree {
  readonly keys?: string;
  readonly variable?: string;
  readonly args?: string;
  readonly volume?: string;
}

function of(tree: Tree, rule: Rule = configNotSubstituted): readonly string[] {
  return messages(rule, source(tree));
}

function source({ keys = '', variable, args = '[--config, /etc/livekit/livekit.yaml]', volume = '' }: Tree): string {
  const given = variable === undefined ? '' : `            - {name: LIVEKIT_KEYS, value: "${variable}"}`;
  return `
#- /livekit.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: livekit, namespace: matrix}
data:
  livekit.yaml: |
    port: 7880
    ${keys}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: livekit, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: livekit}}
    spec:
      containers:
        - name: livekit
          image: livekit/livekit-server:v1.8.0
          args: ${args}
          env:
            - {name: API_KEY, valueFrom: {secretKeyRef: {name: livekit, key: API_KEY}}}
            - {name: API_SECRET, valueFrom: {secretKeyRef: {name: livekit, key: API_SECRET}}}
${given}
          volumeMounts: [{name: config, mountPath: /etc/livekit}, {name: keys, mountPath: /keys}]
      volumes:
        - {name: config, configMap: {name: livekit}}
        - name: keys
          secret:
            secretName: keys
            ${volume}
`;
}

describe('the keys of LiveKit', () => {
  const missing =
    'error: Nothing gives LiveKit the keys that clients are let in with, and it does not start without — write them under keys, or into LIVEKIT_KEYS.';

  it('have to come from somewhere', () => {
    assert.deepEqual(of({}), [missing]);
    assert.deepEqual(of({ variable: '$(API_KEY): $(API_SECRET)' }), []);
    assert.deepEqual(of({ keys: 'key_file: /keys/keys.yaml' }), []);
    assert.deepEqual(of({ args: '[--config, /etc/livekit/livekit.yaml, --key-file, /keys/keys.yaml]' }), []);
    assert.deepEqual(of({ args: '[--config, /elsewhere/livekit.yaml]' }), []);
    assert.deepEqual(of({ args: '[--dev, --config, /etc/livekit/livekit.yaml]' }), []);
    // What is mounted is read when it is named, and LIVEKIT_API_KEY is for clients.
    assert.match(of({ args: '[]' })[0] ?? '', /name its configuration with --config, or write them into LIVEKIT_KEYS/);
    assert.deepEqual(of({ args: '[]', variable: '$(API_KEY): $(API_SECRET)' }), []);
  });

  it('have a colon after the name', () => {
    const keys = (text: string): readonly string[] => of({ variable: text }, configInvalid);
    assert.match(keys('name secret')[0] ?? '', /LIVEKIT_KEYS has no colon after the name/);
    for (const text of ['name: secret', '$(KEYS)', '{name: secret}', 'CHANGE_ME'])
      assert.deepEqual(keys(text), [], text);
  });

  it('have a space after the colon, among the arguments too', () => {
    const keys = (text: string): number => of({ args: `["--keys", "${text}"]` }, configInvalid).length;
    assert.equal(keys('name:secret'), 1);
    assert.equal(keys('$(API_KEY):$(API_SECRET)'), 1);
    assert.equal(keys('$(API_KEY): $(API_SECRET)'), 0);
    assert.equal(of({ args: '["--keys=name:secret"]' }, configInvalid).length, 1);
  });

  it('are those that everybody knows in development mode, unless there are others', () => {
    const dev = (tree: Tree): readonly string[] =>
      of(tree, configInvalid).map(one => one.replace(/(without keys)?( LiveKit).*/, '$1'));
    const config = '--config, /etc/livekit/livekit.yaml';
    assert.deepEqual(dev({ args: `[--dev, ${config}]` }), ['error: In development mode without keys']);
    assert.deepEqual(dev({ args: `[--dev, ${config}]`, variable: '$(API_KEY): $(API_SECRET)' }), [
      'warning: In development mode',
    ]);
    assert.deepEqual(dev({ keys: 'development: true' }), ['error: In development mode without keys']);
    assert.deepEqual(dev({ keys: 'development: false', variable: '$(API_KEY): $(API_SECRET)' }), []);
    // The file may have keys that the tree does not show.
    assert.deepEqual(dev({ args: '[--dev, --config, /elsewhere/livekit.yaml]' }), ['warning: In development mode']);
  });

  it('have to be given, by a file, a variable or an option', () => {
    const without = (tree: Tree): readonly string[] => of(tree, configInvalid).filter(one => /gets no keys/.test(one));
    assert.match(without({})[0] ?? '', /^error: LiveKit gets no keys here, without which it does not start/);
    for (const given of [
      { keys: 'keys: {name: secret}' },
      { keys: 'key_file: /keys/keys.yaml' },
      { variable: '$(API_KEY): $(API_SECRET)' },
      { args: '[--config, /etc/livekit/livekit.yaml, --key-file, /keys/keys.yaml]' },
      { args: '[--config, /elsewhere/livekit.yaml]' },
    ])
      assert.deepEqual(without(given), [], JSON.stringify(given));
  });

  it('may not be read by others, where a file has them', () => {
    const mode = (volume: string): readonly string[] => of({ keys: 'key_file: /keys/keys.yaml', volume }, fileMode);
    assert.match(mode('')[0] ?? '', /^error: .* with the mode 0644, and LiveKit does not start/);
    assert.equal(mode('defaultMode: 0444').length, 1);
    assert.equal(mode('items: [{key: keys.yaml, path: keys.yaml, mode: 0644}]').length, 1);
    for (const right of ['defaultMode: 0400', 'defaultMode: 0440', 'items: [{key: a, path: keys.yaml, mode: 0400}]'])
      assert.deepEqual(mode(right), [], right);
    assert.deepEqual(of({ keys: 'key_file: /elsewhere/keys.yaml' }, fileMode), []);
    const tree = source({ keys: 'key_file: /keys/keys.yaml', volume: 'defaultMode: 0644' });
    assert.match(fixed(fileMode, tree)['livekit.yaml'] ?? '', /defaultMode: 0400/);
  });

  it('are a secret with a name before it', () => {
    const long = 'n4Zc9PfWm1Xb6Dt3Hy5Rk7Lq2Vs8Jw0Ae';
    assert.equal(of({ variable: `APIq8Lr2: ${long}` }, inPlainConfig).length, 1);
    assert.deepEqual(of({ variable: '$(API_KEY): $(API_SECRET)' }, inPlainConfig), []);
    assert.equal(of({ args: `["--keys", "APIq8Lr2: ${long}"]` }, inPlainConfig).length, 1);
    const secret = (value: string): readonly string[] =>
      messages(
        weakValue,
        `apiVersion: v1\nkind: Secret\nmetadata: {name: livekit}\nstringData:\n  LIVEKIT_KEYS: "APIq8Lr2: ${value}"\n`,
      );
    assert.match(secret(long.slice(0, 24))[0] ?? '', /only 24 characters long, of 32/);
    assert.deepEqual(secret(long), []);
  });

  it('are expanded by Kubernetes alone', () => {
    const left = (token: string, meant: string): string =>
      `error: ${token} is still there when LiveKit reads LIVEKIT_KEYS, because Kubernetes expands only $(NAME) — write $(${meant}).`;
    assert.deepEqual(of({ variable: '${API_KEY}: ${API_SECRET}' }), [left('${API_KEY}', 'API_KEY')]);
    assert.deepEqual(of({ variable: '$API_KEY: $API_SECRET' }), [left('$API_KEY', 'API_KEY')]);
    assert.deepEqual(of({ variable: '$(API_KEY): API_SECRET_PLACEHOLDER' }), [
      left('API_SECRET_PLACEHOLDER', 'API_SECRET'),
    ]);
  });

  it('in a variable are those that lk-jwt-service signs with', () => {
    const tree = (keys: string, secrets = ''): string => `
#- /livekit.yaml
apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: matrix}
stringData:
  NAME: APIbRTGFTZ0VStM2
  SECRET: 69172e720cc80979956245bd7cd8f10467ef63004a365422
  OTHER: b3f1c2d4e5a6978812349876abcdef0011223344556677
  ${secrets}
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
          env:
            - {name: NAME, valueFrom: {secretKeyRef: {name: keys, key: NAME}}}
            - {name: OTHER, valueFrom: {secretKeyRef: {name: keys, key: OTHER}}}
            - {name: SECRET, valueFrom: {secretKeyRef: {name: keys, key: SECRET}}}
            - {name: LIVEKIT_KEYS, ${keys}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: jwt, namespace: matrix}
spec:
  template:
    spec:
      containers:
        - name: jwt
          image: ghcr.io/element-hq/lk-jwt-service:0.3.0
          env:
            - {name: LIVEKIT_KEY, valueFrom: {secretKeyRef: {name: keys, key: NAME}}}
            - {name: LIVEKIT_SECRET, valueFrom: {secretKeyRef: {name: keys, key: SECRET}}}
`;
    const count = (source: string): number => messages(groupMismatch, source).length;
    assert.equal(count(tree('value: "$(NAME): $(SECRET)"')), 0);
    assert.equal(count(tree('value: "$(NAME): $(OTHER)"')), 1);
    const whole = 'valueFrom: {secretKeyRef: {name: keys, key: KEYS}}';
    const line = (secret: string): string => `KEYS: "APIbRTGFTZ0VStM2: ${secret}"`;
    assert.equal(count(tree(whole, line('69172e720cc80979956245bd7cd8f10467ef63004a365422'))), 0);
    assert.equal(count(tree(whole, line('ffff2e720cc80979956245bd7cd8f10467ef63004a365422'))), 1);
    assert.equal(count(tree(whole, 'KEYS: "a: b\\nc: d"')), 0, 'with several keys nobody knows which is meant');
  });
});
