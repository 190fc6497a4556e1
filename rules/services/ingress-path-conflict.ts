import { classOf, type IngressRoute, routesOf } from '../../analysis/ingresses';
import type { Index } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'ingress-path-conflict',
  items: [],
  severity: 'warning',
  summary: 'Two Ingress rules claim the same path of the same host.',
  why: 'The controller merges the rules of a host and takes one of the two, usually that of the older Ingress. Requests meant for the other backend never reach it.',
  remedy: 'Give the backends different hosts or paths, or keep one of the rules.',
  traps: [
    'The same path with `pathType: Exact` and with `Prefix` are two rules.',
    'Ingresses of different classes are served by different controllers, and canary Ingresses of ingress-nginx are meant to repeat a path.',
    'If both rules lead to the same Service and port, this is only information.',
  ],
  sources: [
    'ingress-nginx documentation, How it works, "Building the NGINX model": if the same path of the same host is defined in more than one Ingress, the oldest rule wins.',
  ],
  examples: {
    bad: `
      #- /ingress.yaml
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: client
        namespace: matrix
      spec:
        ingressClassName: nginx
        rules:
          - host: matrix.test
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend: { service: { name: client, port: { number: 80 } } }
      ---
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: federation
        namespace: matrix
      spec:
        ingressClassName: nginx
        rules:
          - host: matrix.test
            http:
              paths:
                - path: /
      #                 ^ warning: The path / of matrix.test is also claimed by Ingress client, which leads to client:80
                  pathType: Prefix
                  backend: { service: { name: federation, port: { number: 80 } } }
    `,
    good: `
      #- /ingress.yaml
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: client
        namespace: matrix
      spec:
        ingressClassName: nginx
        rules:
          - host: matrix.test
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend: { service: { name: client, port: { number: 80 } } }
      ---
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: federation
        namespace: matrix
      spec:
        ingressClassName: nginx
        rules:
          - host: matrix.test
            http:
              paths:
                - path: /_matrix/federation
                  pathType: Prefix
                  backend: { service: { name: federation, port: { number: 80 } } }
    `,
  },
  kinds: ['Ingress'],
  *check(ingress, workspace) {
    if (isCanary(ingress.root.at('metadata', 'annotations', canary).text)) return;
    const own = routesOf(ingress);
    for (const [at, route] of own.entries()) {
      const claims = workspace.lookup(routesByPath, keyOf(route));
      const first = claims[0];
      if (!first || isSameObject(first, route)) {
        // Only a repetition inside the Ingress itself is left to say.
        const before = own.slice(0, at).find(one => keyOf(one) === keyOf(route));
        if (before) yield problemOf(route, before, 'another rule of this Ingress');
        continue;
      }
      yield problemOf(route, first, `Ingress ${first.ingress.name}`);
    }
  },
} satisfies Rule;

const canary = 'nginx.ingress.kubernetes.io/canary';

const routesByPath: Index<IngressRoute> = {
  name: 'ingress routes by path',
  *resource(resource) {
    if (resource.qualifiedKind !== 'Ingress' || isCanary(resource.root.at('metadata', 'annotations', canary).text))
      return;
    for (const route of routesOf(resource)) yield [keyOf(route), route];
  },
};

function isCanary(annotation: string | undefined): boolean {
  return annotation === 'true';
}

/** ingress-nginx treats `ImplementationSpecific` as `Prefix`. A trailing slash does not tell prefixes apart. */
function keyOf({ ingress, host, path, pathType }: IngressRoute): string {
  const isExact = pathType === 'Exact';
  return `${classOf(ingress) ?? ''} ${host} ${isExact ? 'exact' : 'prefix'} ${isExact ? path : path.replace(/(.)\/+$/, '$1')}`;
}

function isSameObject(one: IngressRoute, other: IngressRoute): boolean {
  return one.ingress.name === other.ingress.name && one.ingress.namespace === other.ingress.namespace;
}

function problemOf(route: IngressRoute, other: IngressRoute, where: string) {
  const same = backend(route) === backend(other) && route.ingress.namespace === other.ingress.namespace;
  return {
    at: route.at,
    ...(same ? { severity: 'info' as const } : {}),
    message: same
      ? `The path ${route.path} of ${hostName(route)} is also claimed by ${where}, with the same backend — keep one of the two rules.`
      : `The path ${route.path} of ${hostName(route)} is also claimed by ${where}, which leads to ${backend(other)} — only one of the two backends gets the requests, so use another path or host.`,
    related: [{ at: other.at, message: `Claimed by Ingress ${other.ingress.name}` }],
  };
}

function hostName({ host }: IngressRoute): string {
  return host === '*' ? 'any host' : host;
}

function backend({ service, port }: IngressRoute): string {
  return `${service.text ?? 'a backend that is no Service'}${port.exists ? `:${port.text}` : ''}`;
}
