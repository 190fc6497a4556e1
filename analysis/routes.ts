import { groupedBy } from '../manifests/grouped';
import type { Resource } from '../manifests/resource';
import type { Index, Workspace } from '../manifests/workspace';
import type { PodPort } from './flows/destinations';
import { acceptsHost } from './gateways';
import { rewrittenByPolicy, routesOfHttpProxy } from './routes/contour';
import { entrancesOf, rewrittenByFilters, routesOfGatewayRoute } from './routes/gateway-api';
import { classOf, ingressRouteFor, isCanary, rewrittenByIngress, routesOfIngress } from './routes/ingress';
import { rewrittenByRule, routesOfVirtualService } from './routes/istio';
import { type Route, takesPath } from './routes/route';
import { rewrittenByMiddlewares, routesOfTraefik, traefikGroups } from './routes/traefik';
import { findService, podsBehind, type Service, type ServicePort, targetOf } from './services';

export type { Route } from './routes/route';

/*
 * Which host and path reaches which Service, by objects of all kinds that let requests in. What is the kind's own, such
 * as how paths are compared and which route comes first, is in `routes/`.
 */

const gatewayRoutes = ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute'] as const;
const readers: ReadonlyMap<string, (resource: Resource) => readonly Route[]> = new Map([
  ['Ingress', routesOfIngress],
  ...gatewayRoutes.map(kind => [kind, routesOfGatewayRoute] as const),
  ...traefikGroups.flatMap(group =>
    ['IngressRoute', 'IngressRouteTCP'].map(kind => [`${kind}.${group}`, routesOfTraefik] as const),
  ),
  ['HTTPProxy.projectcontour.io', routesOfHttpProxy],
  ['VirtualService.networking.istio.io', routesOfVirtualService],
]);

/** The kinds of objects whose routes are read, as {@link Resource.qualifiedKind} names them. */
export const routeSourceKinds: readonly string[] = [...readers.keys()];

/** The objects of the tree that say where requests from outside go. */
export function routeSources(workspace: Workspace): readonly Resource[] {
  return routeSourceKinds.flatMap(kind => workspace.resources(kind));
}

/** The routes of an object in the order in which they are written; none for kinds that have no routes. */
export function routesOf(source: Resource): readonly Route[] {
  return readers.get(source.qualifiedKind)?.(source) ?? [];
}

/** All routes of the tree. */
export function allRoutes(workspace: Workspace): readonly Route[] {
  return workspace.shared(readRoutes);
}

function readRoutes(workspace: Workspace): readonly Route[] {
  return routeSources(workspace).flatMap(routesOf);
}

/** Whether requests may come in by objects whose routes are not read. */
export function hasUnreadRoutes(workspace: Workspace): boolean {
  return workspace.lookup(unreadRoutes, '').length > 0;
}

/** The Service that a route leads to, if the tree has it. */
export function serviceOf(workspace: Workspace, { name, namespace }: Route): Service | undefined {
  return name === undefined ? undefined : findService(workspace, namespace, name);
}

/** The pods and pod ports that a route leads to: proxies connect to the pods, not to the Service's address. */
export function endsOf(workspace: Workspace, route: Route): readonly PodPort[] {
  const service = serviceOf(workspace, route);
  const own = service && portOf(service, route);
  if (!service || !own) return [];
  return podsBehind(workspace, service).flatMap(pods => {
    const target = targetOf(own, pods);
    return target ? [{ pods, port: target.port }] : [];
  });
}

/** The workloads that a route leads to. */
export function workloadsBehind(workspace: Workspace, route: Route): readonly Resource[] {
  return [...new Set(endsOf(workspace, route).map(({ pods }) => pods.owner))];
}

/** Whether some route of the tree leads to a workload. */
export function isRoutedTo(workspace: Workspace, workload: Resource): boolean {
  return allRoutes(workspace).some(route => {
    const service = serviceOf(workspace, route);
    return service !== undefined && podsBehind(workspace, service).some(({ owner }) => owner === workload);
  });
}

/** A request as far as routes look at it. */
export interface RoutedRequest {
  readonly path: string;
  /** Undefined for any. */
  readonly method?: string;
}

/** The routes that may take requests for a host: those of the host itself, before those with a star and those for any. */
export function routesFor(workspace: Workspace, host: string): readonly Route[] {
  return levelsOf(workspace, host).flat();
}

/**
 * The route that takes a request, by the rules of the kind of object that has it. Undefined if none does, `unknown` where
 * something decides that is not followed: headers, objects of two kinds or classes for one host, or routes that are not
 * read.
 */
export function routeFor(workspace: Workspace, host: string, request: RoutedRequest): Route | 'unknown' | undefined {
  const levels = levelsOf(workspace, host);
  const [own, ...others] = levels.map(level => takerOf(level, request));
  if (own !== undefined) return own;
  if (hasUnreadRoutes(workspace)) return 'unknown';
  const other = others.find(one => one !== undefined);
  // Some servers look at routes for any host when their own have none for the path, others do not.
  return other === undefined || levels[0]?.length === 0 ? other : 'unknown';
}

/** The path under which a request arrives at the backend; undefined where something may change it that is not followed. */
export function arrivingPath(workspace: Workspace, route: Route, asked: string): string | undefined {
  switch (readers.get(route.source.qualifiedKind)) {
    case routesOfIngress:
      return rewrittenByIngress(route, asked);
    case routesOfGatewayRoute:
      return rewrittenByFilters(route, asked);
    case routesOfTraefik:
      return rewrittenByMiddlewares(workspace, route, asked);
    case routesOfHttpProxy:
      return rewrittenByPolicy(route, asked);
    case routesOfVirtualService:
      return rewrittenByRule(route, asked);
    default:
      return undefined;
  }
}

