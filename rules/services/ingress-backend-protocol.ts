import { podPorts } from '../../analysis/flows/destinations';
import { routesOf } from '../../analysis/routes';
import { isNginx } from '../../analysis/routes/ingress';
import { findService, podsBehind } from '../../analysis/services';
import { deleteEntry, replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { isTlsOfHaproxy, plainHttpAt } from './plain-http';

const annotation = 'nginx.ingress.kubernetes.io/backend-protocol';
const serversScheme = 'traefik.ingress.kubernetes.io/service.serversscheme';

export default {
  id: 'ingress-backend-protocol',
  items: [],
  severity: 'error',
  summary: 'The ingress controller is told to speak another protocol than the program behind it.',
  why: 'A controller that begins with TLS on a port that speaks plain HTTP gets no handshake, and answers every request with 502. The other way round the program answers with 400.',
  remedy:
    'Leave the protocol out for a program that speaks plain HTTP. TLS of clients ends at the controller all the same, by `spec.tls`.',
  traps: [
    'Known is what Synapse, HAProxy, LiveKit, lk-jwt-service, Element Web and the content scanner of the tree listen on; others are not judged.',
    'WebSockets need no protocol of their own: they are HTTP.',
  ],
  sources: [
    'ingress-nginx documentation, Annotations, "Backend Protocol": HTTP, HTTPS, AUTO_HTTP, GRPC, GRPCS and FCGI; HTTP without it',
    'Traefik documentation, Kubernetes Ingress: traefik.ingress.kubernetes.io/service.serversscheme; IngressRoute: services[].scheme',
  ],
  examples: {
    bad: example(
      `
          nginx.ingress.kubernetes.io/backend-protocol: HTTPS
      #                                                 ^^^^^ 💡 error: Element Web speaks plain HTTP on port 80, but Ingress element asks it for HTTPS, so every request fails with 502`,
    ),
    good: example(''),
  },
  kinds: ['Ingress', 'Service', 'IngressRoute.traefik.io', 'IngressRoute.traefik.containo.us'],
  *check(resource, workspace) {
    const asked = askedBy(resource);
    const seen = new Set<string>();
    for (const { protocol, at, service, port } of asked) {
      const found = service === undefined ? undefined : findService(workspace, resource.namespace, service);
      const number = found?.ports.find(one => one.port === port || one.name === port)?.port;
      if (!found || number === undefined) continue;
      const ends = podPorts({ kind: 'service', service: found, pods: podsBehind(workspace, found) }, number);
      for (const { pods, port: end } of ends) {
        const problem = problemAt(workspace, resource, protocol, at, pods.owner, end);
        if (!problem || seen.has(problem.message)) continue;
        seen.add(problem.message);
        yield problem;
      }
    }
  },
} satisfies Rule;

interface Asked {
  readonly protocol: string;
  /** Where it is written; undefined where nothing is and plain HTTP is meant. */
  readonly at: Value | undefined;
  readonly service: string | undefined;
  readonly port: number | string | undefined;
}

function problemAt(
  workspace: Workspace,
  resource: Resource,
  protocol: string,
  at: Value | undefined,
  owner: Resource,
  port: number,
): Problem | undefined {
  const related = [{ at: owner.root.at('metadata', 'name'), message: owner.title }];
  if (at && notPlain.test(protocol)) {
    const program = plainHttpAt(workspace, owner, port);
    return program === undefined
      ? undefined
      : {
          at,
          message: `${program} speaks plain HTTP on port ${port}, but ${resource.kind} ${resource.name} asks it for ${at.text}, so every request fails with 502 — leave the protocol out.`,
          related,
          fixes: () => {
            const edit = deleteEntry(at) ?? replaceScalar(at, 'HTTP');
            return edit ? [{ title: 'Leave the protocol out', safe: false, edits: [edit] }] : [];
          },
        };
  }
  if (protocol !== 'HTTP' || resource.kind !== 'Ingress' || !isTlsOfHaproxy(workspace, owner, port)) return undefined;
  return {
    at: at ?? resource.root.at('metadata', 'name'),
    message: `HAProxy speaks TLS on port ${port}, but Ingress ${resource.name} sends it plain HTTP, so every request fails — set ${annotation}: HTTPS, or lead to a port without TLS.`,
    related,
  };
}

const notPlain = /^(?:HTTPS|GRPCS?|FCGI)$/;

function askedBy(resource: Resource): readonly Asked[] {
  if (resource.kind === 'Ingress') {
    if (!isNginx(resource)) return [];
    const written = resource.root.at('metadata', 'annotations', annotation);
    // A value that it does not know ingress-nginx takes for HTTP.
    const text = written.text?.trim().toUpperCase() ?? 'HTTP';
    const protocol = /^(?:AUTO_HTTP|HTTPS?|GRPCS?|FCGI)$/.test(text) ? text : 'HTTP';
    const hasSnippet = resource.root
      .at('metadata', 'annotations')
      .entries()
      .some(([name]) => /-snippet$|ssl-passthrough$/.test(name));
    return hasSnippet
      ? []
      : routesOf(resource).map(({ service, port }) => ({
          protocol,
          at: written.exists ? written : undefined,
          service: service.string,
          port: port.number ?? port.string,
        }));
  }
  if (resource.kind === 'Service') {
    const at = resource.root.at('metadata', 'annotations', serversScheme);
    if (at.text?.toLowerCase() !== 'https') return [];
    return resource.root
      .at('spec', 'ports')
      .items()
      .map(port => ({ protocol: 'HTTPS', at, service: resource.name, port: port.at('port').number }));
  }
  return resource.root
    .at('spec', 'routes')
    .items()
    .flatMap(route => route.at('services').items())
    .filter(
      one =>
        one.at('scheme').text === 'https' && (one.at('namespace').text ?? resource.namespace) === resource.namespace,
    )
    .map(one => ({
      protocol: 'HTTPS',
      at: one.at('scheme'),
      service: one.at('name').string,
      port: one.at('port').number ?? one.at('port').string,
    }));
}

function example(line: string): string {
  return `
      #- /element.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: element}
        template:
          metadata:
            labels: {app: element}
          spec:
            containers:
              - name: element
                image: vectorim/element-web:v1.11.96
                ports:
                  - containerPort: 80
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: element
        namespace: matrix
      spec:
        selector: {app: element}
        ports:
          - port: 80
      ---
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: element
        namespace: matrix
        annotations:
          example.test/team: chat${line}
      spec:
        ingressClassName: nginx
        rules:
          - host: chat.tessera.test
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend:
                    service:
                      name: element
                      port:
                        number: 80
    `;
}
