import { type Route, routeSourceKinds, routesOf } from '../../analysis/routes';
import { entrancesOf } from '../../analysis/routes/gateway-api';
import { classOf, isCanary } from '../../analysis/routes/ingress';
import type { Index, Workspace } from '../../manifests/workspace';
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
  kinds: routeSourceKinds,
  *check(source, workspace) {
    const own = routesOf(source).filter(isComparable);
    for (const [at, route] of own.entries()) {
      const key = keyOf(route);
      const claims = workspace.lookup(routesByPath, key);
      const first = claims[0];
      if (!first || isSameObject(first, route)) {
        // Only a repetition inside the object itself is left to say.
        const before = own.slice(0, at).find(one => keyOf(one) === key && one.rule !== route.rule);
        // Rules of other kinds are tried in the order in which they are written.
        if (before && source.kind === 'Ingress') yield problemOf(route, before, 'another rule of this Ingress');
        continue;
      }
      if (source.kind === 'Ingress' || meets(workspace, route, first))
        yield problemOf(route, first, `${first.source.kind} ${first.source.name}`);
    }
  },
} satisfies Rule;

const routesByPath: Index<Route> = {
  name: 'routes by path',
  *resource(resource) {
    for (const route of routesOf(resource)) if (isComparable(route)) yield [keyOf(route), route];
  },
};

/** Whether host and path alone decide, so that another route with both is asked for the same requests. */
function isComparable({ source, host, match, except, methods, isConditional, rule, name }: Route): boolean {
  if (source.kind === 'Ingress') return !isCanary(source);
  return (
    !/^(?:TCPRoute|TLSRoute|VirtualService)$/.test(source.kind) &&
    host !== '' &&
    match !== 'open' &&
    except.length === 0 &&
    methods === undefined &&
    !isConditional &&
    name !== undefined &&
    !rule
      .at('matches')
      .items()
      .some(one => one.at('method').exists)
  );
}

/** ingress-nginx treats `ImplementationSpecific` as `Prefix`. A trailing slash does not tell prefixes apart. */
function keyOf({ source, host, path, match, priority }: Route): string {
  const server = source.kind === 'Ingress' ? (classOf(source) ?? '') : `${source.kind} ${priority}`;
  return `${server} ${host} ${match === 'parts' ? 'prefix' : match} ${match === 'parts' ? path.replace(/(.)\/+$/, '$1') : path}`;
}

/** Whether the same requests come to two routes: by one listener, or one entry point. */
function meets(workspace: Workspace, route: Route, other: Route): boolean {
  if (route.source.qualifiedKind !== other.source.qualifiedKind || other.tls !== route.tls) return false;
  if (/^IngressRoute/.test(route.source.kind)) return entryPoints(route) === entryPoints(other);
  if (route.source.kind === 'HTTPProxy') return true;
  const [own, others] = [route, other].map(({ source }) => workspace.derive(entrancesOf, source).listeners);
  return own?.some(one => others?.some(another => another.value.isAt(one.value))) ?? false;
}

function entryPoints({ source }: Route): string {
  return source.root
    .at('spec', 'entryPoints')
    .items()
    .map(one => one.text)
    .join();
}

function isSameObject({ source: one }: Route, { source: other }: Route): boolean {
  return one.kind === other.kind && one.name === other.name && one.namespace === other.namespace;
}

function problemOf(route: Route, other: Route, where: string) {
  const same = backend(route) === backend(other) && route.namespace === other.namespace;
  return {
    at: route.at,
    ...(same ? { severity: 'info' as const } : {}),
    message: same
      ? `The path ${route.path} of ${hostName(route)} is also claimed by ${where}, with the same backend — keep one of the two rules.`
      : `The path ${route.path} of ${hostName(route)} is also claimed by ${where}, which leads to ${backend(other)} — only one of the two backends gets the requests, so use another path or host.`,
    related: [{ at: other.at, message: `Claimed by ${other.source.kind} ${other.source.name}` }],
  };
}

function hostName({ host }: Route): string {
  return host === '*' ? 'any host' : host;
}

function backend({ service, port }: Route): string {
  return `${service.text ?? 'a backend that is no Service'}${port.exists ? `:${port.text}` : ''}`;
}
