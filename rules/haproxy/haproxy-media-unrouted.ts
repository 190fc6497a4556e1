import { backendsOf, frontendsOf, type Haproxy, type HaproxyPart, haproxyOf } from '../../analysis/haproxy-config';
import { type Choice, type HttpRequest, routeOf } from '../../analysis/haproxy-routing';
import { workloadKinds } from '../../analysis/pods';
import { portsServing, runsMediaRepository, type SynapseProcess, synapseMinor } from '../../analysis/synapse';
import { modeOf } from '../../analysis/text/haproxy';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { isForClients, processesBehind } from './synapse-routes';
import { insertAbove } from './text-edits';

/** Since this minor version Synapse asks clients and servers to fetch media with a token, under new paths. */
const authenticatedSince = 112;

export default {
  id: 'haproxy-media-unrouted',
  items: ['2.2.b.1'],
  severity: 'error',
  summary: 'HAProxy sends requests for media to a process that has no media repository.',
  why: 'A Synapse with `enable_media_repo: false` answers them with "Unrecognized request": no picture or file is shown. Clients that know authenticated media, and other homeservers, use the paths `/_matrix/client/v1/media/` and `/_matrix/federation/v1/media/`, which look like any other request of theirs.',
  remedy:
    'Send `/_matrix/media/`, `/_matrix/client/v1/media/` and `/_matrix/federation/v1/media/` to the media workers, above the rules for other client requests and in each frontend.',
  traps: [
    'A backend that leads to the content scanner, or to what the tree does not show, is not judged.',
    `Up to Synapse 1.${authenticatedSince - 1} only the old path is asked for.`,
    'A frontend whose conditions name `/_matrix/client` is for clients; another one is for servers if it sends their requests to Synapse.',
  ],
  sources: [
    'element-hq/synapse, docs/workers.md, "synapse.app.media_repository"',
    'Matrix specification 1.11, Content repository: authenticated media',
  ],
  examples: {
    bad: example('path_beg /_matrix/media/', true),
    good: example('path_beg /_matrix/media/', false),
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const haproxy = haproxyOf(workspace, resource);
    if (!haproxy || haproxy.isPartial) return;
    for (const part of frontendsOf(haproxy)) {
      if (modeOf(part.section) === 'http') yield* judge(workspace, haproxy, part);
    }
  },
} satisfies Rule;

function* judge(workspace: Workspace, haproxy: Haproxy, part: HaproxyPart): Iterable<Problem> {
  const wrong = new Map<
    Choice['by'],
    { readonly choice: Choice; readonly paths: string[]; readonly takers: readonly SynapseProcess[] }
  >();
  for (const [path, request] of isForClients(workspace, haproxy, part) ? forClients : forServers) {
    const { choices, isOpen } = routeOf(workspace, haproxy, part, request);
    const [choice] = choices;
    if (isOpen || !choice) continue;
    const takers = [...new Set(choices.map(({ backend }) => backend))].map(name =>
      processesBehind(workspace, haproxy, name),
    );
    if (takers.some(taker => !taker || taker.length === 0)) continue;
    const all = takers.flatMap(taker => taker ?? []);
    const isAuthenticated = path !== '/_matrix/media/';
    if (all.some(one => servesMedia(one, isAuthenticated) !== false)) continue;
    if (
      isAuthenticated &&
      all.some(one => (synapseMinor(one.container.image) ?? authenticatedSince) < authenticatedSince)
    )
      continue;
    const known = wrong.get(choice.by);
    if (known) known.paths.push(path);
    else wrong.set(choice.by, { choice, paths: [path], takers: all });
  }
  for (const { choice, paths, takers } of wrong.values()) {
    const titles = [...new Set(takers.map(({ resource }) => resource.title))].join(' and ');
    yield {
      at: choice.at,
      message: `Requests for ${paths.join(' and ')} go to backend ${choice.backend}, but ${titles} ${takers.length > 1 && titles.includes(' and ') ? 'have' : 'has'} no ${takers.every(one => runsMediaRepository(one) === false) ? 'media repository' : 'listener with the resource media'} — send ${paths.length > 1 ? 'these paths' : 'this path'} to the media workers above this line.`,
      related: [...new Set(takers)].map(({ resource }) => ({
        at: resource.root.at('metadata', 'name'),
        message: 'Runs without the media repository',
      })),
      fixes: () =>
        mediaBackends(workspace, haproxy).flatMap((backend, _, all) =>
          routeTo(part, choice, paths, backend, all.length === 1),
        ),
    };
  }
}

