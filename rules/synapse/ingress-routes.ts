import { podPorts } from '../../analysis/flows/destinations';
import { backendsOf, haproxyOf, podPortsOf } from '../../analysis/haproxy-config';
import { classOf, type IngressRoute, routesOf } from '../../analysis/ingresses';
import { findService, podsBehind } from '../../analysis/services';
import { type SynapseProcess, synapseProcess } from '../../analysis/synapse';
import type { Resource } from '../../manifests/resource';
import type { Index, Workspace } from '../../manifests/workspace';

/** The Synapse processes that an Ingress sends requests to, by itself or through HAProxy; empty if there are none. */
export function synapseBehind(workspace: Workspace, route: IngressRoute): readonly SynapseProcess[] {
  return synapseAt(workspace, workloadsBehind(workspace, route));
}

/** The Synapse processes that an Ingress sends requests to by itself; empty if anything else is among what answers. */
export function directlyBehind(workspace: Workspace, route: IngressRoute): readonly SynapseProcess[] {
  const workloads = workloadsBehind(workspace, route);
  const processes = workloads.flatMap(workload => synapseProcess(workspace, workload) ?? []);
  return processes.length < workloads.length ? [] : processes;
}

function workloadsBehind(workspace: Workspace, { ingress, service, port }: IngressRoute): readonly Resource[] {
  const found = service.string === undefined ? undefined : findService(workspace, ingress.namespace, service.string);
  const number = found?.ports.find(one => one.port === port.number || one.name === port.string)?.port;
  if (!found || number === undefined) return [];
  const ends = podPorts({ kind: 'service', service: found, pods: podsBehind(workspace, found) }, number);
  return ends.map(({ pods }) => pods.owner);
}

/** The Synapse processes among some workloads, and behind those that are HAProxy. */
export function synapseAt(workspace: Workspace, workloads: readonly Resource[]): readonly SynapseProcess[] {
  const processes = workloads.flatMap(workload => {
    const process = synapseProcess(workspace, workload);
    if (process) return [process];
    const haproxy = haproxyOf(workspace, workload);
    if (!haproxy) return [];
    return backendsOf(haproxy)
      .flatMap(({ section }) => section.servers)
      .flatMap(server => podPortsOf(workspace, haproxy, server) ?? [])
      .flatMap(({ pods }) => synapseProcess(workspace, pods.owner) ?? []);
  });
  return [...new Set(processes)];
}

/** All routes that ingress-nginx puts into the server of a host: those of every Ingress of one class. */
export function routesOfHost(workspace: Workspace, ingress: Resource, host: string): readonly IngressRoute[] {
  return workspace
    .resources('Ingress')
    .filter(other => classOf(other) === classOf(ingress) && !isCanary(other))
    .flatMap(routesOf)
    .filter(route => route.host === host);
}

/** Whether requests may come another way than by the paths of Ingresses: by other kinds, or by a default backend. */
export function hasOtherRoutes(workspace: Workspace): boolean {
  return workspace.lookup(otherRoutes, '').length > 0;
}

/** Whether an Ingress only takes a share of the requests of another. */
export function isCanary(ingress: Resource): boolean {
  return annotation(ingress, 'canary') === 'true';
}

/**
 * The route that ingress-nginx takes for a path: one of an exact path, else that of the longest prefix. Where one
 * Ingress of the host uses regular expressions, all paths of the host are such, without regard to case, and the longest
 * text that matches is taken (ingress-nginx documentation, Ingress Path Matching). Undefined if none takes the path.
 */
export function routeFor(routes: readonly IngressRoute[], path: string): IngressRoute | 'unknown' | undefined {
  const isRegex = routes.some(
    ({ ingress }) => annotation(ingress, 'use-regex') === 'true' || annotation(ingress, 'rewrite-target') !== undefined,
  );
  const isPattern = (route: IngressRoute): boolean => /[()[\]*|^$\\?+]/.test(route.path);
  if (!isRegex && routes.some(isPattern)) return 'unknown';
  const byLength = routes.toSorted((a, b) => b.path.length - a.path.length);
  try {
    if (isRegex) return byLength.find(route => new RegExp(`^${route.path}`, 'i').test(path));
  } catch {
    return 'unknown';
  }
  const exact = byLength.find(route => route.pathType === 'Exact' && route.path === path);
  return exact ?? byLength.find(route => route.pathType !== 'Exact' && isPrefix(route.path, path));
}

/** Prefixes are compared part by part (Kubernetes documentation, Ingress, "Path types"). */
function isPrefix(prefix: string, path: string): boolean {
  const parts = prefix.replace(/\/+$/, '');
  return path === parts || path.startsWith(`${parts}/`);
}

function annotation(ingress: Resource, name: string): string | undefined {
  return ingress.root.at('metadata', 'annotations', `nginx.ingress.kubernetes.io/${name}`).text;
}

const otherRoutes: Index<true> = {
  name: 'routes that are no Ingress',
  *resource({ kind, root }) {
    if (
      /^(?:HTTPRoute|TLSRoute|TCPRoute|IngressRoute|IngressRouteTCP|VirtualService|Route|HTTPProxy|VirtualServer)$/.test(
        kind,
      )
    )
      yield ['', true];
    if (kind === 'Ingress' && root.at('spec', 'defaultBackend').exists) yield ['', true];
  },
  equal: () => true,
};
