import { familiesOf, usedByMatrix, workloads } from '../../analysis/roles';
import { settingsOf } from '../../analysis/settings';
import type { Rule } from '../rule';
import { type Admission, admissionsOf, coversPort, selectedPods, widthOf } from './admission';

export default {
  id: 'netpol-redis-open',
  items: [],
  severity: 'warning',
  summary: 'A NetworkPolicy lets every namespace, or any address, open Redis.',
  why: 'Over Redis the processes of Synapse are told what to do, and LiveKit keeps its rooms there. A password is all that is left between it and whatever runs in the cluster, and where there is none, nothing.',
  remedy:
    'Admit the pods that need it by their labels, and other namespaces by theirs together with the labels of the pods.',
  traps: [
    'Pods of all namespaces that are named by labels of their own are accepted, and so are other ports, such as that of an exporter.',
    'A Redis of another application of the tree is left to it.',
  ],
  sources: [
    'Redis documentation, Security: it is not meant to be exposed; Kubernetes documentation, Network Policies, Behavior of to and from selectors',
  ],
  examples: {
    bad: example('namespaceSelector: {}', true),
    good: example('podSelector: {matchLabels: {app: synapse}}', false),
  },
  kinds: ['NetworkPolicy'],
  *check(policy, workspace) {
    if (settingsOf(workspace).components.networkPolicies === 'off') return;
    const own = usedByMatrix(workspace, workloads(workspace, 'redis'), 'redis');
    const [redis] = selectedPods(workspace, policy, 'Ingress').filter(
      ({ owner }) => familiesOf(owner).has('redis') && own.includes(owner),
    );
    if (!redis) return;
    for (const admission of admissionsOf(workspace, policy, 'Ingress', rule => coversPort(rule, redis, port))) {
      const whom = openTo(admission);
      if (whom)
        yield {
          at: admission.peer?.key ?? admission.rule.key,
          message: `${whom} may open ${redis.owner.title} on port ${port} — name the pods that need it.`,
          related: [{ at: redis.owner.root.at('metadata', 'name'), message: redis.owner.title }],
        };
    }
  },
} satisfies Rule;

const port = 6379;

function openTo({ peer, addresses, isAnyNamespace }: Admission): string | undefined {
  if (!peer) return 'Whoever can send packets';
  if (addresses !== undefined) return widthOf(addresses) === 'any' ? 'Any address' : undefined;
  return isAnyNamespace ? 'The pods of all namespaces' : undefined;
}

function example(peer: string, isBad: boolean): string {
  return `
      #- /policy.yaml
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: redis
        namespace: matrix
      spec:
        podSelector:
          matchLabels:
            app: redis
        policyTypes: [Ingress]
        ingress:
          - from:
              - ${peer}${isBad ? '\n      #         ^^^^^^^^^^^^^^^^^ warning: The pods of all namespaces may open StatefulSet/redis on port 6379' : ''}
            ports:
              - port: 6379
      #- /redis.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: redis
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: redis
          spec:
            containers:
              - name: redis
                image: redis:7.4.1
    `;
}
