import { chartReleases } from '../../analysis/charts';
import { foundCommands } from '../../analysis/commands';
import { type PanelQuery, panelQueries } from '../../analysis/dashboards';
import { chartValues } from '../../analysis/helm-values';
import { monitors } from '../../analysis/monitors';
import { namespaceExists } from '../../analysis/namespaces';
import { nearest } from '../../analysis/nearest';
import { containersOf, podsIn, workloadKinds } from '../../analysis/pods';
import { clusterKind } from '../../analysis/roles';
import { readPromQl } from '../../analysis/text/promql';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { judgedLabels, unknownValues } from './label-values';
import { judgedMetrics, unknownMetric } from './metric-names';
import { scrapesOnItsOwn } from './scrape-jobs';
import { uncopiedLabels } from './target-labels';

export default {
  id: 'alert-metric-unknown',
  items: [],
  severity: 'warning',
  summary: 'A query asks for a metric, a label, a namespace, a workload or a pod that the deployment does not have.',
  why: 'The query finds no sample: the alert never fires, however broken the component is, and the panel stays empty. Alerts copied from collections ask for the metrics of other exporters.',
  remedy: 'Ask for the metrics of the exporter that is scraped, or deploy the one that has them.',
  traps: [
    'Names of namespaces, workloads, pods, containers and database clusters are judged where they are nearly those of the tree, because charts and operators make others.',
    'Only metrics whose exporter is certain are judged: `pg_` of postgres_exporter, `redis_` of redis_exporter, `haproxy_up` and `haproxy_backend_up` of the former haproxy_exporter, MinIO’s names before version 2 of its metrics, those that CloudNativePG’s default queries, Synapse’s HTTP server and kube-state-metrics have, `certmanager_` and `nginx_ingress_controller_` of charts that are installed without their monitors.',
    'Labels of pods and Services are judged where the tree has monitors and no scrape configurations of its own: samples have only those that a monitor copies.',
    'Names with colons are those of recording rules; such as the charts of Prometheus and Loki bring are let pass, and so are those of dashboards in a tree without any recording rule.',
    'An exporter in the tree or in a chart, a recording rule of that name, and scrape configurations of one’s own let all of them pass.',
  ],
  sources: [
    'CloudNativePG documentation, Monitoring: all metrics begin with `cnpg_`',
    'CloudNativePG, config/manager/default-monitoring.yaml; kube-state-metrics, docs/metrics; Synapse, synapse/http/request_metrics.py',
    'Prometheus documentation, Query functions: histogram_quantile()',
    'HAProxy documentation, addons/promex: labels `proxy`, `server` and `state`',
    'MinIO documentation, Metrics and alerts, version 2',
    'cert-manager and ingress-nginx charts, values.yaml: prometheus.servicemonitor, controller.metrics.serviceMonitor',
  ],
  examples: {
    bad: example(
      'pg_up == 0\n      #               ^^^^^ warning: Nothing of the deployment has the metric pg_up: CloudNativePG exports metrics that begin with cnpg_',
    ),
    good: example('cnpg_collector_up == 0'),
  },
  kinds: ['PrometheusRule.monitoring.coreos.com', 'ConfigMap'],
  *check(resource, workspace) {
    const said = new Set<string>();
    const isPanel = resource.kind === 'ConfigMap';
    for (const query of isPanel ? panelQueries(resource, isSuspicious) : inRules(resource.root))
      for (const problem of problemsOf(workspace, query, isPanel)) {
        if (said.has(problem.message)) continue;
        said.add(problem.message);
        yield isPanel ? { ...problem, severity: 'info' } : problem;
      }
  },
} satisfies Rule;

/** A PromQL expression inside a scalar, or inside the JSON in one. */
type Query = PanelQuery;

function* inRules(root: Value): Iterable<Query> {
  for (const group of root.at('spec', 'groups').items())
    for (const rule of group.at('rules').items()) {
      const value = rule.at('expr');
      if (value.string !== undefined && isSuspicious(value.string))
        yield { text: value.string, place: (start, end) => value.part(start, end) };
    }
}

/** Whether a text has what any of the checks looks at. */
function isSuspicious(text: string): boolean {
  return suspicious.test(text) || judgedMetrics.test(text) || judgedLabels.test(text);
}

/** Colons are those of recorded names. */
const suspicious =
  /pg_|redis_|haproxy_|minio_disk|certmanager_|nginx_ingress_controller_|namespace|histogram_quantile|[a-zA-Z_]:[a-zA-Z_]|\w_\w+\s*=~?/;

