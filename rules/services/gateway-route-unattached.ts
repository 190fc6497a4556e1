import { isChartObject } from '../../analysis/charts';
import { declarationsOf } from '../../analysis/declarations';
import { type Attachment, acceptsHost, attachmentOf, type Listener, routeKinds } from '../../analysis/gateways';
import { describe, readSelector } from '../../analysis/labels';
import { namespaceExists } from '../../analysis/namespaces';
import { nearest } from '../../analysis/nearest';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import { table } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'gateway-route-unattached',
  items: [],
  severity: 'error',
  summary: 'A route of the Gateway API is not attached to the Gateway that it names.',
  why: 'The Gateway serves nothing of the route: clients get 404 or no connection at all, and the only trace is the condition `Accepted: False` in the status of the route.',
  remedy:
    'Name a Gateway, its namespace and one of its listeners as they are written there, use hosts that the listener takes, and let the namespace of the route in under `allowedRoutes`.',
  traps: [
    '`parentRefs[].namespace` is by default that of the route, not that of the Gateway.',
    'A listener without `allowedRoutes` takes routes of its own namespace only.',
    '`*.example.com` stands for one and more labels and not for `example.com` itself.',
    'Parents that are no Gateway, as the Services of a mesh, and Gateways of which the tree has none are not judged. Labels of namespaces that the tree does not declare, or that a script sets, may be there.',
    'The routes that the HTTP-01 solver of an issuer makes need a Gateway and a listener, too.',
  ],
  sources: [
    'gateway-api, apis/v1/shared_types.go (ParentReference) and gateway_types.go (Listener, AllowedRoutes, RouteNamespaces)',
    'cert-manager documentation, HTTP-01, "Configuring the HTTP-01 Gateway API solver"',
  ],
  examples: {
    bad: `
      #- /routes.yaml
      apiVersion: gateway.networking.k8s.io/v1
      kind: Gateway
      metadata:
        name: public
        namespace: edge
      spec:
        gatewayClassName: eg
        listeners:
          - name: https
            port: 443
            protocol: HTTPS
            hostname: "*.matrix.test"
            allowedRoutes:
              namespaces:
                from: All
            tls:
              certificateRefs:
                - name: matrix-tls
      ---
      apiVersion: gateway.networking.k8s.io/v1
      kind: HTTPRoute
      metadata:
        name: synapse
        namespace: matrix
      spec:
        parentRefs:
          - name: public
            namespace: edge
            sectionName: htps
      #                  ^^^^ 💡 error: Gateway public has no listener htps — did you mean https?
        hostnames:
          - synapse.matrix.test
    `,
    good: `
      #- /routes.yaml
      apiVersion: gateway.networking.k8s.io/v1
      kind: Gateway
      metadata:
        name: public
        namespace: edge
      spec:
        gatewayClassName: eg
        listeners:
          - name: https
            port: 443
            protocol: HTTPS
            hostname: "*.matrix.test"
            allowedRoutes:
              namespaces:
                from: All
            tls:
              certificateRefs:
                - name: matrix-tls
      ---
      apiVersion: gateway.networking.k8s.io/v1
      kind: HTTPRoute
      metadata:
        name: synapse
        namespace: matrix
      spec:
        parentRefs:
          - name: public
            namespace: edge
            sectionName: https
        hostnames:
          - synapse.matrix.test
    `,
  },
  kinds: [...routeKinds, 'Issuer.cert-manager.io', 'ClusterIssuer.cert-manager.io'],
  *check(resource, workspace) {
    if (/Issuer$/.test(resource.kind)) yield* solverProblems(workspace, resource);
    else yield* routeProblems(workspace, resource);
  },
} satisfies Rule;

