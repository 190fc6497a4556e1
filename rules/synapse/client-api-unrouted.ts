import { haproxyOf } from '../../analysis/haproxy-config';
import { familiesOf } from '../../analysis/roles';
import {
  arrivingPath,
  type Route,
  routeFor,
  routeSourceKinds,
  routesFor,
  routesOf,
  workloadsBehind,
} from '../../analysis/routes';
import { runsMediaRepository, type SynapseProcess, synapseMinor } from '../../analysis/synapse';
import { replaceScalar } from '../../manifests/edit';
import { grouped } from '../../manifests/grouped';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Related, Rule } from '../rule';
import { directlyBehind, synapseBehind } from './synapse-behind';

export default {
  id: 'client-api-unrouted',
  items: [],
  severity: 'error',
  summary:
    'What stands in front of Synapse does not take the requests of clients, or sends those for media to a process without media.',
  why: 'Clients send their requests to the host of `public_baseurl`, below `/_matrix/client` and `/_matrix/media`. The controller answers those that no path takes with 404: nobody can log in, or nobody can send files. A Synapse with `enable_media_repo: false` answers requests for media with 404 as well.',
  remedy: 'Send `/_matrix` and `/_synapse/client`, or everything, to Synapse.',
  traps: [
    'All Ingresses and other routes of the host count together, those for any host and with a star too.',
    'Hosts where no path leads to Synapse are left alone, and so are those with default backends, snippets or conditions that are not followed.',
    'What HAProxy does with requests for media is reported by haproxy-media-unrouted. A media server of another kind may have the paths.',
    'Paths with patterns of an Ingress are followed only where ingress-nginx is told that they are regular expressions.',
    'Of an HTTPRoute, IngressRoute, HTTPProxy or VirtualService host, path and method are followed, not headers and queries.',
  ],
  sources: [
    'element-hq/synapse, docs/reverse_proxy.md: the endpoints to forward; usage configuration: public_baseurl',
    'Kubernetes documentation, Ingress, "Path types"; gateway-api, apis/v1/httproute_types.go; doc.traefik.io, "Rules & Priority"',
  ],
  examples: {
    bad: example(
      '                - path: /_matrix/federation\n      #                 ^^^^^^^^^^^^^^^^^^^ 💡 error: No path of matrix.tessera.test takes /_matrix/client, where public_baseurl sends clients',
    ),
    good: example('                - path: /_matrix'),
  },
  kinds: routeSourceKinds,
  *check(source, workspace) {
    for (const host of new Set(routesOf(source).map(route => route.host))) {
      if (host === '*' || host === '') continue;
      const routes = routesFor(workspace, host);
      // It is said once, where the first path to Synapse stands.
      const toSynapse = routes.flatMap(route => {
        const processes = route.host === host ? synapseBehind(workspace, route) : [];
        return processes.length > 0 ? [{ route, processes }] : [];
      });
      const [first] = toSynapse;
      if (!first || first.route.source !== source || routes.some(route => hasSnippet(route.source))) continue;
      const baseurl = baseurlAt(first.processes, host);
      yield* withoutMedia(workspace, host);
      if (!baseurl) continue;
      const related = [{ at: baseurl, message: 'Where clients send their requests' }];
      const missing = needed.find(({ request }) => routeFor(workspace, host, request) === undefined);
      if (missing) {
        yield {
          at: first.route.at,
          message: `No path of ${host} takes ${missing.name}, where public_baseurl sends clients, so they get 404 — send /_matrix to Synapse.`,
          related,
          fixes: () => (routes.length === 1 ? widen(first.route) : []),
        };
        continue;
      }
      yield* astray(workspace, host, related);
      yield* changed(workspace, host, related);
    }
  },
} satisfies Rule;

/** Requests of clients that go to Element Web, which has nothing for them but its own page. */
function* astray(workspace: Workspace, host: string, related: readonly Related[]): Iterable<Problem> {
  for (const { name, request } of needed) {
    const route = routeFor(workspace, host, request);
    const workloads = route && route !== 'unknown' ? workloadsBehind(workspace, route) : [];
    const [element] = workloads;
    if (!element || !route || route === 'unknown' || !workloads.every(one => familiesOf(one).has('element'))) continue;
    yield {
      at: route.at,
      message: `Requests for ${name} of ${host} go to ${element.title}, which is no homeserver — send /_matrix to Synapse, before this path.`,
      related,
    };
    return;
  }
}

/** Requests that come to Synapse itself, and under another path than it answers. */
function* changed(workspace: Workspace, host: string, related: readonly Related[]): Iterable<Problem> {
  for (const { request } of needed) {
    const route = routeFor(workspace, host, request);
    if (!route || route === 'unknown' || synapseBehind(workspace, route).length === 0) continue;
    // What rewrite-target does wrong is said by ingress-nginx-setting.
    if (route.source.kind === 'Ingress') continue;
    const arriving = arrivingPath(workspace, route, request.path);
    // HAProxy may give a path that it is told of to another program, or back to Synapse.
    const isAnswered =
      arriving === undefined || arriving.startsWith('/_matrix/') || mayChange(workspace, route, arriving);
    if (isAnswered) continue;
    yield {
      at: route.at,
      message: `Requests for ${request.path} arrive at Synapse as ${arriving}, which it answers with 404 — do not change the path.`,
      related,
    };
    return;
  }
}

