import assert from 'node:assert/strict';
import configInvalid from '../../../rules/redis/redis-config-invalid';
import unauthenticated from '../../../rules/redis/redis-probe-unauthenticated';
import { applyFix, messages } from '../expect';

/** Redis and Sentinel beside each other, with what their files and mounts say. */
function redis({
  conf = '',
  sentinel = '',
  mount = '',
  container = '',
  replicas = 3,
  volume = 'emptyDir: {}',
}): string {
  return `
apiVersion: v1
kind: ConfigMap
metadata: {name: redis, namespace: matrix}
data:
  redis.conf: |
    requirepass abcdefgh
    ${conf}
  sentinel.conf: |
    sentinel monitor main 192.0.2.1 6379 2
    ${sentinel}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis, namespace: matrix}
spec:
  replicas: ${replicas}
  template:
    spec:
      initContainers:
        - name: copy
          image: redis:7.4
          command: [sh, -c, cp /templates/redis.conf /conf/redis.conf; cp /templates/sentinel.conf /conf/sentinel.conf]
          volumeMounts: [{name: templates, mountPath: /templates}, {name: conf, mountPath: /conf}]
      containers:
        - name: redis
          image: redis:7.4
          command: [redis-server, /conf/redis.conf]
          ${container}
          volumeMounts: [{name: conf, mountPath: /conf}]
        - name: sentinel
          image: redis:7.4
          command: [redis-sentinel, /conf/sentinel.conf]
          volumeMounts: [{name: conf, mountPath: /conf${mount}}]
      volumes:
        - name: templates
          configMap: {name: redis}
        - name: conf
          ${volume}
`;
}

