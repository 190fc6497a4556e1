import assert from 'node:assert/strict';
import { purposesOf } from '../../../analysis/dashboards';
import jsonInvalid from '../../../rules/monitoring/dashboard-json-invalid';
import labelMissing from '../../../rules/monitoring/dashboard-label-missing';
import dashboardMissing from '../../../rules/monitoring/dashboard-missing';
import { expecting } from './expect';

const dashboard = (name: string, json: string, labels = 'grafana_dashboard: "1"', namespace = 'monitoring'): string => `
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: ${name}
      namespace: ${namespace}
      labels:
        ${labels}
    data:
      ${name}.json: |
        ${json}
    ---`;
const synapse = dashboard('synapse', '{"title": "A", "panels": [{"expr": "rate(synapse_events[5m])"}]}');
const postgres = dashboard('postgresql', '{"title": "B", "panels": [{"expr": "cnpg_backends_total"}]}');
const system = dashboard('nodes', '{"title": "C", "panels": [{"expr": "node_load1"}]}');

describe('the purpose of a dashboard', () => {
  it('is what most of its queries ask for', () => {
    assert.deepEqual([...purposesOf('rate(synapse_a[5m]) synapse_b container_memory', 'Overview')], ['synapse']);
    assert.deepEqual([...purposesOf('pg_stat_activity cnpg_up', 'Synapse')], ['postgresql']);
    assert.deepEqual([...purposesOf('container_memory kube_pod_info', 'x')], ['system']);
    assert.deepEqual([...purposesOf('synapse_a synapse_b node_load1', 'System overview')].sort(), [
      'synapse',
      'system',
    ]);
    assert.deepEqual([...purposesOf('up', 'Cluster overview')], ['system']);
    assert.deepEqual([...purposesOf('up', 'Synapse')], ['synapse']);
    assert.deepEqual([...purposesOf('probe_success', 'Element')], []);
    assert.deepEqual([...purposesOf('cnpg_pg_replication_lag{cnpg_io_cluster="li"} kube_job_status_failed', 'LI')], []);
    assert.deepEqual([...purposesOf('{"expr": "kube_pod_info{pg_cluster=\\"a\\"}"}', 'LI')], ['system']);
  });
});

