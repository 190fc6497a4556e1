import assert from 'node:assert/strict';
import fc from 'fast-check';
import { internet, privateRanges } from '../../../analysis/network/addresses';
import { evaluate } from '../../../analysis/network/evaluate';
import { minimalEdits, type ProposedEdit, type ProposedPeer } from '../../../analysis/network/minimal-edit';
import type { Endpoint, Flow, LabelSelector, Peer, Policy } from '../../../analysis/network/model';
import { index } from '../../../analysis/network/policy-index';
import { knownCase, podAddresses } from './generate';
import { address, externalPod, flow, fromJson, pod, policies } from './manifest';

describe('minimal edits', () => {
  const livekit = pod('livekit', { app: 'livekit' });
  const redis = pod('redis', { app: 'redis' });
  const synapse = pod('synapse', { app: 'synapse', component: 'main' });
  const worker = pod('worker', { app: 'synapse', component: 'worker' });
  const endpoints: readonly Endpoint[] = [livekit, redis, synapse, worker];
  const deny = 'metadata: { name: default-deny-all }\nspec: { podSelector: {}, policyTypes: [Ingress, Egress] }\n';
  const dns =
    'metadata: { name: allow-dns }\nspec: { podSelector: {}, policyTypes: [Egress], egress: [{ ports: [{ port: 53, protocol: UDP }] }] }\n';
  const edits = (yaml: string, ...[from, to, port]: Parameters<typeof flow>) => {
    const policySet = index(policies(yaml));
    return minimalEdits(evaluate(flow(from, to, port), policySet), endpoints, policySet);
  };
  const toRedis = {
    peer: { kind: 'pods', podSelector: new Map([['app', 'redis']]), namespace: undefined, alsoAdmits: [] },
    port: 6379,
    protocol: 'TCP',
  };

  it('proposes nothing for a flow that passes', () => {
    assert.deepEqual(edits(dns, livekit, redis, '53/UDP'), []);
  });

  it('proposes a new policy for each side where only deny-all and allow-dns select the pod', () => {
    assert.deepEqual(edits(`${deny}---\n${dns}`, livekit, redis, 6379), [
      {
        kind: 'new-policy',
        direction: 'Egress',
        name: 'livekit-to-redis',
        namespace: 'default',
        podSelector: new Map([['app', 'livekit']]),
        rule: toRedis,
        appliesTo: [livekit],
      },
      {
        kind: 'new-policy',
        direction: 'Ingress',
        name: 'redis-from-livekit',
        namespace: 'default',
        podSelector: new Map([['app', 'redis']]),
        rule: {
          ...toRedis,
          peer: { kind: 'pods', podSelector: new Map([['app', 'livekit']]), namespace: undefined, alsoAdmits: [] },
        },
        appliesTo: [redis],
      },
    ]);
  });

  it('gives a new policy a free and valid name', () => {
    const taken = 'metadata: { name: x-y-from-the-internet }\nspec: { podSelector: {} }\n';
    const odd = pod('X_y', { app: 'odd' });
    const policySet = index(policies(taken));
    const [edit] = minimalEdits(evaluate(flow(internet, odd, 80), policySet), [odd], policySet);
    assert.equal(edit?.kind === 'new-policy' && edit.name, 'x-y-from-the-internet-2');
  });

  const egressOfLivekit = `
metadata: { name: livekit }
spec:
  podSelector: { matchLabels: { app: livekit } }
  policyTypes: [Egress]
  egress: [{ to: [{ podSelector: { matchLabels: { app: synapse } } }], ports: [{ port: 8008 }] }]
`;

  it('appends a rule to the policy that is about these pods', () => {
    const [edit, ...more] = edits(
      `${deny.replace('Ingress, ', '')}---\n${dns}---\n${egressOfLivekit}`,
      livekit,
      redis,
      6379,
    );
    assert.deepEqual(more, []);
    assert.equal(edit?.kind, 'append-rule');
    assert.deepEqual(edit?.kind === 'append-rule' && [edit.policy.name, edit.rule, edit.appliesTo], [
      'livekit',
      toRedis,
      [livekit],
    ]);
  });

  it('chooses the policy that selects the fewest pods, and never one without rules', () => {
    const policy = (name: string, labels: string, ports: string) =>
      `metadata: { name: ${name} }\nspec: { podSelector: { matchLabels: ${labels} }, policyTypes: [Ingress], ingress: ${ports} }\n`;
    const one = '[{ ports: [{ port: 1 }] }]';
    const broad = policy('broad', '{ app: synapse }', one);
    const narrow = policy('narrow', '{ component: main }', one);
    const closed = policy('closed', '{ app: synapse, component: main }', '[]');
    const chosen = (yaml: string) => {
      const [edit] = edits(yaml, redis, synapse, 80);
      return edit?.kind === 'append-rule' ? [edit.policy.name, edit.appliesTo.map(({ name }) => name)] : edit?.kind;
    };
    assert.deepEqual(chosen([broad, narrow, closed].join('---\n')), ['narrow', ['synapse']]);
    assert.deepEqual(chosen([broad, closed].join('---\n')), ['broad', ['synapse', 'worker']]);
    assert.deepEqual(chosen(closed), 'new-policy');
  });

  it('chooses the policy that says more about the pods where two select the same, whatever their order', () => {
    const vague =
      'metadata: { name: vague }\nspec: { podSelector: { matchLabels: { component: main } }, ingress: [{ ports: [{ port: 1 }] }] }\n';
    const exact =
      'metadata: { name: exact }\nspec: { podSelector: { matchLabels: { app: synapse, component: main } }, ingress: [{ ports: [{ port: 1 }] }] }\n';
    for (const yaml of [`${vague}---\n${exact}`, `${exact}---\n${vague}`]) {
      const [edit] = edits(yaml, redis, synapse, 80);
      assert.equal(edit?.kind === 'append-rule' && edit.policy.name, 'exact');
    }
  });

  it('does not use a policy that only may select the pods', () => {
    const maybe =
      'metadata: { name: maybe }\nspec: { podSelector: { matchLabels: { tier: x } }, ingress: [{ ports: [{ port: 1 }] }] }\n';
    const known = externalPod('dashboard', 'default', { app: 'dashboard' });
    const [edit] = edits(`${deny}---\n${maybe}`, address('a host', '192.0.2.5'), known, 80);
    assert.deepEqual(edit?.kind === 'new-policy' && [edit.name, edit.podSelector], [
      'dashboard-from-a-host',
      new Map([['app', 'dashboard']]),
    ]);
  });

  it('adds only the port to a rule that is about this peer alone', () => {
    const ingress = (from: string) => `
metadata: { name: from-nginx }
spec:
  podSelector: { matchLabels: { app: livekit } }
  ingress: [{ from: ${from}, ports: [{ port: 8008 }] }]
`;
    const nginx = externalPod('nginx', 'ingress-nginx', { 'app.kubernetes.io/name': 'ingress-nginx' });
    const namespace = '{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ingress-nginx } } }';
    const [edit] = edits(ingress(`[${namespace}]`), nginx, livekit, 7880);
    assert.equal(edit?.kind, 'append-port');
    assert.deepEqual(edit?.kind === 'append-port' && [edit.rule.source, edit.port, edit.protocol], [
      'from-nginx/ingress.0',
      7880,
      'TCP',
    ]);
    const twice = `[${namespace}, { namespaceSelector: {}, podSelector: { matchLabels: { app.kubernetes.io/name: ingress-nginx } } }]`;
    assert.deepEqual(edits(ingress(twice), nginx, livekit, 7880)[0]?.kind, 'append-port');
    const open = index(policies(ingress('[]')));
    const [alone] = minimalEdits(evaluate(flow(nginx, livekit, 7880), open), [], open);
    assert.equal(alone?.kind, 'append-rule');
    // Others would get the port too.
    const [broad] = edits(ingress('[{ podSelector: { matchLabels: { app: synapse } } }]'), worker, livekit, 7880);
    assert.equal(broad?.kind, 'append-rule');
    const alsoMonitoring = `[${namespace}, ${namespace.replace('ingress-nginx', 'monitoring')}]`;
    for (const from of [
      alsoMonitoring,
      `[${namespace}, { podSelector: { matchLabels: { app: redis } } }]`,
      '[{ namespaceSelector: {} }]',
      '[]',
    ]) {
      const [other] = edits(ingress(from), nginx, livekit, 7880);
      assert.equal(other?.kind, 'append-rule', from);
      assert.deepEqual(other?.kind === 'append-rule' && other.rule.peer, {
        kind: 'pods',
        podSelector: new Map([['app.kubernetes.io/name', 'ingress-nginx']]),
        namespace: 'ingress-nginx',
        alsoAdmits: [],
      });
    }
  });

  it('admits addresses by ipBlock, and leaves unknown ones to be filled in', () => {
    const peer = (to: Endpoint) => {
      const [edit] = edits(egressOfLivekit, livekit, to, 443);
      return edit?.kind === 'append-rule' ? edit.rule.peer : edit?.kind;
    };
    assert.deepEqual(peer(address('a host', '192.0.2.5', '2001:db8::5')), {
      kind: 'addresses',
      cidrs: ['192.0.2.5/32', '2001:db8::5/128'],
      except: [],
    });
    const wide = peer(internet);
    assert.ok(typeof wide === 'object' && wide.kind === 'addresses');
    assert.deepEqual(wide.cidrs, ['0.0.0.0/0']);
    assert.ok(privateRanges.every(range => wide.except.includes(range)));
    assert.deepEqual(peer(pod('host', { app: 'host' }, { hostNetwork: true })), {
      kind: 'addresses',
      cidrs: [],
      except: [],
    });
    assert.deepEqual(peer({ kind: 'external', name: 'the API server' }), { kind: 'addresses', cidrs: [], except: [] });
  });

  it('says when pods need labels first', () => {
    const job = pod('job');
    assert.deepEqual(edits(egressOfLivekit, livekit, job, 80), [
      { kind: 'needs-labels', direction: 'Egress', endpoint: job, as: 'peer' },
    ]);
    assert.deepEqual(edits(deny, job, address('a host', '192.0.2.5'), 80), [
      { kind: 'needs-labels', direction: 'Egress', endpoint: job, as: 'selected' },
    ]);
  });

  it('does not propose a policy that would cut off pods nothing isolated before', () => {
    const twins = [pod('a', { app: 'x', extra: '1' }), pod('b', { app: 'x' })];
    const propose = (denied: string) => {
      const policySet = index(policies(`metadata: { name: deny }\nspec: { podSelector: ${denied} }`));
      // Only the empty selector or a negative one can tell b from a.
      const [edit] = minimalEdits(evaluate(flow(redis, twins[1]!, 80), policySet), [...endpoints, ...twins], policySet);
      return edit?.kind === 'new-policy' ? edit.appliesTo.map(({ name }) => name) : edit?.kind;
    };
    assert.deepEqual(propose('{}'), ['b', 'a']);
    assert.deepEqual(propose('{ matchExpressions: [{ key: extra, operator: DoesNotExist }] }'), 'needs-labels');
  });

  it('makes the flow pass, opens nothing to anyone but the pods it names, and keeps what was allowed', () => {
    const kinds: Record<string, number> = {};
    fc.assert(
      fc.property(knownCase, made => {
        const before = made.policies.map(fromJson);
        const options = { namespaces: made.namespaces, podAddresses };
        const policySet = index(before, options);
        for (const [fromAt, toAt, port, protocol] of made.flows.slice(0, 10)) {
          const asked = { from: made.endpoints[fromAt]!, to: made.endpoints[toAt]!, port, protocol };
          const verdict = evaluate(asked, policySet);
          const proposed = minimalEdits(verdict, made.endpoints, policySet);
          assert.equal(proposed.length > 0, verdict.egress.result === 'denied' || verdict.ingress.result === 'denied');
          for (const { kind } of proposed) kinds[kind] = (kinds[kind] ?? 0) + 1;
          const applied = proposed.map(applicable);
          if (proposed.length === 0 || applied.includes(undefined)) continue;
          const after = index(proposed.reduce(apply, before), options);
          if (verdict.egress.result !== 'unknown' && verdict.ingress.result !== 'unknown') {
            assert.equal(evaluate(asked, after).result, 'allowed', JSON.stringify(proposed, mapsAsObjects));
          }
          for (const from of made.endpoints) {
            for (const to of made.endpoints) {
              for (const other of [port, port + 1]) {
                const one = { from, to, port: other, protocol };
                const [was, is] = [evaluate(one, policySet).result, evaluate(one, after).result];
                if (was === 'allowed') assert.equal(is, 'allowed');
                if (was === 'denied' && is !== 'denied') {
                  assert.equal(other, port);
                  assert.ok(
                    proposed.some(edit => names(edit, asked, from, to)),
                    JSON.stringify(proposed, mapsAsObjects),
                  );
                }
              }
            }
          }
        }
      }),
      { seed: 3, numRuns: 900 },
    );
    for (const kind of ['new-policy', 'append-rule', 'append-port', 'needs-labels']) {
      assert.ok((kinds[kind] ?? 0) >= 5, JSON.stringify(kinds));
    }
  });
});

