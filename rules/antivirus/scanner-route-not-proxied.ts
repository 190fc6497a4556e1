import { commandLine } from '../../analysis/configs';
import {
  backendNamed,
  frontendsOf,
  type Haproxy,
  type HaproxyPart,
  haproxyOf,
  podPortsOf,
} from '../../analysis/haproxy-config';
import { type Choice, type HttpRequest, routeOf } from '../../analysis/haproxy-routing';
import { programOf } from '../../analysis/images';
import { mainContainersOf, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { arrivingPath, routeSourceKinds, routesOf, workloadsBehind } from '../../analysis/routes';
import { type HaproxySection, modeOf } from '../../analysis/text/haproxy';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'scanner-route-not-proxied',
  items: [],
  severity: 'warning',
  summary: 'Requests for media go to the content scanner under a path that it does not answer.',
  why: 'The content scanner answers below `/_matrix/media_proxy/unstable/` only. A request for `/_matrix/media/…` that is passed on as it is gets "404 Not Found": nobody can load or send media, and nothing is scanned.',
  remedy:
    'Send only `/_matrix/media_proxy/` to the scanner and have the clients use it, or rewrite the path on the way.',
  traps: [
    'A route to the scanner that no request below `/_matrix/media_proxy/unstable/` takes is reported as well: then nothing is scanned.',
    'A rewriting rule that names `media_proxy`, or that computes the path, is taken to be right.',
    'Conditions that hang on more than method and path are left alone, and so are other programs that are called content scanner.',
  ],
  sources: [
    'matrix-content-scanner-python docs/api.md and httpserver.py: all routes are below /_matrix/media_proxy/unstable',
    'HAProxy configuration manual, http-request set-path and replace-path',
  ],
  examples: {
    bad: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy
        namespace: matrix
      data:
        haproxy.cfg: |
          defaults
            mode http
          frontend matrix
            bind :8008
            acl is_media path_beg /_matrix/media/
            use_backend content_scanner if is_media
      #                 ^^^^^^^^^^^^^^^ warning: GET /_matrix/media/v3/download/ goes to content-scanner, which answers below /_matrix/media_proxy/unstable/ only
          backend content_scanner
            server scanner content-scanner.matrix.svc.cluster.local:8080
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        containers:
          - name: haproxy
            image: haproxy:3.0
            volumeMounts:
              - {name: config, mountPath: /usr/local/etc/haproxy}
        volumes:
          - name: config
            configMap: {name: haproxy}
      #- /scanner.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: content-scanner
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: content-scanner}
        template:
          metadata:
            labels: {app: content-scanner}
          spec:
            containers:
              - name: scanner
                image: vectorim/matrix-content-scanner:v1.3.0
                ports:
                  - containerPort: 8080
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: content-scanner
        namespace: matrix
      spec:
        selector: {app: content-scanner}
        ports:
          - port: 8080
    `,
    good: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy
        namespace: matrix
      data:
        haproxy.cfg: |
          defaults
            mode http
          frontend matrix
            bind :8008
            acl is_scanned path_beg /_matrix/media_proxy/
            use_backend content_scanner if is_scanned
          backend content_scanner
            server scanner content-scanner.matrix.svc.cluster.local:8080
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        containers:
          - name: haproxy
            image: haproxy:3.0
            volumeMounts:
              - {name: config, mountPath: /usr/local/etc/haproxy}
        volumes:
          - name: config
            configMap: {name: haproxy}
      #- /scanner.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: content-scanner
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: content-scanner}
        template:
          metadata:
            labels: {app: content-scanner}
          spec:
            containers:
              - name: scanner
                image: vectorim/matrix-content-scanner:v1.3.0
                ports:
                  - containerPort: 8080
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: content-scanner
        namespace: matrix
      spec:
        selector: {app: content-scanner}
        ports:
          - port: 8080
    `,
  },
  kinds: [...workloadKinds, ...routeSourceKinds],
  *check(resource, workspace) {
    yield* routedProblems(workspace, resource);
    const haproxy = haproxyOf(workspace, resource);
    if (!haproxy) return;
    for (const frontend of frontendsOf(haproxy)) yield* frontendProblems(workspace, haproxy, frontend);
  },
} satisfies Rule;

/** The paths of media that clients and other servers ask for (Matrix specification, content repository). */
const requests: readonly HttpRequest[] = [
  { method: 'GET', path: '/_matrix/media/v3/download/' },
  { method: 'GET', path: '/_matrix/media/r0/download/' },
  { method: 'GET', path: '/_matrix/media/v3/thumbnail/' },
  { method: 'GET', path: '/_matrix/media/r0/thumbnail/' },
  { method: 'GET', path: '/_matrix/client/v1/media/download/' },
  { method: 'GET', path: '/_matrix/client/v1/media/thumbnail/' },
  { method: 'GET', path: '/_matrix/federation/v1/media/download/' },
  { method: 'POST', path: '/_matrix/media/v3/upload' },
];

