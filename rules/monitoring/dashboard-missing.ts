import { anchorFor, nameOf } from '../../analysis/anchor';
import { askedByChecklist } from '../../analysis/checklist-signs';
import { type Dashboard, type DashboardPurpose, dashboards } from '../../analysis/dashboards';
import { isUsedByScript, valuesDocuments } from '../../analysis/helm-values';
import { monitors } from '../../analysis/monitors';
import { settingsOf } from '../../analysis/settings';
import type { ChecklistItemId } from '../../checklist/types';
import { appendDocument } from '../../manifests/edit';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule, Severity } from '../rule';

export default {
  id: 'dashboard-missing',
  items: ['5.2.a.1', '5.2.a.2', '5.2.a.3'],
  severity: 'error',
  summary: 'A Grafana dashboard of the checklist is missing.',
  why: 'In an incident nobody writes queries from memory: what has no dashboard is not looked at.',
  remedy:
    'Add a ConfigMap with the dashboard as JSON. The checklist wants one for Synapse, one for PostgreSQL and one for the system as a whole.',
  traps: [
    'Only the checklist asks for it: this is an error in a tree that follows it, by `matrix-preflight.yaml`, key_vault or an LI instance, and else a warning.',
    'A dashboard is judged by what most of its queries ask for: `synapse_…`; `cnpg_…` or `pg_…`; `node_…`, `container_…` or `kube_…`. Titles decide where the queries do not.',
    'Dashboards from grafana.com in Helm values (`gnetId`) count where a script installs these values; elsewhere the missing dashboard is a warning.',
    'Dashboards in JSON files of their own and GrafanaDashboard resources count as well.',
    'If there is no dashboard at all, that is said once, as a warning: they may well be kept elsewhere.',
  ],
  sources: ['Grafana Helm chart, sidecar.dashboards and dashboards in values.yaml'],
  examples: {
    bad: `
      #- /dashboards.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: dashboard-synapse
      #       ^^^^^^^^^^^^^^^^^ 💡 warning: There is no Grafana dashboard for PostgreSQL
        namespace: monitoring
        labels:
          grafana_dashboard: "1"
      data:
        synapse.json: |
          {"title": "Synapse", "panels": [{"targets": [{"expr": "synapse_storage_events_persisted_events_total"}]}]}
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: dashboard-system
        namespace: monitoring
        labels:
          grafana_dashboard: "1"
      data:
        system.json: |
          {"title": "Nodes", "panels": [{"targets": [{"expr": "node_memory_MemAvailable_bytes"}]}]}
    `,
    good: `
      #- /dashboards.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: dashboard-synapse
        namespace: monitoring
        labels:
          grafana_dashboard: "1"
      data:
        synapse.json: |
          {"title": "Synapse", "panels": [{"targets": [{"expr": "synapse_storage_events_persisted_events_total"}]}]}
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: dashboard-system
        namespace: monitoring
        labels:
          grafana_dashboard: "1"
      data:
        system.json: |
          {"title": "Nodes", "panels": [{"targets": [{"expr": "node_memory_MemAvailable_bytes"}]}]}
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: grafana-dashboard-postgresql
        namespace: monitoring
        labels:
          grafana_dashboard: "1"
      data:
        postgresql.json: |
          {
            "title": "PostgreSQL",
            "uid": "postgresql",
            "schemaVersion": 39,
            "time": { "from": "now-6h", "to": "now" },
            "panels": [
              {
                "id": 1,
                "type": "timeseries",
                "title": "Connections",
                "gridPos": { "x": 0, "y": 0, "w": 12, "h": 8 },
                "targets": [{ "refId": "A", "expr": "sum by (cluster) (cnpg_backends_total)" }]
              },
              {
                "id": 2,
                "type": "timeseries",
                "title": "Replication lag in seconds",
                "gridPos": { "x": 12, "y": 0, "w": 12, "h": 8 },
                "targets": [{ "refId": "A", "expr": "cnpg_pg_replication_lag" }]
              }
            ]
          }
    `,
  },
  *checkWorkspace(workspace) {
    if (settingsOf(workspace).components.grafana !== 'required') return;
    const known = dashboards(workspace);
    // Dashboards alone may be those of a cluster that runs something else.
    if (!known.some(one => one.purposes.has('synapse')) && !anchorFor(workspace)) return;
    const missing = purposes.filter(({ purpose }) => !known.some(one => one.purposes.has(purpose)));
    const offered = missing
      .map(one => ({ ...one, from: fromValues(workspace, one.purpose) }))
      .filter(one => !one.from?.isInstalled);
    if (offered.length === 0) return;
    const sibling = known.find(one => one.resource)?.resource;
    const at = anchorFor(workspace, nameOf(sibling), nameOf(monitors(workspace)[0]?.resource));
    if (!at) return;
    if (known.length === 0 && offered.length === purposes.length) {
      yield {
        at,
        severity: 'warning',
        message: `There is no Grafana dashboard in the tree — add one for ${offered.map(one => one.title).join(', ')}, or set components.grafana: off.`,
      };
      return;
    }
    for (const { purpose, title, item, from } of offered) {
      yield {
        at,
        items: [item],
        ...(from ? { severity: 'warning' as Severity } : askedByChecklist(workspace)),
        message: `There is no Grafana dashboard for ${title}${from ? `; ${from.path} names one of grafana.com, but no script of the tree installs it` : ''} — add one.`,
        related: from ? [{ at: from.at, message: 'The dashboard in the values' }] : [],
        fixes: () => (sibling ? addDashboard(known, purpose) : []),
      };
    }
  },
} satisfies Rule;

