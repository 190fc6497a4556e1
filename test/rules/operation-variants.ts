import { add, type Change, cut, edit, type Mutation, mutation } from './mutations';

const policies = 'infrastructure/04-networking/networkpolicies.yaml';

/** Mistakes in what surrounds the programs: policies, monitoring, rights in the cluster, and what people are told to run. */
export const operationVariants: Readonly<Record<string, Mutation>> = {
  'media of calls let in over TCP only': mutation(
    'netpol-flow-blocked',
    edit(policies, '        - protocol: UDP\n          port: 7882', '        - port: 7882'),
  ),
  'media of calls not let in over TCP': mutation(
    'netpol-flow-blocked',
    edit(policies, '        - protocol: TCP\n          port: 7881\n', ''),
  ),
  'lk-jwt-service without a way to homeservers': mutation(
    'netpol-flow-blocked',
    cut(
      policies,
      '        - namespaceSelector:\n            matchExpressions:\n              - key: kubernetes.io/metadata.name\n                operator: In\n                values: ["ingress-nginx"]\n          podSelector:\n            matchLabels:\n              app.kubernetes.io/name: ingress-nginx\n        - ipBlock',
      '          port: 443',
      '        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: haproxy\n      ports:\n        - protocol: TCP\n          port: 443',
    ),
    { also: { 'netpol-port-not-on-pod': 'HAProxy listens on no port 443' } },
  ),
  'a label that the pods of Prometheus do not have': mutation(
    'netpol-flow-blocked',
    edit(policies, '              app.kubernetes.io/name: prometheus', '              app: prometheus'),
    { count: 7 },
  ),
  'a namespace of charts in which everything is denied': mutation(
    'netpol-flow-blocked',
    add(
      'monitoring/01-prometheus/policy.yaml',
      `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: default-deny-all
  namespace: monitoring
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
`,
    ),
    { count: 7, also: {} },
  ),
};

/** What looks like a mistake of that kind and is none. */
export const acceptedOperations: Readonly<Record<string, readonly Change[]>> = {
  'pods of Prometheus by the name of their Prometheus': [
    edit(
      policies,
      '              app.kubernetes.io/name: prometheus',
      '              prometheus: kube-prometheus-stack-prometheus',
    ),
  ],
  'lk-jwt-service that reaches the ingress controller alone': [
    cut(
      policies,
      '              app.kubernetes.io/name: ingress-nginx\n        - ipBlock',
      '              - 169.254.0.0/16\n',
      '              app.kubernetes.io/name: ingress-nginx\n',
    ),
  ],
};
