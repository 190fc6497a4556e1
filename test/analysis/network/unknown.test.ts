import assert from 'node:assert/strict';
import { evaluate } from '../../../analysis/network/evaluate';
import type { ExternalEndpoint, OtherPolicy } from '../../../analysis/network/model';
import { otherPolicyKinds } from '../../../analysis/network/other-policies';
import { affects, index, isolation } from '../../../analysis/network/policy-index';
import { address, externalPod, flow, labelMap, pod, policies } from './manifest';

describe('what the manifests do not say', () => {
  const web = pod('web', { app: 'web' });
  const outside = address('a host outside', '203.0.113.7');
  const result = (yaml: string, ...[from, to, port]: Parameters<typeof flow>) =>
    evaluate(flow(from, to, port), index(policies(yaml), { namespaces: labelMap({ default: {} }) })).result;

  const fromNginx = `
metadata: { name: from-nginx }
spec:
  podSelector: { matchLabels: { app: web } }
  ingress:
    - from:
        - namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ingress-nginx } }
          podSelector: { matchLabels: { app.kubernetes.io/name: ingress-nginx } }
`;

  it('uses the labels it knows of an external pod', () => {
    const controller = externalPod('the ingress controller', 'ingress-nginx', {
      'app.kubernetes.io/name': 'ingress-nginx',
    });
    const other = externalPod('another', 'ingress-nginx', { 'app.kubernetes.io/name': 'cert-manager' });
    const unlabelled = externalPod('unlabelled', 'ingress-nginx');
    const elsewhere = externalPod('elsewhere', 'monitoring');
    assert.equal(result(fromNginx, controller, web, 80), 'allowed');
    assert.equal(result(fromNginx, other, web, 80), 'denied');
    assert.equal(result(fromNginx, unlabelled, web, 80), 'unknown');
    assert.equal(result(fromNginx, { ...unlabelled, labelsComplete: true }, web, 80), 'denied');
    // Its namespace rules it out, whatever its labels are.
    assert.equal(result(fromNginx, elsewhere, web, 80), 'denied');
  });

  it('does not know the labels of an undeclared namespace, but for its name', () => {
    const byLabel = (key: string, value: string) => `
metadata: { name: p }
spec:
  podSelector: {}
  ingress: [{ from: [{ namespaceSelector: { matchLabels: { ${key}: ${value} } } }] }]
`;
    const dns = externalPod('kube-dns', 'kube-system', { 'k8s-app': 'kube-dns' });
    assert.equal(result(byLabel('name', 'kube-system'), dns, web, 80), 'unknown');
    assert.equal(result(byLabel('kubernetes.io/metadata.name', 'kube-system'), dns, web, 80), 'allowed');
    assert.equal(result(byLabel('kubernetes.io/metadata.name', 'other'), dns, web, 80), 'denied');
    // Declared means that all labels are known.
    assert.equal(result(byLabel('name', 'default'), pod('a'), web, 80), 'denied');
  });

  it('treats a pod of an unknown namespace as one of any namespace', () => {
    const stray: ExternalEndpoint = { kind: 'external', name: 'stray', labels: new Map([['app', 'x']]) };
    const own =
      'metadata: { name: p }\nspec: { podSelector: {}, ingress: [{ from: [{ podSelector: { matchLabels: { app: X } } }] }] }';
    assert.equal(result(own.replace('X', 'x'), stray, web, 80), 'unknown');
    assert.equal(result(own.replace('X', 'y'), stray, web, 80), 'denied');
    const everyone =
      'metadata: { name: p }\nspec: { podSelector: {}, ingress: [{ from: [{ namespaceSelector: {} }] }] }';
    assert.equal(result(everyone, stray, web, 80), 'allowed');
    // Some policy may select it as well.
    assert.equal(result('metadata: { name: p }\nspec: { podSelector: {} }', web, stray, 80), 'unknown');
    assert.equal(
      result('metadata: { name: p }\nspec: { podSelector: { matchLabels: { app: y } } }', web, stray, 80),
      'allowed',
    );
  });

  it('weighs a policy that may select the pod', () => {
    const target = externalPod('target', 'default', { app: 'web' });
    const certain = (rule: string) =>
      `metadata: { name: certain }\nspec: { podSelector: { matchLabels: { app: web } }, ingress: [${rule}] }`;
    const maybe = (rule: string) =>
      `metadata: { name: maybe }\nspec: { podSelector: { matchLabels: { tier: x } }, ingress: [${rule}] }`;
    const both = (a: string, b: string) => result([certain(a), maybe(b)].join('\n---\n'), outside, target, 80);
    const open = '{}';
    const closed = '{ ports: [{ port: 1 }] }';
    assert.equal(both(open, open), 'allowed');
    assert.equal(both(open, closed), 'allowed');
    assert.equal(both(closed, open), 'unknown');
    assert.equal(both(closed, closed), 'denied');
    assert.equal(result(maybe(open), outside, target, 80), 'allowed');
    assert.equal(result(maybe(closed), outside, target, 80), 'unknown');
    const policySet = index(policies(maybe(closed)));
    assert.deepEqual(
      isolation(target, 'Ingress', policySet).policies.map(({ policy, selects }) => [policy.name, selects]),
      [['maybe', 'unknown']],
    );
    assert.equal(isolation(target, 'Ingress', policySet).isolated, 'unknown');
    assert.equal(isolation(target, 'Egress', policySet).isolated, 'no');
  });

  it('is not sure when policies of other kinds exist', () => {
    const other = (kind: string, more: Partial<OtherPolicy<string>> = {}): OtherPolicy<string> => ({
      kind,
      name: 'x',
      source: kind,
      ...more,
    });
    const denyIngress = policies('metadata: { name: deny }\nspec: { podSelector: { matchLabels: { app: web } } }');
    const ask = (policy: OtherPolicy<string>, ...[from, to, port]: Parameters<typeof flow>) =>
      evaluate(flow(from, to, port), index(denyIngress, { otherPolicies: [policy] }));

    const admin = ask(other('AdminNetworkPolicy'), outside, web, 80);
    assert.equal(admin.result, 'unknown');
    assert.deepEqual(
      admin.ingress.otherPolicies.map(({ source }) => source),
      ['AdminNetworkPolicy'],
    );
    assert.equal(ask(other('CiliumNetworkPolicy', { namespace: 'default' }), outside, web, 80).result, 'unknown');
    assert.equal(ask(other('CiliumNetworkPolicy', { namespace: 'elsewhere' }), outside, web, 80).result, 'denied');

    // A baseline policy decides only where no NetworkPolicy selects the pod.
    const baseline = other('BaselineAdminNetworkPolicy', { baseline: true });
    assert.equal(ask(baseline, outside, web, 80).result, 'denied');
    assert.equal(ask(baseline, outside, pod('foo'), 80).result, 'unknown');

    // One side that denies for certain is enough.
    const mixed = ask(other('CiliumNetworkPolicy', { namespace: 'a' }), pod('a/source'), web, 80);
    assert.deepEqual([mixed.egress.result, mixed.ingress.result, mixed.result], ['unknown', 'denied', 'denied']);
  });

  it('lists the kinds by group, so that NetworkPolicy itself is not among them', () => {
    assert.ok(otherPolicyKinds.some(({ group, kind }) => group === 'cilium.io' && kind === 'CiliumNetworkPolicy'));
    assert.deepEqual(
      otherPolicyKinds.filter(({ group }) => group === 'networking.k8s.io'),
      [],
    );
    assert.deepEqual(
      otherPolicyKinds.filter(({ baseline }) => baseline).map(({ kind }) => kind),
      ['BaselineAdminNetworkPolicy'],
    );
  });

  it('knows that an egress list without rules is no egress policy type', () => {
    const [policy] = policies('metadata: { name: p }\nspec: { egress: [] }');
    assert.deepEqual([affects(policy!, 'Ingress'), affects(policy!, 'Egress')], [true, false]);
  });
});
