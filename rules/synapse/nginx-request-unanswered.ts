import { includedBy, processesBehind, type SynapsePort } from '../../analysis/nginx-proxy';
import {
  instanceOf,
  portsServing,
  runsMediaRepository,
  type SynapseInstance,
  type SynapseProcess,
} from '../../analysis/synapse';
import {
  type NginxConfig,
  type NginxPass,
  nginxDirectives,
  nginxLocationFor,
  nginxPasses,
  nginxServers,
  passesOn,
  readNginx,
} from '../../analysis/text/nginx-conf';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'nginx-request-unanswered',
  items: ['2.2.b.1'],
  severity: 'error',
  kinds: ['ConfigMap'],
  summary: 'nginx sends requests to a Synapse process that does not answer them.',
  why: 'Media are served only by processes with the media repository, and what a client writes to a stream such as typing or to-device only by the writer of that stream: the others answer with an error.',
  remedy: 'Add a location for these paths that leads to the process which serves them.',
  traps: [
    'A configuration that includes files which are not beside it, that rewrites paths or that chooses by a variable is not judged.',
    'A path after the port of `proxy_pass` takes the place of the path of the location, and a port of Synapse may be for replication only.',
    'Only what leads to Synapse is judged: a location of another program, such as the content scanner, is left alone.',
  ],
  sources: [
    'element-hq/synapse docs/workers.md: "Stream writers", "synapse.app.media_repository"',
    'nginx documentation, ngx_http_core_module: location',
  ],
  examples: { bad: example('main', ' # the workers'), good: example('media', '') },
  *check(configMap, workspace) {
    for (const file of configMap.root.at('data').scalars(passesOn)) {
      const text = file.text ?? '';
      if (!/_matrix|_synapse/.test(text)) continue;
      const config = readNginx(text);
      const passes = nginxPasses(config);
      yield* changedPaths(workspace, configMap, file, config);
      if (/^\s*(?:rewrite\s|if\s*\()/m.test(text) || mayRouteElsewhere(configMap, config)) continue;
      for (const { locations } of nginxServers(config)) {
        const wrong = new Map<NginxPass, { readonly names: string[]; readonly right: string }>();
        for (const [name, path] of requests) {
          const location = nginxLocationFor(locations, path);
          const pass = location && passes.find(({ directive }) => directive.parent === location.directive);
          const ends = pass && processesBehind(workspace, configMap, pass, config);
          if (!pass || !ends || ends.length === 0) continue;
          const takers = ends.map(one => one.process);
          const right = serversOf(workspace, takers, name);
          if (!right || right.some(one => takers.includes(one))) continue;
          const known = wrong.get(pass);
          const title = right[0]?.resource.title ?? '';
          if (known) known.names.push(name);
          else wrong.set(pass, { names: [name], right: title });
        }
        for (const [{ target }, { names, right }] of wrong)
          yield {
            at: file.part(target.span.start, target.span.end),
            message: `Requests for ${names.join(', ')} go here, where no process answers them — add a location for their paths that leads to ${right}.`,
          };
      }
    }
  },
} satisfies Rule;

/** Whether a file that is included may hold locations that go first, or headers for a part of the requests. */
function mayRouteElsewhere(configMap: Resource, config: NginxConfig): boolean {
  return nginxDirectives(config, 'include').some(({ args }) => {
    const path = args[0]?.value ?? '';
    if (path.endsWith('mime.types')) return false;
    const files = includedBy(configMap, path);
    return (
      files.length === 0 || files.some(one => /\b(?:location|rewrite|if|server|proxy_pass)\b/.test(one.text ?? ''))
    );
  });
}

/** Passes that lead to a port without the APIs, or that take away the beginning of the path. */
function* changedPaths(workspace: Workspace, configMap: Resource, file: Value, config: NginxConfig): Iterable<Problem> {
  for (const pass of nginxPasses(config)) {
    const { directive, target } = pass;
    const { parent } = directive;
    if (parent?.name.value !== 'location') continue;
    const ends = processesBehind(workspace, configMap, pass, config);
    if (!ends || ends.length === 0) continue;
    const at = file.part(target.span.start, target.span.end);
    const [path, other] = parent.args;
    const prefix = path?.value === '^~' ? other?.value : other ? undefined : path?.value;
    const own = /^https?:\/\/[^/$]+(\/[^$]*)$/.exec(target.value)?.[1];
    if (
      prefix !== undefined &&
      own !== undefined &&
      /^\/_(?:matrix|synapse)\b/.test(prefix) &&
      !/^\/_(?:matrix|synapse)\b/.test(own)
    ) {
      yield {
        at,
        message: `Requests for ${prefix}/… arrive at Synapse as ${`${own}/…`.replace('//', '/')}, because proxy_pass puts its path in the place of the location's — end it with the port.`,
      };
      continue;
    }
    const wrong = ends.find(end => isOtherPort(end));
    if (wrong && ends.every(isOtherPort) && /_matrix|_synapse/.test(parent.args.map(arg => arg.value).join(' ')))
      yield {
        at,
        message: `Port ${wrong.port} of ${wrong.process.resource.title} is for ${wrong.names.join(' and ')} and answers no client and no homeserver — lead to the port with the resource client.`,
      };
  }
}