interface Purpose {
  readonly purpose: DashboardPurpose;
  readonly title: string;
  readonly item: ChecklistItemId;
  /** Dashboards on grafana.com for it. */
  readonly published: ReadonlySet<number>;
}

const purposes: readonly Purpose[] = [
  { purpose: 'synapse', title: 'Synapse', item: '5.2.a.1', published: new Set([10046]) },
  { purpose: 'postgresql', title: 'PostgreSQL', item: '5.2.a.2', published: new Set([9628, 20417]) },
  {
    purpose: 'system',
    title: 'an overview of the system',
    item: '5.2.a.3',
    published: new Set([1860, 7249, 315, 6417, 8588, 11074, 15757, 15760]),
  },
];

/** A dashboard of grafana.com that Helm values name. */
function fromValues(
  workspace: Workspace,
  purpose: DashboardPurpose,
): { readonly path: string; readonly at: Place; readonly isInstalled: boolean } | undefined {
  const published = purposes.find(one => one.purpose === purpose)?.published;
  for (const document of valuesDocuments(workspace)) {
    for (const root of [document.root, document.root.at('grafana')]) {
      for (const [, folder] of root.at('dashboards').entries()) {
        for (const [, dashboard] of folder.entries()) {
          const id = dashboard.at('gnetId');
          if (id.number === undefined || !published?.has(id.number)) continue;
          return { path: document.file.path, at: id, isInstalled: isUsedByScript(workspace, document.file) };
        }
      }
    }
  }
  return undefined;
}

/** Appends a small dashboard beside the others, with the labels by which Grafana finds these. */
function addDashboard(known: readonly Dashboard[], purpose: DashboardPurpose): readonly Fix[] {
  const sibling = known.find(one => one.resource?.kind === 'ConfigMap')?.resource;
  if (!sibling || !/\.ya?ml$/i.test(sibling.document.file.path)) return [];
  const { title, panels } = sketches[purpose];
  const labels = [...sibling.labels].filter(([key]) => /dashboard/i.test(key));
  const yaml = [
    'apiVersion: v1',
    'kind: ConfigMap',
    'metadata:',
    `  name: grafana-dashboard-${purpose}`,
    ...(sibling.namespace === undefined ? [] : [`  namespace: ${sibling.namespace}`]),
    ...(labels.length === 0 ? [] : ['  labels:', ...labels.map(([key, value]) => `    ${key}: "${value}"`)]),
    'data:',
    `  ${purpose}.json: |`,
    ...dashboardText(title, purpose, panels).map(line => `    ${line}`),
  ].join('\n');
  return [
    { title: `Add a small dashboard for ${title}`, safe: false, edits: [appendDocument(sibling.document.file, yaml)] },
  ];
}

interface Panel {
  readonly title: string;
  readonly expr: string;
}

const sketches: Readonly<Record<DashboardPurpose, { readonly title: string; readonly panels: readonly Panel[] }>> = {
  synapse: {
    title: 'Synapse',
    panels: [
      { title: 'Requests per second', expr: 'sum by (job) (rate(synapse_http_server_requests_received_total[5m]))' },
      { title: 'Events per second', expr: 'sum(rate(synapse_storage_events_persisted_events_total[5m]))' },
    ],
  },
  postgresql: {
    title: 'PostgreSQL',
    panels: [
      { title: 'Connections', expr: 'sum by (cluster) (cnpg_backends_total)' },
      { title: 'Replication lag in seconds', expr: 'cnpg_pg_replication_lag' },
    ],
  },
  system: {
    title: 'System overview',
    panels: [
      { title: 'CPU by pod', expr: 'sum by (pod) (rate(container_cpu_usage_seconds_total[5m]))' },
      { title: 'Memory by pod', expr: 'sum by (pod) (container_memory_working_set_bytes)' },
    ],
  },
};

function dashboardText(title: string, uid: string, panels: readonly Panel[]): readonly string[] {
  return [
    '{',
    `  "title": "${title}",`,
    `  "uid": "${uid}",`,
    '  "schemaVersion": 39,',
    '  "time": { "from": "now-6h", "to": "now" },',
    '  "panels": [',
    ...panels.flatMap((panel, index) => [
      '    {',
      `      "id": ${index + 1},`,
      '      "type": "timeseries",',
      `      "title": "${panel.title}",`,
      `      "gridPos": { "x": ${index * 12}, "y": 0, "w": 12, "h": 8 },`,
      `      "targets": [{ "refId": "A", "expr": "${panel.expr}" }]`,
      index === panels.length - 1 ? '    }' : '    },',
    ]),
    '  ]',
    '}',
  ];
}