/** Whether HAProxy stands between, and does something with paths that do not begin as Synapse's. */
function mayChange(workspace: Workspace, route: Route, arriving: string): boolean {
  return workloadsBehind(workspace, route).some(workload => {
    const haproxy = haproxyOf(workspace, workload);
    return (
      haproxy !== undefined &&
      (haproxy.isPartial ||
        haproxy.parts.some(({ section }) =>
          section.directives.some(
            ({ keyword, words }) =>
              /^http-request (?:set|replace)-(?:path|pathq|uri)$/.test(keyword) ||
              words.some(
                ({ value }) => value !== '/' && /^\^?\/\w/.test(value) && arriving.startsWith(value.replace('^', '')),
              ),
          ),
        ))
    );
  });
}

/** Requests for media that go to Synapse processes alone, none of which has the media repository. */
function* withoutMedia(workspace: Workspace, host: string): Iterable<Problem> {
  const taken = grouped(
    ['/_matrix/media', '/_matrix/client/v1/media'].flatMap((path): readonly (readonly [Route, string])[] => {
      const route = routeFor(workspace, host, { path: `${path}/config`, method: 'GET' });
      return route && route !== 'unknown' ? [[route, path]] : [];
    }),
  );
  for (const [route, paths] of taken) {
    const processes = directlyBehind(workspace, route);
    const [one] = processes;
    if (!one || processes.some(process => runsMediaRepository(process) !== false)) continue;
    const asked = paths.filter(
      path => path === '/_matrix/media' || (synapseMinor(one.container.image) ?? 0) >= authenticatedSince,
    );
    if (asked.length === 0) continue;
    yield {
      at: route.at,
      message: `Requests for ${asked.join(' and ')} go to ${one.resource.title}, which has no media repository and answers 404 — send them to media workers, or take enable_media_repo: false away.`,
      related: processes.map(({ resource, homeserver }) => ({
        at: homeserver?.at('enable_media_repo') ?? resource.root.at('metadata', 'name'),
        message: `The media repository of ${resource.title} is off`,
      })),
    };
  }
}

/** Since this minor version Synapse serves media under the second path, too (docs/upgrade.md, v1.112). */
const authenticatedSince = 112;

/** Requests that every client makes, and what of their paths messages name. */
const needed = [
  { name: '/_matrix/client', request: { method: 'POST', path: '/_matrix/client/v3/login' } },
  { name: '/_matrix/media', request: { method: 'POST', path: '/_matrix/media/v3/upload' } },
] as const;

/** The `public_baseurl` of a process that is at the root of a host and on a port that an Ingress serves. */
function baseurlAt(processes: readonly SynapseProcess[], host: string): Value | undefined {
  for (const { homeserver } of processes) {
    const url = homeserver?.isPartial === false ? homeserver.at('public_baseurl') : undefined;
    const named = /^https?:\/\/([a-z0-9.-]+)(?::(?:443|80))?\/?$/i.exec(url?.text ?? '')?.[1];
    if (named?.toLowerCase() === host) return url;
  }
  return undefined;
}

/** Whether an Ingress brings lines of nginx.conf, which may have locations of their own. */
function hasSnippet(ingress: Resource): boolean {
  return ingress.root
    .at('metadata', 'annotations')
    .entries()
    .some(([name]) => /snippet/.test(name));
}

function widen({ at, path, match }: Route): readonly Fix[] {
  const edit =
    path.startsWith('/_matrix/') && match === 'parts' && at.text === path ? replaceScalar(at, '/_matrix') : undefined;
  return edit ? [{ title: 'Send all of /_matrix to Synapse', safe: false, edits: [edit] }] : [];
}

function example(path: string): string {
  return `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          public_baseurl: https://matrix.tessera.test/
          listeners:
            - port: 8008
              type: http
              x_forwarded: true
              resources:
                - names: [client, federation]
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: synapse}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                ports:
                  - containerPort: 8008
                volumeMounts:
                  - {name: config, mountPath: /config}
            volumes:
              - name: config
                configMap: {name: synapse}
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse
        namespace: matrix
      spec:
        selector: {app: synapse}
        ports:
          - port: 8008
      ---
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: matrix
        namespace: matrix
      spec:
        ingressClassName: nginx
        rules:
          - host: matrix.tessera.test
            http:
              paths:
${path}
                  pathType: Prefix
                  backend:
                    service:
                      name: synapse
                      port:
                        number: 8008
    `;
}
