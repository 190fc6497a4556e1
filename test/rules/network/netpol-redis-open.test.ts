import assert from 'node:assert/strict';
import rule from '../../../rules/network/netpol-redis-open';
import { messages } from '../expect';

const found = (ingress: string, redis = 'redis'): readonly string[] =>
  messages(
    rule,
    `
#- /policy.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: redis, namespace: matrix}
spec:
  podSelector: {matchLabels: {app: redis}}
  policyTypes: [Ingress]
  ingress: [${ingress}]
#- /redis.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: ${redis}, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: redis}}
    spec: {containers: [{name: a, image: "${redis}:7"}]}
`,
  );

describe('netpol-redis-open', () => {
  it('tells whom a policy lets in without naming them', () => {
    const of = (from: string): string => found(`{from: [${from}], ports: [{port: 6379}]}`).join();
    assert.match(of('{namespaceSelector: {}}'), /^warning: The pods of all namespaces may open StatefulSet\/redis/);
    assert.match(
      of('{namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: Exists}]}}'),
      /The pods of all namespaces/,
    );
    assert.match(of('{ipBlock: {cidr: 0.0.0.0/0}}'), /^warning: Any address may open/);
    assert.match(found('{ports: [{port: 6379}]}').join(), /^warning: Whoever can send packets may open/);
    assert.match(found('{from: [{namespaceSelector: {}}]}').join(), /The pods of all namespaces/);
  });

  it('accepts those that are named, and other ports and programs', () => {
    for (const from of [
      '{namespaceSelector: {}, podSelector: {matchLabels: {redis-client: "true"}}}',
      '{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}',
      '{podSelector: {}}',
      '{ipBlock: {cidr: 10.1.0.0/16}}',
    ])
      assert.deepEqual(found(`{from: [${from}], ports: [{port: 6379}]}`), [], from);
    assert.deepEqual(found('{from: [{namespaceSelector: {}}], ports: [{port: 9121}]}'), []);
    assert.deepEqual(found('{from: [{namespaceSelector: {}}]}', 'nginx'), []);
  });
});
