import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';

/** Where an Ingress sends the requests for a host and path. */
export interface IngressRoute {
  readonly ingress: Resource;
  /** `*` where no host is written: any. Lower case, as hosts are compared. */
  readonly host: string;
  readonly path: string;
  readonly pathType: string;
  /** The backend's Service; missing values where the backend is none. */
  readonly service: Value;
  /** The name or number of the Service port; missing if neither is written. */
  readonly port: Value;
  /** What states the path: the path itself, or the host where no path is written. */
  readonly at: Value;
}

/** The routes of an Ingress in the order in which they are written, its default backend last. */
export function routesOf(ingress: Resource): readonly IngressRoute[] {
  const spec = ingress.root.at('spec');
  const routes = spec
    .at('rules')
    .items()
    .flatMap(rule =>
      rule
        .at('http', 'paths')
        .items()
        .map(item => ({
          ingress,
          host: (rule.at('host').text ?? '*').toLowerCase(),
          path: item.at('path').text ?? '/',
          pathType: item.at('pathType').text ?? 'ImplementationSpecific',
          ...backendOf(item.at('backend')),
          at: item.at('path').exists ? item.at('path') : rule.at('host'),
        })),
    );
  const fallback = spec.at('defaultBackend');
  if (!fallback.exists) return routes;
  return [...routes, { ingress, host: '*', path: '/', pathType: 'Prefix', ...backendOf(fallback), at: fallback }];
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

/**
 * Whether an Ingress has annotations of another controller, or paths that only Traefik reads as expressions
 * (doc.traefik.io, Routers: `{name:expression}` in a path).
 */
function isForAnother(ingress: Resource): boolean {
  return (
    ingress.root
      .at('metadata', 'annotations')
      .keys()
      .some(key => otherController.test(key)) || routesOf(ingress).some(({ path }) => /\{\w*:/.test(path))
  );
}

const otherController = /^(?:traefik\.|haproxy(?:-ingress)?\.|alb\.|appgw\.|konghq\.com\/|projectcontour\.io\/)/;

function backendOf(backend: Value): Pick<IngressRoute, 'service' | 'port'> {
  const service = backend.at('service', 'name');
  const port = backend.at('service', 'port');
  return { service, port: port.at('number').exists ? port.at('number') : port.at('name') };
}
