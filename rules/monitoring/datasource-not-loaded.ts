import { chartReleases, isChartObject } from '../../analysis/charts';
import { datasourcesIn } from '../../analysis/dashboards';
import { resolveHost } from '../../analysis/flows/destinations';
import { chartValues } from '../../analysis/helm-values';
import { nearest } from '../../analysis/nearest';
import { referrersOf } from '../../analysis/references';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'datasource-not-loaded',
  items: [],
  severity: 'warning',
  summary: 'Grafana does not load a data source, or does not start with it.',
  why: 'The sidecar loads data sources from objects with a certain label only. And Grafana stops at the start when two data sources of an organisation are the default one, of which kube-prometheus-stack brings the first.',
  remedy:
    'Put the label `grafana_datasource: "1"` on the object, or the one that the values name, and leave `isDefault` to one data source.',
  traps: [
    'The label is read from `sidecar.datasources.label` of the Helm values, where they are in the tree.',
    'Objects that a workload of the tree mounts need no label.',
    'Of the data sources in Helm values only a type is judged that is nearly one of Grafana’s own.',
  ],
  sources: [
    'kube-prometheus-stack, values.yaml: grafana.sidecar.datasources.label, defaultDatasourceEnabled',
    'Grafana, pkg/services/provisioning/datasources: "Only one datasource per organization can be marked as default"',
  ],
  examples: {
    bad: `
      #- /install.sh
      helm upgrade --install monitoring prometheus-community/kube-prometheus-stack --namespace monitoring
      #- /datasource.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: grafana-datasource
      #       ^^^^^^^^^^^^^^^^^^ warning: has no label grafana_datasource
        namespace: monitoring
      data:
        longterm.yaml: |
          apiVersion: 1
          datasources:
            - name: Longterm
              type: prometheus
              url: http://longterm.tessera.test
    `,
    good: `
      #- /install.sh
      helm upgrade --install monitoring prometheus-community/kube-prometheus-stack --namespace monitoring
      #- /datasource.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: grafana-datasource
        namespace: monitoring
        labels:
          grafana_datasource: "1"
      data:
        longterm.yaml: |
          apiVersion: 1
          datasources:
            - name: Longterm
              type: prometheus
              url: http://longterm.tessera.test
    `,
  },
  kinds: ['ConfigMap', 'Secret'],
  *check(resource, workspace) {
    const sources = datasourcesIn(resource);
    if (sources.length === 0 || !isStack(workspace) || isMounted(workspace, resource)) return;
    const { label, isDefaultTaken } = workspace.shared(readSettings);
    if (!resource.labels.has(label)) {
      const labels = resource.root.at('metadata', 'labels');
      yield {
        at: labels.exists ? labels.key : resource.root.at('metadata', 'name'),
        message: `${resource.kind} ${resource.name} holds data sources, but has no label ${label}, by which Grafana’s sidecar finds them — add it.`,
      };
    }
    for (const source of sources) {
      const isDefault = source.at('isDefault');
      if (isDefault.boolean === true && isDefaultTaken)
        yield {
          at: isDefault,
          severity: 'error',
          message:
            'kube-prometheus-stack has a default data source already, and Grafana does not start with two — write false, or turn its own off in grafana.sidecar.datasources.',
        };
      const url = source.at('url');
      const host = /^https?:\/\/([\w.-]+)/.exec(url.text ?? '')?.[1];
      if (host === undefined) continue;
      const destination = resolveHost(workspace, resource.namespace, host);
      if (
        destination.kind !== 'no-service' ||
        isChartObject(workspace, destination.namespace, destination.name) !== 'no' ||
        /-operated$/.test(destination.name)
      )
        continue;
      yield {
        at: url,
        message: `There is no Service ${destination.name}${destination.namespace === undefined ? '' : ` in namespace ${destination.namespace}`}, so this data source has nothing to show — correct the address.`,
      };
    }
  },
  *checkWorkspace(workspace) {
    for (const root of chartValues(workspace))
      for (const grafana of [root.at('grafana'), root.at('kube-prometheus-stack', 'grafana')]) {
        const lists = grafana
          .at('datasources')
          .entries()
          .map(([, part]) => part.at('datasources'));
        for (const source of [grafana.at('additionalDataSources'), ...lists].flatMap(list => list.items()))
          yield* misspelt(source.at('type'));
      }
  },
} satisfies Rule;

/** A type that is nearly the name of one of Grafana's own plugins; others may be installed. */
function* misspelt(type: Value): Iterable<Problem> {
  const text = type.string ?? '';
  const meant = ownTypes.includes(text) || text.includes('-') ? undefined : nearest(text, ownTypes);
  if (meant === undefined || text.length < 4) return;
  yield {
    at: type,
    message: `Grafana has no kind of data source ${text}, so nothing is shown of it — did you mean ${meant}?`,
    fixes: () => [{ title: `Write ${meant}`, safe: false, edits: [{ at: type, newText: meant }] }],
  };
}

/** grafana/grafana, public/app/plugins/datasource: the ids of the plugins that come with it. */
const ownTypes: readonly string[] = [
  ...['prometheus', 'loki', 'tempo', 'jaeger', 'zipkin', 'alertmanager', 'elasticsearch', 'graphite', 'influxdb'],
  ...['opentsdb', 'mysql', 'mssql', 'postgres', 'cloudwatch', 'parca'],
];

function isStack(workspace: Workspace): boolean {
  return chartReleases(workspace).some(one => one.chart === 'kube-prometheus-stack' && one.evidence === 'command');
}

interface Settings {
  readonly label: string;
  readonly isDefaultTaken: boolean;
}

function readSettings(workspace: Workspace): Settings {
  for (const root of chartValues(workspace))
    for (const values of [root, root.at('kube-prometheus-stack')]) {
      const settings = values.at('grafana', 'sidecar', 'datasources');
      if (settings.kind !== 'mapping') continue;
      return {
        label: settings.at('label').text ?? 'grafana_datasource',
        isDefaultTaken:
          settings.at('defaultDatasourceEnabled').boolean !== false &&
          settings.at('isDefaultDatasource').boolean !== false &&
          settings.at('enabled').boolean !== false,
      };
    }
  return { label: 'grafana_datasource', isDefaultTaken: true };
}

/** Whether a pod of the tree has the data sources as files. */
function isMounted(workspace: Workspace, { kind, namespace, name }: Resource): boolean {
  return referrersOf(workspace, kind === 'Secret' ? 'Secret' : 'ConfigMap', namespace, name).length > 0;
}