/**
 * Whether a process answers requests for media: it runs the repository, and has a listener for it. A worker answers
 * the paths with tokens on listeners for `client` and `federation` as well, the main process all of them
 * (synapse/app/generic_worker.py and homeserver.py). Undefined where that is not known.
 */
function servesMedia(process: SynapseProcess, isAuthenticated: boolean): boolean | undefined {
  const runs = runsMediaRepository(process);
  if (runs !== true || !process.isWorker || !process.listeners) return runs;
  return ['media', ...(isAuthenticated ? ['client', 'federation'] : [])].some(
    name => portsServing(process, name).length > 0,
  );
}

/** The backends that lead to processes with the media repository and to nothing else. */
function mediaBackends(workspace: Workspace, haproxy: Haproxy): readonly string[] {
  return backendsOf(haproxy).flatMap(({ section }) => {
    const name = section.name?.value;
    const takers = name === undefined ? undefined : processesBehind(workspace, haproxy, name);
    const isMedia = takers && takers.length > 0 && takers.every(one => runsMediaRepository(one) === true);
    return isMedia && name !== undefined && modeOf(section) === 'http' ? [name] : [];
  });
}

/** Sends the paths to a backend before the rule that takes them now. */
function routeTo(
  part: HaproxyPart,
  { use }: Choice,
  paths: readonly string[],
  backend: string,
  isOnly: boolean,
): readonly Fix[] {
  if (!part.section.directives.includes(use.directive)) return [];
  const edit = insertAbove(part, use.directive.span, [`use_backend ${backend} if { path_beg ${paths.join(' ')} }`]);
  return edit ? [{ title: `Send ${paths.join(' and ')} to backend ${backend}`, safe: isOnly, edits: [edit] }] : [];
}

/** One request for each path of the media repository (docs/workers.md). */
const forClients: readonly (readonly [string, HttpRequest])[] = [
  ['/_matrix/media/', { method: 'GET', path: '/_matrix/media/v3/config' }],
  ['/_matrix/client/v1/media/', { method: 'GET', path: '/_matrix/client/v1/media/download/tessera.test/abc' }],
];
const forServers: readonly (readonly [string, HttpRequest])[] = [
  ['/_matrix/federation/v1/media/', { method: 'GET', path: '/_matrix/federation/v1/media/download/abc' }],
];

/** A main process without and a worker with the media repository behind a HAProxy with this condition. */
function example(condition: string, isMarked: boolean): string {
  return `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy-config
        namespace: matrix
      data:
        haproxy.cfg: |
          frontend clients
            mode http
            bind :8008
            acl is_media ${condition}
            use_backend media if is_media
            acl is_client path_beg /_matrix/client/
${isMarked ? '' : '            use_backend media if { path_beg /_matrix/client/v1/media/ }\n'}            use_backend main if is_client
${isMarked ? '      #     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: Requests for /_matrix/client/v1/media/ go to backend main, but StatefulSet/synapse-main has no media repository\n' : ''}            default_backend main
          backend main
            mode http
            server main synapse-main:8008 check
          backend media
            mode http
            server media synapse-media:8008 check
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: haproxy}
        template:
          metadata:
            labels: {app: haproxy}
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0
                volumeMounts:
                  - {name: config, mountPath: /usr/local/etc/haproxy}
            volumes:
              - name: config
                configMap: {name: haproxy-config}
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          enable_media_repo: false
          instance_map:
            main: {host: synapse-main, port: 9093}
        media.yaml: |
          worker_app: synapse.app.generic_worker
          worker_name: media
          enable_media_repo: true
          worker_listeners:
            - {type: http, port: 8008, resources: [{names: [media]}]}
      ---
${synapse('main', '--config-path=/config/homeserver.yaml')}
      ---
${synapse('media', '--config-path=/config/homeserver.yaml, --config-path=/config/media.yaml')}
    `;
}

function synapse(name: string, args: string): string {
  return `      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-${name}
        namespace: matrix
      spec:
        serviceName: synapse-${name}
        selector:
          matchLabels: {app: synapse-${name}}
        template:
          metadata:
            labels: {app: synapse-${name}}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [${args}]
                ports:
                  - containerPort: 8008
                volumeMounts:
                  - {name: config, mountPath: /config}
            volumes:
              - name: config
                configMap: {name: synapse-config}
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse-${name}
        namespace: matrix
      spec:
        clusterIP: None
        selector: {app: synapse-${name}}
        ports:
          - port: 8008`;
}
