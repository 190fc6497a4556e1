import assert from 'node:assert/strict';
import hostPort from '../../../rules/network/config-host-port';
import unknownService from '../../../rules/network/config-host-unknown-service';
import type { Rule } from '../../../rules/rule';
import misused from '../../../rules/turn/turn-option-misused';
import { messages } from '../expect';

/** A coturn that reads one line of configuration beside a Redis that asks for a password. */
function tree(line: string, args = '', redis = 'requirepass abcdefgh'): string {
  return `
#- /coturn.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: coturn, namespace: matrix}
data:
  turnserver.conf: |
    realm=turn.tessera.test
    ${line}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: coturn, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: coturn}}
    spec:
      containers:
        - name: coturn
          image: coturn/coturn:4.6.2
          args: [-c, /etc/turnserver.conf${args}]
          volumeMounts: [{name: config, mountPath: /etc/turnserver.conf, subPath: turnserver.conf}]
      volumes: [{name: config, configMap: {name: coturn}}]
#- /redis.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: redis, namespace: matrix}
data:
  redis.conf: |
    port 6379
    ${redis}
---
apiVersion: v1
kind: Service
metadata: {name: redis, namespace: matrix}
spec: {selector: {app: redis}, ports: [{port: 6379}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: redis}}
    spec:
      containers:
        - name: redis
          image: redis:7.4
          command: [redis-server, /conf/redis.conf]
          volumeMounts: [{name: config, mountPath: /conf}]
      volumes: [{name: config, configMap: {name: redis}}]
`;
}

describe('the databases of coturn', () => {
  const said = (rule: Rule, ...args: Parameters<typeof tree>): readonly string[] =>
    messages(rule, tree(...args)).map(one => one.replace(/ — .*/, ''));

  it('are hosts like others', () => {
    assert.deepEqual(said(unknownService, 'redis-statsdb="ip=rediss dbname=2 password=a port=6379"'), [
      'error: There is no Service rediss in namespace matrix (redis-statsdb in turnserver.conf)',
    ]);
    assert.deepEqual(said(unknownService, '', ', "--redis-userdb=host=rediss.matrix.svc password=a"'), [
      'error: There is no Service rediss in namespace matrix (redis-userdb in the arguments)',
    ]);
    assert.deepEqual(said(unknownService, '', ', --psql-userdb, host=pg.matrix.svc'), [
      'warning: There is no Service pg in namespace matrix (psql-userdb in the arguments)',
    ]);
    assert.deepEqual(said(hostPort, 'redis-userdb="ip=redis password=a port=6380"'), [
      'error: Service redis has no port 6380, only 6379 (redis-userdb in turnserver.conf)',
    ]);
    for (const right of [
      'redis-statsdb="ip=redis dbname=2 password=a port=6379"',
      'redis-statsdb="ip=192.0.2.1 password=a"',
      'redis-statsdb="ip=redis.elsewhere.example password=a"',
      '# redis-statsdb="ip=rediss password=a"',
    ])
      assert.deepEqual([...said(unknownService, right), ...said(hostPort, right)], [], right);
  });

  it('need a password where Redis asks for one', () => {
    assert.deepEqual(said(misused, 'redis-statsdb="ip=redis dbname=2"'), [
      'warning: redis-statsdb has no password for redis, which asks for one, so coturn counts nothing',
    ]);
    assert.deepEqual(said(misused, '', ', --redis-userdb=ip=redis'), [
      'error: redis-userdb has no password for redis, which asks for one, so coturn finds no users',
    ]);
    assert.deepEqual(said(misused, 'redis-statsdb="ip=redis password=REDIS_PASSWORD_PLACEHOLDER"'), []);
    assert.deepEqual(said(misused, 'redis-statsdb="ip=redis"', '', 'appendonly no'), []);
    // The Redis is not in the tree.
    assert.deepEqual(said(misused, 'redis-statsdb="ip=another"'), []);
  });
});
