import { isChartObject } from '../../analysis/charts';
import { declarationsOf } from '../../analysis/declarations';
import { chartServiceNames, type MadeService, madeService, verdictsOn } from '../../analysis/helm/chart-objects';
import { nearest } from '../../analysis/nearest';
import { mayHaveService } from '../../analysis/operator-services';
import { type Route, routeSourceKinds, routesOf } from '../../analysis/routes';
import { traefikGroups } from '../../analysis/routes/traefik';
import { findService, type Service, servicesIn } from '../../analysis/services';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { replaceScalar, replaceValue } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'ingress-backend-missing',
  items: [],
  severity: 'error',
  summary: 'An Ingress leads to a Service, a port or a Middleware that is not there.',
  why: 'The controller has no endpoints for the path and answers every request with 503.',
  remedy:
    'Name a Service of the same namespace and a port that the Service has, by its number or its name. It is the port of the Service, not that of the container.',
  traps: [
    'An Ingress reaches Services of its own namespace only.',
    'Routes of the Gateway API and of Traefik are held to the same; they may lead to other namespaces.',
    'Services that operators make are known with their ports. Those that a script creates, that `provided` lists or that stand in a document that cannot be read count.',
    'A name that a Helm chart gives its Services is no error, and neither is a backend in a namespace of which the tree has no Service, unless it has the Service in another.',
  ],
  sources: ['Kubernetes documentation, Ingress, "Ingress rules" and "Resource backends"'],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: app
        namespace: matrix
      spec:
        rules:
          - host: matrix.test
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend:
                    service:
                      name: ap
      #                     ^^ 💡 error: Ingress app leads to the Service ap, which nothing creates in namespace matrix — did you mean app?
                      port:
                        number: 80
                - path: /admin
                  pathType: Prefix
                  backend:
                    service:
                      name: app
                      port:
                        number: 8080
      #                         ^^^^ 💡 error: Service app has no port 8080; it has http (80)
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: app
        namespace: matrix
      spec:
        ports:
          - name: http
            port: 80
            targetPort: 8080
    `,
    good: `
      #- /app.yaml
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: app
        namespace: matrix
      spec:
        rules:
          - host: matrix.test
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend:
                    service:
                      name: app
                      port:
                        number: 80
                - path: /admin
                  pathType: Prefix
                  backend:
                    service:
                      name: app
                      port:
                        number: 80
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: app
        namespace: matrix
      spec:
        ports:
          - name: http
            port: 80
            targetPort: 8080
    `,
  },
  kinds: [
    ...routeSourceKinds,
    'UDPRoute',
    ...traefikGroups.flatMap(group =>
      ['IngressRouteUDP', 'TraefikService', 'Middleware'].map(kind => `${kind}.${group}`),
    ),
  ],
  *check(ingress, workspace) {
    const said = new Set<Value>();
    for (const route of backendsOf(ingress)) {
      // Several hosts and paths lead to a backend that is written once.
      if (!route.name || said.has(route.service) || isAction(route)) continue;
      said.add(route.service);
      const service = findService(workspace, route.namespace, route.name);
      if (service) yield* portProblem(route, service);
      else yield* serviceProblem(workspace, route, route.name);
    }
    if (/^(?:HTTP|GRPC|TLS)Route$/.test(ingress.qualifiedKind)) yield* withoutWeight(ingress);
    if (ingress.group.startsWith('traefik')) yield* traefikProblems(workspace, ingress);
  },
} satisfies Rule;

type Backend = Pick<Route, 'source' | 'service' | 'name' | 'namespace' | 'port'>;

/** AWS Load Balancer Controller, "Ingress annotations": the name is that of an action under an annotation. */
function isAction({ source, name, port }: Backend): boolean {
  const annotation = `alb.ingress.kubernetes.io/actions.${name}`;
  return port.string === 'use-annotation' && source.root.at('metadata', 'annotations', annotation).exists;
}

/** The Services that routes lead to, and those of kinds that know no hosts. */
function backendsOf(route: Resource): readonly Backend[] {
  if (routeSourceKinds.includes(route.qualifiedKind)) return routesOf(route);
  const spec = route.root.at('spec');
  const references = [
    ...spec
      .at('rules')
      .items()
      .flatMap(rule => rule.at('backendRefs').items()),
    ...spec
      .at('routes')
      .items()
      .flatMap(rule => rule.at('services').items()),
  ];
  return references
    .filter(
      one =>
        (one.at('kind').text ?? 'Service') === 'Service' &&
        (one.at('group').text ?? '') === '' &&
        !one.at('name').text?.includes('@'),
    )
    .map(one => ({
      source: route,
      service: one.at('name'),
      name: one.at('name').string,
      port: one.at('port'),
      namespace: one.at('namespace').text ?? route.namespace,
    }));
}

function* serviceProblem(workspace: Workspace, backend: Backend, name: string): Iterable<Problem> {
  const { source: ingress, service, namespace } = backend;
  const made = madeService(workspace, namespace, name);
  if (made) {
    yield* madePortProblem(backend, made, name);
    return;
  }
  const own = servicesIn(workspace, namespace).map(one => one.name);
  const isDenied = verdictsOn(workspace, 'Service', namespace, name).some(({ verdict }) => verdict === 'no');
  if (own.length === 0 && !isDenied) {
    if (namespace === ingress.namespace) yield* serviceElsewhere(workspace, ingress, service, name);
    return;
  }
  if (declarationsOf(workspace, 'Service', namespace, name).some(one => one.origin !== 'promise')) return;
  const fromChart = isChartObject(workspace, namespace, name, 'Service');
  if (fromChart === 'yes' || (fromChart === 'no' && mayHaveService(workspace, namespace, name))) return;
  const close = nearest(name, [...own, ...chartServiceNames(workspace, namespace)]);
  yield {
    at: service,
    ...(fromChart === 'maybe' || own.length === 0 ? { severity: 'warning' } : {}),
    message: `${ingress.kind} ${ingress.name} leads to the Service ${name}, which nothing creates${namespace === undefined ? '' : ` in namespace ${namespace}`} — ${close ? `did you mean ${close}?` : 'create it, or correct the name.'}`,
    fixes: () => {
      const edit = close === undefined ? undefined : replaceScalar(service, close);
      return edit ? [{ title: `Lead to the Service ${close}`, safe: false, edits: [edit] }] : [];
    },
  };
}

/** Rules that send nothing to any of their backends (gateway-api, apis/v1/shared_types.go: BackendRef.weight). */
function* withoutWeight(route: Resource): Iterable<Problem> {
  for (const rule of route.root.at('spec', 'rules').items()) {
    const weights = rule
      .at('backendRefs')
      .items()
      .map(one => one.at('weight'));
    const [first] = weights;
    if (!first || weights.some(weight => weight.number !== 0)) continue;
    yield {
      at: first,
      severity: 'warning',
      message: `All backends of this rule of ${route.kind} ${route.name} have the weight 0, so its requests get no answer — give one a weight.`,
    };
  }
}

/** A Service that the tree has in another namespace only, where no route of this one leads. */
function* serviceElsewhere(
  workspace: Workspace,
  ingress: Resource,
  service: Backend['service'],
  name: string,
): Iterable<Problem> {
  const { namespace } = ingress;
  const [found, ...others] = servicesIn(workspace).filter(one => one.name === name && one.namespace !== undefined);
  if (namespace === undefined || !found || others.length > 0) return;
  if (declarationsOf(workspace, 'Service', namespace, name).some(one => one.origin !== 'promise')) return;
  if (isChartObject(workspace, namespace, name) === 'yes') return;
  yield {
    at: service,
    message: `${ingress.kind} ${ingress.name} is in namespace ${namespace}, but the Service ${name} in ${found.namespace}, and it reaches those of its own namespace only — move it to ${found.namespace}.`,
    related: [{ at: found.resource.root.at('metadata', 'name'), message: found.resource.title }],
  };
}

/** The Middlewares and TLSOptions of Traefik that a route or a chain names, without which Traefik does not serve it. */
function* traefikProblems(workspace: Workspace, route: Resource): Iterable<Problem> {
  const spec = route.root.at('spec');
  if (route.kind === 'IngressRoute')
    for (const rule of spec.at('routes').items())
      for (const middleware of rule.at('middlewares').items())
        yield* traefikProblem(workspace, route, middleware, 'Middleware', 'goes through');
  if (route.kind === 'Middleware')
    for (const middleware of spec.at('chain', 'middlewares').items())
      yield* traefikProblem(workspace, route, middleware, 'Middleware', 'is a chain with');
  if (/^IngressRoute(?:TCP)?$/.test(route.kind))
    yield* traefikProblem(workspace, route, spec.at('tls', 'options'), 'TLSOption', 'takes');
}

function* traefikProblem(
  workspace: Workspace,
  route: Resource,
  reference: Value,
  kind: 'Middleware' | 'TLSOption',
  verb: string,
): Iterable<Problem> {
  const known = ['traefik.io', 'traefik.containo.us'].flatMap(group => workspace.resources(`${kind}.${group}`));
  const name = reference.at('name');
  const namespace = reference.at('namespace').text ?? route.namespace;
  if (!name.string || name.string.includes('@') || findPlaceholders(name.string, 'value').length > 0) return;
  if (known.some(one => one.name === name.string && one.namespace === namespace)) return;
  // Another namespace of which the tree has no such object belongs to somebody else, as Traefik's own does.
  if (namespace !== route.namespace && !known.some(one => one.namespace === namespace)) return;
  if (declarationsOf(workspace, kind, namespace, name.string).length > 0) return;
  const close = nearest(
    name.string,
    known.map(one => one.name),
  );
  yield {
    at: name,
    ...((known.length === 0 || kind === 'TLSOption') && { severity: 'warning' as const }),
    message: `${route.kind} ${route.name} ${verb} the ${kind} ${name.string}, which nothing creates${namespace === undefined ? '' : ` in namespace ${namespace}`}, so Traefik ${kind === 'Middleware' ? 'answers with 404' : 'does not serve it with the options that are meant'} — ${close ? `did you mean ${close}?` : 'create it, or correct the name.'}`,
  };
}

function* portProblem({ source: ingress, port }: Backend, service: Service): Iterable<Problem> {
  const wanted = port.number ?? port.string;
  if (wanted === undefined || service.externalName !== undefined || service.ports.length === 0) return;
  const found = service.ports.filter(one => one.port === wanted || one.name === wanted);
  const protocol = /UDP/.test(ingress.kind) ? 'UDP' : 'TCP';
  const [other] = found;
  if (other && !found.some(one => one.protocol === protocol)) {
    yield {
      at: port,
      message: `The port ${wanted} of Service ${service.name} is ${other.protocol}, and ${ingress.kind} ${ingress.name} carries ${protocol} — lead to a port of ${protocol}.`,
      related: [{ at: service.resource.root.at('metadata', 'name'), message: `${service.resource.title}` }],
    };
  }
  if (other) return;
  const has = service.ports.map(one => (one.name === undefined ? `${one.port}` : `${one.name} (${one.port})`));
  yield {
    at: port,
    message: `Service ${service.name} has no port ${wanted}; it has ${has.join(', ')} — name one of these.`,
    related: [{ at: service.resource.root.at('metadata', 'name'), message: `${service.resource.title}` }],
    fixes: () => portFixes(service, port),
  };
}

/** A port that the Service of a chart does not have. What its ports are called is not known. */
function* madePortProblem({ port }: Backend, { known, ports }: MadeService, name: string): Iterable<Problem> {
  const { chart, version, at } = known.release;
  if (port.number === undefined || ports.includes(port.number)) return;
  const [only] = ports;
  yield {
    at: port,
    // Another version may have other ports.
    ...(!/\d/.test(version ?? '') && { severity: 'warning' as const }),
    message: `Service ${name}, which the chart ${chart} makes, has no port ${port.number}, only ${ports.join(', ')} — lead to one that it has.`,
    related: [{ at, message: known.release.title }],
    fixes: () => {
      const edit = ports.length === 1 ? replaceValue(port, String(only)) : undefined;
      return edit ? [{ title: `Lead to port ${only}`, safe: false, edits: [edit] }] : [];
    },
  };
}

/** The port that is most likely meant: the only one, the one that leads to the wanted number, or one of nearly its name. */
function portFixes(service: Service, port: Backend['port']): readonly Fix[] {
  const close =
    port.string === undefined
      ? undefined
      : nearest(
          port.string,
          service.ports.flatMap(one => one.name ?? []),
        );
  const meant =
    service.ports.find(one => one.name !== undefined && one.name === close) ??
    service.ports.find(one => port.number !== undefined && one.targetPort === port.number) ??
    (service.ports.length === 1 ? service.ports[0] : undefined);
  if (!meant || (port.number === undefined && meant.name === undefined)) return [];
  const edit = port.number === undefined ? replaceScalar(port, meant.name ?? '') : replaceValue(port, `${meant.port}`);
  return edit
    ? [{ title: `Lead to the port ${port.number === undefined ? meant.name : meant.port}`, safe: false, edits: [edit] }]
    : [];
}