function* routeProblems(workspace: Workspace, route: Resource): Iterable<Problem> {
  const parents = route.root.at('spec', 'parentRefs').items();
  const attachments = parents.map(parent => ({ parent, attachment: attachmentOf(workspace, parent, route) }));
  for (const { parent, attachment } of attachments)
    yield* parentProblem(workspace, route, parent, attachment, `${route.kind} ${route.name}`);
  const taken = attachments.flatMap(({ attachment }) => (attachment.kind === 'attached' ? [attachment] : []));
  // What is not attached at all is said above; what another parent may take is not known.
  if (taken.length === 0 || taken.length < attachments.length) return;
  const listeners = taken.flatMap(one => one.listeners);
  for (const host of route.root.at('spec', 'hostnames').items()) {
    const name = host.string;
    if (!name || /[${}<>]/.test(name) || listeners.some(one => acceptsHost(one, name))) continue;
    const [gateway] = taken;
    yield {
      at: host,
      message: `No listener of Gateway ${gateway?.gateway.name} that ${route.kind} ${route.name} is for takes the host ${name}; ${hostsOf(listeners)} — use a host that one takes, or name another listener.`,
      related: listeners.map(({ value }) => ({ at: value.at('hostname'), message: 'The host of the listener' })),
    };
  }
}

/** Hosts are those of certificates, so only whether there is such a listener is asked. */
function* solverProblems(workspace: Workspace, issuer: Resource): Iterable<Problem> {
  for (const solver of issuer.root.at('spec', 'acme', 'solvers').items()) {
    for (const parent of solver.at('http01', 'gatewayHTTPRoute', 'parentRefs').items()) {
      // The routes of a ClusterIssuer are in the namespaces of the certificates.
      if (issuer.kind === 'ClusterIssuer' && !parent.at('namespace').exists) continue;
      const attachment = attachmentOf(workspace, parent, { kind: 'HTTPRoute', namespace: issuer.namespace });
      yield* parentProblem(workspace, issuer, parent, attachment, `The solver of ${issuer.kind} ${issuer.name}`);
    }
  }
}

function* parentProblem(
  workspace: Workspace,
  route: Resource,
  parent: Value,
  attachment: Attachment,
  who: string,
): Iterable<Problem> {
  if (attachment.kind === 'no-gateway') yield* noGateway(workspace, route, parent, attachment);
  if (attachment.kind === 'section') {
    const section = parent.at('sectionName');
    const names = attachment.listeners.flatMap(one => one.name ?? []);
    const close = nearest(section.text ?? '', names);
    yield {
      at: section,
      message: `Gateway ${attachment.gateway.name} has no listener ${section.text} — ${close ? `did you mean ${close}?` : `name one of ${names.join(', ')}.`}`,
      related: relatedTo(attachment.gateway),
      fixes: () => (close ? renamed(section, close) : []),
    };
  }
  if (attachment.kind === 'port') {
    const ports = [...new Set(attachment.listeners.flatMap(one => one.port ?? []))];
    yield {
      at: parent.at('port'),
      message: `${parent.at('sectionName').exists ? `Listener ${parent.at('sectionName').text}` : 'No listener'} of Gateway ${attachment.gateway.name} is ${parent.at('sectionName').exists ? 'not ' : ''}at port ${parent.at('port').text}; ${ports.length === 1 ? 'there is' : 'there are'} ${ports.join(', ')} — name one of these.`,
      related: relatedTo(attachment.gateway),
    };
  }
  if (attachment.kind === 'route-kind') {
    const meant = attachment.listeners.map(one => `${one.name} (${one.protocol})`).join(', ');
    yield {
      at: parent.at(parent.at('sectionName').exists ? 'sectionName' : 'name'),
      message: `The listeners of Gateway ${attachment.gateway.name} that are meant, ${meant}, take no ${route.kind in solvers ? 'HTTPRoute' : route.kind}, so ${who} is not attached — name another listener, or allow the kind there.`,
      related: relatedTo(attachment.gateway),
    };
  }
  // Whoever makes the routes of a solver, makes them in the namespaces of certificates.
  if (attachment.kind === 'namespace' && !(route.kind in solvers)) {
    yield {
      at: parent.at(parent.at('sectionName').exists ? 'sectionName' : 'name'),
      message: `${attachment.listeners.map(admission).join('; ')}, so ${who} of namespace ${route.namespace} is not attached — let the namespace in under allowedRoutes.namespaces.`,
      related: attachment.listeners.map(({ value }) => ({
        at: value.at('allowedRoutes', 'namespaces'),
        message: 'What the listener lets in',
      })),
    };
  }
}

