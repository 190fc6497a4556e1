import type { Rule } from '../rule';
import { rulesIn } from './peers';

export default {
  id: 'netpol-rule-empty-peer',
  items: [],
  severity: 'info',
  summary: 'An empty list of peers admits everybody.',
  why: '`from: []` and `to: []` read like "nobody" and mean "everybody, inside the cluster and outside", just as if the field were not there.',
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
    for (const { peers, field } of rulesIn(policy)) {
      if (!peers.exists || peers.items().length > 0 || (peers.kind !== 'sequence' && !peers.isNull)) continue;
      yield {
        at: peers.key,
        message: `An empty list in ${field} means everybody, inside the cluster and outside — leave ${field} out if that is meant, else name who it is for.`,
      };
    }
  },
} satisfies Rule;
