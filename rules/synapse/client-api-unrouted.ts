import { type IngressRoute, routesOf } from '../../analysis/ingresses';
import { runsMediaRepository, type SynapseProcess, synapseMinor } from '../../analysis/synapse';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { directlyBehind, hasOtherRoutes, routeFor, synapseBehind } from './ingress-routes';

export default {
  id: 'client-api-unrouted',
  items: [],
  severity: 'error',
  summary:
    'The Ingress in front of Synapse does not take the requests of clients, or sends those for media to a process without media.',
  why: 'Clients send their requests to the host of `public_baseurl`, below `/_matrix/client` and `/_matrix/media`. The controller answers those that no path takes with 404: nobody can log in, or nobody can send files. A Synapse with `enable_media_repo: false` answers requests for media with 404 as well.',
  remedy: 'Send `/_matrix` and `/_synapse/client`, or everything, to Synapse.',
  traps: [
    'All Ingresses of the host count together, those for any host and with a star too.',
    'Hosts where no path leads to Synapse are left alone, and so are trees with routes of other kinds, default backends and snippets.',
    'What HAProxy does with requests for media is reported by haproxy-media-unrouted. A media server of another kind may have the paths.',
    'Paths with patterns are followed only where ingress-nginx is told that they are regular expressions.',
  ],
  sources: [
    'element-hq/synapse, docs/reverse_proxy.md: the endpoints to forward; usage configuration: public_baseurl',
    'Kubernetes documentation, Ingress, "Path types"',
  ],
  examples: {
    bad: example(
      '                - path: /_matrix/federation\n      #                 ^^^^^^^^^^^^^^^^^^^ 💡 error: No path of matrix.tessera.test takes /_matrix/client, where public_baseurl sends clients',
    ),
    good: example('                - path: /_matrix'),
  },
  kinds: ['Ingress'],
  *check(ingress, workspace) {
    const hosts = new Set(routesOf(ingress).map(({ host }) => host));
    for (const host of hosts) {
      if (host === '*' || hasOtherRoutes(workspace)) continue;
      const routes = workspace
        .resources('Ingress')
        .flatMap(routesOf)
        .filter(route => isFor(route.host, host));
      // It is said once, where the first path to Synapse stands.
      const toSynapse = routes.flatMap(route => {
        const processes = route.host === host ? synapseBehind(workspace, route) : [];
        return processes.length > 0 ? [{ route, processes }] : [];
      });
      const [first] = toSynapse;
      if (!first || first.route.ingress !== ingress || routes.some(route => hasSnippet(route.ingress))) continue;
      const baseurl = baseurlAt(first.processes, host);
      yield* withoutMedia(workspace, routes);
      const missing = needed.find(path => routeFor(routes, `${path}/`) === undefined);
      if (!baseurl || missing === undefined) continue;
      yield {
        at: first.route.at,
        message: `No path of ${host} takes ${missing}, where public_baseurl sends clients, so they get 404 — send /_matrix to Synapse.`,
        related: [{ at: baseurl, message: 'Where clients send their requests' }],
        fixes: () => (routes.length === 1 ? widen(first.route) : []),
      };
    }
  },
} satisfies Rule;

/** Requests for media that go to Synapse processes alone, none of which has the media repository. */
function* withoutMedia(workspace: Workspace, routes: readonly IngressRoute[]): Iterable<Problem> {
  const wrong = new Map<IngressRoute, string[]>();
  for (const path of ['/_matrix/media', '/_matrix/client/v1/media']) {
    const route = routeFor(routes, `${path}/config`);
    if (route && route !== 'unknown') wrong.set(route, [...(wrong.get(route) ?? []), path]);
  }
  for (const [route, paths] of wrong) {
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

const needed = ['/_matrix/client', '/_matrix/media'];

function isFor(pattern: string, host: string): boolean {
  return (
    pattern === host ||
    pattern === '*' ||
    (pattern.startsWith('*.') && host.slice(host.indexOf('.') + 1) === pattern.slice(2))
  );
}

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

function widen({ at, path, pathType }: IngressRoute): readonly Fix[] {
  const edit =
    path.startsWith('/_matrix/') && pathType !== 'Exact' && at.text === path
      ? replaceScalar(at, '/_matrix')
      : undefined;
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
