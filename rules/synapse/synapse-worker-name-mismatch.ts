import { declarationsOf } from '../../analysis/declarations';
import { resolveHost } from '../../analysis/flows/destinations';
import { nearest } from '../../analysis/nearest';
import { replicasIn } from '../../analysis/replicas';
import {
  instanceOf,
  processKinds,
  type SynapseInstance,
  type SynapseProcess,
  synapseProcess,
} from '../../analysis/synapse';
import { classifyHost } from '../../analysis/text/hosts';
import { replaceScalar } from '../../manifests/edit';
import { escapeRegExp } from '../../manifests/escape-reg-exp';
import { groupedBy } from '../../manifests/grouped';
import type { Resource } from '../../manifests/resource';
import type { TextEdit } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { isOtherNameOfMain, mayBeNamed, type NamedInstance, namedInstances, nameValues } from './instances';

export default {
  id: 'synapse-worker-name-mismatch',
  items: [],
  severity: 'error',
  summary: 'The configuration gives work to a process that calls itself something else.',
  why: 'Synapse compares the names in `stream_writers`, `federation_sender_instances` and the like with each process’s `worker_name`. If no process has the name, nobody does the work: events cannot be stored, federation is silent, clean-up never runs.',
  remedy:
    'Let `worker_name` and the lists agree. In a StatefulSet `worker_name: ${HOSTNAME}` gives every pod its own, foreseeable name. The main process is called `master`.',
  traps: [
    'The pods of a Deployment have names that nobody knows beforehand; a process that is named in the configuration belongs into a StatefulSet or needs a written name.',
    'A name that the tree does not show whole, because a script computes it, is compared by the part that is known.',
    'A pod that the configuration gives no work, beside others of its workload that it names, is a warning if it serves no requests either.',
    'A name that several pods share is a warning where the configuration gives it no work.',
    'Keys of `instance_map` that nothing else refers to are harmless and not judged.',
  ],
  sources: [
    'element-hq/synapse, synapse/config/workers.py: `instance_name` is `worker_name`, for the main process `master`',
    'Kubernetes documentation, StatefulSets, "Stable Network ID"',
  ],
  examples: {
    bad: `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
      data:
        homeserver.yaml: |
          server_name: tessera.test
          stream_writers:
            events: [synapse-writer-0]
      #              ^^^^^^^^^^^^^^^^ 💡 error: No process calls itself synapse-writer-0: the pods of StatefulSet/synapse-writer call themselves event_writer_synapse-writer-0
            typing: synapse-main-0
      #             ^^^^^^^^^^^^^^ 💡 error: The main process calls itself master, not synapse-main-0
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
      spec:
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
        name: synapse-writer
      spec:
        template:
          spec:
            initContainers:
              - name: worker-config
                image: busybox:1.36.1
                command:
                  - sh
                  - -c
                  - |
                    cat > /worker/worker.yaml <<EOF
                    worker_app: synapse.app.generic_worker
                    worker_name: event_writer_\${HOSTNAME}
                    EOF
                volumeMounts:
                  - name: worker
                    mountPath: /worker
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                command: [python, -m, synapse.app.generic_worker]
                args: [--config-path=/config/homeserver.yaml, --config-path=/worker/worker.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
                  - name: worker
                    mountPath: /worker
            volumes:
              - name: config
                configMap:
                  name: synapse-config
              - name: worker
                emptyDir: {}
    `,
    good: `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
      data:
        homeserver.yaml: |
          server_name: tessera.test
          stream_writers:
            events: [synapse-writer-0]
            typing: master
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
      spec:
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
        name: synapse-writer
      spec:
        template:
          spec:
            initContainers:
              - name: worker-config
                image: busybox:1.36.1
                command:
                  - sh
                  - -c
                  - |
                    cat > /worker/worker.yaml <<EOF
                    worker_app: synapse.app.generic_worker
                    worker_name: \${HOSTNAME}
                    EOF
                volumeMounts:
                  - name: worker
                    mountPath: /worker
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                command: [python, -m, synapse.app.generic_worker]
                args: [--config-path=/config/homeserver.yaml, --config-path=/worker/worker.yaml]
                volumeMounts:
                  - name: config
                    mountPath: /config
                  - name: worker
                    mountPath: /worker
            volumes:
              - name: config
                configMap:
                  name: synapse-config
              - name: worker
                emptyDir: {}
    `,
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    if (!process?.homeserver) return;
    const instance = instanceOf(workspace, resource);
    if (process.isWorker) {
      yield* sharedName(process, instance);
      yield* idlePods(workspace, process, instance);
      return;
    }
    const map = process.homeserver.at('instance_map');
    const wrong = namedInstances(process.homeserver).filter(
      ({ name }) => !mayBeNamed(instance, name) && !isElsewhere(workspace, resource, map.at(name, 'host').string),
    );
    const ofMain = wrong.filter(({ name }) => isOtherNameOfMain(instance, name));
    const [first] = ofMain;
    if (first) yield otherNameOfMain(first, ofMain);
    const ofWorkers = wrong.filter(one => !ofMain.includes(one) && !isUnreadable(workspace, resource, one.name));
    for (const { worker, names } of byMeantWorker(instance, ofWorkers)) {
      const [named] = names;
      if (named) yield unknownName(instance, worker, named, names);
    }
  },
} satisfies Rule;

