import assert from 'node:assert/strict';
import redisDb from '../../../rules/livekit/livekit-redis-db';
import unknownKey from '../../../rules/livekit/livekit-unknown-key';
import type { Rule } from '../../../rules/rule';
import { messages } from '../expect';

function tree(livekit: readonly string[], synapse: readonly string[]): string {
  const workload = (name: string, image: string, args: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, namespace: matrix}
spec:
  template:
    spec:
      containers:
        - name: ${name}
          image: ${image}
          args: [${args}]
          volumeMounts: [{name: config, mountPath: /config}]
      volumes: [{name: config, configMap: {name: ${name}}}]
---`;
  const map = (name: string, key: string, lines: readonly string[]): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}, namespace: matrix}
data:
  ${key}: |
${lines.map(line => `    ${line}`).join('\n')}
---`;
  return [
    workload('livekit', 'livekit/livekit-server:v1.8.4', '--config, /config/livekit.yaml'),
    map('livekit', 'livekit.yaml', ['port: 7880', 'redis:', ...livekit.map(line => `  ${line}`)]),
    workload('synapse-main', 'matrixdotorg/synapse:v1.139.2', '--config-path=/config/homeserver.yaml'),
    map('synapse-main', 'homeserver.yaml', [
      'server_name: tessera.test',
      'redis:',
      ...synapse.map(line => `  ${line}`),
    ]),
  ].join('\n');
}

function said(rule: Rule, livekit: readonly string[], synapse: readonly string[] = ['host: redis']): readonly string[] {
  return messages(rule, tree(livekit, synapse)).map(one => one.replace(/ — .*/, ''));
}

describe('LiveKit’s Redis', () => {
  it('has a database of its own, also when Synapse’s is not 0', () => {
    assert.deepEqual(said(redisDb, ['address: redis:6379', 'db: 1']), []);
    assert.deepEqual(said(redisDb, ['address: redis:6379']), [
      'warning: LiveKit uses the Redis database 0, which is Synapse’s',
    ]);
    assert.deepEqual(said(redisDb, ['address: redis:6379', 'db: 2']), ['warning: LiveKit uses the Redis database 2']);
    const one = ['host: redis', 'dbid: 1'];
    assert.deepEqual(said(redisDb, ['address: redis:6379', 'db: 1'], one), [
      'warning: LiveKit uses the Redis database 1, which is Synapse’s by its redis.dbid',
    ]);
    assert.deepEqual(said(redisDb, ['address: livekit-redis:6379', 'db: 1'], one), []);
  });

  it('is named by the keys that LiveKit has for it', () => {
    assert.deepEqual(said(unknownKey, ['address: redis:6379', 'pool_size: 10', 'use_tls: false']), []);
    assert.deepEqual(said(unknownKey, ['host: redis', 'adress: redis:6379']), [
      'error: LiveKit knows no key redis.host and does not start with it',
      'error: LiveKit knows no key redis.adress and does not start with it',
    ]);
  });
});
