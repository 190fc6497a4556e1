import assert from 'node:assert/strict';
import fc from 'fast-check';
import { internet } from '../../../analysis/network/addresses';
import { evaluate } from '../../../analysis/network/evaluate';
import type { Protocol } from '../../../analysis/network/model';
import { index } from '../../../analysis/network/policy-index';
import { openPorts, reachableFrom, whoCanReach } from '../../../analysis/network/reach';
import { knownCase, openCase, podAddresses } from './generate';
import { externalPod, fromJson, pod, policies } from './manifest';

describe('reachability', () => {
  const vault = pod('key-vault', { app: 'key-vault' }, { ports: { http: 8000 } });
  const main = pod('synapse', { app: 'synapse' });
  const worker = pod('worker', { app: 'synapse', component: 'worker' });
  const li = pod('synapse-li', { app: 'synapse-li' });
  const host = pod('turn', { app: 'synapse' }, { hostNetwork: true });
  const stranger = externalPod('a pod of another namespace', 'elsewhere');
  const policySet = index(
    policies(`
metadata: { name: vault }
spec:
  podSelector: { matchLabels: { app: key-vault } }
  ingress:
    - from: [{ podSelector: { matchLabels: { app: synapse } } }]
      ports: [{ port: http }]
---
metadata: { name: li }
spec:
  podSelector: { matchLabels: { app: synapse-li } }
  policyTypes: [Egress]
  egress:
    - ports: [{ port: 53, protocol: UDP }, { port: 53 }]
    - to: [{ podSelector: { matchLabels: { app: synapse } } }]
      ports: [{ port: 8008, endPort: 8010 }, { port: 8011 }, { port: 9000 }]
`),
  );
  const all = [vault, main, worker, li, host, stranger];

  it('finds who can reach a port', () => {
    const who = whoCanReach(vault, 8000, 'TCP', [...all, internet], policySet);
    assert.deepEqual(
      who.map(({ endpoint, result }) => [endpoint.name, result]),
      [
        ['synapse', 'allowed'],
        ['worker', 'allowed'],
      ],
    );
    assert.deepEqual(whoCanReach(vault, 8001, 'TCP', all, policySet), []);
  });

  it('finds what a pod can reach, with the ports', () => {
    const open = (endPort: number) => ({ port: 1, endPort, result: 'allowed' });
    assert.deepEqual(
      reachableFrom(li, [vault, main, internet], policySet).map(({ endpoint, ports }) => [endpoint.name, ports]),
      [
        [
          'synapse',
          [
            { protocol: 'TCP', port: 53, endPort: 53, result: 'allowed' },
            { protocol: 'TCP', port: 8008, endPort: 8011, result: 'allowed' },
            { protocol: 'TCP', port: 9000, endPort: 9000, result: 'allowed' },
            { protocol: 'UDP', port: 53, endPort: 53, result: 'allowed' },
          ],
        ],
        [
          'the internet',
          [
            { protocol: 'TCP', port: 53, endPort: 53, result: 'allowed' },
            { protocol: 'UDP', port: 53, endPort: 53, result: 'allowed' },
          ],
        ],
      ],
    );
    assert.deepEqual(openPorts(main, internet, policySet), [
      { protocol: 'TCP', ...open(65535) },
      { protocol: 'UDP', ...open(65535) },
      { protocol: 'SCTP', ...open(65535) },
    ]);
    assert.deepEqual(openPorts(worker, vault, policySet), [
      { protocol: 'TCP', port: 8000, endPort: 8000, result: 'allowed' },
    ]);
  });

  it('lists exactly the ports that evaluate allows or leaves open', () => {
    const protocols: readonly Protocol[] = ['TCP', 'UDP', 'SCTP'];
    let listed = 0;
    for (const [cases, numRuns] of [
      [knownCase, 150],
      [openCase, 100],
    ] as const) {
      fc.assert(
        fc.property(cases, made => {
          const made2 = index(made.policies.map(fromJson), { namespaces: made.namespaces, podAddresses });
          for (const [fromAt, toAt] of made.flows.slice(0, 6)) {
            const [from, to] = [made.endpoints[fromAt]!, made.endpoints[toAt]!];
            const ranges = openPorts(from, to, made2);
            listed += ranges.length;
            for (const protocol of protocols) {
              for (const port of [1, 52, 53, 54, 78, 79, 80, 81, 82, 89, 90, 91, 92, 93, 94, 443, 65535]) {
                const { result } = evaluate({ from, to, port, protocol }, made2);
                const range = ranges.filter(
                  one => one.protocol === protocol && one.port <= port && port <= one.endPort,
                );
                assert.deepEqual(
                  range.map(one => one.result),
                  result === 'denied' ? [] : [result],
                );
              }
            }
          }
        }),
        { seed: 7, numRuns },
      );
    }
    assert.ok(listed > 1000, `${listed}`);
  });
});
