import { type ChartRelease, chartReleases } from '../../analysis/charts';
import { knownReleasesOf, textOf } from '../../analysis/helm/chart-objects';
import { isOpen, type Release, releaseKinds, releasesIn, settingOf, shownValues } from '../../analysis/helm/releases';
import { chartValues } from '../../analysis/helm-values';
import { describe, matches, readSelector, type Selector } from '../../analysis/labels';
import { podMonitorKind, serviceMonitorKind } from '../../analysis/monitors';
import { namespaceLabels } from '../../analysis/namespaces';
import { insertEntry, quoted } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'monitor-not-picked-up',
  items: [],
  severity: 'warning',
  summary: 'Prometheus is configured to pass over a monitor or rules for alerts.',
  why: 'A monitor or PrometheusRule is only used by a Prometheus whose selectors match its labels and its namespace. One that is passed over does nothing, and nothing says so.',
  remedy:
    'Give the monitor the label that Prometheus selects by, or let Prometheus take all: `serviceMonitorSelector: {}`, in the values of kube-prometheus-stack together with `serviceMonitorSelectorNilUsesHelmValues: false`.',
  traps: [
    'Looked at are Prometheus resources of the tree and values of kube-prometheus-stack; what a Prometheus elsewhere selects cannot be seen.',
    'An absent selector of a Prometheus resource selects nothing; in the values it means the label `release` of the Helm release, unless `…SelectorNilUsesHelmValues` is false.',
    'It is enough that one Prometheus picks the monitor up. PrometheusRules are left alone where a ThanosRuler may read them.',
  ],
  sources: [
    'Prometheus Operator documentation, API reference, PrometheusSpec: a null label selector matches no objects, an empty one all.',
    'kube-prometheus-stack, values.yaml: serviceMonitorSelectorNilUsesHelmValues.',
  ],
  examples: {
    bad: `
      #- /values/kube-prometheus-stack-values.yaml
      prometheus:
        prometheusSpec:
          serviceMonitorSelector:
            matchLabels:
              team: matrix
      #- /monitor.yaml
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata:
        name: haproxy
        labels:
      # ^^^^^^ 💡 warning: Prometheus selects ServiceMonitors with team=matrix
          app: haproxy
      spec:
        selector: {}
    `,
    good: `
      #- /values/kube-prometheus-stack-values.yaml
      prometheus:
        prometheusSpec:
          serviceMonitorSelector:
            matchLabels:
              team: matrix
      #- /monitor.yaml
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata:
        name: haproxy
        labels:
          app: haproxy
          team: matrix
      spec:
        selector: {}
    `,
  },
  kinds: [serviceMonitorKind, podMonitorKind, 'PrometheusRule.monitoring.coreos.com', ...releaseKinds],
  *check(monitor, workspace) {
    if (releaseKinds.includes(monitor.qualifiedKind)) {
      yield* ofCharts(workspace, monitor);
      return;
    }
    if (monitor.kind === 'PrometheusRule' && workspace.resources('ThanosRuler.monitoring.coreos.com').length > 0)
      return;
    const readers = workspace.shared(readReaders);
    if (readers.length === 0) return;
    const judged = readers.map(reader => ({ reader, reason: reasonOf(workspace, reader, monitor) }));
    const [first] = judged;
    if (!first || judged.some(one => one.reason === undefined)) return;
    const labels = monitor.root.at('metadata', 'labels');
    yield {
      at: labels.exists ? labels.key : monitor.root.at('metadata', 'name'),
      message: `Prometheus ${first.reason}, so ${monitor.kind} ${monitor.name} is passed over — give it the label, or let Prometheus take all.`,
      related: [{ at: first.reader.at, message: 'What Prometheus selects by' }],
      fixes: () => addLabels(monitor, picksFor(first.reader, monitor).selector),
    };
  },
} satisfies Rule;

/**
 * The ServiceMonitors that charts of Bitnami make, with the labels that their values give them (bitnami/charts,
 * templates/servicemonitor.yaml).
 */
