import type { Resource } from '../manifests/resource';
import { table } from '../manifests/table';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { isFilledIn } from './filled-in';
import { meets, readSelector } from './labels';
import { labelCommandsFor } from './namespace-labels';
import { metadataName, namespaceLabels, namespaceResource } from './namespaces';

/** The routes of the Gateway API that are attached to listeners. */
export const routeKinds = ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'] as const;

export const gatewayGroup = 'gateway.networking.k8s.io';

/** A listener of a Gateway, with its values as they are written. */
export interface Listener {
  readonly gateway: Resource;
  readonly value: Value;
  readonly name: string | undefined;
  readonly port: number | undefined;
  readonly protocol: string | undefined;
  /** Undefined where the listener takes every host. */
  readonly hostname: string | undefined;
}

/** The listeners that a Gateway has of its own. */
export function listenersOf(gateway: Resource): readonly Listener[] {
  return gateway.root
    .at('spec', 'listeners')
    .items()
    .map(value => ({
      gateway,
      value,
      name: value.at('name').text,
      port: value.at('port').number,
      protocol: value.at('protocol').text,
      hostname: value.at('hostname').text?.toLowerCase() || undefined,
    }));
}

/** What becomes of a reference to a parent. */
export type Attachment =
  /** Something that the tree does not show, or that is no Gateway, decides. */
  | { readonly kind: 'unknown' }
  /** The listeners that take the route, if one of its hosts is theirs. */
  | { readonly kind: 'attached'; readonly gateway: Resource; readonly listeners: readonly Listener[] }
  /** The tree has Gateways, but none of this name in the namespace that is meant. */
  | { readonly kind: 'no-gateway'; readonly namespace: string | undefined; readonly gateways: readonly Resource[] }
  /** `section` and `port`: the Gateway has no such listener. */
  | { readonly kind: 'section' | 'port'; readonly gateway: Resource; readonly listeners: readonly Listener[] }
  /** `route-kind`: those that are meant take other kinds of routes; `namespace`: routes of other namespaces only. */
  | {
      readonly kind: 'route-kind' | 'namespace';
      readonly gateway: Resource;
      readonly listeners: readonly Listener[];
    };

/**
 * Whether a Gateway takes a route that names it under `parentRefs`: the listener has to be there, and its `allowedRoutes`
 * have to let in the kind of the route and its namespace (gateway-api, apis/v1/gateway_types.go and shared_types.go).
 * Hosts are left to {@link acceptsHost}.
 */
export function attachmentOf(
  workspace: Workspace,
  parent: Value,
  route: { readonly kind: string; readonly namespace: string | undefined },
): Attachment {
  const [name, section, port] = [parent.at('name').string, parent.at('sectionName').string, parent.at('port').number];
  const isGateway =
    (parent.at('kind').text ?? 'Gateway') === 'Gateway' && (parent.at('group').text ?? gatewayGroup) === gatewayGroup;
  const namespace = parent.at('namespace').string ?? route.namespace;
  if (!isGateway || !name || [name, section, namespace].some(text => isOpen(workspace, text))) return unknown;
  const gateways = workspace.resources('Gateway');
  const gateway = gateways.find(
    one => one.name === name && (one.namespace === namespace || one.namespace === undefined || namespace === undefined),
  );
  if (!gateway) return { kind: 'no-gateway', namespace, gateways };
  const all = listenersOf(gateway);
  if (all.length === 0 || all.some(one => isOpen(workspace, one.name))) return unknown;
  const named = section === undefined ? all : all.filter(one => one.name === section);
  if (named.length === 0) return { kind: 'section', gateway, listeners: all };
  const meant = port === undefined ? named : named.filter(one => one.port === port);
  if (meant.length === 0) return { kind: 'port', gateway, listeners: named };
  const ofKind = meant.filter(one => takesKind(one, route.kind));
  if (ofKind.length === 0) return { kind: 'route-kind', gateway, listeners: meant };
  const listeners = ofKind.filter(one => takesNamespace(workspace, one, route.namespace));
  return listeners.length === 0
    ? { kind: 'namespace', gateway, listeners: ofKind }
    : { kind: 'attached', gateway, listeners };
}

const unknown: Attachment = { kind: 'unknown' };

/**
 * Whether a listener takes requests for a host of a route. `*.` stands for any number of labels, and not for none
 * (apis/v1/gateway_types.go, Listener.hostname).
 */
export function acceptsHost({ hostname }: Listener, host: string): boolean {
  if (hostname === undefined || /[${}<>]/.test(hostname)) return true;
  const wanted = host.toLowerCase();
  if (hostname === wanted) return true;
  const [own, other] = [suffixOf(hostname), suffixOf(wanted)];
  if (own !== undefined && other !== undefined) return own.endsWith(other) || other.endsWith(own);
  if (own !== undefined) return wanted.endsWith(own) && wanted.length > own.length;
  return other !== undefined && hostname.endsWith(other) && hostname.length > other.length;
}

/** `.example.com` of `*.example.com`; undefined for other hosts. */
function suffixOf(host: string): string | undefined {
  return host.startsWith('*.') ? host.slice(1) : undefined;
}

/** Whether a text is still to be filled in. */
function isOpen(workspace: Workspace, text: string | undefined): boolean {
  return text !== undefined && (/[${}<>]/.test(text) || isFilledIn(workspace, text));
}

/** The kinds that a protocol takes by itself. What TLS that is ended carries depends on the implementation. */
const kindsOfProtocol = table<readonly string[]>({
  HTTP: ['HTTPRoute', 'GRPCRoute'],
  HTTPS: ['HTTPRoute', 'GRPCRoute'],
  TLS: ['TLSRoute', 'TCPRoute'],
  TCP: ['TCPRoute'],
  UDP: ['UDPRoute'],
});

function takesKind({ value, protocol }: Listener, kind: string): boolean {
  const ofProtocol = kindsOfProtocol[protocol?.toUpperCase() ?? ''];
  if (ofProtocol && !ofProtocol.includes(kind)) return false;
  const kinds = value.at('allowedRoutes', 'kinds').items();
  return kinds.length === 0 || kinds.some(one => one.at('kind').text === kind);
}

function takesNamespace(workspace: Workspace, { gateway, value }: Listener, namespace: string | undefined): boolean {
  const allowed = value.at('allowedRoutes', 'namespaces');
  const from = allowed.at('from').text ?? 'Same';
  if (namespace === undefined || from === 'All') return true;
  if (from === 'Same') return gateway.namespace === undefined || gateway.namespace === namespace;
  if (from !== 'Selector') return from !== 'None';
  const selector = readSelector(allowed.at('selector'));
  if (!selector) return false;
  const labels = namespaceLabels(workspace, namespace);
  const isKnown = namespaceResource(workspace, namespace) !== undefined;
  return selector.requirements.every(
    one =>
      meets(one, labels) ||
      (one.key !== metadataName &&
        (!isKnown || labelCommandsFor(workspace, namespace).some(({ key }) => key === one.key))),
  );
}
