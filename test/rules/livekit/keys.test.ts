import assert from 'node:assert/strict';
import configNotSubstituted from '../../../rules/livekit/livekit-config-not-substituted';
import { messages } from '../expect';

interface Tree {
  readonly keys?: string;
  readonly variable?: string;
  readonly args?: string;
}

function of({ keys = '', variable, args = '[--config, /etc/livekit/livekit.yaml]' }: Tree): readonly string[] {
  const given = variable === undefined ? '' : `            - {name: LIVEKIT_KEYS, value: "${variable}"}`;
  return messages(
    configNotSubstituted,
    `
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
          volumeMounts: [{name: config, mountPath: /etc/livekit}]
      volumes: [{name: config, configMap: {name: livekit}}]
`,
  );
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
});
