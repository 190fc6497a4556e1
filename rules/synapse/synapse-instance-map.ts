import { resolveHost } from '../../analysis/flows/destinations';
import type { HomeserverReader } from '../../analysis/homeserver';
import { nearest } from '../../analysis/nearest';
import {
  instanceOf,
  portsServing,
  processKinds,
  readsLayer,
  type SynapseInstance,
  type SynapseProcess,
  synapseProcess,
} from '../../analysis/synapse';
import { insertEntry, renameKey, replaceScalar } from '../../manifests/edit';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { mapEntry, replicationAddress } from './addresses';
import { isOtherNameOfMain, mayBeNamed, type NamedInstance, namedInstances, processNamed } from './instances';

export default {
  id: 'synapse-instance-map',
  items: [],
  severity: 'error',
  summary: 'instance_map does not say where the main process or a stream writer is reached.',
  why: 'Workers look up `main` in `instance_map` when they start and stop without it; a stream writer that is not listed stops every process. A wrong port lets them start, and every message that they would pass on fails.',
  remedy:
    'List the main process under the key `main`, and every stream writer under its `worker_name`, each with the host of its pod and the port of a listener with the resource `replication`.',
  traps: [
    'The main process calls itself `master` in `stream_writers`, but its key in `instance_map` is `main`.',
    'A homeserver without workers needs no `instance_map`.',
    'Synapse before 1.84 reads the address of the main process from the worker’s own file; images with such a tag are not judged.',
    '`127.0.0.1` as the host is right on one machine and wrong between pods.',
    'Entries that only federation senders or media workers use need no listener: nothing connects to them.',
  ],
  sources: [
    'element-hq/synapse, synapse/config/workers.py; configuration manual, `instance_map`',
    'element-hq/synapse, docs/upgrade.md, "Upgrading to v1.88.0"',
  ],
  examples: {
    bad: `
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
            - port: 9093
              type: http
              resources:
                - names: [replication]
          instance_map:
      #   ^^^^^^^^^^^^ 💡 error: instance_map has no entry main
            synapse-main-0: # the main process
              host: synapse-main-0.synapse-main.matrix.svc.cluster.local
              port: 9093
        worker.yaml: |
          worker_app: synapse.app.generic_worker
          worker_name: generic
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        clusterIP: None
        ports:
          - name: replication
            port: 9093
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        serviceName: synapse-main
        template:
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
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-generic
        namespace: matrix
      spec:
        template:
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
            - port: 9093
              type: http
              resources:
                - names: [replication]
          instance_map:
            main: # the main process
              host: synapse-main-0.synapse-main.matrix.svc.cluster.local
              port: 9093
        worker.yaml: |
          worker_app: synapse.app.generic_worker
          worker_name: generic
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        clusterIP: None
        ports:
          - name: replication
            port: 9093
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        serviceName: synapse-main
        template:
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
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-generic
        namespace: matrix
      spec:
        template:
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
    if (!process?.homeserver) return;
    const instance = instanceOf(workspace, resource);
    const workers = instance.workers.filter(one => one.homeserver && (one.minor ?? firstWithMain) >= firstWithMain);
    // What the main process and its workers read alike is reported once, on the main process.
    const judged = process.isWorker
      ? workers.some(one => one.resource === resource) && !isSharedWithMain(instance, process)
      : workers.length > 0;
    if (!judged) return;
    yield* missingMain(workspace, instance, process.isWorker ? [process] : sharing(workers, process), process);
    yield* entries(workspace, instance, process);
  },
} satisfies Rule;

/** The first minor version of Synapse that reads the main process's address from `instance_map` (docs/upgrade.md). */
const firstWithMain = 84;

function isSharedWithMain({ main }: SynapseInstance, worker: SynapseProcess): boolean {
  const layer = worker.homeserver?.layer('instance_map');
  return main !== undefined && layer !== undefined && readsLayer(main, layer);
}

function sharing(workers: readonly SynapseProcess[], main: SynapseProcess): readonly SynapseProcess[] {
  return workers.filter(worker => {
    const layer = worker.homeserver?.layer('instance_map');
    return layer !== undefined && readsLayer(main, layer);
  });
}

function* missingMain(
  workspace: Workspace,
  instance: SynapseInstance,
  workers: readonly SynapseProcess[],
  { homeserver }: SynapseProcess,
): Iterable<Problem> {
  const [worker] = workers;
  if (!worker?.homeserver || !homeserver || worker.homeserver.isPartial) return;
  const map = homeserver.at('instance_map');
  if (worker.homeserver.at('instance_map', 'main').exists || homeserver.layer('instance_map').file.isOpaque) return;
  yield {
    at: map.exists ? map.key : anchor(homeserver),
    message: map.exists
      ? `instance_map has no entry main, so ${worker.resource.title} does not find the main process and stops — add main with its host and replication port.`
      : `There is no instance_map, so ${worker.resource.title} does not find the main process and stops — add one with the entry main.`,
    related: [{ at: worker.resource.root.at('metadata', 'name'), message: 'A worker' }],
    fixes: () => addMain(workspace, instance, homeserver, map),
  };
}

/** The entries that a process connects to: those of stream writers and of the main process. */
function* entries(workspace: Workspace, instance: SynapseInstance, process: SynapseProcess): Iterable<Problem> {
  const { homeserver } = process;
  if (!homeserver) return;
  const map = homeserver.at('instance_map');
  const { main } = instance;
  if (main && map.at('main').exists) {
    yield* wrongHost(workspace, main, map.at('main'), 'master');
    yield* wrongPort(main, map.at('main'), 'the main process');
  }
  for (const [name, entry] of map.entries()) yield* otherPod(workspace, process, name, entry.at('host'));
  const said = new Set<string>();
  for (const named of namedInstances(homeserver)) {
    const { name, option } = named;
    if (!connectsTo(option) || name === 'master' || said.has(name)) continue;
    said.add(name);
    const entry = map.at(name);
    const writer = processNamed(instance, name);
    if (entry.exists) {
      if (!writer) continue;
      yield* wrongHost(workspace, writer, entry, name);
      yield* wrongPort(writer, entry, writer.resource.title);
    } else if (
      !isOtherNameOfMain(instance, name) &&
      map.exists &&
      (mayBeNamed(instance, name) || map.keys().some(key => isSibling(key, name)))
    ) {
      yield notListed(workspace, named, map, writer);
    }
  }
}

/** An entry that is called as a pod of a StatefulSet and has the host of another one. */
function* otherPod(workspace: Workspace, { resource }: SynapseProcess, name: string, host: Value): Iterable<Problem> {
  const [pod = ''] = (host.string ?? '').split('.');
  if (pod === name || !/-\d+$/.test(name) || !isSibling(name, pod)) return;
  const set = workspace.find('StatefulSet', resource.namespace, name.replace(/-\d+$/, ''));
  if (!set) return;
  yield {
    at: host.part(0, pod.length),
    message: `The host of ${name} is that of the pod ${pod}, so what is meant for the one goes to the other — write ${name}.`,
    related: [{ at: set.root.at('metadata', 'name'), message: set.title }],
    fixes: () => [{ title: `Write ${name}`, safe: false, edits: [{ at: host.part(0, pod.length), newText: name }] }],
  };
}

/** Whether two names are those of pods of one StatefulSet: if the map lists the one, it is meant to list the other. */
function isSibling(key: string, name: string): boolean {
  const stem = name.replace(/[-_]?\d+$/, '');
  return stem !== name && key !== name && key.replace(/[-_]?\d+$/, '') === stem;
}

function notListed(
  workspace: Workspace,
  { at, name, option }: NamedInstance,
  map: Value,
  writer: SynapseProcess | undefined,
): Problem {
  return {
    at,
    message: `${name} is listed in ${option} but not in instance_map, so no Synapse process starts — add it there with its host and replication port.`,
    related: [{ at: map.key, message: 'instance_map' }],
    fixes: () => {
      const address = writer && replicationAddress(workspace, writer, name);
      const edit = address && map.kind === 'mapping' ? insertEntry(map, mapEntry(name, address)) : undefined;
      const close = nearest(name, map.keys());
      const rename = close === undefined ? undefined : replaceScalar(at, close);
      return [
        ...(edit ? [{ title: `Add ${name} to instance_map`, safe: true, edits: [edit] }] : []),
        ...(rename && !writer ? [{ title: `Use ${close}`, safe: false, edits: [rename] }] : []),
      ];
    },
  };
}

/** A host that leads to processes of another instance alone, such as the LI instance's to the main one. */
function* otherInstance(workspace: Workspace, process: SynapseProcess, host: Value): Iterable<Problem> {
  const { resource, isLi } = process;
  const found = resolveHost(workspace, resource.namespace, host.string ?? '');
  const ends = found.kind === 'pod' ? [found.pods] : found.kind === 'service' ? found.pods : [];
  const others = ends.flatMap(({ owner }) => synapseProcess(workspace, owner) ?? []);
  const [other] = others;
  if (!other || others.length < ends.length || others.some(one => one.isLi === isLi)) return;
  yield {
    at: host,
    message: `${host.text} leads to ${other.resource.title}, which is of the ${other.isLi ? 'LI' : 'main'} instance — name the host of ${resource.title}.`,
    related: [{ at: resource.root.at('metadata', 'name'), message: 'The process that is meant' }],
  };
}

/** A host that is another one in every pod. */
function* wrongHost(workspace: Workspace, process: SynapseProcess, entry: Value, name: string): Iterable<Problem> {
  const host = entry.at('host');
  yield* otherInstance(workspace, process, host);
  if (!/^(?:127\.\d+\.\d+\.\d+|localhost|::1|0\.0\.0\.0)$/.test(host.string ?? '')) return;
  yield {
    at: host,
    message: `${host.string} is each pod itself, so the other pods do not reach ${process.resource.title} there — name its Service or pod.`,
    fixes: () => {
      const address = replicationAddress(workspace, process, name);
      const edit = address && replaceScalar(host, address.host);
      return edit ? [{ title: `Use ${address.host}`, safe: true, edits: [edit] }] : [];
    },
  };
}

function* wrongPort(process: SynapseProcess, entry: Value, who: string): Iterable<Problem> {
  const port = entry.at('port');
  if (process.listeners === undefined || port.number === undefined) return;
  const served = portsServing(process, 'replication');
  if (served.includes(port.number)) return;
  const [only] = served;
  yield {
    at: port,
    message:
      only === undefined
        ? `${who} has no listener with the resource replication, so nothing answers on port ${port.number} — add one to ${process.isWorker ? 'worker_listeners' : 'listeners'}.`
        : `${who} answers replication on port ${served.join(' and ')}, not on ${port.number} — use that port.`,
    related: process.listeners.slice(0, 1).map(listener => ({ at: listener.value.key, message: `Listener of ${who}` })),
    fixes: () => {
      const edit = only !== undefined && served.length === 1 ? replaceScalar(port, String(only)) : undefined;
      return edit ? [{ title: `Use port ${only}`, safe: true, edits: [edit] }] : [];
    },
  };
}

/** Whether processes connect to the ones that an option names (docs/workers.md, "Stream writers"). */
function connectsTo(option: string): boolean {
  return option.startsWith('stream_writers.') || option === 'outbound_federation_restricted_to';
}

function addMain(
  workspace: Workspace,
  instance: SynapseInstance,
  homeserver: HomeserverReader,
  map: Value,
): readonly Fix[] {
  const { main } = instance;
  const misnamed = map.entries().filter(([key]) => key === 'master' || isOtherNameOfMain(instance, key));
  const [entry] = misnamed;
  if (entry && misnamed.length === 1) {
    const edit = renameKey(entry[1], 'main');
    return edit ? [{ title: `Call the entry ${entry[0]} main`, safe: true, edits: [edit] }] : [];
  }
  const address = main && replicationAddress(workspace, main, 'master');
  if (!address) return [];
  const yaml = mapEntry('main', address);
  const edit =
    map.kind === 'mapping'
      ? insertEntry(map, yaml)
      : map.exists
        ? undefined
        : insertEntry(homeserver.layer('listeners').root, `instance_map:\n  ${yaml.replaceAll('\n', '\n  ')}`);
  return edit ? [{ title: 'Add the main process to instance_map', safe: true, edits: [edit] }] : [];
}

/** The key of the option that has most to do with workers, to stand for one that is missing. */
function anchor(homeserver: HomeserverReader): Place {
  const option = ['stream_writers', 'worker_replication_secret', 'redis', 'listeners', 'server_name'].find(
    name => homeserver.at(name).exists,
  );
  return homeserver.at(option ?? 'server_name').key;
}
