import assert from 'node:assert/strict';
import alertRulesMissing from '../../../rules/monitoring/alert-rules-missing';
import monitorMissing from '../../../rules/monitoring/monitor-missing';
import { messages } from '../expect';

function tree(jobs: string, rules = ''): string {
  return `
#- /matrix-preflight.yaml
components: {grafana: off}
#- /prometheus.yaml
apiVersion: v1
kind: Namespace
metadata: {name: matrix}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: prometheus, namespace: monitoring}
data:
  prometheus.yml: |
    global: {scrape_interval: 30s}
    scrape_configs:
      - job_name: postgresql
        kubernetes_sd_configs: [{role: pod}]
${jobs}
  rules.yml: |
    groups:
      - name: matrix
        rules:
          - record: matrix:up
            expr: sum(up)
${rules}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: matrix-postgresql, namespace: matrix}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sfu, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: sfu}}
    spec:
      containers: [{name: sfu, image: livekit/livekit-server:v1.8.0, ports: [{name: metrics, containerPort: 6789}]}]
`;
}

describe('a Prometheus without its operator', () => {
  const job = (target: string): string => `      - job_name: calls\n        static_configs: [{targets: [${target}]}]`;

  it('scrapes what its configuration speaks of', () => {
    assert.deepEqual(messages(monitorMissing, tree(job('sfu.matrix.svc:6789'))), []);
    assert.deepEqual(messages(monitorMissing, tree(job('livekit.matrix.svc:6789'))), []);
    assert.deepEqual(messages(monitorMissing, tree(job('haproxy.matrix.svc:8405'))), [
      'error: Nothing scrapes LiveKit (Deployment/sfu) — add a ServiceMonitor.',
    ]);
  });

  it('may scrape all that asks for it', () => {
    const asked =
      '          relabel_configs: [{source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape], action: keep, regex: true}]';
    assert.deepEqual(messages(monitorMissing, tree(asked.slice(2))), []);
  });

  it('has alerts in its rule files', () => {
    assert.equal(messages(alertRulesMissing, tree('')).length, 1);
    assert.deepEqual(messages(alertRulesMissing, tree('', '          - alert: Down\n            expr: up == 0')), []);
  });
});
