import { anchorFor, isAboutMatrix, nameOf } from '../../analysis/anchor';
import { chartReleases } from '../../analysis/charts';
import { askedByChecklist } from '../../analysis/checklist-signs';
import { backendsOf, haproxyOf, podPortsOf } from '../../analysis/haproxy-config';
import { chartValues } from '../../analysis/helm-values';
import { monitors, targetsOf, watchedOwners } from '../../analysis/monitors';
import { clusterKind, databases, synapseWorkers, tenantKind, usedByMatrix, workloads } from '../../analysis/roles';
import { classOf, isNginx } from '../../analysis/routes/ingress';
import { settingsOf } from '../../analysis/settings';
import { synapseProcess } from '../../analysis/synapse';
import { modeOf } from '../../analysis/text/haproxy';
import type { ChecklistItemId } from '../../checklist/types';
import { insertEntry, replaceValue } from '../../manifests/edit';
import type { SourceFile } from '../../manifests/file';
import type { Resource } from '../../manifests/resource';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { itemsOf } from './component';
import { newServiceMonitor, newTenantMonitor } from './new-monitor';

export default {
  id: 'monitor-missing',
  items: ['5.1.a.1', '5.1.a.2', '5.1.a.3', '5.1.a.4', '5.1.a.5', '5.1.a.6'],
  severity: 'error',
  summary: 'Prometheus is not told to scrape a component.',
  why: 'Nobody sees that the component is slow, full or down until users complain; alerts on its metrics never fire.',
  remedy:
    'Add a ServiceMonitor for its Service, or a PodMonitor. For a PostgreSQL cluster `monitoring.enablePodMonitor: true` is enough, for a MinIO Tenant `prometheusOperator: true`.',
  traps: [
    'Only the checklist asks for it: this is an error in a tree that follows it, by `matrix-preflight.yaml`, key_vault or an LI instance, and else a warning.',
    'A monitor counts where it really leads to a port of the pods. One that is meant for the component but misses it has a finding of its own, and none here.',
    'The ingress controller is not in the tree: a ServiceMonitor that selects it, or `controller.metrics.serviceMonitor.enabled` in Helm values, is enough. It is asked for where an Ingress names its class or has its annotations, or a chart installs it.',
    'Misspelt switches of CloudNativePG, such as `monitoring.podMonitorEnabled`, do not count.',
    'The `scrape_configs` of a Prometheus without its operator count where they speak of the component.',
    'If there is no monitor at all, that is said once, as a warning: they may well be kept elsewhere.',
    'Components that are not in the tree are not asked for, nor is a HAProxy that only finds the master of Redis, nor anything in a tree in which nothing is of Matrix.',
  ],
  sources: [
    'CloudNativePG documentation, Monitoring: the exporter listens on port 9187 named metrics.',
    'MinIO Operator, pkg/apis/minio.min.io/v2/types.go: prometheusOperator adds the scrape configuration of the Tenant.',
  ],
  examples: {
    bad: `
      #- /matrix-preflight.yaml
      components:
        grafana: off
      #- /haproxy.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
      #       ^^^^^^^ 💡 error: Nothing scrapes HAProxy
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: haproxy
          spec:
            containers:
              - name: haproxy
                image: haproxy:2.9-alpine
                ports:
                  - name: metrics
                    containerPort: 8405
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: haproxy
        namespace: matrix
        labels:
          app: haproxy
      spec:
        selector:
          app: haproxy
        ports:
          - name: metrics
            port: 8405
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        monitoring:
          enablePodMonitor: true
    `,
    good: `
      #- /matrix-preflight.yaml
      components:
        grafana: off
      #- /haproxy.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: haproxy
          spec:
            containers:
              - name: haproxy
                image: haproxy:2.9-alpine
                ports:
                  - name: metrics
                    containerPort: 8405
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: haproxy
        namespace: matrix
        labels:
          app: haproxy
      spec:
        selector:
          app: haproxy
        ports:
          - name: metrics
            port: 8405
      ---
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app: haproxy
        endpoints:
          - port: metrics
            path: /metrics
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        monitoring:
          enablePodMonitor: true
    `,
  },
  *checkWorkspace(workspace) {
    if (settingsOf(workspace).components.monitoring !== 'required' || !isAboutMatrix(workspace)) return;
    const wanted = components(workspace).flatMap(component => {
      const missed = component.parts.filter(
        part =>
          !component.isWatched(part) && !isBesideUnreadable(part) && !isScraped(workspace, component.mentioned, part),
      );
      return missed.length > 0 ? [{ ...component, missed }] : [];
    });
    if (wanted.length === 0) return;
    if (
      monitors(workspace).length === 0 &&
      !isAnythingWatched(workspace) &&
      workspace.lookup(scrapeConfigurations, '').length === 0
    ) {
      const [first] = wanted;
      const at = anchorFor(workspace, workspace.resources('Namespace').map(nameOf)[0], nameOf(first?.missed[0]));
      if (at)
        yield {
          at,
          severity: 'warning',
          message: `Nothing in the tree tells Prometheus what to scrape: there is no ServiceMonitor and no PodMonitor for ${wanted.map(one => one.title).join(', ')} — add them, or set components.monitoring: off.`,
          related: wanted
            .flatMap(one => one.missed.slice(0, 3))
            .map(part => ({ at: part.root.at('metadata', 'name'), message: part.title })),
        };
      return;
    }
    for (const component of wanted) {
      // A monitor that is meant for it and leads nowhere is reported itself.
      const meant = monitors(workspace).filter(monitor => itemsOf(monitor)[0] === component.item);
      const isTold = meant.some(monitor => targetsOf(workspace, monitor).length === 0);
      if (isTold && component.missed.every(part => component.reason?.(part) === undefined)) continue;
      yield* tell(workspace, component);
    }
  },
} satisfies Rule;