/** The Service port of a route: by its number or name, or the only one where none is written. */
export function portOf(service: Service, { port }: Pick<Route, 'port'>): ServicePort | undefined {
  if (!port.exists) return service.ports.length === 1 ? service.ports[0] : undefined;
  return service.ports.find(one => one.port === port.number || (one.name !== undefined && one.name === port.text));
}

const routesByHost: Index<Route> = {
  name: 'routes by host',
  *resource(resource) {
    for (const route of routesOf(resource)) yield [route.host, route];
  },
};

/** The routes for a host, for each pattern that stands for it, and for any; the more of the host is written, the earlier. */
function levelsOf(workspace: Workspace, host: string): readonly (readonly Route[])[] {
  const labels = host.split('.');
  const stars = labels.slice(1).map((_, at) => `*.${labels.slice(at + 1).join('.')}`);
  const levels = [host, ...stars, '*'].map((pattern, at) =>
    workspace
      .lookup(routesByHost, pattern)
      .filter(
        route => isHeard(workspace, route, host) && !(at > 1 && pattern !== '*' && route.source.kind === 'Ingress'),
      ),
  );
  // Clients come with TLS, so what stands beside it for those without, such as a redirection, is none of theirs.
  const isSecured = levels.flat().some(route => !isPlain(workspace, route));
  return levels.map(level =>
    level.filter(
      route =>
        !(isSecured && isPlain(workspace, route)) && !(route.source.kind === 'Ingress' && isCanary(route.source)),
    ),
  );
}

/** Whether a route is there for connections without TLS only. */
function isPlain(workspace: Workspace, { source, tls }: Route): boolean {
  if (readers.get(source.qualifiedKind) !== routesOfGatewayRoute) return tls === false;
  const { listeners, isOpen } = workspace.derive(entrancesOf, source);
  return !isOpen && listeners.every(({ protocol }) => protocol === 'HTTP');
}

/** Whether the listeners that a route is attached to take requests for a host. */
function isHeard(workspace: Workspace, { source }: Route, host: string): boolean {
  if (readers.get(source.qualifiedKind) !== routesOfGatewayRoute) return true;
  const { listeners, isOpen } = workspace.derive(entrancesOf, source);
  return isOpen || listeners.some(one => acceptsHost(one, host));
}

function takerOf(routes: readonly Route[], request: RoutedRequest): Route | 'unknown' | undefined {
  const servers = groupedBy(routes, ({ source }) => {
    const reader = readers.get(source.qualifiedKind);
    return reader === routesOfIngress ? `class ${classOf(source) ?? ''}` : reader;
  });
  const takers = [...servers.values()].flatMap(some => takerAmong(some, request) ?? []);
  return takers.length > 1 ? 'unknown' : takers[0];
}

function takerAmong(routes: readonly Route[], { path, method }: RoutedRequest): Route | 'unknown' | undefined {
  if (routes[0]?.source.qualifiedKind === 'Ingress') return ingressRouteFor(routes, path);
  const takers = routes
    .map(route => ({ route, takes: takes(route, path, method) }))
    .filter(one => one.takes !== 'no')
    .toSorted((a, b) => comesFirst(a.route, b.route));
  const first = takers.find(one => one.takes === 'yes');
  if (!first) return takers.length > 0 ? 'unknown' : undefined;
  const last = takers.findLastIndex(one => comesFirst(first.route, one.route) >= 0);
  const isSure = takers.slice(0, last + 1).every(({ route }) => isSameTarget(route, first.route));
  return isSure ? first.route : 'unknown';
}

function takes(route: Route, path: string, method: string | undefined): 'yes' | 'no' | 'maybe' {
  const own = takesPath(route, path);
  if (own === 'no' || (method !== undefined && route.methods && !route.methods.includes(method))) return 'no';
  const except = route.except.map(rule => takesPath(rule, path));
  if (except.includes('yes')) return 'no';
  const isUnsure = route.isConditional || except.includes('maybe') || (method === undefined && route.methods);
  return isUnsure ? 'maybe' : own;
}

/** Negative if one route is looked at before another: by priority, exact paths, the length of the path, and methods. */
function comesFirst(one: Route, other: Route): number {
  const isExpression = ({ match }: Route): boolean => match === 'whole' || match === 'search';
  if (one.priority !== other.priority) return other.priority - one.priority;
  const exact = Number(other.match === 'exact') - Number(one.match === 'exact');
  // Where expressions stand in the order is up to the implementation.
  if (exact !== 0 || isExpression(one) || isExpression(other)) return exact;
  return other.path.length - one.path.length || Number(other.methods !== undefined) - Number(one.methods !== undefined);
}

function isSameTarget(one: Route, other: Route): boolean {
  return one.name !== undefined && one.name === other.name && one.namespace === other.namespace;
}

/** OpenShift, the controllers of F5, Emissary, APISIX and Kong's TCP. */
const unreadRoutes: Index<true> = {
  name: 'routes that are not read',
  *resource({ kind, group }) {
    if (/^(?:VirtualServer|TransportServer|Mapping|ApisixRoute|TCPIngress)$/.test(kind)) yield ['', true];
    if (kind === 'Route' && /openshift|^$/.test(group)) yield ['', true];
  },
  equal: () => true,
};
