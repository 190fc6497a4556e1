import assert from 'node:assert/strict';
import auth from '../../../rules/redis/redis-sentinel-auth-missing';
import { applyEdits, check } from '../../fixture';
import { fixTitles } from '../expect';

function sentinel(...lines: readonly string[]): string {
  return `apiVersion: v1
kind: Secret
metadata: {name: sentinel-config, namespace: matrix}
stringData:
  sentinel.conf: |
${lines.map(line => `    ${line}`).join('\n')}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: redis, namespace: matrix}
data:
  redis.conf: |
    requirepass from-elsewhere
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis, namespace: matrix}
spec:
  replicas: 3
  serviceName: redis
  selector: {matchLabels: {app: redis}}
  template:
    metadata: {labels: {app: redis}}
    spec:
      containers:
        - name: redis
          image: redis:7.4
          command: [redis-server, /conf/redis.conf]
          volumeMounts: [{name: config, mountPath: /conf}]
        - name: sentinel
          image: redis:7.4
          command: [redis-sentinel, /sentinel/sentinel.conf]
          volumeMounts: [{name: sentinel, mountPath: /sentinel}]
      volumes:
        - {name: config, configMap: {name: redis}}
        - {name: sentinel, secret: {secretName: sentinel-config}}
`;
}

/** The configuration after the first fix, which leaves nothing to be found. */
function fixedLines(source: string): string {
  const { fixture, findings } = check(source, [auth]);
  const fix = findings[0]?.problem.fixes?.()[0];
  assert.ok(fix);
  const text = applyEdits(fixture.files, fix.edits).get('main.yaml') ?? '';
  assert.deepEqual(check(text, [auth]).findings, []);
  return text;
}

describe('fixes of the password of Sentinel', () => {
  const port = 'port 26379';
  const monitor = 'sentinel monitor main 192.0.2.1 6379 2';
  const password = 'sentinel auth-pass main abcdefgh';

  it('move it below the master', () => {
    const text = fixedLines(sentinel(port, password, '# The master', monitor));
    assert.ok(text.includes(`    ${port}\n    # The master\n    ${monitor}\n    ${password}\n---`), text);
  });

  it('name the master that is watched', () => {
    const text = fixedLines(sentinel(port, monitor, 'sentinel auth-pass mymaster abcdefgh'));
    assert.ok(text.includes(`    ${monitor}\n    ${password}\n`), text);
  });

  it('are not offered where there is no password', () => {
    assert.deepEqual(fixTitles(auth, sentinel(port, monitor)), []);
  });
});
