import { frontendsOf, type Haproxy, type HaproxyPart, haproxyOf } from '../../analysis/haproxy-config';
import { conditionHolds, routeOf } from '../../analysis/haproxy-routing';
import { workloadKinds } from '../../analysis/pods';
import { instanceOf, type SynapseProcess } from '../../analysis/synapse';
import { modeOf } from '../../analysis/text/haproxy';
import type { Span } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { isForClients, processesBehind } from './synapse-routes';

export default {
  id: 'haproxy-request-unanswered',
  items: ['2.2.b.1'],
  severity: 'error',
  summary: 'HAProxy refuses a request that Synapse has to answer, or sends it where nothing does.',
  why: 'A request that no rule takes gets 503 where there is no `default_backend`, and one that a process has no resource for gets 404. Users cannot log in, or other homeservers cannot reach this one, although all pods are healthy.',
  remedy:
    'Name the main process as `default_backend`, and send paths to processes whose listener has their resource: `client` for `/_matrix/client`, `federation` for `/_matrix/federation` and `/_matrix/key`.',
  traps: [
    'Asked for are a few requests that every deployment needs. Those of other homeservers only count where a process behind the frontend has the resource `federation`, or any process of the instance and the frontend is that of federation, by its name or by port 8448.',
    'A refusal that hangs on more than method and path, such as an address, is not judged. Paths of the admin API may be refused.',
    'A listener without names of resources, and a backend with other programs, are left alone.',
  ],
  sources: [
    'HAProxy configuration manual, "default_backend" and "http-request deny"',
    'element-hq/synapse, docs/workers.md and configuration manual, listeners: resources',
  ],
  examples: { bad: example(false), good: example(true) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const haproxy = haproxyOf(workspace, resource);
    if (!haproxy || haproxy.isPartial) return;
    for (const part of frontendsOf(haproxy)) {
      if (modeOf(part.section) !== 'http' || part.file.isOpaque) continue;
      yield* judge(workspace, haproxy, part);
    }
  },
} satisfies Rule;

interface Asked {
  readonly path: string;
  readonly method: string;
  readonly resource: 'client' | 'federation';
}

const requests: readonly Asked[] = [
  { path: '/_matrix/client/v3/login', method: 'POST', resource: 'client' },
  { path: '/_matrix/client/v3/sync', method: 'GET', resource: 'client' },
  { path: '/_matrix/client/v3/rooms/!room/send/m.room.message/1', method: 'PUT', resource: 'client' },
  { path: '/_matrix/client/v3/rooms/!room/messages', method: 'GET', resource: 'client' },
  { path: '/_matrix/client/v3/keys/query', method: 'POST', resource: 'client' },
  { path: '/_matrix/federation/v1/send/1', method: 'PUT', resource: 'federation' },
  { path: '/_matrix/federation/v1/version', method: 'GET', resource: 'federation' },
  { path: '/_matrix/federation/v1/make_join/!room/@user', method: 'GET', resource: 'federation' },
  { path: '/_matrix/key/v2/server', method: 'GET', resource: 'federation' },
];

function* judge(workspace: Workspace, haproxy: Haproxy, part: HaproxyPart): Iterable<Problem> {
  const routes = requests.map(request => ({ request, route: routeOf(workspace, haproxy, part, request) }));
  const behind = (backend: string): readonly SynapseProcess[] => processesBehind(workspace, haproxy, backend) ?? [];
  const processes = routes.flatMap(({ route }) => route.choices.flatMap(({ backend }) => behind(backend)));
  const [first] = processes;
  // A frontend of metrics or of media alone is not asked for these.
  if (!first || !(isForClients(workspace, haproxy, part) || part.section.defaultBackend)) return;
  const others = frontendsOf(haproxy).filter(one => one !== part && modeOf(one.section) === 'http');
  const forServers = isForServers(part);
  const isMeant = {
    client: !forServers || isForClients(workspace, haproxy, part) || others.every(isForServers),
    federation: forServers || !others.some(isForServers),
  };
  const federates = isFederating(processes, forServers ? everyProcess(workspace, first) : processes);
  yield* shortened(part);
  const said = new Set<string>();
  for (const { request, route } of routes) {
    const { path, resource } = request;
    if (!isMeant[resource] || (resource === 'federation' && !federates)) continue;
    const denied = part.section.directives.find(
      ({ keyword, condition }) =>
        /^http-request (?:deny|tarpit|reject|silent-drop)$/.test(keyword) &&
        (!condition || conditionHolds(part.section, condition, request) === true),
    );
    if (denied) {
      const key = `denied ${denied.span.start}`;
      if (!said.has(key) && !isBeforeAllow(part, denied))
        yield {
          at: part.place(denied.span),
          message: `HAProxy refuses ${path} here, which ${resource === 'client' ? 'clients need' : 'other homeservers need'} — let it through.`,
        };
      said.add(key);
      continue;
    }
    if (route.isOpen) continue;
    if (route.choices.length === 0) {
      if (said.has('nowhere') || part.section.kind === 'listen' || answersItself(part)) continue;
      said.add('nowhere');
      yield {
        at: part.place(part.section.span),
        message: `No rule of ${part.section.kind} ${part.section.name?.value} takes ${path}, and it has no default_backend, so HAProxy answers with 503 — name the main process as default_backend.`,
      };
      continue;
    }
    const [choice] = route.choices;
    const takers = route.choices.flatMap(({ backend }) => behind(backend));
    if (!choice || route.choices.some(({ backend }) => behind(backend).length === 0)) continue;
    const isForKeys = path.startsWith('/_matrix/key/');
    const lacking = takers.filter(
      process => serves(process, resource) === false && !(isForKeys && serves(process, 'keys') !== false),
    );
    if (lacking.length === 0 || lacking.length < takers.length) continue;
    const titles = [...new Set(lacking.map(process => process.resource.title))];
    const key = `${resource} ${titles.join()} ${choice.backend}`;
    if (said.has(key)) continue;
    said.add(key);
    yield {
      at: choice.at,
      message: `${path} goes to backend ${choice.backend}, but no listener of ${titles.join(' and ')} has the resource ${resource}, so it answers with 404 — add it, or send the path elsewhere.`,
      related: lacking.flatMap(process =>
        process.listeners?.[0] ? [{ at: process.listeners[0].value, message: process.resource.title }] : [],
      ),
    };
  }
}