function* ofCharts(workspace: Workspace, resource: Resource): Iterable<Problem> {
  const readers = workspace.shared(readReaders);
  if (readers.length === 0) return;
  for (const known of knownReleasesOf(workspace, resource)) {
    const { release, facts } = known;
    const isOn = ['metrics.enabled', 'metrics.serviceMonitor.enabled'].every(path => textOf(known, path) === 'true');
    if (!isOn || !/bitnami/i.test(release.repository ?? '')) continue;
    const fields = ['commonLabels', 'metrics.serviceMonitor.labels', 'metrics.serviceMonitor.additionalLabels'];
    const given = fields.map(path => settingOf(release, path));
    if (given.includes('unknown')) continue;
    const labels = new Map([
      ['app.kubernetes.io/name', facts.chart],
      ['app.kubernetes.io/instance', release.name],
      ['app.kubernetes.io/managed-by', 'Helm'],
      ['app.kubernetes.io/component', 'metrics'],
      ...given.flatMap(one =>
        typeof one === 'string' ? [] : one.entries().map(([key, value]) => [key, value.text ?? ''] as const),
      ),
    ]);
    if ([...labels.values()].some(isOpen)) continue;
    const [first] = readers;
    const refused = readers.filter(({ services }) => services.selector && !matches(services.selector, labels));
    // What the chart adds by itself, such as its version, is not asked for by anybody known.
    const asks = refused.flatMap(({ services }) => services.selector?.requirements ?? []).map(({ key }) => key);
    if (!first || refused.length < readers.length || asks.some(key => /^(?:helm\.sh|app\.kubernetes\.io)\//.test(key)))
      continue;
    const at = given.find(one => typeof one !== 'string') ?? settingOf(release, 'metrics.serviceMonitor.enabled');
    const selector = refused[0]?.services.selector;
    if (typeof at === 'string' || !selector) continue;
    yield {
      at: at.key,
      message: `Prometheus selects ServiceMonitors with ${describe(selector)}, so that of the chart ${facts.chart} (${release.name}) is passed over — give it the label in its values, or let Prometheus take all.`,
      related: [{ at: first.at, message: 'What Prometheus selects by' }],
    };
  }
}

/** A Prometheus of the tree and what it picks up; `undefined` for a selector that selects nothing. */
interface Reader {
  readonly namespace: string | undefined;
  readonly services: Picks;
  readonly pods: Picks;
  readonly rules: Picks;
  readonly at: Place;
}

interface Picks {
  readonly selector: Selector | undefined;
  /** Undefined where only the namespace of Prometheus counts; `any` where all do, or it is not known. */
  readonly namespaces: Selector | undefined | 'any';
}

/** Why a Prometheus passes a monitor over; undefined if it does not. */
function reasonOf(workspace: Workspace, reader: Reader, monitor: Resource): string | undefined {
  const { selector, namespaces } = picksFor(reader, monitor);
  if (!selector) return `selects no ${monitor.kind}s at all`;
  if (!matches(selector, monitor.labels)) return `selects ${monitor.kind}s with ${describe(selector)}`;
  if (namespaces === 'any' || monitor.namespace === undefined) return undefined;
  if (!namespaces)
    return reader.namespace === undefined || reader.namespace === monitor.namespace
      ? undefined
      : `looks for ${monitor.kind}s in its own namespace ${reader.namespace} only`;
  return matches(namespaces, namespaceLabels(workspace, monitor.namespace))
    ? undefined
    : `looks for ${monitor.kind}s in namespaces with ${describe(namespaces)}`;
}

function picksFor(reader: Reader, monitor: Resource): Picks {
  if (monitor.kind === 'PrometheusRule') return reader.rules;
  return monitor.kind === 'ServiceMonitor' ? reader.services : reader.pods;
}

function readReaders(workspace: Workspace): readonly Reader[] {
  return [
    ...workspace.resources('Prometheus.monitoring.coreos.com').map(fromResource),
    ...chartValues(workspace).flatMap(root => fromValues(workspace, root)),
    ...releasesIn(workspace).flatMap(fromDefaults),
  ];
}

/** A release of kube-prometheus-stack whose values say nothing of Prometheus, as far as all of them are shown. */
function fromDefaults(release: Release): readonly Reader[] {
  if (release.chart !== 'kube-prometheus-stack' || isOpen(release.name)) return [];
  const paths = ['prometheus.prometheusSpec', 'prometheus.enabled', 'kube-prometheus-stack'];
  if (paths.some(path => settingOf(release, path) !== 'unset')) return [];
  const at = shownValues(release)[0] ?? release.resource?.root;
  if (!at) return [];
  const selector = { requirements: [{ key: 'release', operator: 'In' as const, values: [release.name], at }], at };
  const picks: Picks = { selector, namespaces: 'any' };
  return [{ namespace: release.namespace, services: picks, pods: picks, rules: picks, at: release.at }];
}

function fromResource(prometheus: Resource): Reader {
  const spec = prometheus.root.at('spec');
  const picks = (name: string): Picks => ({
    selector: readSelector(spec.at(`${name}Selector`)),
    namespaces: readSelector(spec.at(`${name}NamespaceSelector`)),
  });
  return {
    namespace: prometheus.namespace,
    services: picks('serviceMonitor'),
    pods: picks('podMonitor'),
    rules: picks('rule'),
    at: prometheus.root.at('metadata', 'name'),
  };
}

/** The values of kube-prometheus-stack, at the top or under the name of the chart. */
function fromValues(workspace: Workspace, root: Value): readonly Reader[] {
  const spec = [root, root.at('kube-prometheus-stack')]
    .map(values => values.at('prometheus', 'prometheusSpec'))
    .find(value => value.kind === 'mapping');
  if (!spec) return [];
  const release = releaseOf(workspace);
  const picks = (name: string): Picks => {
    const written = spec.at(`${name}Selector`);
    const namespaces = spec.at(`${name}NamespaceSelector`);
    // Without the name of the release it is not known which label is wanted.
    const takesAll = spec.at(`${name}SelectorNilUsesHelmValues`).boolean === false || !release;
    return {
      selector: isFilled(written)
        ? readSelector(written)
        : {
            requirements: takesAll ? [] : [{ key: 'release', operator: 'In', values: [release.name], at: spec }],
            at: spec,
          },
      namespaces: isFilled(namespaces) ? readSelector(namespaces) : 'any',
    };
  };
  return [
    {
      namespace: release?.namespace,
      services: picks('serviceMonitor'),
      pods: picks('podMonitor'),
      rules: picks('rule'),
      at: spec.key,
    },
  ];
}

function isFilled(value: Value): boolean {
  return value.kind === 'mapping' && value.entries().length > 0;
}

/** The release of kube-prometheus-stack, if a command in the tree installs it. */
function releaseOf(workspace: Workspace): ChartRelease | undefined {
  return chartReleases(workspace).find(one => one.chart === 'kube-prometheus-stack' && one.evidence === 'command');
}

function addLabels(monitor: Resource, selector: Selector | undefined): readonly Fix[] {
  const wanted = selector?.requirements ?? [];
  if (wanted.length === 0 || wanted.some(one => one.operator !== 'In' || one.values.length !== 1)) return [];
  const missing = wanted.filter(({ key, values }) => monitor.labels.get(key) !== values[0]);
  // A label that is there with another value may be wanted elsewhere.
  if (missing.length === 0 || missing.some(({ key }) => monitor.labels.has(key))) return [];
  const lines = missing.map(({ key, values }) => `${quoted(key, 'plain')}: ${quoted(values[0] ?? '', 'plain')}`);
  const metadata = monitor.root.at('metadata');
  const labels = metadata.at('labels');
  const edit =
    labels.kind === 'mapping'
      ? insertEntry(labels, lines.join('\n'))
      : labels.exists
        ? undefined
        : insertEntry(metadata, `labels:\n  ${lines.join('\n  ')}`);
  return edit ? [{ title: `Add ${lines.join(', ')}`, safe: false, edits: [edit] }] : [];
}