/** Whether a name is most likely that of a worker, or one of its pods, that stands in a document with broken syntax. */
function isUnreadable(workspace: Workspace, { namespace }: Resource, name: string): boolean {
  return ['StatefulSet', 'Deployment'].some(kind =>
    [name, name.replace(/-\d+$/, '')].some(one =>
      declarationsOf(workspace, kind, namespace, one).some(({ origin }) => origin === 'broken'),
    ),
  );
}

/** Whether a process runs outside of the cluster, by the host that others find it at. */
function isElsewhere(workspace: Workspace, resource: Resource, host: string | undefined): boolean {
  if (host === undefined || classifyHost(host) === 'localhost') return false;
  return resolveHost(workspace, resource.namespace, host).kind === 'outside';
}

/** A written name that several pods call themselves, where the configuration gives it work. */
function* sharedName({ names, resource }: SynapseProcess, { main }: SynapseInstance): Iterable<Problem> {
  const [name] = names.known;
  const named = main?.homeserver && namedInstances(main.homeserver).find(one => one.name === name);
  if (names.isUnique || !names.at) return;
  if (!named) {
    if (name === undefined) return;
    yield {
      at: names.at,
      severity: 'warning',
      message: `Every pod of ${resource.title} calls itself ${name}, so each takes what the others tell of changed caches for its own and passes it over — give each pod a name of its own, such as \${HOSTNAME}.`,
    };
    return;
  }
  yield {
    at: names.at,
    message: `Every pod of ${resource.title} calls itself ${name}, which ${named.option} gives work to, so several do the same work — give each pod a name of its own, such as \${HOSTNAME}.`,
    related: [{ at: named.at, message: named.option }],
  };
}

/** Pods of a worker that serves nobody by itself, beside others that the configuration gives work to. */
function* idlePods(
  workspace: Workspace,
  { names, resource, listeners, homeserver }: SynapseProcess,
  instance: SynapseInstance,
): Iterable<Problem> {
  const { main } = instance;
  const own = names.known.slice(0, replicasIn(workspace, resource));
  const given = main?.homeserver && !main.homeserver.isPartial ? namedInstances(main.homeserver) : [];
  const named = given.filter(({ name }) => own.includes(name));
  const [first] = named;
  const idle = own.filter(name => !named.some(one => one.name === name));
  const serves = listeners?.some(one => one.names.some(name => !/^(?:replication|health|metrics)$/.test(name))) ?? true;
  if (!first || idle.length === 0 || serves || !homeserver || homeserver.isPartial) return;
  // A name that nobody has is most likely meant for the pod that has none, and is reported there.
  if (given.some(({ name }) => !mayBeNamed(instance, name))) return;
  // Names that a script puts into the list may be those.
  const written = nameValues(main?.homeserver?.at(...first.option.split('.')) ?? first.at).length;
  if (given.filter(({ option }) => option === first.option).length < written) return;
  const replicas = resource.root.at('spec', 'replicas');
  yield {
    at: replicas.exists ? replicas : resource.root.at('metadata', 'name'),
    severity: 'warning',
    message: `Nothing gives ${idle.slice(0, 3).join(', ')} any work: ${first.option} names only ${named.length === 1 ? first.name : `${named.length} of the ${own.length} pods`} of ${resource.title} — name ${idle.length === 1 ? 'it' : 'them'} there as well, or run fewer replicas.`,
    related: [{ at: first.at, message: first.option }],
  };
}

