import assert from 'node:assert/strict';
import { internet } from '../../../analysis/network/addresses';
import { evaluate } from '../../../analysis/network/evaluate';
import { explain, nearMisses, summarize } from '../../../analysis/network/explain';
import { index } from '../../../analysis/network/policy-index';
import { address, externalPod, flow, pod, policies } from './manifest';

describe('explain', () => {
  const haproxy = pod('matrix/haproxy', { 'app.kubernetes.io/name': 'haproxy' });
  const synapse = pod(
    'matrix/synapse-main',
    { 'app.kubernetes.io/name': 'synapse', 'app.kubernetes.io/component': 'homeserver' },
    { ports: { http: 8008 } },
  );
  const policySet = index(
    policies(`
metadata: { name: default-deny-all, namespace: matrix }
spec: { podSelector: {}, policyTypes: [Ingress, Egress] }
---
metadata: { name: haproxy, namespace: matrix }
spec:
  podSelector: { matchLabels: { app.kubernetes.io/name: haproxy } }
  policyTypes: [Egress]
  egress:
    - ports: [{ port: 53, protocol: UDP }]
    - to: [{ podSelector: { matchLabels: { app.kubernetes.io/name: synapse } } }]
---
metadata: { name: synapse, namespace: matrix }
spec:
  podSelector: { matchLabels: { app.kubernetes.io/name: synapse } }
  ingress:
    - from: [{ podSelector: { matchLabels: { app.kubernetes.io/component: main } } }]
    - from:
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ingress-nginx } }
        - ipBlock: { cidr: 203.0.113.0/24, except: [203.0.113.8/32] }
      ports: [{ port: 9090, endPort: 9099 }, { port: "8008" }, { port: metrics }, { port: http, protocol: UDP }]
`),
  );
  const lines = (...[from, to, port]: Parameters<typeof flow>) => explain(evaluate(flow(from, to, port), policySet));

  it('says policy by policy why a flow is denied', () => {
    assert.deepEqual(lines(haproxy, synapse, 8008), [
      'matrix/haproxy → matrix/synapse-main port 8008/TCP is denied.',
      'Egress of matrix/haproxy is allowed by NetworkPolicy haproxy (egress rule 2).',
      'Ingress: matrix/synapse-main is selected for ingress by 2 NetworkPolicies, and none of these NetworkPolicies allows it:',
      '  default-deny-all has no ingress rule, so it allows nothing.',
      '  synapse, ingress rule 1: no peer matches (podSelector wants app.kubernetes.io/component=main, the pod has no label app.kubernetes.io/component).',
      '  synapse, ingress rule 2: no port matches (9090 to 9099; "8008" is a string and so a port name, not a number; the destination has no port named metrics; http is for UDP only).',
      '    no peer matches (namespaceSelector wants kubernetes.io/metadata.name=ingress-nginx, the namespace has kubernetes.io/metadata.name=matrix; ipBlock 203.0.113.0/24 except 203.0.113.8/32 does not cover its address).',
    ]);
  });

  it('names the namespace before the labels when both are wrong', () => {
    assert.deepEqual(
      lines(pod('other/a', { app: 'a' }), synapse, 80).at(-3),
      '  synapse, ingress rule 1: no peer matches (podSelector without namespaceSelector selects in namespace matrix only, the peer is in other).',
    );
  });

  it('says which rule allows a flow, and why no policy applies', () => {
    assert.deepEqual(lines(address('a monitor', '203.0.113.9'), synapse, 9091), [
      'a monitor → matrix/synapse-main port 9091/TCP is allowed.',
      'Egress: a monitor is not a pod, so no NetworkPolicy applies to it.',
      'Ingress of matrix/synapse-main is allowed by NetworkPolicy synapse (ingress rule 2).',
    ]);
    assert.deepEqual(lines(pod('other/a'), pod('other/turn', {}, { hostNetwork: true }), 3478), [
      'other/a → other/turn port 3478/TCP is allowed.',
      'Egress: no NetworkPolicy selects other/a for egress, so all egress is allowed.',
      'Ingress: other/turn uses the host network, where most network plugins do not apply NetworkPolicies.',
    ]);
  });

  it('tells unknown from denied', () => {
    const controller = externalPod('the ingress controller', 'matrix');
    const said = lines(controller, synapse, 80);
    assert.equal(
      said[0],
      'the ingress controller → matrix/synapse-main port 80/TCP cannot be decided from the manifests.',
    );
    assert.deepEqual(said.slice(said.findIndex(line => line.startsWith('Ingress'))).slice(0, 3), [
      'Ingress: matrix/synapse-main is selected for ingress by 2 NetworkPolicies, and it is uncertain:',
      '  default-deny-all has no ingress rule, so it allows nothing.',
      '  synapse, ingress rule 1: a peer may match (podSelector wants app.kubernetes.io/component=main, it is not known whether the pod has it).',
    ]);
    // Whether the policy haproxy selects the pod is not known either.
    assert.equal(
      said[1],
      'Egress: the ingress controller is selected or may be selected for egress by 2 NetworkPolicies, and it is uncertain:',
    );
    assert.deepEqual(lines(haproxy, controller, 80).slice(1, 2), [
      'Egress: matrix/haproxy is selected for egress by 2 NetworkPolicies, and it is uncertain:',
    ]);
  });

  it('names policies of other kinds', () => {
    const withOther = index(policySet.policies, {
      otherPolicies: [{ kind: 'CiliumNetworkPolicy', name: 'l7', namespace: 'matrix', source: 'x' }],
    });
    assert.deepEqual(explain(evaluate(flow(haproxy, internet, 443), withOther)), [
      'matrix/haproxy → the internet port 443/TCP cannot be decided from the manifests.',
      'Egress of matrix/haproxy also depends on policies that are not evaluated: CiliumNetworkPolicy l7.',
      'Ingress: the internet is not a pod, so no NetworkPolicy applies to it.',
    ]);
  });

  it('sums up in a sentence, with the rule that nearly fits', () => {
    const summary = (...[from, to, port]: Parameters<typeof flow>) =>
      summarize(evaluate(flow(from, to, port), policySet));
    assert.deepEqual(summary(haproxy, synapse, 9090), [
      'Ingress of matrix/synapse-main blocks it: only default-deny-all and synapse select it; synapse, ingress rule 2, nearly fits: no peer matches (namespaceSelector wants kubernetes.io/metadata.name=ingress-nginx, the namespace has kubernetes.io/metadata.name=matrix; ipBlock 203.0.113.0/24 except 203.0.113.8/32 does not cover its address).',
    ]);
    assert.deepEqual(summary(synapse, haproxy, 80), [
      'Egress of matrix/synapse-main blocks it: only default-deny-all selects it.',
      'Ingress of matrix/haproxy blocks it: only default-deny-all selects it.',
    ]);
    assert.deepEqual(summary(externalPod('a pod', 'ingress-nginx'), synapse, 8008), [
      'Ingress of matrix/synapse-main blocks it: only default-deny-all and synapse select it; synapse, ingress rule 2, nearly fits: no port matches (9090 to 9099; "8008" is a string and so a port name, not a number; the destination has no port named metrics; http is for UDP only).',
    ]);
    assert.deepEqual(summary(externalPod('a pod', 'ingress-nginx'), synapse, 9090), []);
    assert.deepEqual(summary(externalPod('a pod', 'matrix'), synapse, 8008), [
      'Egress of a pod may block it: only default-deny-all and haproxy select it.',
      'Ingress of matrix/synapse-main may block it: only default-deny-all and synapse select it.',
    ]);
    const metrics = policies(
      'metadata: { name: metrics }\nspec: { podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { name: monitoring } } }], ports: [{ port: 9090 }] }] }',
    );
    assert.deepEqual(
      summarize(evaluate(flow(externalPod('Prometheus', 'monitoring'), pod('a'), 9090), index(metrics))),
      [
        'Ingress of default/a may block it: only metrics selects it; metrics, ingress rule 1, may fit: a peer may match (namespaceSelector wants name=monitoring, it is not known whether the namespace has it).',
      ],
    );
    // A rule for all ports or all peers fits nothing in particular.
    const { egress } = evaluate(flow(haproxy, pod('matrix/other'), '53/TCP'), policySet);
    assert.deepEqual(nearMisses(egress), []);
  });

  it('hands back the sources, so that a finding can point at the exact place', () => {
    const { ingress } = evaluate(flow(haproxy, synapse, 8008), policySet);
    const rule = ingress.policies[1]?.rules[0];
    assert.equal(rule?.rule.source, 'synapse/ingress.0');
    const because = rule?.peers[0]?.because;
    assert.equal(
      because?.kind === 'podSelector' && because.requirement.source,
      'synapse/ingress.0.from.0.podSelector.matchLabels.app.kubernetes.io/component',
    );
    assert.equal(ingress.policies[1]?.rules[1]?.ports[2]?.port.source, 'synapse/ingress.1.ports.2');
  });
});
