import assert from 'node:assert/strict';
import fileMissing from '../../../rules/config/config-file-missing';
import type { Rule } from '../../../rules/rule';
import notListened from '../../../rules/services/port-not-listened-on';
import appRefused from '../../../rules/services/sygnal-app-refused';
import { expectMarks, messages } from '../expect';

interface Parts {
  readonly http?: string;
  readonly metrics?: string;
  readonly apps?: string;
  readonly image?: string;
  readonly mounts?: string;
}

function sygnal({
  http = '',
  metrics = '',
  apps = '{}',
  image = 'matrixdotorg/sygnal:v0.15.1',
  mounts = '',
}: Parts): string {
  return `
apiVersion: v1
kind: ConfigMap
metadata: {name: sygnal, namespace: matrix}
data:
  sygnal.yaml: |
    http: {port: 5000${http}}
    metrics: {prometheus: {${metrics}}}
    apps: ${apps}
---
apiVersion: v1
kind: Secret
metadata: {name: keys, namespace: matrix}
stringData: {apns.p8: a}
---
apiVersion: v1
kind: Service
metadata: {name: sygnal, namespace: matrix}
spec:
  selector: {app: sygnal}
  ports: [{name: http, port: 5000}, {name: metrics, port: 8000}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sygnal, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: sygnal}}
    spec:
      containers:
        - name: sygnal
          image: ${image}
          env: [{name: SYGNAL_CONF, value: /sygnal/sygnal.yaml}]
          ports: [{containerPort: 5000}, {containerPort: 8000}]
          volumeMounts: [{name: config, mountPath: /sygnal}${mounts}]
      volumes: [{name: config, configMap: {name: sygnal}}, {name: keys, secret: {secretName: keys}}]
`;
}

describe('Sygnal', () => {
  const said = (rule: Rule, parts: Parts): readonly string[] =>
    messages(rule, sygnal(parts)).map(one => one.replace(/(?:, so| —|, which).*/, ''));
  const open = { http: ', bind_addresses: ["0.0.0.0"]', metrics: 'enabled: true, address: "0.0.0.0", port: 8000' };

  it('listens where its configuration says, and by default for its own pod', () => {
    assert.deepEqual(said(notListened, open), []);
    assert.deepEqual(said(notListened, { ...open, http: '' }), [
      'error: Sygnal listens on port 5000 for its own pod only',
    ]);
    assert.deepEqual(said(notListened, { ...open, metrics: 'enabled: true, port: 8000' }), [
      'error: Sygnal listens on port 8000 for its own pod only',
    ]);
    assert.deepEqual(said(notListened, { ...open, metrics: 'enabled: false, port: 8000' }), [
      'warning: Sygnal does not listen on port 8000',
    ]);
    assert.deepEqual(said(notListened, { ...open, metrics: "enabled: true, address: '', port: 8000" }), []);
  });

  it('reads the keys of its applications', () => {
    const app = (line: string): string => `{a: {type: apns, ${line}}}`;
    const keys = ', {name: keys, mountPath: /keys}';
    assert.deepEqual(said(fileMissing, { apps: app('keyfile: /keys/apns.p8'), mounts: keys }), []);
    assert.deepEqual(said(fileMissing, { apps: app('keyfile: /keys/apns.p9'), mounts: keys }), [
      'error: There is no /keys/apns.p9 in container sygnal: nothing puts it into the volume keys',
    ]);
    assert.deepEqual(said(fileMissing, { apps: app('certfile: /keys/apns.pem') }), [
      'error: There is no /keys/apns.pem in container sygnal, because no volume is mounted there',
    ]);
    assert.deepEqual(said(fileMissing, { apps: app('service_account_file: /sygnal/fcm.json') }), [
      'error: There is no /sygnal/fcm.json in container sygnal: nothing puts it into the volume config',
    ]);
    // An image of one's own may bring them.
    assert.deepEqual(said(fileMissing, { apps: app('certfile: /keys/apns.pem'), image: 'registry.test/sygnal:1' }), []);
    assert.deepEqual(said(fileMissing, { apps: app('certfile: apns.pem') }), []);
  });
});

describe('sygnal-app-refused', () => {
  const sygnal = (image: string, ...apps: readonly string[]): string => `
      #- /sygnal.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: sygnal, namespace: matrix}
      data:
        sygnal.yaml: |
          ${apps.join('\n          ')}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: sygnal, namespace: matrix}
      spec:
        containers:
          - name: sygnal
            image: ${image}
            env: [{name: SYGNAL_CONF, value: /config/sygnal.yaml}]
            volumeMounts: [{name: config, mountPath: /config}]
        volumes: [{name: config, configMap: {name: sygnal}}]`;

  it('knows the pushkins of Sygnal, and leaves those of others alone', () => {
    expectMarks(
      appRefused,
      sygnal(
        'matrixdotorg/sygnal:v0.15.1',
        'apps:',
        '  a.ios: {type: apns}',
        '  a.android: {type: gcm}',
        '  b: {type: my.Pushkin}',
      ),
    );
    expectMarks(
      appRefused,
      sygnal(
        'registry.test/sygnal:1',
        'apps:',
        '  a: {type: upush}',
        '      #           ^^^^^ warning: write gcm, apns or webpush.'.replace(/^ {6}/, ''),
      ),
    );
  });

  it('wants an app, and a type for each', () => {
    expectMarks(
      appRefused,
      sygnal('matrixdotorg/sygnal:v0.15.1', 'apps: {}').replace(
        'apps: {}',
        'apps: {}\n      #   ^^^^ error: Sygnal has no app',
      ),
    );
    // What is not shown here may be all of it.
    expectMarks(appRefused, sygnal('matrixdotorg/sygnal:v0.15.1', 'apps: ${APPS}'));
    expectMarks(
      appRefused,
      sygnal('matrixdotorg/sygnal:v0.15.1', 'apps: {}').replace('value: /config/', 'value: /elsewhere/'),
    );
  });
});