describe('redis-config-invalid', () => {
  it('finds a file of Sentinel that a plain Redis is started with', () => {
    const started = (command: string): readonly string[] =>
      messages(configInvalid, redis({}).replace('command: [redis-sentinel, /conf/sentinel.conf]', command));
    for (const plain of [
      'command: [redis-server, /conf/sentinel.conf]',
      'args: [/conf/sentinel.conf]',
      'command: [sh, -c, exec redis-server /conf/sentinel.conf]',
    ])
      assert.match(started(plain)[0] ?? '', /^error: Container sentinel starts sentinel.conf as a plain Redis/, plain);
    for (const right of [
      'command: [redis-server, /conf/sentinel.conf, --sentinel]',
      'args: [/conf/sentinel.conf, --sentinel]',
      'command: [sh, -c, exec redis-server /conf/sentinel.conf --sentinel]',
      'command: [redis-server, /elsewhere/sentinel.conf]',
    ])
      assert.deepEqual(started(right), [], right);
    const source = redis({}).replace('[redis-sentinel, /conf', '[redis-server, /conf');
    const [text = ''] = Object.values(applyFix(configInvalid, source, 'Start redis-sentinel'));
    assert.equal(text.trim(), redis({}).trim());
    const swapped = redis({}).replace('[redis-server, /conf/redis.conf]', '[redis-server, /conf/sentinel.conf]');
    assert.match(
      messages(configInvalid, swapped)[0] ?? '',
      /give it the file of Redis; container sentinel is the Sent/,
    );
  });
  const judge = (parts: Parameters<typeof redis>[0], expected?: RegExp): void => {
    const found = messages(configInvalid, redis(parts));
    if (!expected) assert.deepEqual(found, []);
    else {
      assert.equal(found.length, 1, found.join('\n'));
      assert.match(found[0] ?? '', expected);
    }
  };

  it('knows the names of settings, old ones too', () => {
    judge({ conf: 'maxmemory 1gb\n    slave-priority 10\n    hash-max-ziplist-entries 5\n    some-module.option yes' });
    judge({ conf: 'max_memory 1gb' }, /knows no max_memory .* did you mean maxmemory\?/);
    judge({ conf: 'apendonly yes' }, /did you mean appendonly\?/);
    judge({ conf: 'an-option-of-a-newer-version yes' });
    judge({ sentinel: 'sentinel failover-timout main 5' }, /no setting failover-timout .* failover-timeout/);
    judge({ sentinel: 'sentinel known-replica main 192.0.2.2 6379' });
    assert.match(
      applyFix(configInvalid, redis({ conf: 'max-memory 1gb' }), 'Write maxmemory')['main.yaml'] ?? '',
      /^ {4}maxmemory 1gb$/m,
    );
  });

  it('knows the values of settings that have few', () => {
    judge({ conf: 'maxmemory-policy ALLKEYS-LRU' });
    judge({ conf: 'maxmemory-policy lru' }, /cannot be lru/);
    judge({ conf: 'appendonly true' }, /appendonly cannot be true, so Redis does not start — write yes or no/);
    judge({ conf: 'appendonly APPENDONLY_PLACEHOLDER' });
    judge({ conf: 'daemonize yes' }, /the container ends/);
  });

  it('wants the folders that it writes to', () => {
    judge({ conf: 'dir /var/lib/redis' }, /no folder \/var\/lib\/redis/);
    judge({ conf: 'logfile /var/log/redis/redis.log' }, /no folder \/var\/log\/redis .*cannot open its log/);
    for (const conf of ['dir /data', 'dir /tmp', 'logfile ""', 'logfile /data/redis.log', 'logfile redis.log'])
      judge({ conf });
  });

  it('wants writes to be possible', () => {
    judge({ conf: 'min-replicas-to-write 2' });
    judge({ conf: 'min-replicas-to-write 3' }, /a master and 2 replicas, so every write is refused — set 1/);
    judge({ conf: 'min-replicas-to-write 0', replicas: 1 });
  });

  it('wants the commands of a failover under their names', () => {
    judge({ conf: 'rename-command FLUSHALL ""' });
    judge({ conf: 'rename-command CONFIG ""' }, /Sentinel needs CONFIG .* has none/);
    judge({ conf: 'rename-command CONFIG CFG' }, /has another name/);
    judge({ conf: 'rename-command CONFIG CFG', sentinel: 'sentinel rename-command main CONFIG CFG' });
  });

  it('wants the file of Sentinel to be writable', () => {
    judge({ mount: ', readOnly: true' }, /mounted with readOnly: true — take readOnly away/);
    judge({ volume: 'persistentVolumeClaim: {claimName: redis}' });
    const found = messages(configInvalid, redis({ volume: 'configMap: {name: redis}' }));
    assert.match(found[0] ?? '', /the volume conf is a ConfigMap — let an init container copy the file/);
  });
});

describe('redis-probe-unauthenticated', () => {
  const judge = (command: string, expected: RegExp | undefined, env = ''): void => {
    const container = `${env}livenessProbe: {exec: {command: ${command}}}`;
    const found = messages(unauthenticated, redis({ container }));
    if (expected) assert.match(found.join(), expected);
    else assert.deepEqual(found, []);
  };

  it('minds the answer only where the probe does', () => {
    judge('[redis-cli, ping]', undefined);
    judge('[sh, -c, "redis-cli ping | grep PONG"]', /asks Redis without its password/);
    judge(`[sh, -c, '[ "$(redis-cli -h localhost ping)" = PONG ]']`, /asks Redis without its password/);
    judge('[redis-cli, -e, ping]', /asks Redis without its password/);
  });

  it('knows the ways to sign in, and that Sentinel asks for no password', () => {
    judge('[sh, -c, "redis-cli -a $PASSWORD ping | grep PONG"]', undefined);
    judge('[sh, -c, "REDISCLI_AUTH=$PASSWORD redis-cli ping | grep PONG"]', undefined);
    judge('[sh, -c, "redis-cli -p 26379 ping | grep PONG"]', undefined);
    judge(
      '[sh, -c, "redis-cli ping | grep PONG"]',
      undefined,
      'env: [{name: REDISCLI_AUTH, valueFrom: {secretKeyRef: {name: a, key: b}}}]\n          ',
    );
    judge('[sh, -c, "redis-cli ping | grep PONG"]', undefined, 'envFrom: [{secretRef: {name: a}}]\n          ');
  });
});
