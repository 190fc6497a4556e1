import { chartReleases } from '../../analysis/charts';
import { datasourcesIn } from '../../analysis/dashboards';
import { chartValues } from '../../analysis/helm-values';
import { keyTexts } from '../../analysis/secret-data';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'dashboard-datasource-unknown',
  items: [],
  severity: 'warning',
  summary: 'A dashboard asks for a data source or a variable that Grafana does not have.',
  why: 'The panel shows “Datasource not found” or no data. Dashboards that were exported “for sharing” ask for `${DS_PROMETHEUS}`, which only the import by hand fills in.',
  remedy:
    'Give the dashboard a variable of the type `datasource` and ask for that, or for the `uid` of a data source that is provisioned.',
  traps: [
    'kube-prometheus-stack provisions the data sources `prometheus` and `alertmanager`, unless its values say otherwise.',
    'Variables that begin with two underscores are Grafana’s own.',
    'Without kube-prometheus-stack and without a data source in the tree nothing is known of Grafana’s, and only variables are judged.',
  ],
  sources: [
    'Grafana documentation, Dashboard JSON model; Variables; Provision Grafana, "Data sources"',
    'kube-prometheus-stack, values.yaml: grafana.sidecar.datasources.uid',
  ],
  examples: {
    bad: example(
      '${DS_PROMETHEUS}',
      '      #                                                             ^^^^^^^^^^^^^ warning: The dashboard has no variable DS_PROMETHEUS, so Grafana finds no data source',
    ),
    good: example('${datasource}'),
  },
  kinds: ['ConfigMap'],
  *check(configMap, workspace) {
    for (const [key, value] of keyTexts(configMap)) {
      const text = /\.json$/i.test(key) ? (value.text ?? '') : '';
      if (!/"(?:panels|templating)"\s*:/.test(text)) continue;
      yield* unknownSources(workspace, value, text);
      yield* unknownVariables(value, text);
    }
  },
} satisfies Rule;

function* unknownSources(workspace: Workspace, value: Value, text: string): Iterable<Problem> {
  const variables = variablesOf(text);
  const known = workspace.shared(provisioned);
  const said = new Set<string>();
  for (const match of text.matchAll(/"datasource"\s*:\s*(?:\{[^{}]*?"uid"\s*:\s*"([^"]*)"|"([^"]*)")/g)) {
    const name = match[1] ?? match[2] ?? '';
    if (name === '' || name.startsWith('--') || name === 'grafana' || name === 'default' || said.has(name)) continue;
    said.add(name);
    const start = match.index + match[0].length - 1 - name.length;
    const variable = /^\$(?:\{(\w+)(?::\w+)?\}|(\w+))$/.exec(name);
    if (variable) {
      const called = variable[1] ?? variable[2] ?? '';
      if (called.startsWith('__') || variables.has(called)) continue;
      const at = start + name.indexOf(called);
      yield {
        at: value.part(at, at + called.length),
        message: `The dashboard has no variable ${called}, so Grafana finds no data source — add one of the type datasource, or name the data source.`,
      };
    } else if (known && !known.has(name) && !name.includes('$'))
      yield {
        at: value.part(start, start + name.length),
        message: `Grafana has no data source ${name}; provisioned are ${[...known].sort().join(', ')} — ask for one of those, or provision it.`,
      };
  }
}

/** Variables in queries; what no variable replaces is sent to Prometheus as it stands. */
function* unknownVariables(value: Value, text: string): Iterable<Problem> {
  const variables = variablesOf(text);
  const said = new Set<string>();
  for (const match of text.matchAll(/"expr"\s*:\s*"((?:[^"\\]|\\.)*)"/g)) {
    const [whole, query = ''] = match;
    const offset = match.index + whole.length - 1 - query.length;
    for (const used of query.matchAll(/\$(?:\{([a-zA-Z_]\w*)[^}]*\}|([a-zA-Z_]\w*))/g)) {
      const name = used[1] ?? used[2] ?? '';
      // In `label_replace` a dollar sign stands for a group of the pattern.
      if (name.startsWith('__') || variables.has(name) || said.has(name) || /label_replace/.test(query)) continue;
      said.add(name);
      const start = offset + used.index + used[0].indexOf(name);
      yield {
        at: value.part(start, start + name.length),
        message: `The dashboard has no variable ${name}, so the query asks for its name — add the variable, or write what is meant.`,
      };
    }
  }
}

/** The variables of a dashboard, by any `name` in it: panels have titles, not names. */
function variablesOf(text: string): ReadonlySet<string> {
  const at = text.search(/"templating"\s*:/);
  const names = at === -1 ? [] : [...text.slice(at).matchAll(/"name"\s*:\s*"(\w+)"/g)];
  return new Set(names.map(([, name = '']) => name));
}

/** The uids and names of Grafana's data sources; undefined where the tree does not tell them. */
function provisioned(workspace: Workspace): ReadonlySet<string> | undefined {
  if (
    workspace.resources('GrafanaDatasource.grafana.integreatly.org').length > 0 ||
    workspace.resources('GrafanaDataSource.integreatly.org').length > 0
  )
    return undefined;
  const isStack = chartReleases(workspace).some(
    one => one.chart === 'kube-prometheus-stack' && one.evidence === 'command',
  );
  const found = new Set<string>();
  const values = chartValues(workspace).flatMap(root =>
    [root, root.at('kube-prometheus-stack')].filter(one => one.at('grafana').kind === 'mapping'),
  );
  for (const one of values) {
    const grafana = one.at('grafana');
    const settings = grafana.at('sidecar', 'datasources');
    // Files and objects that the values only refer to may hold more.
    if (
      settings.at('uid').exists ||
      settings.at('enabled').boolean === false ||
      grafana.at('extraConfigmapMounts').exists
    )
      return undefined;
    const lists = [
      grafana.at('additionalDataSources'),
      ...grafana
        .at('datasources')
        .entries()
        .map(([, part]) => part.at('datasources')),
    ];
    for (const source of lists.flatMap(list => list.items())) addNames(source, found);
  }
  // Values that list the data sources say as much as a command that installs the chart with them.
  if (!isStack && ![...found].some(name => /prometheus/i.test(name))) return undefined;
  for (const kind of ['ConfigMap', 'Secret'])
    for (const resource of workspace.resources(kind))
      for (const source of datasourcesIn(resource)) addNames(source, found);
  // What the chart provisions itself (kube-prometheus-stack, templates/grafana/configmaps-datasources.yaml).
  for (const name of ['prometheus', 'Prometheus', 'alertmanager', 'Alertmanager']) found.add(name);
  return found;
}

function addNames(source: Value, found: Set<string>): void {
  for (const field of ['uid', 'name']) {
    const { text } = source.at(field);
    if (text) found.add(text);
  }
}

/** The data sources that a file for Grafana's provisioning holds. */
function example(uid: string, marks = ''): string {
  return `
      #- /dashboard.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: dashboard-synapse
        labels:
          grafana_dashboard: "1"
      data:
        synapse.json: |
          {"title": "Synapse", "panels": [{"datasource": {"uid": "${uid}"}}],
${marks === '' ? '' : `${marks}\n`}           "templating": {"list": [{"name": "datasource", "type": "datasource"}]}}
    `;
}