interface Component {
  readonly item: ChecklistItemId;
  readonly title: string;
  /** What a scrape configuration says when it means the component. */
  readonly mentioned: RegExp;
  /** The objects that each need a monitor, or of which one is enough. */
  readonly parts: readonly Resource[];
  /** Whether each part is told by itself. */
  readonly isSingle: boolean;
  isWatched(part: Resource): boolean;
  /** Why there is nothing to scrape, where that is not just the lack of a monitor. */
  reason?(part: Resource): string | undefined;
  fixes(part: Resource): readonly Fix[];
}

function* tell(
  workspace: Workspace,
  component: Component & { readonly missed: readonly Resource[] },
): Iterable<Problem> {
  const { missed, title, item, isSingle, parts } = component;
  const told = isSingle ? missed : missed.slice(0, 1);
  for (const part of told) {
    const reason = component.reason?.(part);
    const count = isSingle || parts.length === 1 ? '' : `, ${missed.length} of ${parts.length}`;
    yield {
      at: part.root.at('metadata', 'name'),
      items: [item],
      ...(reason === undefined && askedByChecklist(workspace)),
      message:
        reason ??
        `Nothing scrapes ${title} (${part.title}${count}) — add a ${part.qualifiedKind === clusterKind ? 'PodMonitor, or set monitoring.enablePodMonitor: true' : 'ServiceMonitor'}.`,
      related: isSingle
        ? []
        : missed.slice(1).map(other => ({ at: other.root.at('metadata', 'name'), message: `Neither ${other.title}` })),
      fixes: () => component.fixes(part),
    };
  }
}

