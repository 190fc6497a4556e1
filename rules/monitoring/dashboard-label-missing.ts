import { type ChartRelease, chartReleases } from '../../analysis/charts';
import { dashboardsOf } from '../../analysis/dashboards';
import { chartValues } from '../../analysis/helm-values';
import { referrersOf } from '../../analysis/references';
import { insertEntry, replaceScalar, replaceValue } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';

export default {
  id: 'dashboard-label-missing',
  items: ['5.2.a.1', '5.2.a.2', '5.2.a.3'],
  severity: 'warning',
  summary: "Grafana's sidecar does not find a dashboard.",
  why: 'The sidecar loads ConfigMaps with a certain label from certain namespaces only. Without the label the dashboard never appears in Grafana.',
  remedy: 'Put the label `grafana_dashboard: "1"` on the ConfigMap, or the one that the values of Grafana name.',
  traps: [
    'The label and its value are read from `sidecar.dashboards.label` and `labelValue` of the Helm values, where they are in the tree.',
    'The namespace is judged only where the values name `searchNamespace`, or a script tells where Grafana is installed.',
    'ConfigMaps that a workload of the tree mounts need no label, and a number without quotes is the business of crd-unknown-field.',
  ],
  sources: [
    'Grafana Helm chart, values.yaml: sidecar.dashboards',
    'kube-prometheus-stack, values.yaml: grafana.sidecar.dashboards',
  ],
  examples: {
    bad: `
      #- /dashboard.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: dashboard-synapse
      #       ^^^^^^^^^^^^^^^^^ 💡 warning: has no label grafana_dashboard
      data:
        synapse.json: |
          {"title": "Synapse", "panels": []}
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
          {"title": "Synapse", "panels": []}
    `,
  },
  kinds: ['ConfigMap'],
  *check(configMap, workspace) {
    if (dashboardsOf(configMap).length === 0 || isMounted(workspace, configMap)) return;
    const sidecar = workspace.shared(readSidecar);
    if (sidecar.isOff) {
      yield {
        at: configMap.root.at('metadata', 'name'),
        message: `ConfigMap ${configMap.name} holds a dashboard, but Grafana's sidecar for dashboards is turned off — set sidecar.dashboards.enabled: true.`,
        related: sidecar.at ? [{ at: sidecar.at, message: 'The settings of the sidecar' }] : [],
      };
      return;
    }
    const value = configMap.labels.get(sidecar.label);
    const labels = configMap.root.at('metadata', 'labels');
    const unquoted = labels.at(sidecar.label);
    if (unquoted.text !== undefined && unquoted.string === undefined) {
      yield {
        at: unquoted,
        severity: 'error',
        message: `The label ${sidecar.label} is no text, and Kubernetes refuses the ConfigMap ${configMap.name} — put ${unquoted.text} in quotes.`,
        fixes: () => {
          const edit = replaceValue(unquoted, `"${sidecar.value ?? unquoted.text}"`);
          return edit ? [{ title: `Write "${sidecar.value ?? unquoted.text}"`, safe: true, edits: [edit] }] : [];
        },
      };
      return;
    }
    if (value === undefined) {
      yield {
        at: labels.exists ? labels.key : configMap.root.at('metadata', 'name'),
        message: `ConfigMap ${configMap.name} holds a dashboard, but has no label ${sidecar.label}, by which Grafana's sidecar finds them — add it.`,
        related: sidecar.at ? [{ at: sidecar.at, message: 'What the sidecar looks for' }] : [],
        fixes: () => addLabel(configMap, sidecar),
      };
      return;
    }
    if (sidecar.value !== undefined && value !== sidecar.value) {
      const written = labels.at(sidecar.label);
      yield {
        at: written,
        message: `ConfigMap ${configMap.name} has the label ${sidecar.label}=${value}, but Grafana's sidecar looks for ${sidecar.value} — write that.`,
        related: sidecar.at ? [{ at: sidecar.at, message: 'What the sidecar looks for' }] : [],
        fixes: () => {
          const edit = sidecar.value === undefined ? undefined : replaceScalar(written, sidecar.value);
          return edit ? [{ title: `Write ${sidecar.value}`, safe: true, edits: [edit] }] : [];
        },
      };
    }
    const { namespace } = configMap;
    if (namespace === undefined || !sidecar.namespaces || sidecar.namespaces.has(namespace)) return;
    yield {
      at: configMap.root.at('metadata', 'namespace'),
      message: `ConfigMap ${configMap.name} is in namespace ${namespace}, but Grafana's sidecar looks into ${[...sidecar.namespaces].join(', ')} only — move it, or set sidecar.dashboards.searchNamespace: ALL.`,
      related: sidecar.at ? [{ at: sidecar.at, message: 'Where the sidecar looks' }] : [],
    };
  },
} satisfies Rule;

interface Sidecar {
  readonly label: string;
  /** The value that the label has to have; undefined: any. */
  readonly value: string | undefined;
  /** Undefined where all namespaces are searched, or it is not known. */
  readonly namespaces: ReadonlySet<string> | undefined;
  readonly at: Place | undefined;
  readonly isOff: boolean;
}

function readSidecar(workspace: Workspace): Sidecar {
  for (const root of chartValues(workspace)) {
    for (const grafana of [root.at('grafana'), root.at('kube-prometheus-stack', 'grafana'), root]) {
      const settings = grafana.at('sidecar', 'dashboards');
      if (settings.kind !== 'mapping') continue;
      return {
        label: settings.at('label').text ?? 'grafana_dashboard',
        value: settings.at('labelValue').text || undefined,
        namespaces: namespacesOf(settings.at('searchNamespace'), releaseOf(workspace)),
        at: settings.key,
        isOff: settings.at('enabled').boolean === false,
      };
    }
  }
  return {
    label: 'grafana_dashboard',
    value: undefined,
    namespaces: namespacesOf(undefined, releaseOf(workspace)),
    at: undefined,
    isOff: false,
  };
}

function namespacesOf(written: Value | undefined, release: ChartRelease | undefined): ReadonlySet<string> | undefined {
  const names =
    written?.kind === 'sequence' ? written.items().flatMap(item => item.text ?? []) : (written?.text?.split(',') ?? []);
  const found = names.map(name => name.trim()).filter(Boolean);
  if (found.some(name => name.toUpperCase() === 'ALL')) return undefined;
  // What is named takes the place of the namespace in which the sidecar runs.
  if (found.length > 0) return new Set(found);
  // kube-prometheus-stack searches all namespaces by default, Grafana's own chart its own.
  return release?.chart === 'grafana' && release.namespace !== undefined ? new Set([release.namespace]) : undefined;
}

function releaseOf(workspace: Workspace): ChartRelease | undefined {
  return chartReleases(workspace).find(
    one => one.evidence === 'command' && (one.chart === 'grafana' || one.chart === 'kube-prometheus-stack'),
  );
}

/** Whether a pod of the tree has the dashboards as files. */
function isMounted(workspace: Workspace, configMap: Resource): boolean {
  return referrersOf(workspace, 'ConfigMap', configMap.namespace, configMap.name).length > 0;
}

function addLabel(configMap: Resource, { label, value }: Sidecar): readonly Fix[] {
  const metadata = configMap.root.at('metadata');
  const labels = metadata.at('labels');
  const entry = `${label}: "${value ?? '1'}"`;
  const edit =
    labels.kind === 'mapping'
      ? insertEntry(labels, entry)
      : labels.exists
        ? undefined
        : insertEntry(metadata, `labels:\n  ${entry}`);
  return edit ? [{ title: `Add ${entry}`, safe: true, edits: [edit] }] : [];
}
