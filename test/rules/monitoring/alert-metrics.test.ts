import assert from 'node:assert/strict';
import unknown from '../../../rules/monitoring/alert-metric-unknown';
import invalid from '../../../rules/monitoring/alert-rule-invalid';
import { messages } from '../expect';

const cluster = `
    ---
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata: {name: matrix-postgresql, namespace: matrix}
    spec: {instances: 3}`;

function alert(expr: string, more = ''): string {
  return `
    apiVersion: monitoring.coreos.com/v1
    kind: PrometheusRule
    metadata: {name: matrix, namespace: monitoring}
    spec:
      groups:
        - name: a
          rules:
            - alert: A
              expr: ${JSON.stringify(expr)}
    ${more}`;
}

function dashboard(expr: string): string {
  return `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: a, namespace: monitoring, labels: {grafana_dashboard: "1"}}
    data:
      a.json: |
        {"title": "A", "panels": [{"targets": [{"expr": ${JSON.stringify(expr)}}]}]}`;
}

describe('names in labels', () => {
  const workloads = `${cluster}
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: synapse-main, namespace: matrix}
    spec: {template: {spec: {containers: [{name: synapse, image: "matrixdotorg/synapse:v1.139.2"}]}}}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: haproxy, namespace: matrix}
    spec: {template: {spec: {containers: [{name: haproxy, image: "haproxy:3.0"}]}}}
    ---
    apiVersion: batch/v1
    kind: CronJob
    metadata: {name: sync-system-media, namespace: matrix}
    spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: sync, image: "rclone/rclone:1.68"}]}}}}}`;
  const found = (expr: string, more = workloads): readonly string[] =>
    messages(unknown, alert(expr, more)).map(one => one.replace(/^warning: /, ''));

  it('are those of workloads, pods, containers and clusters', () => {
    const meant: readonly (readonly [string, string])[] = [
      ['kube_statefulset_replicas{statefulset="synapse-mian"} < 1', 'No statefulset is called synapse-mian'],
      ['kube_pod_status_ready{namespace="matrix",pod=~"haprxy-.*"} == 0', 'No pod is called after haprxy'],
      ['kube_pod_status_ready{pod="synapse-mian-0"} == 0', 'No pod is called after synapse-mian'],
      ['container_memory_working_set_bytes{container="synapze"} > 1', 'No container is called synapze'],
      ['cnpg_collector_up{cluster="matrix-postgres"} == 0', 'No cluster is called matrix-postgres'],
      ['cnpg_collector_up{pod=~"matrix-postgresq-[0-9]"} == 0', 'No pod is called after matrix-postgresq'],
      ['kube_job_status_failed{job_name=~"li-media-sync.*"} > 0', 'No job_name is called li-media-sync'],
      ['kube_job_status_failed{job_name="sync-system-media"} > 0', 'No job_name is called sync-system-media'],
    ];
    for (const [expr, message] of meant)
      assert.deepEqual(
        found(expr).map(one => one.replace(/ — .*/, '')),
        [message],
        expr,
      );
  });

  it('may be others than those of the tree, and patterns', () => {
    for (const expr of [
      'kube_statefulset_replicas{statefulset="synapse-main"} < 1',
      'kube_pod_status_ready{pod=~"haproxy-.*"} == 0',
      'kube_pod_status_ready{pod=~"synapse-main-[0-9]+"} == 0',
      'kube_pod_status_ready{pod=~"synapse-.+"} == 0',
      'kube_pod_status_ready{pod=~".*haprxy.*"} == 0',
      'kube_job_status_failed{job_name=~"sync-system-media.*"} > 0',
      'kube_job_status_failed{job_name=~"media-backup-.*"} > 0',
      'kube_pod_status_ready{pod=~"haprxy-.*|synapse-.*"} == 0',
      'kube_pod_status_ready{pod!~"haprxy-.*"} == 0',
      'kube_pod_status_ready{pod=~"prometheus-.*"} == 0',
      'cnpg_collector_up{cluster="matrix-postgresql"} == 0',
      // The name of a Kubernetes cluster, as federated metrics have it.
      'kube_statefulset_replicas{cluster="matrix-postgres"} < 1',
    ])
      assert.deepEqual(found(expr), [], expr);
    // A folder with the rules alone.
    assert.deepEqual(found('kube_statefulset_replicas{statefulset="synapse-mian"} < 1', ''), []);
  });
});