/** Rules that take away for every request what Synapse's paths begin with. */
function* shortened(part: HaproxyPart): Iterable<Problem> {
  const [{ path }] = [requests[0] ?? { path: '/_matrix/client/v3/login' }];
  for (const { keyword, args, condition, span } of part.section.directives) {
    const [pattern, format] = args;
    if (condition || keyword !== 'http-request replace-path' || !pattern || !format) continue;
    // As written, because `\\1` keeps its backslash.
    const written = (word: { readonly span: Span }): string =>
      part.file.content.text.slice(word.span.start, word.span.end).replace(/^(["'])(.*)\1$/, '$2');
    try {
      const match = new RegExp(written(pattern)).exec(path);
      if (!match || /[%$]/.test(format.value)) continue;
      const changed = path.replace(
        match[0],
        written(format).replace(/\\(\d)/g, (_, group: string) => match[Number(group)] ?? ''),
      );
      if (/^\/_(?:matrix|synapse)\//.test(changed)) continue;
      yield {
        at: part.place(span),
        message: `This makes ${changed} of ${path}, which Synapse answers with 404 — leave the paths as they are.`,
      };
    } catch {
      // An expression of another dialect tells nothing.
    }
  }
}

/** Whether a frontend is for other homeservers, by its name or by the port at which they ask by default. */
function isForServers({ section }: HaproxyPart): boolean {
  return (
    /federat/i.test(section.name?.value ?? '') ||
    section.binds.some(({ addresses }) => addresses.some(({ port }) => port === 8448))
  );
}

function everyProcess(workspace: Workspace, { resource }: SynapseProcess): readonly SynapseProcess[] {
  const { main, workers } = instanceOf(workspace, resource);
  return [...(main ? [main] : []), ...workers];
}

/**
 * Whether other homeservers are to reach the instance that some processes are of: one of those that may be meant to
 * answer them has the resource.
 */
function isFederating(processes: readonly SynapseProcess[], meant: readonly SynapseProcess[]): boolean {
  return (
    processes.some(({ homeserver, isLi }) => {
      const allowed = homeserver?.at('federation_domain_whitelist');
      const isClosed = allowed?.kind === 'sequence' && allowed.items().length === 0;
      return !isLi && homeserver?.isPartial === false && !isClosed;
    }) && meant.some(process => serves(process, 'federation') === true)
  );
}

/** Whether a listener has a resource; undefined where the configuration does not tell. */
function serves({ listeners }: SynapseProcess, resource: Asked['resource'] | 'keys'): boolean | undefined {
  const http = listeners?.filter(({ type }) => type === 'http');
  if (!http || http.length === 0 || http.some(({ names }) => names.length === 0)) return undefined;
  return http.some(({ names }) => names.includes(resource));
}

/** An `allow` above may have let the request through already. */
function isBeforeAllow({ section }: HaproxyPart, denied: { readonly span: { readonly start: number } }): boolean {
  return section.directives.some(
    ({ keyword, span }) => /^http-request allow$/.test(keyword) && span.start < denied.span.start,
  );
}

/** Whether a frontend answers requests without a backend. */
function answersItself({ section }: HaproxyPart): boolean {
  return section.directives.some(({ keyword }) =>
    /^(?:http-request (?:return|redirect|use-service)|redirect|use_backend .*%\[)/.test(keyword),
  );
}

function example(hasDefault: boolean): string {
  return `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy
        namespace: matrix
      data:
        haproxy.cfg: |
          frontend web
${hasDefault ? '' : '      #   ^^^^^^^^^^^^ error: No rule of frontend web takes /_matrix/client/v3/login, and it has no default_backend, so HAProxy answers with 503\n'}            mode http
            bind :8008
            acl is_sync path_reg ^/_matrix/client/(r0|v3)/sync$
            use_backend synapse if is_sync
${hasDefault ? '            default_backend synapse\n' : ''}          backend synapse
            mode http
            server main synapse:8008 check
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0
                volumeMounts:
                  - {name: config, mountPath: /usr/local/etc/haproxy}
            volumes:
              - name: config
                configMap: {name: haproxy}
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          listeners:
            - port: 8008
              type: http
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
    `;
}