function otherNameOfMain(first: NamedInstance, all: readonly NamedInstance[]): Problem {
  return {
    at: first.at,
    message: `The main process calls itself master, not ${first.name}, so nobody does ${dutiesOf(all)} — write master, or leave it out: the main process is the default.`,
    related: all.slice(1).map(({ at, option }) => ({ at, message: `${option} as well` })),
    fixes: () => {
      const edits = all.flatMap(({ at }) => replaceScalar(at, 'master') ?? []);
      return edits.length === all.length ? [{ title: 'Call the main process master', safe: true, edits }] : [];
    },
  };
}

function unknownName(
  instance: SynapseInstance,
  worker: SynapseProcess | undefined,
  named: NamedInstance,
  group: readonly NamedInstance[],
): Problem {
  const what = `No process calls itself ${named.name}`;
  const related = [
    ...group.slice(1).map(({ at, option, name }) => ({ at, message: `${name} in ${option}` })),
    ...(worker ? [{ at: worker.names.at ?? worker.resource.root.at('metadata', 'name'), message: 'The name' }] : []),
  ];
  if (!worker) {
    const known = instance.workers.flatMap(one => one.names.known);
    const close = nearest(named.name, known);
    return {
      at: named.at,
      ...(instance.workers.length === 0 ? { severity: 'warning' as const } : {}),
      message: `${what}, so nobody does ${dutiesOf(group)} — ${close ? `did you mean ${close}?` : 'name a worker by its worker_name.'}`,
      related,
      fixes: () => {
        const edit = close === undefined ? undefined : replaceScalar(named.at, close);
        return edit ? [{ title: `Use ${close}`, safe: false, edits: [edit] }] : [];
      },
    };
  }
  const { known } = worker.names;
  const { title, kind } = worker.resource;
  if (known.length === 0) {
    return {
      at: named.at,
      message: `${what}: the pods of ${title} have names that nobody knows beforehand — ${kind === 'Deployment' ? 'make it a StatefulSet and ' : ''}let worker_name be the pod’s name.`,
      related,
    };
  }
  const some = known.length > 2 ? `${known.slice(0, 2).join(', ')} …` : known.join(' and ');
  return {
    at: named.at,
    message: `${what}: the pods of ${title} call themselves ${some}, so nobody does ${dutiesOf(group)} — make the names agree.`,
    related,
    fixes: () => podNames(worker, group),
  };
}

/** `the work of typing and to_device`, for messages. */
function dutiesOf(group: readonly NamedInstance[]): string {
  return `the work of ${[...new Set(group.map(({ option }) => option))].join(', ')}`;
}

/** The wrong names by the workload that they most likely mean; those that mean none, each by itself. */
function byMeantWorker(instance: SynapseInstance, wrong: readonly NamedInstance[]): readonly WrongNames[] {
  const meantBy = (named: NamedInstance): SynapseProcess | undefined =>
    instance.workers.find(({ resource }) => new RegExp(`^${escapeRegExp(resource.name)}(?:-\\d+)?$`).test(named.name));
  const groups = groupedBy(wrong, named => {
    const worker = meantBy(named);
    return worker ? `workload ${worker.resource.title}` : `name ${named.name}`;
  });
  return [...groups.values()].map(names => ({ worker: meantBy(names[0]), names }));
}

interface WrongNames {
  readonly worker: SynapseProcess | undefined;
  readonly names: readonly NamedInstance[];
}

/** Lets the workers call themselves by their pods' names, if those are the names that the configuration uses. */
function podNames({ resource, names, homeserver }: SynapseProcess, group: readonly NamedInstance[]): readonly Fix[] {
  const { at } = names;
  const count = names.known.length;
  const ordinals = group.map(({ name }) => Number(/-(\d+)$/.exec(name)?.[1] ?? Number.NaN));
  if (!at || !homeserver || resource.kind !== 'StatefulSet' || ordinals.some(one => !(one < count))) return [];
  const { file } = homeserver.layer('worker_name');
  const { start, end } = at.sourceSpan;
  const written = at.source.tree.text.slice(start, end);
  const token = /\$\{HOSTNAME\}/.exec(written);
  if (!token) return [];
  const edits: TextEdit[] = [];
  if (token.index > 0) edits.push({ at: file.content.place(start, start + token.index), newText: '' });
  const after = token.index + token[0].length;
  if (after < written.length) edits.push({ at: file.content.place(start + after, end), newText: '' });
  return edits.length > 0
    ? [{ title: `Let the pods of ${resource.name} call themselves by their names`, safe: true, edits }]
    : [];
}
