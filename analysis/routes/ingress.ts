import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import { plainRoute, type Route } from './route';

/**
 * The routes of an Ingress in the order in which they are written, its default backend last (Kubernetes documentation,
 * Ingress, "Path types"; before networking.k8s.io/v1 backends are written as serviceName and servicePort, and the default
 * as `spec.backend`). ingress-nginx and most others take `ImplementationSpecific` for `Prefix`.
 */
export function routesOfIngress(ingress: Resource): readonly Route[] {
  const spec = ingress.root.at('spec');
  const secured = spec
    .at('tls')
    .items()
    .flatMap(entry => entry.at('hosts').items())
    .map(host => host.text?.toLowerCase());
  const routes = spec
    .at('rules')
    .items()
    .flatMap(rule => {
      const host = (rule.at('host').text ?? '*').toLowerCase();
      return rule
        .at('http', 'paths')
        .items()
        .map((item): Route => {
          const path = item.at('path').text ?? '/';
          return {
            ...plainRoute,
            source: ingress,
            rule: item,
            host,
            path,
            match: item.at('pathType').text === 'Exact' ? 'exact' : 'parts',
            tls: secured.includes(host) ? true : undefined,
            ...backendOf(ingress, item.at('backend')),
            at: item.at('path').exists ? item.at('path') : rule.at('host'),
          };
        });
    });
  const fallback = [spec.at('defaultBackend'), spec.at('backend')].find(one => one.exists);
  if (!fallback) return routes;
  return [
    ...routes,
    {
      ...plainRoute,
      source: ingress,
      rule: fallback,
      host: '*',
      path: '/',
      match: 'parts',
      ...backendOf(ingress, fallback),
      at: fallback,
    },
  ];
}

/** The class that says which controller serves an Ingress; undefined for the default class. */
export function classOf(ingress: Resource): string | undefined {
  return (
    ingress.root.at('spec', 'ingressClassName').text ??
    ingress.root.at('metadata', 'annotations', 'kubernetes.io/ingress.class').text
  );
}

/** Whether ingress-nginx may serve an Ingress: by its class, or because it states none and is not written for another. */
export function isNginx(ingress: Resource): boolean {
  const name = classOf(ingress);
  return name === undefined ? !isForAnother(ingress) : /nginx/.test(name);
}

/** Whether an Ingress only takes a share of the requests of another. */
export function isCanary(ingress: Resource): boolean {
  return annotation(ingress, 'canary') === 'true';
}

/**
 * Whether ingress-nginx takes the paths of a host for expressions: where one Ingress of the host says so, all of them
 * are (ingress-nginx documentation, "Ingress Path Matching").
 */
export function usesExpressions(routes: readonly Route[]): boolean {
  return routes.some(
    ({ source }) => annotation(source, 'use-regex') === 'true' || annotation(source, 'rewrite-target') !== undefined,
  );
}

/**
 * The route that ingress-nginx takes for a path: one of an exact path, else that of the longest prefix. Expressions are
 * compared from their beginning without regard to case, and the longest text that matches is taken (ingress-nginx
 * documentation, "Ingress Path Matching"). Undefined if none takes the path.
 */
export function ingressRouteFor(routes: readonly Route[], path: string): Route | 'unknown' | undefined {
  const isRegex = usesExpressions(routes);
  if (!isRegex && routes.some(route => /[()[\]*|^$\\?+]/.test(route.path))) return 'unknown';
  const byLength = routes.toSorted((a, b) => b.path.length - a.path.length);
  try {
    if (isRegex) return byLength.find(route => new RegExp(`^${route.path}`, 'i').test(path));
  } catch {
    return 'unknown';
  }
  const exact = byLength.find(route => route.match === 'exact' && route.path === path);
  const parts = (route: Route): string => route.path.replace(/\/+$/, '');
  return (
    exact ??
    byLength.find(route => route.match !== 'exact' && (path === parts(route) || path.startsWith(`${parts(route)}/`)))
  );
}

/** The path after `rewrite-target`; undefined where something else may change it. */
export function rewrittenByIngress({ source, path }: Route, asked: string): string | undefined {
  const annotations = source.root.at('metadata', 'annotations');
  const others = annotations
    .entries()
    .filter(([name]) => /snippet|middleware|rewrite|strip|app-root/i.test(name) && !/rewrite-target$/.test(name));
  if (others.length > 0) return undefined;
  const target = annotation(source, 'rewrite-target');
  if (target === undefined)
    return annotations.entries().some(([name]) => /rewrite-target$/.test(name)) ? undefined : asked;
  try {
    const match = new RegExp(`^${path}`, 'i').exec(asked);
    if (!match) return undefined;
    return target.replace(/\$(\d)/g, (_, group: string) => match[Number(group)] ?? '').replace(/\/{2,}/g, '/');
  } catch {
    return undefined;
  }
}

/**
 * Whether an Ingress has annotations of another controller, or paths that only Traefik reads as expressions
 * (doc.traefik.io, Routers: `{name:expression}` in a path).
 */
function isForAnother(ingress: Resource): boolean {
  return (
    ingress.root
      .at('metadata', 'annotations')
      .keys()
      .some(key => otherController.test(key)) || routesOfIngress(ingress).some(({ path }) => /\{\w*:/.test(path))
  );
}

const otherController = /^(?:traefik\.|haproxy(?:-ingress)?\.|alb\.|appgw\.|konghq\.com\/|projectcontour\.io\/)/;

function annotation(ingress: Resource, name: string): string | undefined {
  return ingress.root.at('metadata', 'annotations', `nginx.ingress.kubernetes.io/${name}`).text;
}

function backendOf({ namespace }: Resource, backend: Value): Pick<Route, 'service' | 'name' | 'namespace' | 'port'> {
  const former = backend.at('serviceName');
  const service = former.exists ? former : backend.at('service', 'name');
  const port = backend.at('service', 'port');
  return {
    service,
    name: service.text,
    namespace,
    port: former.exists ? backend.at('servicePort') : port.at('number').exists ? port.at('number') : port.at('name'),
  };
}