/** Edits that a machine can apply: not those that need labels or addresses first. */
function applicable(edit: ProposedEdit<string>): true | undefined {
  if (edit.kind === 'needs-labels') return undefined;
  if (edit.kind === 'append-port') return true;
  return edit.rule.peer.kind === 'pods' || edit.rule.peer.cidrs.length > 0 ? true : undefined;
}

/** Policies and rules are found by name, because an edit before may already have replaced them. */
function apply(list: readonly Policy<string>[], edit: ProposedEdit<string>): readonly Policy<string>[] {
  if (edit.kind === 'needs-labels') return list;
  const field = edit.direction === 'Ingress' ? 'ingress' : 'egress';
  if (edit.kind === 'append-port') {
    const rules = (policy: Policy<string>) =>
      (policy[field] ?? []).map(rule =>
        rule.source === edit.rule.source
          ? { ...rule, ports: [...(rule.ports ?? []), { port: edit.port, protocol: edit.protocol, source: 'new' }] }
          : rule,
      );
    return list.map(policy => (policy.name === edit.policy.name ? { ...policy, [field]: rules(policy) } : policy));
  }
  const rule = {
    peers: peersOf(edit.rule.peer),
    ports: [{ port: edit.rule.port, protocol: edit.rule.protocol, source: 'new' }],
    source: 'new',
  };
  if (edit.kind === 'new-policy') {
    const { name, namespace, direction } = edit;
    return [
      ...list,
      {
        name,
        namespace,
        podSelector: selector(edit.podSelector),
        policyTypes: [direction],
        [field]: [rule],
        source: 'new',
      },
    ];
  }
  return list.map(policy =>
    policy.name === edit.policy.name ? { ...policy, [field]: [...(policy[field] ?? []), rule] } : policy,
  );
}