describe('labels of pods and Services', () => {
  const synapse = (annotations = ''): string => `
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: synapse-li, namespace: matrix}
    spec:
      template:
        metadata: {labels: {matrix.instance: li, app.kubernetes.io/name: synapse, job-name: x}, annotations: {${annotations}}}
        spec: {containers: [{name: synapse, image: "matrixdotorg/synapse:v1.139.2"}]}`;
  const monitor = (spec = '', endpoint = 'port: metrics'): string => `
    ---
    apiVersion: monitoring.coreos.com/v1
    kind: PodMonitor
    metadata: {name: synapse, namespace: matrix}
    spec: {${spec}selector: {matchLabels: {app.kubernetes.io/name: synapse}}, podMetricsEndpoints: [{${endpoint}}]}`;
  const found = (expr: string, more = synapse() + monitor()): readonly string[] => messages(unknown, alert(expr, more));

  it('are those of samples only where a monitor copies them', () => {
    const li = 'up{job=~".+", matrix_instance="li"} == 0';
    const [message] = found(li);
    assert.match(
      message ?? '',
      /^warning: No sample has the label matrix_instance, because no monitor copies matrix\.instance — list it under podTargetLabels/,
    );
    assert.equal(found('sum(rate(x{app_kubernetes_io_name=~"synapse|y"}[5m]))').length, 1);
    assert.deepEqual(found(li, synapse() + monitor('podTargetLabels: [matrix.instance], ')), []);
    for (const relabeling of [
      'sourceLabels: [__meta_kubernetes_pod_label_matrix_instance], targetLabel: matrix_instance',
      'action: labelmap, regex: __meta_kubernetes_pod_label_(.+)',
    ])
      assert.deepEqual(found(li, synapse() + monitor('', `port: metrics, relabelings: [{${relabeling}}]`)), []);
  });

  it('are let pass where others may give them', () => {
    for (const expr of [
      'up{matrix_instance!="li"} == 0',
      'up{matrix_instance=""} == 0',
      'kube_job_failed{job_name="y"} > 0',
      'ALERTS{matrix_instance="li"}',
      '{matrix_instance="li"}',
      'sum by (matrix_instance) (up)',
    ])
      assert.deepEqual(found(expr), [], expr);
    const li = 'up{matrix_instance="li"} == 0';
    assert.deepEqual(found(li, synapse()), []);
    assert.deepEqual(found(li, synapse('prometheus.io/scrape: "true"') + monitor()), []);
    assert.deepEqual(
      found(li, `${synapse()}${monitor()}\n#- /prometheus.yaml\nscrape_configs:\n  - job_name: pods\n`),
      [],
    );
  });
});

describe('alert-metric-unknown', () => {
  const found = (expr: string, more?: string): string => messages(unknown, alert(expr, more)).join();

  it('knows the names of exporters, and what they were renamed to', () => {
    const meant: readonly (readonly [string, string])[] = [
      ['rate(kube_pod_container_status_restarts[15m]) > 0', 'kube_pod_container_status_restarts_total'],
      ['kube_hpa_status_current_replicas > 1', 'kube_horizontalpodautoscaler_status_current_replicas'],
      ['sum(kube_pod_container_resource_requests_cpu_cores) > 1', 'kube_pod_container_resource_requests'],
      ['node_memory_MemAvailable / node_memory_MemTotal_bytes < 0.1', 'node_memory_MemAvailable_bytes'],
      [
        'rate(synapse_http_server_response_time_second_count[5m]) > 1',
        'synapse_http_server_response_time_seconds_count',
      ],
    ];
    for (const [expr, name] of meant) assert.match(found(expr), new RegExp(`did you mean ${name}\\?`), expr);
    assert.match(found('cnpg_pg_stat_database_numbackends > 1', cluster), /default queries have none of that name/);
    for (const expr of [
      'kube_pod_status_phase{phase="Failed"} > 0',
      'kube_node_of_a_later_version > 0',
      'node_memory_HugePages_Total > 0',
      'rate(synapse_http_server_requests_received_total[5m]) > 0',
      'rate(synapse_http_server_response_count[5m]) > 0',
      'cnpg_pg_stat_database_xact_commit > 0',
      'my_cnpg_pg_stat_database_numbackends > 0',
    ])
      assert.equal(found(expr, cluster), '', expr);
  });

  it('lets queries of one’s own make metrics of any name', () => {
    const own = cluster.replace(
      '{instances: 3}',
      '{instances: 3, monitoring: {customQueriesConfigMap: [{name: a, key: b}]}}',
    );
    assert.equal(found('cnpg_pg_stat_database_numbackends > 1', own), '');
    assert.equal(found('cnpg_pg_stat_database_numbackends > 1'), '', 'the clusters may be elsewhere');
  });

  it('knows when MinIO renamed disks', () => {
    const tenant = (image: string): string => `
    ---
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata: {name: minio, namespace: matrix}
    spec: {image: "${image}"}`;
    const expr = 'minio_cluster_disk_offline_total > 0';
    assert.match(
      found(expr, tenant('quay.io/minio/minio:RELEASE.2024-11-07T00-52-20Z')),
      /minio_cluster_drive_offline_total/,
    );
    assert.equal(found(expr, tenant('quay.io/minio/minio:RELEASE.2022-11-07T00-52-20Z')), '');
    assert.equal(found(expr), '');
  });

  it('wants names with colons recorded', () => {
    assert.match(found('synapse:requests:rate5m > 1'), /No rule records synapse:requests:rate5m/);
    const record = `        - {record: "synapse:requests:rate5m", expr: up}`;
    assert.equal(found('synapse:requests:rate5m > 1', record), '');
    assert.equal(found('instance:node_cpu_utilisation:rate5m > 1'), '', 'the chart records it');
    assert.deepEqual(messages(unknown, dashboard('synapse:requests:rate5m')), [], 'the rules may be elsewhere');
    assert.equal(messages(unknown, `${dashboard('synapse:requests:rate1m')}\n    ---${alert('up', record)}`).length, 1);
  });

  it('wants le for a quantile of buckets', () => {
    assert.match(found('histogram_quantile(0.9, sum(rate(a_bucket[5m])) by (pod)) > 1'), /needs the label le/);
    assert.equal(found('histogram_quantile(0.9, sum(rate(a_bucket[5m])) by (le, pod)) > 1'), '');
  });
});

describe('queries of panels', () => {
  it('are refused as those of alerts, at their place in the JSON', () => {
    assert.deepEqual(messages(invalid, dashboard('rate(up{job="a"}[$__rate_interval]) or {app=~"$app"}')), []);
    assert.match(messages(invalid, dashboard('up{job=a}')).join(), /what stands in no quotes, so the panel/);
    assert.match(messages(invalid, dashboard('sum(up{job="a"}')).join(), /bracket \( that is not closed/);
  });
});