function* frontendProblems(workspace: Workspace, haproxy: Haproxy, frontend: HaproxyPart): Iterable<Problem> {
  if (modeOf(frontend.section) !== 'http' || rewrites(frontend.section)) return;
  const told = new Set<Choice['by']>();
  let mayBeAsked = false;
  for (const request of requests) {
    const full = { ...request, path: request.path.endsWith('/') ? `${request.path}tessera.test/abc` : request.path };
    const { choices, isOpen } = routeOf(workspace, haproxy, frontend, full);
    mayBeAsked ||= choices.some(({ backend }) => {
      const part = backendNamed(haproxy, backend);
      return part !== undefined && scannerBehind(workspace, haproxy, part.section) !== undefined;
    });
    const choice = choices.at(-1);
    if (!choice || isOpen || told.has(choice.by)) continue;
    const backend = backendNamed(haproxy, choice.backend);
    const scanner = backend && scannerBehind(workspace, haproxy, backend.section);
    if (!backend || !scanner || rewrites(backend.section)) continue;
    told.add(choice.by);
    yield {
      at: choice.use.isDynamic ? choice.at : frontend.place(choice.use.backend.span),
      message: message(`${request.method} ${request.path}`, scanner),
      related: [{ at: scanner.root.at('metadata', 'name'), message: scanner.title }],
    };
  }
  if (!mayBeAsked) yield* untaken(workspace, haproxy, frontend);
}

/** A route to the scanner that the paths which clients ask it for do not take. */
function* untaken(workspace: Workspace, haproxy: Haproxy, frontend: HaproxyPart): Iterable<Problem> {
  const { choices, isOpen } = routeOf(workspace, haproxy, frontend, {
    method: 'GET',
    path: '/_matrix/media_proxy/unstable/download/tessera.test/abc',
  });
  const choice = choices.at(-1);
  const taken = choice && backendNamed(haproxy, choice.backend);
  if (!taken || isOpen || haproxy.isPartial || scannerBehind(workspace, haproxy, taken.section)) return;
  for (const use of frontend.section.useBackends) {
    const backend = use.isDynamic ? undefined : backendNamed(haproxy, use.backend.value);
    const scanner = backend && scannerBehind(workspace, haproxy, backend.section);
    if (!backend || !scanner || rewrites(backend.section)) continue;
    yield {
      at: frontend.place(use.backend.span),
      message: `Requests below /_matrix/media_proxy/unstable/ go to the backend ${choice.backend}, so ${scanner.name} is asked for nothing — correct the condition of this route.`,
      related: [{ at: scanner.root.at('metadata', 'name'), message: scanner.title }],
    };
    return;
  }
}

function scannerBehind(workspace: Workspace, haproxy: Haproxy, { servers }: HaproxySection): Resource | undefined {
  return servers
    .flatMap(server => podPortsOf(workspace, haproxy, server) ?? [])
    .map(({ pods }) => pods.owner)
    .find(isContentScanner);
}

function* routedProblems(workspace: Workspace, source: Resource): Iterable<Problem> {
  const annotations = source.root.at('metadata', 'annotations').entries();
  if (annotations.some(([key, value]) => /rewrite|snippet|middleware/.test(key) && leadsBelow(value.text ?? '')))
    return;
  for (const route of routesOf(source)) {
    if (!/^\/_matrix\/(?:media(?!_proxy)|(?:client|federation)\/(?:v1|unstable)\/media)/.test(route.path)) continue;
    const scanner = workloadsBehind(workspace, route).find(isContentScanner);
    const isRewritten = source.kind !== 'Ingress' && arrivingPath(workspace, route, route.path) !== route.path;
    if (!scanner || isRewritten) continue;
    yield {
      at: route.at,
      message: message(route.path, scanner),
      related: [{ at: scanner.root.at('metadata', 'name'), message: scanner.title }],
    };
  }
}

function message(what: string, { name }: Resource): string {
  return `${what} goes to ${name}, which answers below /_matrix/media_proxy/unstable/ only — route that path to it, or rewrite this one.`;
}

/** Whether a rewriting rule may lead to the scanner's paths: it names them, or something that the rule computes. */
function leadsBelow(rule: string): boolean {
  return rule.includes('media_proxy') || rule.includes('%[') || /^[\w-]+@kubernetescrd/.test(rule);
}

function rewrites({ directives }: HaproxySection): boolean {
  return directives.some(
    ({ keyword, words }) =>
      /^(?:http-request (?:set|replace)-(?:pathq?|uri)|reqi?rep)$/.test(keyword) &&
      words.some(word => leadsBelow(word.value)),
  );
}

/** Whether a workload is the Matrix Content Scanner and no program of somebody else under that name. */
function isContentScanner(resource: Resource): boolean {
  return (
    familiesOf(resource).has('scanner') &&
    mainContainersOf(resource).some(
      container =>
        programOf(container.image) === 'matrix-content-scanner' ||
        commandLine(container).some(word => /matrix_content_scanner/.test(word.text ?? '')),
    )
  );
}