/** Whether a port is one of a listener without any of the public APIs. */
function isOtherPort({ names }: SynapsePort): boolean {
  return names.length > 0 && names.every(name => name === 'replication' || name === 'metrics' || name === 'manhole');
}

/** The processes that answer a kind of request; undefined where that is not known, or where any does. */
function serversOf(
  workspace: Workspace,
  takers: readonly SynapseProcess[],
  name: string,
): readonly SynapseProcess[] | undefined {
  const [first] = takers;
  if (!first) return undefined;
  const instance = instanceOf(workspace, first.resource);
  const all = [...(instance.main ? [instance.main] : []), ...instance.workers];
  if (name === 'media') {
    const runs = all.map(one => [one, runsMediaRepository(one)] as const);
    if (runs.some(([, is]) => is === undefined)) return undefined;
    // A worker has them at a listener with the resource media only (synapse/app/generic_worker.py).
    const serving = runs.flatMap(([one, is]) =>
      is && (!one.isWorker || portsServing(one, 'media').length > 0) ? [one] : [],
    );
    return serving.length > 0 ? serving : undefined;
  }
  return writerOf(instance, name);
}

function writerOf(instance: SynapseInstance, stream: string): readonly SynapseProcess[] | undefined {
  const listed = instance.main?.homeserver?.at('stream_writers', stream);
  if (!instance.main?.homeserver || instance.main.homeserver.isPartial) return undefined;
  const names = listed?.exists ? [listed, ...listed.items()].flatMap(value => value.string ?? []) : [];
  if (names.length === 0) return [instance.main];
  const writers = instance.workers.filter(one => one.names.known.some(name => names.includes(name)));
  return writers.length === names.length ? writers : undefined;
}

/** One request of each kind that not every process answers. */
const requests: readonly (readonly [name: string, path: string])[] = [
  ['media', '/_matrix/media/v3/download/tessera.test/abc'],
  ['typing', '/_matrix/client/v3/rooms/!room:tessera.test/typing/@user:tessera.test'],
  ['to_device', '/_matrix/client/v3/sendToDevice/m.room.encrypted/1'],
];

function example(target: string, mark: string): string {
  const workload = (name: string, config: string): string => `
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: synapse-${name}, namespace: matrix}
      spec: {selector: {app: ${name}}, ports: [{port: 8008}]}
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: synapse-${name}, namespace: matrix}
      spec:
        serviceName: synapse-${name}
        selector: {matchLabels: {app: ${name}}}
        template:
          metadata: {labels: {app: ${name}}}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.121.1
                args: [${config}]
                volumeMounts: [{name: config, mountPath: /config}]
            volumes: [{name: config, configMap: {name: synapse}}]`;
  return `
      #- /router.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: router, namespace: matrix}
      data:
        nginx.conf: |
          server {
            listen 8080;
            location /_matrix/media/ {
              proxy_pass http://synapse-${target}:8008;${
                mark === ''
                  ? ''
                  : `
      #                  ^^^^^^^^^^^^^^^^^^^^^^^^ error: Requests for media go here, where no process answers them — add a location for their paths that leads to StatefulSet/synapse-media.`
              }
            }
            location / {
              proxy_pass http://synapse-main:8008;
            }
          }
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: synapse, namespace: matrix}
      data:
        homeserver.yaml: |
          server_name: tessera.test
          enable_media_repo: false
          listeners: [{port: 8008, type: http, resources: [{names: [client, federation]}]}]
        media.yaml: |
          worker_app: synapse.app.generic_worker
          worker_name: media
          enable_media_repo: true
          worker_listeners: [{port: 8008, type: http, resources: [{names: [media]}]}]${workload('main', '--config-path=/config/homeserver.yaml')}${workload('media', '--config-path=/config/homeserver.yaml, --config-path=/config/media.yaml')}
    `;
}
