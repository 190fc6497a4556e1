import assert from 'node:assert/strict';
import { index, isolation } from '../../../analysis/network/policy-index';
import { address, pod, policies } from './manifest';

describe('isolation', () => {
  const policySet = index(
    policies(`
metadata: { name: by-label }
spec: { podSelector: { matchLabels: { app: web } } }
---
metadata: { name: everything }
spec: { podSelector: {}, policyTypes: [Ingress, Egress] }
---
metadata: { name: by-value }
spec: { podSelector: { matchExpressions: [{ key: app, operator: In, values: [api, web, web] }] }, policyTypes: [Egress] }
---
metadata: { name: not-db }
spec: { podSelector: { matchExpressions: [{ key: app, operator: NotIn, values: [db] }] } }
---
metadata: { name: by-two, namespace: other }
spec: { podSelector: { matchLabels: { app: web } } }
`),
  );
  const names = (...[endpoint, direction]: [Parameters<typeof isolation>[0], 'Ingress' | 'Egress']) =>
    isolation(endpoint, direction, policySet).policies.map(({ policy }) => policy.name);

  it('gives the policies that select a pod, in the order in which they were given', () => {
    assert.deepEqual(names(pod('web', { app: 'web' }), 'Ingress'), ['by-label', 'everything', 'not-db']);
    assert.deepEqual(names(pod('web', { app: 'web' }), 'Egress'), ['everything', 'by-value']);
    assert.deepEqual(names(pod('db', { app: 'db' }), 'Ingress'), ['everything']);
    assert.deepEqual(names(pod('bare'), 'Ingress'), ['everything', 'not-db']);
    assert.deepEqual(names(pod('other/web', { app: 'web' }), 'Ingress'), ['by-two']);
    assert.deepEqual(names(pod('other/web', { app: 'web' }), 'Egress'), []);
    assert.deepEqual(names(pod('nowhere/web', { app: 'web' }), 'Ingress'), []);
  });

  it('isolates neither pods on the host network nor what is no pod', () => {
    assert.equal(isolation(pod('web', { app: 'web' }), 'Ingress', policySet).isolated, 'yes');
    for (const endpoint of [pod('host', { app: 'web' }, { hostNetwork: true }), address('a host', '192.0.2.1')]) {
      assert.deepEqual(isolation(endpoint, 'Ingress', policySet), { isolated: 'no', policies: [] });
    }
  });
});
