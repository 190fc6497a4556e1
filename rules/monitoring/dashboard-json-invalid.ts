import { dashboards, dashboardsOf } from '../../analysis/dashboards';
import type { Rule } from '../rule';

export default {
  id: 'dashboard-json-invalid',
  items: ['5.2.a.1', '5.2.a.2', '5.2.a.3'],
  severity: 'error',
  summary: 'A dashboard is not well-formed JSON, or has the uid of another one.',
  why: 'Grafana skips the file and says so in its log only; the dashboard is not there when it is needed. Of two dashboards with one uid Grafana keeps one.',
  remedy: 'Correct the JSON at the marked place. JSON has no comments and no comma after the last item.',
  traps: [
    'ConfigMaps are taken for dashboards by their label, or by keys `*.json` that hold `panels`, `rows` or `templating`.',
  ],
  sources: ['RFC 8259'],
  examples: {
    bad: `
      #- /dashboard.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: dashboard-synapse
        labels:
          grafana_dashboard: "1"
      data:
        synapse.json: |
          {
            "title": "Synapse",
            "panels": [
              { "title": "Events" },
            ]
      #     ^ error: dashboard Synapse of ConfigMap dashboard-synapse
          }
    `,
    good: `
      #- /dashboard.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: dashboard-synapse
        labels:
          grafana_dashboard: "1"
      data:
        synapse.json: |
          {
            "title": "Synapse",
            "panels": [
              { "title": "Events" }
            ]
          }
    `,
  },
  kinds: ['ConfigMap', 'GrafanaDashboard.grafana.integreatly.org'],
  *check(resource, workspace) {
    for (const dashboard of dashboardsOf(resource)) {
      const { problem, title, purposes, uid } = dashboard;
      const first = uid === undefined ? undefined : dashboards(workspace).find(one => one.uid === uid);
      if (first?.resource && (first.resource !== resource || first.key !== dashboard.key))
        yield {
          at: dashboard.at,
          message: `The dashboard ${title} has the uid ${uid} of the dashboard ${first.title}, so Grafana shows one of the two only — give it another.`,
          related: [{ at: first.at, message: 'The other dashboard' }],
        };
      if (!problem) continue;
      yield {
        at: problem.at,
        items: [...purposes].map(purpose => itemOf[purpose]),
        message: `Grafana cannot read the dashboard ${title} of ${resource.kind} ${resource.name}: ${problem.message} — correct the JSON.`,
      };
    }
  },
} satisfies Rule;

const itemOf = { synapse: '5.2.a.1', postgresql: '5.2.a.2', system: '5.2.a.3' } as const;
