import type { Value } from '../../manifests/value';
import type { Rule } from '../rule';
import { rulesIn } from './peers';

export default {
  id: 'netpol-rule-empty-peer',
  items: [],
  severity: 'info',
  summary: 'An empty list of peers or ports admits everybody or everything.',
  why: '`from: []` and `to: []` read like "nobody" and mean "everybody, inside the cluster and outside", just as if the field were not there. `ports: []` means every port.',
  remedy:
    'If everybody is meant, leave the field out and say so in a comment, or name an `ipBlock`. If nobody is meant, remove the whole rule.',
  sources: [
    'Kubernetes API reference, NetworkPolicyIngressRule.from: "If this field is empty or missing, this rule matches all sources".',
  ],
  examples: {
    bad: `
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: workers
        namespace: matrix
      spec:
        podSelector: {}
        policyTypes: [Egress]
        egress:
          - to: []
      #     ^^ info: An empty list in to means everybody
            ports:
              - port: 443
    `,
    good: `
      apiVersion: networking.k8s.io/v1
      kind: NetworkPolicy
      metadata:
        name: workers
        namespace: matrix
      spec:
        podSelector: {}
        policyTypes: [Egress]
        egress:
          # Anywhere: federation.
          - ports:
              - port: 443
    `,
  },
  kinds: ['NetworkPolicy'],
  *check(policy) {
    for (const { peers, ports, field } of rulesIn(policy)) {
      if (isEmptyList(peers))
        yield {
          at: peers.key,
          message: `An empty list in ${field} means everybody, inside the cluster and outside — leave ${field} out if that is meant, else name who it is for.`,
        };
      if (isEmptyList(ports))
        yield {
          at: ports.key,
          message: 'An empty list in ports means every port — leave ports out if that is meant, else name them.',
        };
    }
  },
} satisfies Rule;

function isEmptyList(list: Value): boolean {
  return list.exists && (list.isNull || (list.kind === 'sequence' && list.items().length === 0));
}
