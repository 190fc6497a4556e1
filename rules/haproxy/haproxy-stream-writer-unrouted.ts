import { frontendsOf, type Haproxy, type HaproxyPart, haproxyOf } from '../../analysis/haproxy-config';
import { type Choice, type HttpRequest, routeOf } from '../../analysis/haproxy-routing';
import { workloadKinds } from '../../analysis/pods';
import { instanceOf, mainProcesses, type SynapseInstance, type SynapseProcess } from '../../analysis/synapse';
import { modeOf } from '../../analysis/text/haproxy';
import { table } from '../../manifests/table';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { isOtherNameOfMain, nameValues } from '../synapse/instances';
import { isForClients, processesBehind } from './synapse-routes';

export default {
  id: 'haproxy-stream-writer-unrouted',
  items: ['2.2.b.1'],
  severity: 'warning',
  summary: 'HAProxy sends the requests of a stream to a process that does not write it.',
  why: 'Only the writer of a stream answers its requests: typing notices, messages to devices, account data, presence and push rules. Every other worker answers "Unrecognized request", and the client cannot set up encryption or mark a chat as direct.',
  remedy:
    'Send the paths of each stream to the process in `stream_writers`; a stream that is not listed there is written by the main process (Synapse documentation, "Stream writers").',
  traps: [
    'The streams `events`, `receipts` and `device_lists` are left out: any worker may take their requests.',
    'The routes are followed for one request of each stream. Where a condition hangs on something else than method and path, every way it may take is accepted.',
    'Only frontends for clients are judged: those whose conditions name `/_matrix/client`.',
  ],
  sources: ['element-hq/synapse, docs/workers.md, "Stream writers"; synapse/app/generic_worker.py'],
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
            acl is_client path_beg /_matrix/client/
            use_backend generic if is_client
      #     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning: typing, to_device, account_data, presence, push_rules go to backend generic
            default_backend main
          backend main
            mode http
            server main synapse-main:8008 check
          backend generic
            mode http
            server generic synapse-generic:8008 check
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
          worker_name: generic
          worker_listeners:
            - type: http
              port: 8008
              resources:
                - names: [client, federation]
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
        name: synapse-generic
        namespace: matrix
      spec:
        selector:
          app: synapse-generic
        ports:
          - port: 8008
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-generic
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: synapse-generic
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
            acl is_client path_beg /_matrix/client/
            acl of_main path_reg ^/_matrix/client/(r0|v3|unstable)/(rooms/[^/]+/typing|sendToDevice|user/[^/]+/(rooms/[^/]+/)?(account_data|tags)|presence|pushrules)
            use_backend main if of_main
            use_backend generic if is_client
            default_backend main
          backend main
            mode http
            server main synapse-main:8008 check
          backend generic
            mode http
            server generic synapse-generic:8008 check
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
          worker_name: generic
          worker_listeners:
            - type: http
              port: 8008
              resources:
                - names: [client, federation]
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
        name: synapse-generic
        namespace: matrix
      spec:
        selector:
          app: synapse-generic
        ports:
          - port: 8008
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-generic
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: synapse-generic
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
  kinds: workloadKinds,
  *check(resource, workspace) {
    const haproxy = haproxyOf(workspace, resource);
    const main = mainProcesses(workspace).find(one => !one.isLi);
    if (!haproxy || haproxy.isPartial || !main?.homeserver || main.homeserver.isPartial) return;
    const instance = instanceOf(workspace, main.resource);
    if (instance.workers.length === 0) return;
    for (const part of frontendsOf(haproxy)) {
      if (modeOf(part.section) === 'http' && isForClients(workspace, haproxy, part))
        yield* judge(workspace, haproxy, part, instance, main);
    }
  },
} satisfies Rule;

function* judge(
  workspace: Workspace,
  haproxy: Haproxy,
  part: HaproxyPart,
  instance: SynapseInstance,
  main: SynapseProcess,
) {
  const wrong = new Map<
    Choice['by'],
    { readonly choice: Choice; readonly streams: { readonly writer: SynapseProcess; readonly stream: string }[] }
  >();
  for (const [stream, request] of Object.entries(requests)) {
    const writer = writerOf(instance, main, stream);
    const { choices, isOpen } = routeOf(workspace, haproxy, part, request);
    const [choice] = choices;
    if (!writer || isOpen || !choice) continue;
    const takers = [...new Set(choices.map(({ backend }) => backend))].map(name =>
      processesBehind(workspace, haproxy, name),
    );
    // A backend that does not lead to Synapse, or whose pods are not known, is not judged.
    if (takers.some(taker => !taker || taker.length === 0 || taker.some(one => one === writer))) continue;
    const known = wrong.get(choice.by);
    if (known) known.streams.push({ writer, stream });
    else wrong.set(choice.by, { choice, streams: [{ writer, stream }] });
  }
  for (const { choice, streams } of wrong.values()) {
    const writers = [...new Set(streams.map(({ writer }) => writer))];
    yield {
      at: choice.at,
      message: `The requests of ${streams.map(({ stream }) => stream).join(', ')} go to backend ${choice.backend}, but only ${writers
        .map(one => one.resource.title)
        .join(
          ' and ',
        )} ${writers.length > 1 ? 'answer' : 'answers'} them — add a use_backend for their paths above this line.`,
      related: writers.map(one => ({ at: one.resource.root.at('metadata', 'name'), message: 'The writer' })),
    };
  }
}

/** The process that writes a stream; undefined if several do, or if it cannot be told which. */
function writerOf(instance: SynapseInstance, main: SynapseProcess, stream: string): SynapseProcess | undefined {
  const listed = main.homeserver?.at('stream_writers', stream);
  const names = listed ? nameValues(listed).flatMap(value => value.string ?? []) : [];
  const [name] = names;
  if (name === undefined || name === 'master' || isOtherNameOfMain(instance, name)) return main;
  return names.length === 1 ? instance.workers.find(one => one.names.known.includes(name)) : undefined;
}

/** One request of each stream that only its writer answers (docs/workers.md, "Stream writers"). */
const requests = table<HttpRequest>({
  typing: { method: 'PUT', path: '/_matrix/client/v3/rooms/!room:tessera.test/typing/@user:tessera.test' },
  to_device: { method: 'PUT', path: '/_matrix/client/v3/sendToDevice/m.room.encrypted/1' },
  account_data: { method: 'PUT', path: '/_matrix/client/v3/user/@user:tessera.test/account_data/m.direct' },
  presence: { method: 'PUT', path: '/_matrix/client/v3/presence/@user:tessera.test/status' },
  push_rules: { method: 'PUT', path: '/_matrix/client/v3/pushrules/global/content/word' },
});