function* problemsOf(workspace: Workspace, { text, place }: Query, isPanel: boolean): Iterable<Problem> {
  const at = (start: number, length: number) => place(start, start + length);
  yield* unknownSeries(workspace, { text, place }, isPanel);
  for (const { pattern, reason } of exporters) {
    const match = pattern.exec(masked(text));
    const why = match && !isRecorded(workspace, match[0]) && !scrapesOnItsOwn(workspace) && reason(workspace);
    if (match && why)
      yield {
        at: at(match.index, match[0].length),
        message: `Nothing of the deployment has the metric ${match[0]}: ${why}.`,
      };
  }
  const labelled = /\bhaproxy_(?:backend|frontend|server)_\w+\s*\{[^}]*?\b(backend|frontend|pxname|svname)\s*[=!]/.exec(
    text,
  );
  if (labelled?.[1]) {
    const label = labelled[1];
    const meant = label === 'svname' ? 'server' : 'proxy';
    yield {
      at: at(labelled.index + labelled[0].lastIndexOf(label), label.length),
      message: `HAProxy’s metrics have no label ${label} — ask for ${meant}.`,
    };
  }
  for (const match of text.matchAll(/\bnamespace\s*=\s*(\\?["'])([a-z0-9-]+)\1/g)) {
    const [whole, quote = '', name = ''] = match;
    if (namespaceExists(workspace, name)) continue;
    const namespaces = new Set(podsIn(workspace).flatMap(pods => pods.namespace ?? []));
    const close = namespaces.has(name) ? undefined : nearest(name, namespaces);
    // That of another stage, which may be in another tree.
    const stage = [...namespaces].find(one => name.startsWith(`${one}-`) || one.startsWith(`${name}-`));
    const meant = close ?? (namespaces.has(name) ? undefined : stage);
    if (meant === undefined) continue;
    const start = match.index + whole.length - quote.length - name.length;
    yield {
      at: at(start, name.length),
      ...(close === undefined && { severity: 'info' as const }),
      message: `There is no namespace ${name} — did you mean ${meant}?`,
    };
  }
  for (const { label, name, start, meant } of unknownValues(workspace, text))
    yield {
      at: at(start, name.length),
      message: `No ${label === 'pod' ? 'pod is called after' : `${label} is called`} ${name} — did you mean ${meant}?`,
    };
}

/** What the query itself tells: names that no exporter and no recording rule makes, and buckets without `le`. */
function* unknownSeries(workspace: Workspace, { text, place }: Query, isPanel: boolean): Iterable<Problem> {
  const read = readPromQl(text);
  if (!read || 'refusal' in read) return;
  for (const { metric, start, end } of read.query.selectors) {
    if (metric === undefined || isRecorded(workspace, metric)) continue;
    const unknown = metric.includes(':') ? undefined : unknownMetric(workspace, metric);
    if (unknown)
      yield {
        at: place(start, end),
        message: `No exporter has the metric ${metric}: ${unknown.why}${unknown.meant === undefined ? '' : ` — did you mean ${unknown.meant}`}${unknown.meant === undefined ? ' — ask for one that it has.' : '?'}`,
      };
    // A part of a deployment may hold dashboards without the rules that they are made for.
    const mayBeElsewhere = brought.test(metric) || (isPanel && workspace.shared(recorded).size === 0);
    if (metric.includes(':') && !mayBeElsewhere)
      yield {
        at: place(start, end),
        message: `No rule records ${metric} — add the recording rule, or ask for what it stands for.`,
      };
  }
  for (const { name, key, field, start, end } of uncopiedLabels(workspace, read.query.selectors))
    yield {
      at: place(start, end),
      message: `No sample has the label ${name}, because no monitor copies ${key} — list it under ${field} of the monitor, or select by another label.`,
    };
  for (const { start, end } of read.query.lostBuckets)
    yield {
      at: place(start, end),
      message: 'histogram_quantile needs the label le, which this adds up, so it yields nothing — add le to by.',
    };
}

/** Recorded names that charts of Prometheus, its operator, Loki and Mimir bring with them (kubernetes-mixin and others). */
const brought =
  /node|kube|container|apiserver|etcd|scheduler|windows|cortex|loki|mimir|tempo|alertmanager|prometheus|thanos|namespace_|cluster|count:|code_?(?:verb|resource)?:|^:|^ALERTS/;

/** An expression without texts in quotes and without label matchers, so that what is left are metrics and functions. */
function masked(text: string): string {
  return text
    .replace(/\\"(?:[^"\\]|\\[^"])*\\"|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, blank)
    .replace(/\{[^}]*\}/g, blank)
    .replace(/\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, blank);
}

function blank(text: string): string {
  return ' '.repeat(text.length);
}

interface Exporter {
  readonly pattern: RegExp;
  /** Why nothing has such metrics; undefined where something may. */
  reason(workspace: Workspace): string | undefined;
}

const exporters: readonly Exporter[] = [
  {
    pattern:
      /(?<![\w:])pg_(?:up|stat_\w+|database_\w+|replication_\w+|settings_\w+|locks_\w+|exporter_\w+|long_\w+)(?![\w:])/,
    reason: workspace => {
      if (mayRun(workspace, /postgres(?:ql)?[-_]exporter|pgexporter|pgmonitor|crunchy-postgres-exporter/))
        return undefined;
      return workspace.resources(clusterKind).length > 0
        ? 'CloudNativePG exports metrics that begin with cnpg_ — ask for those'
        : undefined;
    },
  },
  {
    pattern: /(?<![\w:])redis_[a-z]\w*(?![\w:])/,
    reason: workspace =>
      mayRun(workspace, /redis|valkey/, /exporter/)
        ? undefined
        : 'Redis itself exports none — add a redis_exporter and scrape it',
  },
  {
    pattern: /(?<![\w:])haproxy_(?:up|exporter_\w+|(?:backend|frontend|server)_up)(?![\w:])/,
    reason: workspace =>
      mayRun(workspace, /haproxy[-_]exporter/)
        ? undefined
        : 'HAProxy’s own exporter has haproxy_backend_status and haproxy_server_status — ask for those',
  },
  {
    pattern: /(?<![\w:])minio_(?:disks_\w+|disk_storage_\w+)(?![\w:])/,
    reason: workspace =>
      monitors(workspace).some(({ endpoints }) => endpoints.some(({ path }) => path.includes('/minio/v2/'))) &&
      !monitors(workspace).some(({ endpoints }) => endpoints.some(({ path }) => /prometheus\/metrics|v3/.test(path)))
        ? 'version 2 of MinIO’s metrics calls them minio_cluster_drive_ and minio_node_drive_ — ask for those'
        : undefined,
  },
  {
    pattern: /(?<![\w:])certmanager_\w+/,
    reason: workspace =>
      isUnmonitored(workspace, /^cert-manager$/, [
        ['prometheus', 'servicemonitor', 'enabled'],
        ['prometheus', 'podmonitor', 'enabled'],
      ])
        ? 'the chart cert-manager is installed without its ServiceMonitor — set prometheus.servicemonitor.enabled'
        : undefined,
  },
  {
    pattern: /(?<![\w:])nginx_ingress_controller_\w+/,
    reason: workspace =>
      isUnmonitored(workspace, /^ingress-nginx$/, [['controller', 'metrics', 'serviceMonitor', 'enabled']])
        ? 'the chart ingress-nginx is installed without its ServiceMonitor — set controller.metrics.serviceMonitor.enabled'
        : undefined,
  },
];

/** Whether a container of the tree or a chart may be an exporter; all words have to be in its name. */
function mayRun(workspace: Workspace, ...words: readonly RegExp[]): boolean {
  const isMeant = (name: string): boolean => words.every(word => word.test(name));
  return workspace.shared(programs).some(isMeant);
}

function programs(workspace: Workspace): readonly string[] {
  const images = workloadKinds.flatMap(kind =>
    workspace.resources(kind).flatMap(resource => containersOf(resource).map(({ image }) => image)),
  );
  // Charts of databases and caches bring an exporter with them.
  const charts = chartReleases(workspace).map(({ name, chart = '' }) => `${chart} ${name} exporter`);
  return [...images, ...charts];
}

/** Whether a script installs a chart, and neither values nor options nor a monitor of the tree have it scraped. */
function isUnmonitored(workspace: Workspace, chart: RegExp, switches: readonly (readonly string[])[]): boolean {
  const releases = chartReleases(workspace).filter(one => chart.test(one.chart ?? ''));
  if (!releases.some(one => one.evidence === 'command')) return false;
  const isOn = chartValues(workspace).some(root =>
    switches.some(path =>
      [root, ...root.entries().map(([, part]) => part)].some(one => one.at(...path).boolean === true),
    ),
  );
  const isSet = foundCommands(workspace).some(
    ({ command }) =>
      command.kind === 'helm' && command.sets.some(({ key }) => switches.some(path => path.join('.') === key)),
  );
  const isScraped = monitors(workspace).some(({ resource, selector }) =>
    [resource.name, ...selector.requirements.flatMap(({ values }) => values)].some(name => chart.test(name)),
  );
  return !isOn && !isSet && !isScraped;
}

/** Whether a recording rule makes a metric of this name. */
function isRecorded(workspace: Workspace, name: string): boolean {
  return workspace.shared(recorded).has(name);
}

/** What recording rules make, in objects and in the values of charts. */
function recorded(workspace: Workspace): ReadonlySet<string> {
  const groups = [
    ...['PrometheusRule.monitoring.coreos.com', 'VMRule.operator.victoriametrics.com'].flatMap(kind =>
      workspace.resources(kind).flatMap(({ root }) => root.at('spec', 'groups').items()),
    ),
    ...chartValues(workspace)
      .flatMap(root => [root, root.at('kube-prometheus-stack')])
      .flatMap(values => [
        ...values
          .at('additionalPrometheusRulesMap')
          .entries()
          .flatMap(([, set]) => set.at('groups').items()),
        ...values
          .at('additionalPrometheusRules')
          .items()
          .flatMap(set => set.at('groups').items()),
      ]),
  ];
  return new Set(
    groups.flatMap(group =>
      group
        .at('rules')
        .items()
        .flatMap(rule => rule.at('record').text ?? []),
    ),
  );
}

function example(expression: string): string {
  return `
      #- /alerts.yaml
      apiVersion: monitoring.coreos.com/v1
      kind: PrometheusRule
      metadata:
        name: matrix
        namespace: matrix
      spec:
        groups:
          - name: matrix
            rules:
              - alert: DatabaseDown
                expr: ${expression}
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        instances: 3
    `;
}
