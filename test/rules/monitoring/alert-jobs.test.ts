import assert from 'node:assert/strict';
import alertJobUnknown from '../../../rules/monitoring/alert-job-unknown';
import { applyFix, messages } from '../expect';

const service = (name: string, labels = 'app: synapse', port = 'metrics'): string =>
  `---\napiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: matrix, labels: {${labels}}}\nspec: {ports: [{name: ${port}, port: 9090}]}\n`;

const monitor = (spec = '', endpoint = 'port: metrics'): string =>
  `---\napiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: synapse, namespace: matrix}\nspec: {${spec}selector: {matchLabels: {app: synapse}}, endpoints: [{${endpoint}}]}\n`;

const alert = (expr: string): string =>
  `#- /alerts.yaml\napiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: a, namespace: matrix}\nspec:\n  groups:\n    - name: a\n      rules:\n        - alert: A\n          expr: |\n            ${expr}\n`;

const count = (expr: string, rest: string): number => messages(alertJobUnknown, alert(expr) + rest).length;
const two = monitor() + service('synapse-main') + service('synapse-generic');

describe('alert-job-unknown', () => {
  it('takes the names of the Services for jobs', () => {
    assert.equal(count('up{job="synapse"} == 0', two), 1);
    assert.equal(count("up{instance='a', job = 'synapse'} == 0", two), 1);
    assert.equal(count('up{job=~"synapse"} == 0', two), 1);
    assert.equal(count('sum(rate(x{job="synapse"}[5m])) / sum(y{job="synapse_main"})', two), 2);
    for (const expr of [
      'up{job="synapse-main"} == 0',
      'up{job=~"synapse.*"} == 0',
      'up{job=~"synapse-(main|generic)"} == 0',
      'up{job!="synapse"} == 0',
      'up{other_job="synapse"} == 0',
      'sum by (job) (up) # {job="synapse"}',
      'up{job="node-exporter"} == 0',
      'up{job="haproxy"} == 0',
      'up{job=~"synapse("} == 0',
    ])
      assert.equal(count(expr, two), 0, expr);
    assert.equal(
      count(
        'up{job="synapse-main"} == 0',
        monitor() + service('synapse-main', 'app: synapse', 'http') + service('synapse-generic'),
      ),
      1,
    );
  });

  it('follows jobLabel and relabelings', () => {
    const labelled = service('synapse-main', 'app: synapse, component: synapse');
    assert.equal(count('up{job="synapse"} == 0', monitor('jobLabel: component, ') + labelled), 0);
    assert.equal(count('up{job="synapse-main"} == 0', monitor('jobLabel: component, ') + labelled), 1);
    assert.equal(count('up{job="synapse"} == 0', monitor('jobLabel: component, ') + service('synapse-main')), 1);
    const fixed = 'port: metrics, relabelings: [{targetLabel: job, replacement: synapse}]';
    assert.equal(count('up{job="synapse"} == 0', monitor('', fixed) + labelled), 0);
    assert.equal(count('up{job="synapse-main"} == 0', monitor('', fixed) + labelled), 1);
    const computed = 'port: metrics, relabelings: [{sourceLabels: [__meta_kubernetes_pod_name], targetLabel: job}]';
    assert.equal(count('up{job="whatever-synapse"} == 0', monitor('', computed) + labelled), 0);
  });

  it('knows PodMonitors, CloudNativePG and scrape configurations', () => {
    const pods =
      '---\napiVersion: v1\nkind: Pod\nmetadata: {name: r, namespace: matrix, labels: {app: redis}}\nspec: {containers: []}\n';
    const podMonitor = `${pods}---\napiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nmetadata: {name: redis, namespace: matrix}\nspec: {selector: {matchLabels: {app: redis}}, podMetricsEndpoints: [{port: metrics}]}\n`;
    assert.equal(count('up{job="redis"} == 0', podMonitor), 1);
    assert.equal(count('up{job="matrix/redis"} == 0', podMonitor), 0);
    assert.equal(count('up{job=~"redis.*"} == 0', podMonitor), 1);
    const cluster =
      '---\napiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: main, namespace: matrix}\nspec: {monitoring: {enablePodMonitor: true}}\n';
    assert.equal(count('up{job="postgresql"} == 0', cluster), 1);
    assert.equal(count('up{job="matrix/main", x="postgresql"} == 0', cluster), 0);
    assert.equal(
      count('up{job="synapse"} == 0', `${two}#- /values.yaml\nscrape: [a]\nadditional:\n  - job_name: synapse\n`),
      0,
    );
    const config =
      '---\napiVersion: monitoring.coreos.com/v1alpha1\nkind: ScrapeConfig\nmetadata: {name: s}\nspec:\n  jobName: synapse\n';
    assert.equal(count('up{job="synapse"} == 0', two + config), 0);
  });

  it('knows which workloads no monitor is about', () => {
    const clamav = (annotations = ''): string =>
      `---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: clamav, namespace: matrix}\nspec: {template: {metadata: {annotations: {${annotations}}}, spec: {containers: []}}}\n`;
    const [found] = messages(alertJobUnknown, alert('up{job="clamav"} == 0') + two + clamav());
    assert.match(found ?? '', /no monitor of the tree scrapes DaemonSet\/clamav/);
    assert.equal(count('up{job="clamav"} == 0', clamav()), 0);
    assert.equal(count('up{job="clamav"} == 0', two + clamav('prometheus.io/scrape: "true"')), 0);
    assert.equal(
      count('up{job="clamav"} == 0', `${two}${clamav()}#- /prometheus.yaml\nscrape_configs:\n  - job_name: other\n`),
      0,
    );
  });

  it('is silent where the tree does not show what is scraped', () => {
    assert.equal(count('up{job="synapse"} == 0', monitor()), 0);
    assert.equal(count('up{job="synapse"} == 0', service('synapse-main')), 0);
    assert.equal(count('up{job="$job"} == 0', two), 0);
  });

  it('asks for the job, or for those of the parts', () => {
    const one = monitor() + service('synapse-main');
    const single = applyFix(alertJobUnknown, alert('up{job="synapse"} == 0') + one, 'Ask for the job synapse-main');
    assert.match(single['alerts.yaml'] ?? '', /up\{job="synapse-main"\} == 0/);
    const parts = applyFix(alertJobUnknown, alert("up{job = 'synapse'} == 0") + two, 'Ask for the jobs synapse-.+');
    assert.match(parts['alerts.yaml'] ?? '', /up\{job =~'synapse-\.\+'\} == 0/);
  });
});
