import type { Workspace } from '../../manifests/workspace';
import { type ChartRelease, chartReleases } from '../charts';
import { chartValues } from '../helm-values';
import { matches, readSelector } from '../labels';
import type { ExternalEndpoint, NamedPort } from '../network/model';

/*
 * Who takes part in the deployment's traffic without a manifest in its tree. Their namespaces come from what the tree
 * tells of their installation; where it tells nothing they stay unknown, and so do the answers that depend on them.
 */

/**
 * CoreDNS or kube-dns. The label is the same in every distribution, because the Service `kube-dns` selects by it
 * (kubernetes/kubernetes cluster/addons/dns/coredns); the port names are those of that manifest.
 */
export const clusterDns: ExternalEndpoint = {
  kind: 'external',
  name: 'the cluster DNS',
  namespace: 'kube-system',
  labels: new Map([['k8s-app', 'kube-dns']]),
  namedPorts: new Map<string, readonly NamedPort[]>([
    ['dns', [{ port: 53, protocol: 'UDP' }]],
    ['dns-tcp', [{ port: 53, protocol: 'TCP' }]],
  ]),
};

/** NodeLocal DNSCache listens on this address of every node (Kubernetes documentation, "Using NodeLocal DNSCache"). */
export const nodeLocalDns: ExternalEndpoint = { kind: 'external', name: 'NodeLocal DNSCache', ips: ['169.254.20.10'] };

/** OpenShift's DNS pods, which listen on port 5353 (OpenShift documentation, "DNS Operator"). */
export const openshiftDns: ExternalEndpoint = {
  kind: 'external',
  name: 'the cluster DNS of OpenShift',
  namespace: 'openshift-dns',
};

/** The API server has addresses of nodes or of a provider; manifests do not tell which. */
export const apiServer: ExternalEndpoint = { kind: 'external', name: 'the API server' };

/**
 * Homeservers at their public addresses, the deployment's own among them: inside the cluster its name may lead to an
 * address that manifests do not tell.
 */
export const homeservers: ExternalEndpoint = { kind: 'external', name: 'the homeserver' };

/** Those for whom a Service is open to the outside: in the internet, or in a network of one's own. */
export const outside: ExternalEndpoint = { kind: 'external', name: 'the outside of the cluster' };

/** The controller that serves Ingresses of a class. The labels are those of the chart and of the project's manifests. */
export function ingressController(workspace: Workspace, className: string | undefined): ExternalEndpoint {
  const isNginx = className === undefined || /nginx/.test(className);
  return isNginx ? workspace.shared(ingressNginx) : otherController;
}

const otherController: ExternalEndpoint = {
  kind: 'external',
  name: 'the ingress controller',
  namespace: undefined,
  labels: new Map(),
};

function ingressNginx(workspace: Workspace): ExternalEndpoint {
  return {
    ...otherController,
    namespace: namespaceOf(workspace, isIngressNginx),
    labels: new Map([['app.kubernetes.io/name', 'ingress-nginx']]),
    ...(isPlain(workspace, isIngressNginx, ['controller', 'podLabels']) && { lacks: otherConventions }),
  };
}

const monitorSelectors = ['serviceMonitorSelector', 'podMonitorSelector', 'probeSelector', 'scrapeConfigSelector'];

/**
 * Prometheus as its operator deploys it (prometheus-operator pkg/prometheus: the label of the pods); for a monitor, the one
 * that takes it in.
 */
export function prometheus(
  workspace: Workspace,
  monitor?: { readonly selects: 'Service' | 'Pod'; readonly labels: ReadonlyMap<string, string> },
): ExternalEndpoint {
  // One that selects other monitors does not scrape for this one (prometheus-operator API reference, PrometheusSpec).
  const [resource, ...others] = workspace.resources('Prometheus.monitoring.coreos.com').filter(({ root }) => {
    const field = monitor?.selects === 'Pod' ? 'podMonitorSelector' : 'serviceMonitorSelector';
    const written = root.at('spec', field);
    // Without a selector it takes none, unless it has no selector at all and is configured by hand.
    if (!monitor || !written.exists) return !monitor || !monitorSelectors.some(one => root.at('spec', one).exists);
    const selector = readSelector(written);
    return !selector || matches(selector, monitor.labels);
  });
  const ofChart = workspace.shared(chartPrometheus);
  if (!resource) return ofChart;
  return {
    ...ofChart,
    namespace: others.length === 0 ? resource.namespace : ofChart.namespace,
    lacks: resource.root.at('spec', 'podMetadata').exists ? undefined : otherConventions,
  };
}

