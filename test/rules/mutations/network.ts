import { add, drop, edit, type Mutation, mutation } from './mutation';
import { allBut, policies } from './sample';

export const networkMutations: readonly Mutation[] = [
  mutation(
    'netpol-namespace-selector-label',
    edit(
      policies,
      '              - key: kubernetes.io/metadata.name\n                operator: In\n                values: ["monitoring"]',
      '              - key: name\n                operator: In\n                values: ["monitoring"]',
    ),
    {
      also: { 'netpol-flow-blocked': 'The rule that matches nothing was the one that let Prometheus in.' },
    },
  ),
  mutation('netpol-default-deny-missing', drop(policies, 'NetworkPolicy/default-deny-all')),
  mutation(
    'netpol-dns-egress-missing',
    edit(
      policies,
      '        - protocol: UDP\n          port: 53\n        - protocol: TCP\n          port: 53\n',
      '        - protocol: UDP\n          port: 53\n',
    ),
  ),
  mutation(
    'netpol-database-access',
    edit(
      policies,
      '              cnpg.io/cluster: matrix-postgresql-li\n      ports:\n        - protocol: TCP\n          port: 5432\n    - from:',
      '              cnpg.io/cluster: matrix-postgresql-li\n        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: element-web\n      ports:\n        - protocol: TCP\n          port: 5432\n    - from:',
    ),
  ),
  mutation(
    'netpol-key-vault-isolation',
    edit(
      policies,
      '              app.kubernetes.io/component: homeserver\n              matrix.instance: main\n      ports:\n        - protocol: TCP\n          port: 8000\n  egress:',
      '              app.kubernetes.io/component: homeserver\n              matrix.instance: main\n        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: element-web\n      ports:\n        - protocol: TCP\n          port: 8000\n  egress:',
    ),
  ),
  mutation(
    'netpol-li-isolation',
    edit(
      policies,
      '          port: 9000\n---\n# Replication and media copy',
      '          port: 9000\n    - to:\n        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: key-vault\n      ports:\n        - protocol: TCP\n          port: 8000\n---\n# Replication and media copy',
    ),
  ),
  mutation('netpol-ingress-access', edit(policies, '        - protocol: TCP\n          port: 7880\n', '')),
  mutation(
    'netpol-flow-blocked',
    edit(
      policies,
      '        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: livekit\n      ports:\n        - protocol: TCP\n          port: 6379\n        - protocol: TCP\n          port: 26379\n',
      '      ports:\n        - protocol: TCP\n          port: 6379\n        - protocol: TCP\n          port: 26379\n',
    ),
    {
      count: 2,
    },
  ),
  mutation(
    'netpol-selects-nothing',
    edit(
      policies,
      '  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: python-wheels\n',
      '  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: python-wheel\n',
    ),
    {
      also: { 'netpol-flow-blocked': 'The policy that selects nothing was the one that let the Job out.' },
    },
  ),
  mutation(
    'netpol-peer-matches-nothing',
    edit(
      policies,
      '              app.kubernetes.io/name: key-vault-init-db\n        - podSelector',
      '              app.kubernetes.io/name: key-vault-initdb\n        - podSelector',
    ),
    {
      also: { 'netpol-flow-blocked': 'The peer that names nobody was the one that let the Job in.' },
    },
  ),
  mutation(
    'netpol-allows-everything',
    edit(
      policies,
      '    - from:\n        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: content-scanner\n      ports:\n        - protocol: TCP\n          port: 3310',
      '    - from:\n        - namespaceSelector: {}\n        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: content-scanner\n      ports:\n        - protocol: TCP\n          port: 3310',
    ),
  ),
  mutation(
    'netpol-rule-empty-peer',
    edit(
      policies,
      '    - from:\n        - ipBlock:\n            cidr: 0.0.0.0/0\n      ports:\n        - protocol: TCP\n          port: 7881',
      '    - from: []\n      ports:\n        - protocol: TCP\n          port: 7881',
    ),
  ),
  mutation(
    'netpol-port-not-on-pod',
    edit(
      policies,
      '        - protocol: TCP\n          port: 3310\n  egress:',
      '        - protocol: TCP\n          port: 3310\n        - protocol: TCP\n          port: 8080\n  egress:',
    ),
  ),
  mutation(
    'netpol-host-network',
    edit(
      policies,
      '---\n# ClamAV is asked',
      `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: coturn
  namespace: matrix
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: coturn
  policyTypes:
    - Ingress
  ingress:
    - ports:
        - protocol: UDP
          port: 3478
---
# ClamAV is asked`,
    ),
  ),
  mutation(
    'netpol-set-incomplete',
    [
      ...[
        'allow-prometheus',
        'synapse-media-from-scanner',
        'synapse-storage',
        'synapse-to-key-vault',
        'key-vault-init-db',
        'livekit',
        'lk-jwt-service',
        'clamav',
        'content-scanner',
        'python-wheels',
        'sync-system',
        'haproxy',
      ].map(name => drop(policies, `NetworkPolicy/${name}`)),
    ],
    { also: { 'netpol-flow-blocked': 'What the policies let through is blocked without them.' } },
  ),
  mutation(
    'netpol-pod-unprotected',
    [
      edit(policies, '  podSelector: {}\n', allBut, 0),
      edit(policies, '  podSelector: {}\n', allBut, 1),
      add(
        'main-instance/07-element-web/echo.yaml',
        `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: echo
  namespace: matrix
spec:
  selector:
    matchLabels: {app: echo}
  template:
    metadata:
      labels: {app: echo}
    spec:
      containers:
        - name: echo
          image: registry.tessera.test/echo:1.0
          resources:
            requests: {cpu: 10m, memory: 16Mi}
            limits: {memory: 32Mi}
          ports:
            - containerPort: 8080
          readinessProbe:
            tcpSocket: {port: 8080}
          livenessProbe:
            tcpSocket: {port: 8080}
`,
      ),
    ],
    {
      also: {
        'netpol-default-deny-missing': 'A policy that leaves out one pod does not deny by default.',
        'netpol-host-network': 'A selector of its own is about the pods of coturn too.',
      },
    },
  ),
];
