import { add, type Change, cut, edit, type Mutation, mutation } from './mutations/mutation';

const alerts = 'monitoring/01-prometheus/prometheusrules.yaml';
const dashboards = 'monitoring/02-grafana/dashboards.yaml';
const stack = 'values/kube-prometheus-stack.yaml';
const policies = 'infrastructure/04-networking/networkpolicies.yaml';

/** A CronJob that restarts HAProxy, with a Role for it. */
const restart = (script: string, verbs = 'get, list, watch, patch', more = ''): readonly Change[] => [
  add(
    'main-instance/02-haproxy/restart.yaml',
    `
apiVersion: v1
kind: ServiceAccount
metadata:
  name: haproxy-restart
  namespace: matrix
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: haproxy-restart
  namespace: matrix
rules:
  - apiGroups: [apps]
    resources: [deployments]
    verbs: [${verbs}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: haproxy-restart
  namespace: matrix
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: haproxy-restart}
subjects: [{kind: ServiceAccount, name: haproxy-restart, namespace: matrix}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: haproxy-restart
  namespace: matrix
spec:
  podSelector: {matchLabels: {app.kubernetes.io/name: haproxy-restart}}
  policyTypes: [Egress]
  egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 443}, {port: 6443}]}]
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: haproxy-restart
  namespace: matrix
spec:
  schedule: "0 4 * * 0"
  jobTemplate:
    spec:
      template:
        metadata:
          labels: {app.kubernetes.io/name: haproxy-restart}
        spec:
          restartPolicy: Never
          serviceAccountName: haproxy-restart
${more}          containers:
            - name: restart
              image: bitnami/kubectl:1.31.3
              command: [sh, -c, ${script}]
              resources:
                requests: {cpu: 10m, memory: 32Mi}
                limits: {cpu: 200m, memory: 128Mi}
`,
  ),
];

