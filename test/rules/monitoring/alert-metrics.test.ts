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
