import { add, drop, edit, type Mutation, mutation, remove } from './mutation';
import { alerts, dashboards, livekit, monitors, prometheusValues } from './sample';

export const monitoringMutations: readonly Mutation[] = [
  mutation('monitor-missing', drop(monitors, 'ServiceMonitor/livekit')),
  mutation(
    'monitor-selects-no-service',
    edit(monitors, '      app.kubernetes.io/name: minio-metrics', '      app.kubernetes.io/name: minio-metric'),
  ),
  mutation(
    'monitor-port-missing',
    edit(
      monitors,
      '    - port: metrics\n      path: /minio/v2/metrics/cluster',
      '    - port: http\n      path: /minio/v2/metrics/cluster',
    ),
  ),
  mutation(
    'monitor-service-port-unnamed',
    add(
      'main-instance/03-workers/metrics-service.yaml',
      `
apiVersion: v1
kind: Service
metadata:
  name: synapse-synchrotron-metrics
  namespace: matrix
  labels:
    app.kubernetes.io/name: synapse
    matrix.process: worker
spec:
  selector:
    app.kubernetes.io/name: synapse
    app.kubernetes.io/component: synchrotron
    matrix.instance: main
  ports:
    - port: 9090
`,
    ),
  ),
  mutation(
    'monitor-label-empty',
    edit(
      monitors,
      '      matrix.process: worker\n  endpoints:\n    - port: metrics\n      path: /_synapse/metrics\n      interval: 30s\n      relabelings:\n        - sourceLabels: [__meta_kubernetes_service_label_matrix_instance]',
      '      matrix.process: worker\n  endpoints:\n    - port: metrics\n      path: /_synapse/metrics\n      interval: 30s\n      relabelings:\n        - sourceLabels: [__meta_kubernetes_service_label_worker_type]',
    ),
  ),
  mutation('monitor-target-has-no-metrics', edit(livekit, '    prometheus_port: 6789\n', ''), {
    also: { 'port-not-listened-on': 'The Service still leads to the port of the metrics.' },
  }),
  mutation(
    'monitor-duplicate-scrape',
    edit(
      monitors,
      '---\napiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata:\n  name: matrix-postgresql-li',
      `---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: livekit-pods
  namespace: monitoring
spec:
  namespaceSelector:
    matchNames:
      - matrix
  selector:
    matchLabels:
      app.kubernetes.io/name: livekit
  podMetricsEndpoints:
    - port: metrics
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: matrix-postgresql-li`,
    ),
  ),
  mutation(
    'monitor-not-picked-up',
    edit(
      prometheusValues,
      '    serviceMonitorSelectorNilUsesHelmValues: false\n',
      '    serviceMonitorSelectorNilUsesHelmValues: false\n    serviceMonitorSelector:\n      matchLabels:\n        team: matrix\n',
    ),
    { count: 5 },
  ),
  mutation(
    'alert-job-unknown',
    edit('monitoring/01-prometheus/prometheusrules.yaml', 'up{job=~"synapse-.+"}', 'up{job="synapse"}'),
  ),
  mutation('alert-rules-missing', remove(alerts)),
  mutation('dashboard-missing', drop(dashboards, 'ConfigMap/grafana-dashboard-postgresql')),
  mutation('dashboard-json-invalid', edit(dashboards, '      "title": "Synapse",\n', '      "title": "Synapse"\n')),
  mutation('dashboard-label-missing', edit(dashboards, '    grafana_dashboard: "1"\n', '', 0)),
];