function chartPrometheus(workspace: Workspace): ExternalEndpoint {
  const isAsUsual = isPlain(workspace, isPrometheusStack, ['prometheus', 'prometheusSpec', 'podMetadata']);
  return {
    kind: 'external',
    name: 'Prometheus',
    namespace: namespaceOf(workspace, isPrometheus),
    labels: new Map([['app.kubernetes.io/name', 'prometheus']]),
    ...(isAsUsual && { lacks: otherConventions }),
  };
}

/** The operator of CloudNativePG (cloudnative-pg docs/src/networking.md and docs/src/samples/networkpolicy-example.yaml). */
export function postgresOperator(workspace: Workspace): ExternalEndpoint {
  return workspace.shared(cloudNativePg);
}

function cloudNativePg(workspace: Workspace): ExternalEndpoint {
  return {
    kind: 'external',
    name: 'the CloudNativePG operator',
    namespace: namespaceOf(workspace, isCloudNativePg),
    labels: new Map([['app.kubernetes.io/name', 'cloudnative-pg']]),
    ...(isPlain(workspace, isCloudNativePg, ['podLabels']) && { lacks: otherConventions }),
  };
}

/**
 * Labels by which pods are known elsewhere, and which none of these charts gives its pods: all of them follow the
 * recommended labels (Kubernetes documentation, "Recommended Labels"; the helpers of the charts).
 */
const otherConventions: ReadonlySet<string> = new Set(['app', 'k8s-app', 'name', 'component', 'role', 'tier']);

/** Whether a script of the tree installs a chart, and no values of the tree give its pods labels of their own. */
function isPlain(
  workspace: Workspace,
  isMeant: (release: ChartRelease) => boolean,
  podLabels: readonly string[],
): boolean {
  return (
    chartReleases(workspace).some(one => one.evidence === 'command' && isMeant(one)) &&
    !chartValues(workspace).some(
      root =>
        root.at(...podLabels).exists ||
        root.entries().some(([, part]) => part.kind === 'mapping' && part.at(...podLabels).exists),
    )
  );
}

function isCloudNativePg({ chart }: ChartRelease): boolean {
  return chart === 'cloudnative-pg';
}

function isPrometheusStack({ chart }: ChartRelease): boolean {
  return chart === 'kube-prometheus-stack';
}

/** The operator of MinIO (minio/operator helm/operator, templates/_helpers.tpl and resources/base: the labels of its pods). */
export function minioOperator(workspace: Workspace): ExternalEndpoint {
  return workspace.shared(operatorOfMinio);
}

function operatorOfMinio(workspace: Workspace): ExternalEndpoint {
  return {
    kind: 'external',
    name: 'the MinIO operator',
    namespace: namespaceOf(workspace, ({ name, chart }) =>
      chart === undefined ? name === 'minio-operator' : /^(?:minio-)?operator$/.test(chart) && /minio/.test(name),
    ),
    labels: new Map([
      ['app.kubernetes.io/name', 'operator'],
      ['name', 'minio-operator'],
    ]),
  };
}

function isIngressNginx({ name, chart }: ChartRelease): boolean {
  return chart === undefined
    ? /ingress-nginx|nginx-ingress/.test(name)
    : /^(?:ingress-nginx|nginx-ingress)$/.test(chart);
}

function isPrometheus({ name, chart }: ChartRelease): boolean {
  return chart === undefined
    ? /^(?:kube-)?prometheus(?:-stack)?$/.test(name)
    : /^(?:kube-)?prometheus(?:-stack)?$/.test(chart);
}

/** The namespace that all installations of a chart agree on, scripts before documentation. */
export function namespaceOf(workspace: Workspace, isMeant: (release: ChartRelease) => boolean): string | undefined {
  const releases = chartReleases(workspace).filter(isMeant);
  for (const evidence of ['command', 'mention'] as const) {
    const namespaces = new Set(releases.filter(one => one.evidence === evidence).map(one => one.namespace));
    const [namespace] = namespaces;
    if (namespaces.size > 0) return namespaces.size === 1 ? namespace : undefined;
  }
  return undefined;
}