describe('dashboards', () => {
  const expectMarks = expecting(dashboardMissing);

  it('are all there', () => {
    expectMarks(`${synapse}${postgres}${system}`);
  });

  it('may be files of their own, or resources of the Grafana Operator', () => {
    expectMarks(`${synapse}
    apiVersion: grafana.integreatly.org/v1beta1
    kind: GrafanaDashboard
    metadata: {name: postgresql}
    spec:
      json: '{"title": "B", "panels": [{"expr": "pg_up"}]}'
    #- /dashboards/nodes.json
    {"title": "Nodes", "panels": [{"expr": "node_load1"}]}
    `);
  });

  it('are missing one by one', () => {
    expectMarks(
      `${synapse.replace('name: synapse\n', 'name: synapse\n    #       ^^^^^^^ 💡 warning: no Grafana dashboard for an overview of the system\n    #       ^^^^^^^ 💡 warning: no Grafana dashboard for PostgreSQL\n')}`,
    );
  });

  it('are missing altogether, which is said once', () => {
    expectMarks(`
    apiVersion: v1
    kind: Namespace
    metadata:
      name: matrix
    #       ^^^^^^ warning: There is no Grafana dashboard in the tree
    `);
    expectMarks(`
    apiVersion: v1
    kind: Namespace
    metadata: {name: matrix}
    #- /matrix-preflight.yaml
    components: {grafana: off}
    `);
  });

  it('are not asked for in a tree of something else', () => {
    expectMarks(system);
    expectMarks(`${postgres}\n${system}`);
    const server = (image: string): string => `
    apiVersion: v1
    kind: Namespace
    metadata:
      name: matrix
    #       ^^^^^^ warning: There is no Grafana dashboard in the tree
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: server, namespace: matrix}
    spec: {template: {spec: {containers: [{name: server, image: ${image}}]}}}
    `;
    expectMarks(server('registry.test/other:1'));
    const unmarked = (source: string): string => source.replace(/ *# {2}[^\n]*\n/, '');
    for (const image of ['ghcr.io/matrix-construct/tuwunel:v1.4.0', 'matrixconduit/matrix-conduit:v0.9.0'])
      expectMarks(unmarked(server(image)));
  });

  it('may come from grafana.com, which is sure only where a script installs the values', () => {
    const values = `
    #- /values/grafana-values.yaml
    dashboards: {default: {nodes: {gnetId: 1860}}}
`;
    expectMarks(
      `${synapse.replace('name: synapse\n', 'name: synapse\n    #       ^^^^^^^ 💡 warning: values/grafana-values.yaml names one of grafana.com\n')}${postgres}${values}`,
    );
    expectMarks(`${synapse}${postgres}${values}
    #- /install.sh
    helm install grafana grafana/grafana -f values/grafana-values.yaml
    `);
  });
});

describe('the JSON of dashboards', () => {
  const expectMarks = expecting(jsonInvalid);

  it('has no comments, and is an object', () => {
    expectMarks(
      dashboard(
        'a',
        '{"panels": [] /* none */}\n    #                 ^^^^^^^^^^ error: Grafana cannot read the dashboard a',
      ),
    );
    expectMarks(`
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: b, labels: {grafana_dashboard: "1"}}
    data:
      b.json: "[]"
    #         ^^^^ error: it is no JSON object
    `);
  });

  it('of other ConfigMaps is none of its business', () => {
    expectMarks(`
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: element}
    data:
      config.json: |
        {"default_server_config": {},}
    `);
  });
});

describe('labels of dashboards', () => {
  const expectMarks = expecting(labelMissing);
  const values = (sidecar: string): string => `
    #- /values/grafana-values.yaml
    grafana:
      sidecar:
        dashboards: ${sidecar}
    `;

  it('are those that the values name', () => {
    expectMarks(
      `${dashboard('a', '{"panels": []}', 'team_dashboard: "yes"')}${values('{label: team_dashboard, labelValue: "yes"}')}`,
    );
    expectMarks(
      `${dashboard('a', '{"panels": []}', 'team_dashboard: "1"\n    #                   ^^^ 💡 warning: looks for yes')}${values('{label: team_dashboard, labelValue: "yes"}')}`,
    );
    expectMarks(
      `${dashboard('a', '{"panels": []}').replace('      labels:\n', '      labels:\n    # ^^^^^^ 💡 warning: has no label team_dashboard\n')}${values('{label: team_dashboard}')}`,
    );
  });

  it('are text, which a number is not', () => {
    expectMarks(
      dashboard('a', '{"panels": []}', 'grafana_dashboard: 1\n    #                      ^ 💡 error: put 1 in quotes'),
    );
  });

  it('do not help in a namespace that is not searched', () => {
    expectMarks(
      `${dashboard('a', '{"panels": []}', 'grafana_dashboard: "1"', 'matrix\n    #            ^^^^^^ warning: looks into monitoring only')}${values('{searchNamespace: [monitoring]}')}`,
    );
    expectMarks(
      `${dashboard('a', '{"panels": []}', 'grafana_dashboard: "1"', 'matrix')}${values('{searchNamespace: ALL}')}`,
    );
  });

  it('are not needed where a pod mounts the dashboards', () => {
    expectMarks(`${dashboard('a', '{"panels": []}', 'app: grafana')}
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: grafana, namespace: monitoring}
    spec: {template: {spec: {containers: [{name: grafana, volumeMounts: [{name: d, mountPath: /d}]}], volumes: [{name: d, configMap: {name: a}}]}}}
    `);
  });
});