function components(workspace: Workspace): readonly Component[] {
  const watched = watchedOwners(workspace);
  const isWatched = (part: Resource): boolean => watched.has(part);
  const monitored =
    (path: string) =>
    (part: Resource): readonly Fix[] =>
      newServiceMonitor(workspace, part, path);
  return [
    {
      item: '5.1.a.1',
      title: 'the Synapse workers',
      mentioned: /synapse/i,
      parts: synapseWorkers(workspace).filter(one => !/Job$/.test(one.kind)),
      isSingle: false,
      isWatched,
      fixes: monitored('/_synapse/metrics'),
    },
    {
      item: '5.1.a.2',
      title: 'PostgreSQL',
      mentioned: /postgres|cnpg/i,
      parts: usedByMatrix(workspace, databases(workspace).all, 'haproxy'),
      isSingle: true,
      isWatched: part =>
        isWatched(part) ||
        part.root.at('spec', 'monitoring', 'enablePodMonitor').boolean === true ||
        workspace.lookup(patchedClusters, '').length > 0,
      fixes: switchOn,
    },
    {
      item: '5.1.a.3',
      title: 'MinIO',
      mentioned: /minio/i,
      parts: usedByMatrix(
        workspace,
        [...workspace.resources(tenantKind), ...workloads(workspace, 'minio.plain')],
        'minio.plain',
      ),
      isSingle: true,
      isWatched: part => isWatched(part) || part.root.at('spec', 'prometheusOperator').boolean === true,
      fixes: part =>
        part.qualifiedKind === tenantKind
          ? newTenantMonitor(workspace, part)
          : newServiceMonitor(workspace, part, '/minio/v2/metrics/cluster'),
    },
    {
      item: '5.1.a.4',
      title: 'HAProxy',
      mentioned: /haproxy/i,
      parts: usedByMatrix(workspace, workloads(workspace, 'haproxy'), 'haproxy').filter(
        one => !isForOthers(workspace, one),
      ),
      isSingle: true,
      isWatched,
      fixes: monitored('/metrics'),
    },
    {
      item: '5.1.a.5',
      title: 'LiveKit',
      mentioned: /livekit/i,
      parts: usedByMatrix(workspace, workloads(workspace, 'livekit'), 'livekit'),
      isSingle: true,
      isWatched,
      fixes: monitored('/metrics'),
    },
    {
      item: '5.1.a.6',
      title: 'the NGINX ingress controller',
      mentioned: /ingress|nginx/i,
      parts: workspace
        .resources('Ingress')
        .filter(one => isForNginx(workspace, one))
        .slice(0, 1),
      isSingle: true,
      isWatched: () => isIngressWatched(workspace),
      reason: () =>
        areMetricsOff(workspace) && isIngressMonitored(workspace)
          ? 'The monitor of the NGINX ingress controller has nothing to scrape, because the controller’s metrics are off — set controller.metrics.enabled: true in its values.'
          : undefined,
      fixes: () => [],
    },
  ];
}

/**
 * Whether a HAProxy has nothing to do with requests: all its servers are reached by TCP, and none is Synapse. Such a one
 * finds the Redis that is master, because Synapse cannot ask Sentinel.
 */
function isForOthers(workspace: Workspace, resource: Resource): boolean {
  const haproxy = haproxyOf(workspace, resource);
  if (!haproxy || haproxy.isPartial) return false;
  const parts = backendsOf(haproxy).filter(({ section }) => section.servers.length > 0);
  return (
    parts.length > 0 &&
    parts.every(
      ({ section }) =>
        modeOf(section) === 'tcp' &&
        section.servers.every(server =>
          podPortsOf(workspace, haproxy, server)?.every(({ pods }) => !synapseProcess(workspace, pods.owner)),
        ),
    )
  );
}

/**
 * Whether a configuration of Prometheus itself, without its operator, speaks of a component: by its name or by the usual
 * one. One that scrapes what asks for it with annotations may scrape anything.
 */
function isScraped(workspace: Workspace, mentioned: RegExp, part: Resource): boolean {
  return workspace
    .lookup(scrapeConfigurations, '')
    .some(text => text.includes('annotation_prometheus_io_scrape') || mentioned.test(text) || text.includes(part.name));
}

/** Configurations of Prometheus, from the list of what it scrapes on (prometheus.io, Configuration, scrape_config). */
const scrapeConfigurations: Index<string> = {
  name: 'scrape configurations',
  *document(document) {
    const text = document.textWith(scrapes);
    const start = text?.search(scrapes) ?? -1;
    if (text !== undefined && start !== -1) yield ['', text.slice(start)];
  },
};

const scrapes = /^[ \t]*(?:scrape_configs|additionalScrapeConfigs)[ \t]*:/m;

/** Whether the Service of a workload may be the one that stands in a document with broken syntax beside it. */
function isBesideUnreadable({ document }: Resource): boolean {
  return document.file.documents.some(one => one !== document && one.declared.some(({ kind }) => kind === 'Service'));
}

/** Whether an operator was told to have something watched. What a chart watches by itself proves no intention. */
function isAnythingWatched(workspace: Workspace): boolean {
  return (
    workspace
      .resources(clusterKind)
      .some(one => one.root.at('spec', 'monitoring', 'enablePodMonitor').boolean === true) ||
    workspace.resources(tenantKind).some(one => one.root.at('spec', 'prometheusOperator').boolean === true)
  );
}

