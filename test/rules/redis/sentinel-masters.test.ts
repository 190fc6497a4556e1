import assert from 'node:assert/strict';
import loopback from '../../../rules/redis/redis-bind-loopback';
import rule from '../../../rules/redis/sentinel-master-unknown';
import { messages } from '../expect';

describe('sentinel-master-unknown', () => {
  const { good } = rule.examples;
  const found = (source: string): readonly string[] => messages(rule, source);

  it('judges settings of Sentinel', () => {
    const monitor = '6379 2\n';
    const having = (line: string): string => good.replace(monitor, `${monitor}          ${line}\n`);
    assert.match(found(having('sentinel failover-timeout other 60000')).join(), /watches no master other/);
    assert.deepEqual(found(having('sentinel failover-timeout mymaster 60000')), []);
    assert.deepEqual(found(having('sentinel resolve-hostnames yes')), []);
    assert.deepEqual(found(having('sentinel announce-port 26379')), []);
  });

  it('judges LiveKit where it asks Sentinels of the tree', () => {
    assert.deepEqual(found(good), []);
    assert.match(
      found(good.replace('svc.cluster.local:26379', 'svc.cluster.local:6379')).join(),
      /listens on port 6379/,
    );
    assert.deepEqual(found(good.replace('port 26379\n', 'port 0\n          tls-port 26379\n')), []);
    const mapped = good.replace('{port: 26379}', '{port: 5000, targetPort: 26379}');
    assert.deepEqual(found(mapped.replace('svc.cluster.local:26379', 'svc.cluster.local:5000')), []);
    const elsewhere = good.replace('sentinel_master_name: mymaster', 'sentinel_master_name: other');
    assert.equal(found(elsewhere).length, 1);
    assert.deepEqual(found(elsewhere.replace('- sentinel.matrix.svc.cluster.local', '- sentinel.cloud.test')), []);
  });

  it('finds LiveKit and Synapse where they take Sentinel for Redis', () => {
    const asking = (address: string, ports = '{port: 26379}'): string =>
      good
        .replace(/redis:\n\s+sentinel_master_name[\s\S]*?26379\n/, `redis:\n            address: ${address}\n`)
        .replace('{port: 26379}', ports);
    assert.match(
      found(asking('sentinel.matrix.svc:26379')).join(),
      /^error: .* expects Redis here, but port 26379 of /,
    );
    assert.match(found(asking('sentinel:6379', '{port: 6379, targetPort: 26379}')).join(), /expects Redis here/);
    assert.deepEqual(found(asking('sentinel.matrix.svc:6379', '{port: 6379}, {port: 26379}')), []);
    assert.deepEqual(found(asking('redis.cloud.test:26379')), []);
  });
});

describe('redis-bind-loopback', () => {
  const { bad } = loopback.examples;
  const found = (source: string): readonly string[] => messages(loopback, source);

  it('judges only what a Service leads to', () => {
    assert.equal(found(bad).length, 1);
    assert.deepEqual(found(bad.replace('bind 127.0.0.1', 'bind 127.0.0.1 10.0.0.1')), []);
    assert.deepEqual(found(bad.replace('selector: {app: redis}', 'selector: {app: other}')), []);
    assert.deepEqual(found(bad.replace('ports: [{port: 6379}]', 'ports: [{port: 6380}]')), [], 'a proxy in the pod');
    assert.equal(found(bad.replace('bind 127.0.0.1', 'bind 127.0.0.1 -::1')).length, 1);
  });
});