const solvers = table<true>({ Issuer: true, ClusterIssuer: true });

function* noGateway(
  workspace: Workspace,
  route: Resource,
  parent: Value,
  { namespace, gateways }: Extract<Attachment, { kind: 'no-gateway' }>,
): Iterable<Problem> {
  const name = parent.at('name').string ?? '';
  if (declarationsOf(workspace, 'Gateway', namespace, name).some(one => one.origin !== 'promise')) return;
  if (isChartObject(workspace, namespace, name, 'Gateway') !== 'no') return;
  const own = gateways.filter(one => one.namespace === namespace);
  const elsewhere = gateways.filter(one => one.name === name);
  const close = nearest(
    name,
    own.map(one => one.name),
  );
  const stated = parent.at('namespace');
  if (own.length > 0) {
    yield {
      at: parent.at('name'),
      ...(close === undefined && { severity: 'warning' }),
      message: `There is no Gateway ${name} in namespace ${namespace} for ${route.kind} ${route.name} — ${close ? `did you mean ${close}?` : `the tree has ${own.map(one => one.name).join(', ')} there.`}`,
      related: own.flatMap(relatedTo),
      fixes: () => (close ? renamed(parent.at('name'), close) : []),
    };
    return;
  }
  const [found, ...others] = elsewhere;
  if (!found?.namespace || others.length > 0) return;
  // A namespace that is there may have a Gateway of the same name in another repository.
  const isSure = !stated.exists || nearest(namespace ?? '', [found.namespace]) !== undefined;
  if (!isSure && namespaceExists(workspace, namespace ?? '')) return;
  yield {
    at: stated.exists ? stated : parent.at('name'),
    ...(!isSure && { severity: 'warning' }),
    message: stated.exists
      ? `There is no Gateway ${name} in namespace ${namespace}; the tree has it in ${found.namespace} — correct the namespace.`
      : `${route.kind} ${route.name} looks for Gateway ${name} in its own namespace ${namespace}, but the tree has it in ${found.namespace} — add namespace: ${found.namespace}.`,
    related: relatedTo(found),
    fixes: () => (stated.exists ? renamed(stated, found.namespace ?? '') : []),
  };
}

function admission({ value, name, gateway }: Listener): string {
  const from = value.at('allowedRoutes', 'namespaces', 'from').text ?? 'Same';
  const selector = from === 'Selector' ? readSelector(value.at('allowedRoutes', 'namespaces', 'selector')) : undefined;
  if (selector)
    return `Listener ${name} of Gateway ${gateway.name} takes routes of namespaces with ${describe(selector)} only`;
  return `Listener ${name} of Gateway ${gateway.name} takes routes of ${from === 'Same' ? `its own namespace ${gateway.namespace} only` : 'no namespace'}`;
}

function hostsOf(listeners: readonly Listener[]): string {
  const hosts = [...new Set(listeners.flatMap(one => one.hostname ?? []))];
  return hosts.length === 1 ? `it is for ${hosts[0]}` : `they are for ${hosts.join(', ')}`;
}

function relatedTo(gateway: Resource): Problem['related'] & object {
  return [{ at: gateway.root.at('metadata', 'name'), message: gateway.title }];
}

function renamed(value: Value, text: string): readonly Fix[] {
  const edit = replaceScalar(value, text);
  return edit ? [{ title: `Use ${text}`, safe: false, edits: [edit] }] : [];
}
