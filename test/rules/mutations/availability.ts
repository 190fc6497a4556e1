import { add, drop, edit, type Mutation, mutation } from './mutation';
import { clamav, cluster, coturn, element, generic, synchrotron, tenant } from './sample';

export const availabilityMutations: readonly Mutation[] = [
  mutation('hpa-cannot-scale', [
    add(
      'main-instance/07-element-web/autoscaler.yaml',
      `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: element-web
  namespace: matrix
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: element-web
  minReplicas: 2
  maxReplicas: 5
  metrics:
    - type: ContainerResource
      containerResource:
        name: cpu
        container: nginx
        target:
          type: Utilization
          averageUtilization: 70
`,
    ),
  ]),
  mutation(
    'pods-unschedulable',
    edit(tenant, '      affinity:\n', '      nodeSelector:\n        kubernetes.io/hostname: node-1\n      affinity:\n'),
  ),
  mutation('pod-security-refused', edit('namespace.yaml', 'enforce: privileged', 'enforce: baseline')),
  mutation(
    'quota-exceeded',
    add(
      'infrastructure/02-redis/quota.yaml',
      `
apiVersion: v1
kind: ResourceQuota
metadata:
  name: matrix
  namespace: matrix
spec:
  hard:
    pods: "10"
`,
    ),
  ),
  mutation(
    'volume-not-writable',
    edit('main-instance/03-workers/media-statefulset.yaml', '        fsGroup: 991\n', ''),
  ),
  mutation('schedule-unlikely', edit(cluster, '"0 0 2 * * *"', '"0 * 2 * * *"')),
  mutation('command-not-split', edit(clamav, '- clamdcheck.sh', '- clamdcheck.sh 5')),
  mutation('workload-runs-no-pod', edit(clamav, '  replicas: 2\n', '  replicas: 0\n')),
  mutation(
    'container-capabilities',
    edit(
      clamav,
      '          ports:\n            - name: clamd\n',
      '          securityContext:\n            capabilities:\n              drop: [ALL]\n          ports:\n            - name: clamd\n',
    ),
  ),
  mutation('pdb-missing', drop(coturn, 'PodDisruptionBudget/coturn')),
  mutation(
    'pdb-selects-nothing',
    edit(
      coturn,
      '  minAvailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: coturn',
      '  minAvailable: 1\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: turn',
    ),
    {
      also: { 'pdb-missing': 'The pods that were meant have no budget.' },
    },
  ),
  mutation('pdb-selects-several-workloads', [
    drop(synchrotron, 'PodDisruptionBudget/synapse-synchrotron'),
    edit(
      generic,
      '  selector:\n    matchLabels:\n      app.kubernetes.io/name: synapse\n      app.kubernetes.io/component: generic\n      matrix.instance: main\n---',
      '  selector:\n    matchExpressions:\n      - key: app.kubernetes.io/component\n        operator: In\n        values: [generic, synchrotron]\n---',
    ),
  ]),
  mutation('pdb-unsatisfiable', edit(coturn, '  minAvailable: 1\n', '  minAvailable: 2\n')),
  mutation(
    'pdb-overlap',
    edit(
      coturn,
      '---\n# A relay needs',
      `---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: coturn-relay
  namespace: matrix
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: coturn
---
# A relay needs`,
    ),
  ),
  mutation(
    'hpa-target-missing',
    add(
      'main-instance/07-element-web/autoscaler.yaml',
      `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: element
  namespace: matrix
spec:
  minReplicas: 2
  maxReplicas: 4
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: element
`,
    ),
  ),
  mutation(
    'hpa-on-named-workers',
    add(
      'main-instance/03-workers/autoscaler.yaml',
      `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: synapse-event-persister
  namespace: matrix
spec:
  minReplicas: 2
  maxReplicas: 3
  scaleTargetRef:
    apiVersion: apps/v1
    kind: StatefulSet
    name: synapse-event-persister
`,
    ),
  ),
  mutation('image-tag-mutable', edit(element, 'element-web:v1.11.96', 'element-web:latest')),
  mutation(
    'resources-missing',
    edit(
      coturn,
      '          resources:\n            requests:\n              cpu: 250m\n              memory: 256Mi\n            limits:\n              cpu: "2"\n              memory: 1Gi\n',
      '',
    ),
  ),
  mutation(
    'probe-missing',
    edit(
      coturn,
      '          readinessProbe:\n            tcpSocket:\n              port: 3478\n            periodSeconds: 10\n            timeoutSeconds: 3\n',
      '',
    ),
  ),
  mutation(
    'probe-port-missing',
    edit(
      element,
      '            httpGet:\n              path: /\n              port: http\n            periodSeconds: 10',
      '            httpGet:\n              path: /\n              port: web\n            periodSeconds: 10',
    ),
  ),
];
