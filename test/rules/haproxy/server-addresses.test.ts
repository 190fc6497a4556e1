import assert from 'node:assert/strict';
import rule from '../../../rules/haproxy/haproxy-server-resolved-once';
import { fixTitles, messages } from '../expect';

const { bad } = rule.examples;
const host = 'synapse-main-0.synapse-main.matrix.svc.cluster.local';

describe('haproxy-server-resolved-once', () => {
  it('also means headless Services, but none with an address of its own, and no address', () => {
    assert.equal(messages(rule, bad.replaceAll(host, 'synapse-main')).length, 1);
    assert.deepEqual(
      messages(rule, bad.replaceAll(host, 'synapse-main').replace('clusterIP: None', 'type: ClusterIP')),
      [],
    );
    for (const other of ['198.51.100.7', 'matrix.tessera.test', 'unknown.matrix.svc'])
      assert.deepEqual(messages(rule, bad.replaceAll(host, other)), [], other);
  });

  it('accepts resolvers that are the default of all servers', () => {
    const defaults = 'defaults\n            default-server check resolvers cluster\n          frontend clients';
    assert.deepEqual(messages(rule, bad.replace('frontend clients', defaults)), []);
  });

  it('asks for a section where there is none, and does not choose between two', () => {
    const none = bad.replace(/ {10}resolvers cluster\n.*\n/, '');
    assert.match(messages(rule, none).join(), /add a resolvers section and name it here\.$/);
    assert.deepEqual(fixTitles(rule, none), []);
    assert.deepEqual(fixTitles(rule, bad), ['safe: Add resolvers cluster']);
    assert.deepEqual(
      fixTitles(
        rule,
        bad.replace('          resolvers cluster', '          resolvers other\n          resolvers cluster'),
      ),
      [],
    );
  });
});
