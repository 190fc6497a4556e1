import assert from 'node:assert/strict';
import notReadyDns from '../../../rules/redis/headless-not-ready-dns';
import memory from '../../../rules/redis/redis-maxmemory-exceeds-limit';
import initialised from '../../../rules/redis/redis-replication-uninitialised';
import auth from '../../../rules/redis/redis-sentinel-auth-missing';
import hostname from '../../../rules/redis/redis-sentinel-hostname';
import quorum from '../../../rules/redis/redis-sentinel-quorum';
import count from '../../../rules/redis/redis-sentinel-replica-count';
import spreads from '../../../rules/redis/redis-service-spreads-writes';
import type { Rule } from '../../../rules/rule';
import listens from '../../../rules/services/port-not-listened-on';
import { check } from '../../fixture';
import { fixed } from '../expect';

describe('Redis Sentinel rules', () => {
  it('judge auth-pass by its order, its name and where the password stands', () => {
    const monitor = 'sentinel monitor main 192.0.2.1 6379 2';
    assert.match(found('requirepass x', `sentinel auth-pass main x\n${monitor}`, 3, auth)[0] ?? '', /stands above/);
    assert.match(found('requirepass x', `${monitor}\nsentinel auth-pass other x`, 3, auth)[0] ?? '', /only for other/);
    assert.match(found('requirepass x', `${monitor}\nsentinel auth-pass main x`, 3, auth)[0] ?? '', /in a ConfigMap/);
    assert.deepEqual(found('port 6379', monitor, 3, auth), []);
  });
  it('turn on names of pods that are not ready where they are turned off', () => {
    const source = notReadyDns.examples.good.replace(
      'publishNotReadyAddresses: true',
      'publishNotReadyAddresses: false',
    );
    const [text = ''] = Object.values(fixed(notReadyDns, source));
    assert.match(text, /publishNotReadyAddresses: true\n/);
    assert.doesNotMatch(text, /publishNotReadyAddresses: false/);
  });
  it('count Sentinels and compare the quorum with them', () => {
    assert.deepEqual(found('port 6379', 'sentinel monitor main 192.0.2.1 6379 3', 5, count, quorum), []);
    assert.match(found('port 6379', 'sentinel monitor main 192.0.2.1 6379 4', 3, quorum)[0] ?? '', /never the case/);
    for (const [replicas, all] of [
      [3, 3],
      [5, 5],
    ] as const)
      assert.match(
        found('port 6379', `sentinel monitor main 192.0.2.1 6379 ${all}`, replicas, quorum)[0] ?? '',
        /not the case when one of them fails/,
      );
    for (const [replicas, some] of [
      [2, 2],
      [3, 2],
      [5, 4],
    ] as const)
      assert.deepEqual(found('port 6379', `sentinel monitor main 192.0.2.1 6379 ${some}`, replicas, quorum), []);
    assert.match(found('port 6379', 'port 26379', 4, count)[0] ?? '', /an even number/);
  });
  it('expect no Sentinel of a Redis Cluster, and its port for the other nodes', () => {
    const redis = (enabled: string): string => `
      #- /redis.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: redis, namespace: matrix}
      data:
        redis.conf: |
          port 6379
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: redis, namespace: matrix}
      spec:
        replicas: 6
        template:
          metadata: {labels: {app: redis}}
          spec:
            containers:
              - name: redis
                image: redis:7.4
                command: [redis-server, /conf/redis.conf, --cluster-enabled, "${enabled}"]
                volumeMounts: [{name: config, mountPath: /conf}]
            volumes: [{name: config, configMap: {name: redis}}]
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: redis, namespace: matrix}
      spec:
        clusterIP: None
        selector: {app: redis}
        ports: [{name: redis, port: 6379}, {name: bus, port: 16379}]
    `;
    const ids = (source: string): readonly string[] =>
      check(source, [count, listens]).findings.map(({ rule }) => rule.id);
    assert.deepEqual(ids(redis('yes')), []);
    assert.deepEqual(ids(redis('no')).toSorted(), ['port-not-listened-on', 'redis-sentinel-replica-count']);
  });
  it('compare the name that an init container asks for with those of the pods', () => {
    const asking = (test: string): string =>
      initialised.examples.bad
        .replace(/\n#[^\n]*\^[^\n]*|\n +#[^\n]*\^[^\n]*/g, '')
        .replace(
          '            containers:',
          `            initContainers:\n              - {name: first, image: "redis:7.4", command: [sh, -c, '${test} && echo "replicaof redis-0.redis 6379" >> /data/redis.conf']}\n            containers:`,
        );
    const said = (test: string): readonly string[] =>
      check(asking(test), [initialised]).findings.map(({ problem }) => problem.message);
    assert.match(said('[ "$HOSTNAME" != "cache-0" ] && echo follower')[0] ?? '', /^No pod of .* is called cache-0/);
    assert.match(said('[ "$(hostname)" = redis-3 ] && echo master')[0] ?? '', /is called redis-3/);
    assert.deepEqual(said('[ "${HOSTNAME}" != "redis-0" ] && echo follower'), []);
    assert.deepEqual(said('[ "$OTHER" != "cache-0" ] && echo follower'), []);
  });
  it('tell a replicaof that is written where Redis does not look', () => {
    const script = (target: string, more = ''): string =>
      initialised.examples.bad
        .replace(/\n#[^\n]*\^[^\n]*|\n +#[^\n]*\^[^\n]*/g, '')
        .replace('command: [redis-server, /conf/redis.conf]', 'command: [redis-server, /data/redis.conf]')
        .replace('{name: config, mountPath: /conf}', '{name: data, mountPath: /data}')
        .replace(
          '            containers:',
          `            initContainers:
              - name: first
                image: redis:7.4
                command:
                  - sh
                  - -c
                  - |
                    cp /conf/redis.conf /data/redis.conf
                    ${more}
                    if [ "$HOSTNAME" != redis-0 ]; then
                      echo "replicaof redis-0.redis 6379" >> ${target}
                    fi
                volumeMounts:
                  - {name: config, mountPath: /conf}
                  - {name: data, mountPath: /data}
            containers:`,
        )
        .replace('            volumes:', '            volumes:\n              - {name: data, emptyDir: {}}');
    const said = (...args: Parameters<typeof script>): readonly string[] =>
      check(script(...args), [initialised]).findings.map(({ problem }) => problem.message);
    assert.match(said('/data/replica.conf')[0] ?? '', /^Redis is started with \/data\/redis.conf, so a replicaof in/);
    assert.deepEqual(said('/data/redis.conf'), []);
    assert.deepEqual(said('"$TARGET"'), []);
    assert.deepEqual(said('/data/replica.conf', 'echo "include /data/replica.conf" >> /data/redis.conf'), []);
    assert.deepEqual(said('/data/replica.conf', 'redis-cli replicaof redis-0.redis 6379'), []);
  });
  it('want names resolved above the monitor, and leave addresses alone', () => {
    const name = 'sentinel monitor main redis-0.redis 6379 2';
    assert.equal(found('port 1', `${name}\nsentinel resolve-hostnames yes`, 3, hostname).length, 1);
    assert.deepEqual(found('port 1', `sentinel resolve-hostnames yes\n${name}`, 3, hostname), []);
    assert.deepEqual(found('port 1', 'sentinel monitor main 10.0.0.1 6379 2', 3, hostname), []);
  });
  it('follow the variables of a script to a name, and leave what may be an address', () => {
    const line = 'sentinel monitor $MASTER $MASTER_HOST 6379 2';
    const name = '{name: MASTER_HOST, value: redis-0.redis}';
    assert.match(written(line, name)[0] ?? '', /^\$\{MASTER_HOST\} stands for a name/);
    assert.equal(written(line.replace('$MASTER_HOST', '${POD}.redis'), '{name: POD, value: redis-0}').length, 1);
    assert.deepEqual(written(`sentinel resolve-hostnames yes\n${line}`, name), []);
    assert.deepEqual(written(line, '{name: MASTER_HOST, value: 192.0.2.1}'), []);
    assert.deepEqual(written(line, '{name: MASTER_HOST, valueFrom: {fieldRef: {fieldPath: status.podIP}}}'), []);
    assert.deepEqual(written(line, '{name: MASTER_HOST, value: $(REDIS_SERVICE_HOST)}'), []);
    assert.deepEqual(written(line, name, 'MASTER_HOST=$(getent hosts "$MASTER_HOST" | cut -d" " -f1)'), []);
  });
  it('see followers in a configuration, and need none for one pod', () => {
    assert.deepEqual(found('replicaof redis-0.redis 6379', 'port 26379', 3, initialised), []);
    assert.deepEqual(found('port 1', 'port 26379', 1, initialised), []);
    assert.equal(found('# replicaof redis-0 6379', 'port 26379', 3, initialised).length, 1);
  });
  it('follow writers to a pod whose master Sentinel moves', () => {
    const said = (source: string): readonly string[] =>
      check(source, [spreads]).findings.map(one => one.problem.message);
    const { good } = spreads.examples;
    const pod = good.replace('role: master', 'statefulset.kubernetes.io/pod-name: redis-0');
    assert.match(said(pod)[0] ?? '', /^The Service redis-write always leads to redis-0/);
    const direct = `${good.replace('host: redis-write', 'host: redis-0.redis')}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: redis, namespace: matrix}
      spec: {clusterIP: None, selector: {app: redis}, ports: [{name: redis, port: 6379}]}
`;
    assert.match(said(direct)[0] ?? '', /^redis-0.redis is always the same pod/);
    // Without a Sentinel the first pod stays the master.
    const alone = (source: string): string =>
      source.replace(/ {14}- name: sentinel\n(?: {16}.*\n)+/, '').replace(/ {8}sentinel.conf: \|\n(?: {10}.*\n)+/, '');
    assert.ok(!alone(pod).includes('entinel'));
    assert.deepEqual(said(alone(pod)), []);
    assert.deepEqual(said(alone(direct)), []);
    // Redis elsewhere: nothing of it is in the tree.
    assert.deepEqual(said(good.slice(good.lastIndexOf('apiVersion: v1\n      kind: ConfigMap'))), []);
  });
  it('compare maxmemory with the limit by Redis’ own units', () => {
    assert.equal(found('maxmemory 1gb', 'port 26379', 3, memory).length, 1);
    assert.deepEqual(found('maxmemory 768mb', 'port 26379', 3, memory), []);
  });
});

function found(redis: string, sentinel: string, replicas: number, ...rules: readonly Rule[]): readonly string[] {
  const source = `apiVersion: v1
kind: ConfigMap
metadata: {name: redis, namespace: matrix}
data:
  redis.conf: |
    ${redis.replaceAll('\n', '\n    ')}
  sentinel.conf: |
    ${sentinel.replaceAll('\n', '\n    ')}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis, namespace: matrix}
spec:
  replicas: ${replicas}
  serviceName: redis
  selector: {matchLabels: {app: redis}}
  template:
    metadata: {labels: {app: redis}}
    spec:
      containers:
        - name: redis
          image: redis:7.4
          command: [redis-server, /conf/redis.conf]
          resources: {limits: {memory: 1Gi}}
          volumeMounts: [{name: config, mountPath: /conf}]
        - name: sentinel
          image: redis:7.4
          command: [redis-sentinel, /conf/sentinel.conf]
          volumeMounts: [{name: config, mountPath: /conf}]
      volumes:
        - name: config
          configMap: {name: redis}
`;
  return check(source, rules).findings.map(({ problem }) => problem.message);
}

/** What is found where an init container writes the line into the configuration of Sentinel. */
function written(line: string, variable: string, before = 'true'): readonly string[] {
  const source = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis, namespace: matrix}
spec:
  replicas: 3
  serviceName: redis
  selector: {matchLabels: {app: redis}}
  template:
    metadata: {labels: {app: redis}}
    spec:
      initContainers:
        - name: config
          image: redis:7.4
          env: [${variable}]
          command:
            - sh
            - -c
            - |
              MASTER=main
              ${before}
              cat > /conf/sentinel.conf <<EOF
              ${line.replaceAll('\n', '\n              ')}
              EOF
          volumeMounts: [{name: config, mountPath: /conf}]
      containers:
        - name: sentinel
          image: redis:7.4
          command: [redis-sentinel, /conf/sentinel.conf]
          volumeMounts: [{name: config, mountPath: /conf}]
      volumes: [{name: config, emptyDir: {}}]
`;
  return check(source, [hostname]).findings.map(({ problem }) => problem.message);
}