/** Mistakes in what surrounds the programs: policies, monitoring, rights in the cluster, and what people are told to run. */
export const operationVariants: Readonly<Record<string, Mutation>> = {
  'a timeout longer than the interval': mutation(
    'field-value-refused',
    edit('monitoring/01-prometheus/servicemonitors.yaml', 'interval: 60s', 'interval: 60s\n      scrapeTimeout: 2m'),
  ),
  'a rate without a range': mutation(
    'alert-rule-invalid',
    edit(alerts, 'sum by (pod) (cnpg_backends_total) > 170', 'sum(rate(cnpg_backends_total{pod=~"a[0-9]"})) > 170'),
  ),
  'a binding for all namespaces to a Role': mutation(
    'rbac-grants-nothing',
    add(
      'main-instance/02-haproxy/role.yaml',
      `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: look
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: look}
subjects: [{kind: ServiceAccount, name: synapse, namespace: matrix}]
`,
    ),
  ),
  'a monitor that speaks TLS to LiveKit': mutation(
    'monitor-target-has-no-metrics',
    edit(
      'monitoring/01-prometheus/servicemonitors.yaml',
      '      app.kubernetes.io/name: livekit\n  endpoints:\n    - port: metrics\n',
      '      app.kubernetes.io/name: livekit\n  endpoints:\n    - port: metrics\n      scheme: https\n',
    ),
  ),
  'a route to the content scanner that no client takes': mutation(
    'scanner-route-not-proxied',
    edit('main-instance/02-haproxy/configmap.yaml', 'path_beg /_matrix/media_proxy/', 'path_beg /_matrix/media-proxy/'),
  ),
  'an interval without a unit': mutation(
    'field-value-refused',
    edit('monitoring/01-prometheus/servicemonitors.yaml', 'interval: 60s', 'interval: "60"'),
  ),
  'a relabelling with half a pattern': mutation(
    'field-value-refused',
    edit(
      'monitoring/01-prometheus/servicemonitors.yaml',
      '          targetLabel: index\n',
      '          targetLabel: index\n          regex: synapse-(.+\n',
      0,
    ),
  ),
  'an operator Exists with values': mutation(
    'field-value-refused',
    edit(policies, 'operator: In', 'operator: Exists', 0),
  ),
  'a readiness probe of an init container': mutation(
    'field-value-refused',
    edit(
      'main-instance/04-livekit/deployment.yaml',
      '          image: busybox:1.36.1\n',
      '          image: busybox:1.36.1\n          readinessProbe:\n            exec:\n              command: ["true"]\n',
    ),
  ),
  'a variable from a field that pods do not have': mutation(
    'field-value-refused',
    edit('main-instance/04-livekit/deployment.yaml', 'fieldPath: status.hostIP', 'fieldPath: status.nodeIP'),
  ),
  'a content scanner without the key of its pickle': mutation(
    'scanner-config-invalid',
    edit('antivirus/02-scan-workers/deployment.yaml', '      pickle_key: PICKLE_KEY_PLACEHOLDER\n', ''),
  ),
  'a runbook with a namespace that is not there': mutation(
    'post-check-name-unknown',
    add('docs/RUNBOOK.md', '# Runbook\n\n```bash\nkubectl get pods -n matrx\n```\n'),
  ),
  'a runbook with a container that is not there': mutation(
    'post-check-name-unknown',
    add('docs/RUNBOOK.md', '# Runbook\n\n```bash\nkubectl exec -n matrix redis-0 -c server -- redis-cli ping\n```\n'),
  ),
  'a runbook with the label of other charts': mutation(
    'deploy-selector-empty',
    add('docs/RUNBOOK.md', '# Runbook\n\n```bash\nkubectl get pods -n matrix -l app=synapse\n```\n'),
  ),
  'a wait for what Jobs never are': mutation(
    'deploy-wait-job-missing',
    edit(
      'scripts/deploy.sh',
      '--for=condition=complete job/key-vault-init-db',
      '--for=condition=Ready job/key-vault-init-db',
    ),
  ),
  'an alert on a metric of redis_exporter': mutation(
    'alert-metric-unknown',
    edit(alerts, 'cnpg_collector_up == 0', 'redis_up == 0'),
  ),
  'an alert on HAProxy by a label of another exporter': mutation(
    'alert-metric-unknown',
    edit(alerts, '{state="UP"}', '{state="UP", backend="media"}'),
  ),
  'an alert on certificates whose chart is not scraped': mutation(
    'alert-metric-unknown',
    edit('values/cert-manager.yaml', '    enabled: true', '    enabled: false'),
  ),
  'an alert on a namespace that is not there': mutation(
    'alert-metric-unknown',
    edit(alerts, 'exported_namespace="matrix"', 'namespace="matirx"'),
  ),
  'a panel with an undefined variable': mutation(
    'dashboard-datasource-unknown',
    edit(dashboards, 'cnpg_backends_total)', 'cnpg_backends_total{pod=~\\"$pod\\"})'),
  ),
  'two dashboards with one uid': mutation(
    'dashboard-json-invalid',
    edit(dashboards, '"uid": "matrix-postgresql"', '"uid": "matrix-synapse"'),
  ),
  'a sidecar for dashboards that is turned off': mutation(
    'dashboard-label-missing',
    edit(stack, '    dashboards:\n      enabled: true', '    dashboards:\n      enabled: false'),
    { count: 3 },
  ),
  'routes of Alertmanager in values': mutation(
    'alertmanager-config-invalid',
    edit(
      stack,
      'grafana:\n',
      'alertmanager:\n  config:\n    route:\n      receiver: mail\n      routes: [{receiver: pager}]\n    receivers: [{name: mail}]\ngrafana:\n',
    ),
  ),
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
    { count: 7 },
  ),
  'a kubectl in a pod that may only read': mutation(
    'kubectl-call-forbidden',
    restart('kubectl rollout restart deployment/haproxy', 'get, list, watch'),
  ),
  'a kubectl in a pod that has no token': mutation(
    'kubectl-call-forbidden',
    restart('kubectl rollout restart deployment/haproxy', undefined, '          automountServiceAccountToken: false\n'),
  ),
  'a kubectl in a pod that may not open a shell': mutation(
    'kubectl-call-forbidden',
    restart('kubectl exec haproxy-0 -- true', 'get'),
    { count: 2, also: { 'post-check-name-unknown': 'pods of a Deployment are not numbered' } },
  ),
  'a kubectl in a pod for a Deployment that nothing makes': mutation(
    'post-check-name-unknown',
    restart('kubectl rollout restart deployment/haproxies'),
  ),
  'a rule for resources of another API group': mutation('rbac-grants-nothing', [
    ...restart('kubectl rollout restart deployment/haproxy'),
    add(
      'main-instance/02-haproxy/role.yaml',
      `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: look
  namespace: matrix
rules:
  - apiGroups: [""]
    resources: [statefulsets]
    verbs: [get]
`,
    ),
  ]),
};

/** What looks like a mistake of that kind and is none. */
export const acceptedOperations: Readonly<Record<string, readonly Change[]>> = {
  'a kubectl in a pod that may do what it does': restart(
    '"kubectl rollout restart deployment/haproxy && kubectl rollout status deploy haproxy -n matrix"',
  ),
  'a runbook about pods, their containers and what they wait for': [
    add(
      'docs/RUNBOOK.md',
      '# Runbook\n\n```bash\nkubectl wait --for=condition=Ready pod/redis-0 -n matrix\nkubectl wait --for=condition=available deploy/haproxy -n matrix\nkubectl exec -n matrix redis-0 -c redis -- redis-cli ping\nkubectl scale -n matrix sts/synapse-generic --replicas=2\n```\n',
    ),
  ],
  'a metric that a recording rule makes': [
    edit(alerts, 'cnpg_collector_up == 0', 'redis_up == 0'),
    edit(
      alerts,
      '    - name: storage\n      rules:\n',
      '    - name: storage\n      rules:\n        - record: redis_up\n          expr: up{job=~"synapse-.+"}\n',
    ),
  ],
  'a panel with the data source of the chart': [edit(dashboards, '"uid": "${datasource}"', '"uid": "prometheus"', 0)],
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