function peersOf(peer: ProposedPeer): readonly Peer<string>[] {
  if (peer.kind === 'addresses') return peer.cidrs.map(cidr => ({ ipBlock: { cidr, source: 'new' }, source: 'new' }));
  const named = peer.namespace && selector(new Map([['kubernetes.io/metadata.name', peer.namespace]]));
  return [{ podSelector: selector(peer.podSelector), ...(named ? { namespaceSelector: named } : {}), source: 'new' }];
}

function selector(labels: ReadonlyMap<string, string>): LabelSelector<string> {
  return { matchLabels: [...labels].map(([key, value]) => ({ key, value, source: 'new' })), source: 'new' };
}

/** Whether the edit names both ends of a flow: one among the pods it applies to, the other among the peers it admits. */
function names(edit: ProposedEdit<string>, asked: Flow, from: Endpoint, to: Endpoint): boolean {
  if (edit.kind === 'needs-labels') return false;
  const [selected, peer, askedPeer] = edit.direction === 'Egress' ? [from, to, asked.to] : [to, from, asked.from];
  if (!edit.appliesTo.includes(selected)) return false;
  if (peer === askedPeer) return true;
  // A hostNetwork pod might have an address that is admitted.
  if (edit.kind === 'append-port') return peer.hostNetwork === true && edit.rule.peers?.[0]?.ipBlock !== undefined;
  if (edit.rule.peer.kind === 'addresses') return peer.hostNetwork === true;
  return edit.rule.peer.alsoAdmits.some(pod => pod === peer);
}

function mapsAsObjects(_key: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}
