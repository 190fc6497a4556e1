import assert from 'node:assert/strict';
import rule from '../../../rules/element/element-config-not-mounted';
import { applyFix, messages } from '../expect';

const element = (image: string, more = '', volume = ''): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: element-web, namespace: matrix}
data: {config.json: '{"default_server_config": {"m.homeserver": {"base_url": "https://matrix.tessera.test"}}}'}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: element-web, namespace: matrix}
spec:
  template:
    spec:
      containers:
        - name: element-web
          image: ${image}
          securityContext:
            readOnlyRootFilesystem: true
          volumeMounts:
            - name: config
              mountPath: /app/config.json
              subPath: config.json${more}
      volumes:
        - name: config
          configMap:
            name: element-web${volume}
`;

describe('element-config-not-mounted, with a read-only root file system', () => {
  const found = (source: string): readonly string[] =>
    messages(rule, source).filter(message => message.includes('/tmp/element-web-config'));

  it('finds that the start script cannot copy the configuration, since 1.11.93', () => {
    for (const tag of ['v1.11.93', 'v1.11.96', 'v1.12.3'])
      assert.equal(found(element(`vectorim/element-web:${tag}`)).length, 1, tag);
    for (const tag of ['v1.11.92', 'v1.11.77', 'latest'])
      assert.deepEqual(found(element(`vectorim/element-web:${tag}`)), [], tag);
    assert.deepEqual(found(element('registry.test/element-web:v1.11.96')), []);
    assert.deepEqual(
      found(element('vectorim/element-web:v1.11.96').replace('Filesystem: true', 'Filesystem: false')),
      [],
    );
  });

  it('is content with a volume there, and adds one', () => {
    const source = element('vectorim/element-web:v1.11.96');
    for (const path of ['/tmp', '/tmp/element-web-config'])
      assert.deepEqual(
        found(
          element(
            'vectorim/element-web:v1.11.96',
            `\n            - name: tmp\n              mountPath: ${path}`,
            '\n        - name: tmp\n          emptyDir: {}',
          ),
        ),
        [],
      );
    const fixed = applyFix(rule, source, /emptyDir at \/tmp/)['main.yaml'] ?? '';
    assert.match(fixed, /mountPath: \/tmp\n/);
    assert.deepEqual(messages(rule, fixed), []);
  });
});
