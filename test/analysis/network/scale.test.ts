import assert from 'node:assert/strict';
import { evaluate } from '../../../analysis/network/evaluate';
import { minimalEdits } from '../../../analysis/network/minimal-edit';
import { index, isolation } from '../../../analysis/network/policy-index';
import { whoCanReach } from '../../../analysis/network/reach';
import { fromJson, pod } from './manifest';

describe('a large tree', () => {
  // One namespace is the worst case: nothing is ruled out by namespace.
  const pods = Array.from({ length: 10_000 }, (_, n) =>
    pod(`big/pod${n}`, { 'app.kubernetes.io/name': `app${n}`, 'app.kubernetes.io/part-of': 'big', tier: `t${n % 7}` }),
  );
  const policies = Array.from({ length: 2_000 }, (_, n) =>
    fromJson({
      metadata: { name: `p${n}`, namespace: 'big' },
      spec: {
        podSelector: { matchLabels: { 'app.kubernetes.io/part-of': 'big', 'app.kubernetes.io/name': `app${n}` } },
        policyTypes: ['Ingress'],
        ingress: [
          {
            from: [{ podSelector: { matchLabels: { 'app.kubernetes.io/name': `app${n + 1}` } } }],
            ports: [{ port: 8080 }],
          },
        ],
      },
    }),
  );
  const deny = fromJson({ metadata: { name: 'deny', namespace: 'big' }, spec: { policyTypes: ['Ingress'] } });

  it('finds the policies of each of 10,000 pods among 2,000, and decides 10,000 flows', () => {
    const policySet = index([deny, ...policies]);
    // Work is counted, not timed: a selector reads the labels it is tried on, and only few are tried.
    const counted = pods.map(one => {
      let reads = 0;
      const labels = new Map(one.labels);
      const get = labels.get.bind(labels);
      labels.get = key => {
        reads++;
        return get(key);
      };
      return { one: { ...one, labels }, reads: () => reads };
    });
    for (const [n, { one }] of counted.entries()) {
      const names = isolation(one, 'Ingress', policySet).policies.map(({ policy }) => policy.name);
      assert.deepEqual(names, n < 2_000 ? ['deny', `p${n}`] : ['deny']);
    }
    assert.ok(
      counted.every(({ reads }) => reads() <= 4),
      'selectors that cannot match are not tried',
    );
    const results = { allowed: 0, denied: 0, unknown: 0 };
    for (const [n, from] of pods.entries()) {
      const to = pods[(n + 9_999) % 10_000]!;
      results[evaluate({ from, to, port: 8080, protocol: 'TCP' }, policySet).result]++;
    }
    assert.deepEqual(results, { allowed: 2_000, denied: 8_000, unknown: 0 });
  });

  it('finds who can reach one pod, and what to change', () => {
    const policySet = index([deny, ...policies]);
    const who = whoCanReach(pods[5]!, 8080, 'TCP', pods, policySet);
    assert.deepEqual(
      who.map(({ endpoint }) => endpoint.name),
      ['pod6'],
    );
    const verdict = evaluate({ from: pods[9]!, to: pods[5]!, port: 8080, protocol: 'TCP' }, policySet);
    const [edit] = minimalEdits(verdict, pods, policySet);
    assert.equal(edit?.kind === 'append-rule' && edit.policy.name, 'p5');
  });
});
