import { perName } from '../../manifests/derived';
import type { Resource } from '../../manifests/resource';
import type { Index, Workspace } from '../../manifests/workspace';
import { chartValues } from '../helm-values';
import type { ExternalEndpoint } from '../network/model';
import { entrancesOf } from '../routes/gateway-api';
import { classOf } from '../routes/ingress';
import { ingressController, namespaceOf } from './externals';

/** Who serves the routes of an object; where nothing of it is known there is nobody, and no connection is judged. */
export function proxiesOf(workspace: Workspace, source: Resource): readonly ExternalEndpoint[] {
  switch (source.qualifiedKind) {
    case 'Ingress':
      return [ingressController(workspace, classOf(source))];
    case 'HTTPRoute':
    case 'GRPCRoute':
    case 'TLSRoute':
    case 'TCPRoute':
      return gatewaysOf(workspace, source).flatMap(gateway => proxyOf(workspace, gateway) ?? []);
    case 'HTTPProxy.projectcontour.io':
      return [{ kind: 'external', name: 'Contour', namespace: namespaceOfChart(workspace, 'contour'), labels }];
    case 'VirtualService.networking.istio.io':
      return [];
    default:
      return [traefik(workspace)];
  }
}

function gatewaysOf(workspace: Workspace, route: Resource): readonly Resource[] {
  return [...new Set(workspace.derive(entrancesOf, route).listeners.map(({ gateway }) => gateway))];
}

/** The pods of these are known by their namespace only. */
const labels: ReadonlyMap<string, string> = new Map();

/** The proxies of a Gateway, by the controller of its class. */
function proxyOf(workspace: Workspace, gateway: Resource): ExternalEndpoint | undefined {
  const name = gateway.root.at('spec', 'gatewayClassName').text ?? '';
  const written = workspace.find('GatewayClass', undefined, name)?.root.at('spec', 'controllerName').text;
  // Istio makes its class by itself (istio.io, Kubernetes Gateway API).
  const controller = written ?? (name === 'istio' ? 'istio.io/gateway-controller' : '');
  if (controller.startsWith('gateway.envoyproxy.io/')) return envoyGateway(workspace, gateway);
  if (controller === 'traefik.io/gateway-controller') return traefik(workspace);
  // With an address of its own a Gateway belongs to pods that somebody else deploys (istio.io, "Manual Deployment").
  if (controller !== 'istio.io/gateway-controller' || gateway.root.at('spec', 'addresses').exists) return undefined;
  // Between pods of an ambient mesh connections go through port 15008, whatever their own is (istio.io, "Ambient and
  // Kubernetes NetworkPolicy").
  const isAmbient = workspace
    .resources('Namespace')
    .some(one => one.labels.get('istio.io/dataplane-mode') === 'ambient');
  if (isAmbient) return undefined;
  return {
    kind: 'external',
    name: `the proxy of Gateway ${gateway.name}`,
    namespace: gateway.namespace,
    labels: new Map([['gateway.networking.k8s.io/gateway-name', gateway.name]]),
  };
}

/**
 * Envoy Gateway runs the proxies in its own namespace, unless it is told to use those of the Gateways (envoyproxy/gateway,
 * documentation, "Gateway Namespace Mode"; internal/infrastructure/kubernetes: the labels of the pods). An EnvoyProxy may
 * have one fleet for several Gateways, with other labels.
 */
function envoyGateway(workspace: Workspace, gateway: Resource): ExternalEndpoint | undefined {
  const isCustom = workspace.resources('EnvoyProxy.gateway.envoyproxy.io').length > 0;
  const isElsewhere = workspace.lookup(gatewayNamespaceMode, '').length > 0;
  return {
    kind: 'external',
    name: `the proxy of Gateway ${gateway.name}`,
    namespace: isElsewhere ? undefined : namespaceOfChart(workspace, 'gateway-helm'),
    labels: isCustom
      ? labels
      : new Map([
          ['app.kubernetes.io/name', 'envoy'],
          ['app.kubernetes.io/component', 'proxy'],
          ['app.kubernetes.io/managed-by', 'envoy-gateway'],
          ['gateway.envoyproxy.io/owning-gateway-name', gateway.name],
          ...(gateway.namespace === undefined
            ? []
            : [['gateway.envoyproxy.io/owning-gateway-namespace', gateway.namespace] as const]),
        ]),
  };
}

const gatewayNamespaceMode: Index<true> = {
  name: 'Envoy Gateway with proxies beside Gateways',
  *document(document) {
    if (document.textWith(besideGateways) !== undefined) yield ['', true];
  },
  *textFile({ text }) {
    if (besideGateways.test(text)) yield ['', true];
  },
  equal: () => true,
};

const besideGateways = /GatewayNamespace\b/;

/** Traefik as its chart installs it (traefik/traefik-helm-chart, templates/_helpers.tpl: the labels of its pods). */
function traefik(workspace: Workspace): ExternalEndpoint {
  const isOnHost = chartValues(workspace).some(root => root.at('hostNetwork').boolean === true);
  const isLabelled = chartValues(workspace).some(root => root.at('deployment', 'podLabels').exists);
  const namespace = isOnHost ? undefined : namespaceOfChart(workspace, 'traefik');
  // Who installs it without the chart may label its pods as he likes.
  const isKnown = namespace !== undefined && !isLabelled;
  return {
    kind: 'external',
    name: 'Traefik',
    namespace,
    labels: isKnown ? new Map([['app.kubernetes.io/name', 'traefik']]) : labels,
  };
}

const namespaceOfChart = perName((workspace: Workspace, wanted) =>
  namespaceOf(workspace, ({ name, chart }) => (chart === undefined ? name : chart) === wanted),
);
