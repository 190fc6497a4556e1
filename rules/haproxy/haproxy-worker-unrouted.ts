import { askedByChecklist } from '../../analysis/checklist-signs';
import { configurationOf } from '../../analysis/configs';
import {
  backendNamed,
  frontendsOf,
  type Haproxy,
  type HaproxyPart,
  haproxies,
  podPortsOf,
  usedBackends,
} from '../../analysis/haproxy-config';
import { conditionHolds, routeOf } from '../../analysis/haproxy-routing';
import { podsOf } from '../../analysis/pods';
import { workerType, workloads } from '../../analysis/roles';
import { isRoutedTo } from '../../analysis/routes';
import { servicesFor } from '../../analysis/services';
import { portsServing, processKinds, type SynapseProcess, synapseProcess } from '../../analysis/synapse';
import { type HaproxyUse, modeOf } from '../../analysis/text/haproxy';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';
import { insertAbove } from './text-edits';

export default {
  id: 'haproxy-worker-unrouted',
  items: ['2.2.b.1'],
  severity: 'error',
  summary: 'A worker that answers clients or other servers gets no requests from HAProxy.',
  why: 'The worker runs and idles, and the main process does its work. Where the main process has handed a duty over, as with the media repository, nobody answers.',
  remedy:
    'Add a backend with the worker’s Service and a `use_backend` for the paths that it serves (Synapse documentation, "Available worker applications").',
  traps: [
    'Workers without a listener for `client`, `federation` or `media` need no route: event persisters, federation senders, background workers.',
    'A worker that an Ingress or nginx leads to is routed.',
    'A rule that other rules leave nothing to is a warning. Asked for are requests of every kind that workers answer.',
    'Where a backend’s name is computed from more than a map in the tree, or a part of the configuration is not in the tree, nothing is reported.',
  ],
  sources: ['element-hq/synapse, docs/workers.md; HAProxy configuration manual, "use_backend"'],
  examples: {
    bad: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy-config
        namespace: matrix
      data:
        haproxy.cfg: |
          frontend matrix
            mode http
            bind :8008
            default_backend main
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
        template:
          metadata:
            labels:
              app: haproxy
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0.6
                volumeMounts:
                  - name: config
                    mountPath: /usr/local/etc/haproxy
            volumes:
              - name: config
                configMap:
                  name: haproxy-config
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          listeners:
            - type: http
              port: 8008
              resources:
                - names: [client, federation]
        worker.yaml: |
          worker_app: synapse.app.generic_worker
          worker_name: media
          worker_listeners:
            - type: http
              port: 8008
              resources:
                - names: [media]
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        selector:
          app: synapse-main
        ports:
          - port: 8008
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: synapse-main
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-config
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse-media
        namespace: matrix
      spec:
        selector:
          app: synapse-media
        ports:
          - port: 8008
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-media
      #       ^^^^^^^^^^^^^ 💡 warning: No route of HAProxy leads to StatefulSet/synapse-media
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: synapse-media
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                command: [python, -m, synapse.app.generic_worker]
                args: [--config-path=/config/homeserver.yaml, --config-path=/config/worker.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-config
    `,
    good: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy-config
        namespace: matrix
      data:
        haproxy.cfg: |
          frontend matrix
            mode http
            bind :8008
            acl to_media path_beg /_matrix/media/ /_matrix/client/v1/media/ /_matrix/federation/v1/media/
            use_backend media if to_media
            default_backend main
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
        template:
          metadata:
            labels:
              app: haproxy
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0.6
                volumeMounts:
                  - name: config
                    mountPath: /usr/local/etc/haproxy
            volumes:
              - name: config
                configMap:
                  name: haproxy-config
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          listeners:
            - type: http
              port: 8008
              resources:
                - names: [client, federation]
        worker.yaml: |
          worker_app: synapse.app.generic_worker
          worker_name: media
          worker_listeners:
            - type: http
              port: 8008
              resources:
                - names: [media]
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        selector:
          app: synapse-main
        ports:
          - port: 8008
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: synapse-main
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-config
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse-media
        namespace: matrix
      spec:
        selector:
          app: synapse-media
        ports:
          - port: 8008
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-media
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: synapse-media
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                command: [python, -m, synapse.app.generic_worker]
                args: [--config-path=/config/homeserver.yaml, --config-path=/config/worker.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-config
    `,
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    if (!process?.isWorker || process.isLi || !process.listeners || isDedicated(process)) return;
    const served = ['client', 'federation', 'media'].filter(name => portsServing(process, name).length > 0);
    const proxies = haproxies(workspace);
    const [haproxy] = proxies;
    if (served.length === 0 || !haproxy || proxies.some(one => isOpen(workspace, one))) return;
    const ports = new Set(served.flatMap(name => portsServing(process, name)));
    const leading = proxies.flatMap(one => backendsTo(workspace, one, resource, ports));
    const isUsed = proxies.some(one => {
      const { names } = usedBackends(workspace, one);
      return backendsTo(workspace, one, resource, ports).some(({ section }) => names.has(section.name?.value ?? ''));
    });
    if (isUsed) {
      const eclipse = proxies.flatMap(one => eclipsed(workspace, one, backendsTo(workspace, one, resource, ports)))[0];
      if (!eclipse || isReachedOtherwise(workspace, resource)) return;
      yield {
        at: eclipse.rule,
        severity: 'warning',
        message: `No request comes here: what is for ${resource.title} goes to backend ${eclipse.before} above, so that worker idles — move this rule above that one.`,
        related: [{ at: eclipse.above, message: 'This takes its requests first' }],
      };
      return;
    }
    if (isReachedOtherwise(workspace, resource)) return;
    const [idle] = leading;
    yield {
      at: resource.root.at('metadata', 'name'),
      // Nothing fails: the other processes answer.
      ...askedByChecklist(workspace),
      message: idle
        ? `No route of HAProxy leads to ${resource.title}: nothing uses backend ${idle.section.name?.value} — add a use_backend for its paths.`
        : `No route of HAProxy leads to ${resource.title}, which serves ${served.join(', ')} — add a backend with its Service and a use_backend for its paths.`,
      related: [
        idle
          ? { at: idle.place(idle.section.span), message: 'The backend that nothing uses' }
          : { at: haproxy.container.value.at('name'), message: 'HAProxy' },
      ],
      fixes: () => (idle ? routeTo(haproxy, process, idle) : []),
    };
  },
} satisfies Rule;

interface Eclipse {
  readonly rule: Place;
  readonly above: Place;
  readonly before: string;
}

/**
 * The rule of backends that no request of clients or other servers comes to, because rules above it take all that it
 * would take; undefined where one comes, or where the requests that are known do not tell.
 */
function eclipsed(workspace: Workspace, haproxy: Haproxy, leading: readonly HaproxyPart[]): readonly Eclipse[] {
  const names = new Set(leading.map(({ section }) => section.name?.value));
  const found: Eclipse[] = [];
  for (const part of frontendsOf(haproxy)) {
    const rules = part.section.useBackends.filter(use => names.has(use.backend.value));
    if (part.section.defaultBackend && names.has(part.section.defaultBackend.backend.value)) return [];
    if (rules.some(({ isDynamic }) => isDynamic)) return [];
    for (const { path, method } of rules.length > 0 ? typical : []) {
      const route = routeOf(workspace, haproxy, part, { path, method });
      if (route.isOpen || route.choices.some(({ backend }) => names.has(backend))) return [];
      const rule = rules.find(
        ({ condition }) => condition && conditionHolds(part.section, condition, { path, method }),
      );
      // Those before it may take the request, and this one does.
      const first = route.choices.at(-1);
      // That a rule takes more than is meant is said of its criteria.
      if (rule && first && takesTooMuch(part, first.use)) return [];
      if (rule && first) found.push({ rule: part.place(rule.directive.span), above: first.at, before: first.backend });
    }
  }
  return found;
}

/** Whether a condition hangs on an acl in which one criterion is taken for a value of another. */
function takesTooMuch({ section }: HaproxyPart, { condition }: HaproxyUse): boolean {
  const names = new Set(condition?.alternatives.flat().map(term => term.name));
  return section.acls.some(acl => names.has(acl.name.value) && acl.laterCriteria.length > 0);
}

/** Requests of every kind that workers answer (element-hq/synapse, docs/workers.md). */
const typical = [
  'GET /_matrix/client/v3/sync',
  'GET /_matrix/client/r0/sync',
  'GET /_matrix/client/v3/events',
  'GET /_matrix/client/v3/initialSync',
  'GET /_matrix/client/v3/rooms/!room/initialSync',
  'GET /_matrix/client/v3/rooms/!room/messages',
  'GET /_matrix/client/v3/rooms/!room/state',
  'GET /_matrix/client/v3/publicRooms',
  'PUT /_matrix/client/v3/rooms/!room/send/m.room.message/1',
  'POST /_matrix/client/v3/join/!room',
  'POST /_matrix/client/v3/createRoom',
  'POST /_matrix/client/v3/login',
  'POST /_matrix/client/v3/register',
  'POST /_matrix/client/v3/keys/query',
  'POST /_matrix/client/v3/keys/upload',
  'PUT /_matrix/client/v3/sendToDevice/m.room.encrypted/1',
  'PUT /_matrix/client/v3/rooms/!room/typing/@user',
  'PUT /_matrix/client/v3/presence/@user/status',
  'GET /_matrix/client/v3/pushrules/',
  'POST /_matrix/client/v3/user_directory/search',
  'POST /_matrix/client/v3/search',
  'GET /_matrix/client/versions',
  'GET /_matrix/client/v1/media/download/tessera.test/1',
  'POST /_matrix/media/v3/upload',
  'GET /_matrix/media/v3/download/tessera.test/1',
  'GET /_matrix/media/v3/thumbnail/tessera.test/1',
  'PUT /_matrix/federation/v1/send/1',
  'GET /_matrix/federation/v1/version',
  'GET /_matrix/federation/v1/state/!room',
  'GET /_matrix/federation/v1/media/download/1',
  'GET /_matrix/key/v2/server',
  'GET /_synapse/admin/v1/users/@user/media',
].map(request => ({ method: request.split(' ')[0] ?? '', path: request.split(' ')[1] ?? '' }));

/** A worker that sends, pushes or writes events gets its work over replication, whatever its listener offers. */
function isDedicated({ resource, homeserver, names }: SynapseProcess): boolean {
  const listed = [
    ...(homeserver?.at('federation_sender_instances').items() ?? []),
    ...(homeserver?.at('pusher_instances').items() ?? []),
    ...(homeserver?.at('stream_writers', 'events').items() ?? []),
    homeserver?.at('stream_writers', 'events'),
  ].map(value => value?.text);
  // Where a script makes the name, it is that of the pod more often than not.
  const own = names.known.length > 0 ? names.known : [`${resource.name}-0`];
  return own.every(name => listed.includes(name));
}

/** Whether requests may take ways that the tree does not show. */
function isOpen(workspace: Workspace, haproxy: Haproxy): boolean {
  return (
    haproxy.isPartial ||
    usedBackends(workspace, haproxy).isOpen ||
    haproxy.parts.some(({ section }) => section.servers.some(server => /[$%{]/.test(server.host)))
  );
}

/** The backends with a server on one of a workload's ports. */
function backendsTo(
  workspace: Workspace,
  haproxy: Haproxy,
  resource: Resource,
  ports: ReadonlySet<number>,
): readonly HaproxyPart[] {
  return haproxy.parts.filter(({ section }) =>
    section.servers.some(server =>
      podPortsOf(workspace, haproxy, server)?.some(({ pods, port }) => pods.owner === resource && ports.has(port)),
    ),
  );
}

/** Whether an Ingress, another route or nginx leads to the pods of a workload. */
function isReachedOtherwise(workspace: Workspace, resource: Resource): boolean {
  if (isRoutedTo(workspace, resource)) return true;
  const [pods] = podsOf(resource);
  const names = pods ? servicesFor(workspace, pods).map(service => service.name) : [];
  return workloads(workspace, 'nginx').some(nginx =>
    configurationOf(workspace, nginx, 'nginx')?.files.some(
      file => file.isOpaque || names.some(name => file.content.text.includes(name)),
    ),
  );
}

/** The paths of a kind of worker, by the Synapse documentation, and a rule that sends them to its backend. */
function routeTo(haproxy: Haproxy, process: SynapseProcess, backend: HaproxyPart): readonly Fix[] {
  const name = backend.section.name?.value;
  const type = workerType(process.resource);
  const kind =
    portsServing(process, 'client').length === 0 && portsServing(process, 'media').length > 0
      ? 'media'
      : /sync/.test(type)
        ? 'sync'
        : undefined;
  const frontend = frontendsOf(haproxy).find(
    ({ section }) =>
      modeOf(section) === 'http' &&
      (section.useBackends.length > 0 || backendNamed(haproxy, section.defaultBackend?.backend.value ?? '')),
  );
  const first = frontend?.section.useBackends[0]?.directive ?? frontend?.section.defaultBackend?.directive;
  if (!name || !kind || !frontend || !first) return [];
  const acls = paths[kind].map(test => `acl to_${kind} ${test}`);
  const edit = insertAbove(frontend, first.span, [...acls, `use_backend ${name} if to_${kind}`]);
  return edit ? [{ title: `Send the paths of ${kind} to backend ${name}`, safe: false, edits: [edit] }] : [];
}

const paths = {
  media: ['path_beg /_matrix/media/ /_matrix/client/v1/media/ /_matrix/federation/v1/media/'],
  sync: [
    'path_reg ^/_matrix/client/(r0|v3)/sync$',
    'path_reg ^/_matrix/client/(api/v1|r0|v3)/(events|initialSync)$',
    'path_reg ^/_matrix/client/(api/v1|r0|v3)/rooms/[^/]+/initialSync$',
  ],
} as const;