/** Without a class an Ingress is for the cluster's default controller, which only the rest of the tree may tell. */
function isForNginx(workspace: Workspace, ingress: Resource): boolean {
  if (!isNginx(ingress)) return false;
  const keys = ingress.root.at('metadata', 'annotations').keys();
  return (
    classOf(ingress) !== undefined ||
    keys.some(key => key.startsWith('nginx.ingress.kubernetes.io/')) ||
    chartReleases(workspace).some(({ name: release, chart }) => /nginx/.test(chart ?? release))
  );
}

/** The controller comes from a chart, so a monitor that selects it, or the chart's own, is all that can be seen. */
function isIngressWatched(workspace: Workspace): boolean {
  return (
    (monitors(workspace).some(monitor => itemsOf(monitor)[0] === '5.1.a.6') && !areMetricsOff(workspace)) ||
    chartValues(workspace).some(root => {
      const controller = root.at('controller').exists ? root.at('controller') : root.at('ingress-nginx', 'controller');
      // The chart's ServiceMonitor needs both switches (charts/ingress-nginx/templates/controller-servicemonitor.yaml).
      const isOn = (kind: string): boolean => controller.at('metrics', kind, 'enabled').boolean === true;
      return isOn('podMonitor') || (isOn('serviceMonitor') && !areMetricsOff(workspace));
    }) ||
    workspace.lookup(chartMonitors, '').length > 0
  );
}

/** Whether there is a monitor for the controller, of the tree or of the chart, whatever it finds. */
function isIngressMonitored(workspace: Workspace): boolean {
  return (
    monitors(workspace).some(monitor => itemsOf(monitor)[0] === '5.1.a.6') ||
    chartValues(workspace).some(root =>
      [root.at('controller'), root.at('ingress-nginx', 'controller')].some(
        controller => controller.at('metrics', 'serviceMonitor', 'enabled').boolean === true,
      ),
    )
  );
}

/**
 * Whether the values of the controller's chart are there and do not switch its metrics on: then there is no Service
 * that a monitor could select (ingress-nginx charts/ingress-nginx/values.yaml, controller.metrics.enabled).
 */
function areMetricsOff(workspace: Workspace): boolean {
  const settings = chartValues(workspace).flatMap(root =>
    [root.at('controller'), root.at('ingress-nginx', 'controller')].filter(
      controller =>
        controller.at('ingressClassResource').exists ||
        controller.at('ingressClass').exists ||
        controller.at('metrics').exists,
    ),
  );
  return (
    settings.length > 0 &&
    settings.every(controller => controller.at('metrics', 'enabled').boolean !== true) &&
    workspace.lookup(metricsSwitches, '').length === 0
  );
}

/** Where a script switches the controller's metrics on. */
const metricsSwitches: Index<true> = {
  name: "metrics of the ingress controller's chart",
  *textFile(file) {
    if (/controller\.metrics\.enabled=["']?true/.test(file.text)) yield ['', true];
  },
};

/** Where a script sets the chart's own monitor, or values may set it that cannot be read. */
const chartMonitors: Index<true> = {
  name: "monitors of the ingress controller's chart",
  *document({ problems, file }) {
    if (problems.length > 0 && /serviceMonitor|podMonitor/.test(file.text) && !/^kind:/m.test(file.text))
      yield ['', true];
  },
  *textFile(file) {
    if (/controller\.metrics\.(?:service|pod)Monitor\.enabled=["']?true/.test(file.text)) yield ['', true];
  },
};

function switchOn(cluster: Resource): readonly Fix[] {
  const spec = cluster.root.at('spec');
  const monitoring = spec.at('monitoring');
  const current = monitoring.at('enablePodMonitor');
  const edit = current.exists
    ? replaceValue(current, 'true')
    : monitoring.kind === 'mapping'
      ? insertEntry(monitoring, 'enablePodMonitor: true')
      : monitoring.exists
        ? undefined
        : insertEntry(spec, 'monitoring:\n  enablePodMonitor: true');
  return edit ? [{ title: 'Set monitoring.enablePodMonitor: true', safe: true, edits: [edit] }] : [];
}

/** Scripts that switch the PodMonitor on in the cluster, as in `kubectl patch cluster …`. */
const patchedClusters: Index<true> = {
  name: 'patched clusters',
  *textFile(file: SourceFile) {
    if (/\.sh$/i.test(file.path) && /\bpatch\b[^\n]*(?:\\\n[^\n]*)*enablePodMonitor/.test(file.text)) yield ['', true];
  },
};
