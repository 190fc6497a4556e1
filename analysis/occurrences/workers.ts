import { LazyPlace } from '../../manifests/lazy-place';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { instanceOf, synapseProcess } from '../synapse';
import { keyName, type Occurrence, objectSubject, ofKey, ofScalar, type Subject } from './occurrence';

/** The names of Synapse processes in the configuration that a process reads: its own, and those of others. */
export function* workersIn(workspace: Workspace, resource: Resource): Iterable<Occurrence> {
  const homeserver = synapseProcess(workspace, resource)?.homeserver;
  if (!homeserver) return;
  const subject = (name: string): Subject => ({
    kind: 'worker',
    id: `worker/${name}`,
    namespace: resource.namespace,
    name,
  });
  const own = homeserver.at('worker_name');
  if (own.string && !/[$`]/.test(own.string)) yield* ofScalar(subject(own.string), own, 'definition');
  for (const [name, entry] of homeserver.at('instance_map').entries()) {
    yield ofKey(subject(name), entry, 'reference');
    yield* ofPod(workspace, resource.namespace, name, keyName(entry));
  }
  const writers = homeserver
    .at('stream_writers')
    .entries()
    .map(([, value]) => value);
  for (const value of [...writers, ...options.map(option => homeserver.at(option))].flatMap(namesIn)) {
    if (!value.string) continue;
    yield* ofScalar(subject(value.string), value, 'reference');
    yield* ofPod(workspace, resource.namespace, value.string, value.part(0, value.string.length));
  }
}

/** The StatefulSet whose pods call themselves by their own names: `typing` in `typing-0`. */
function* ofPod(workspace: Workspace, namespace: string | undefined, name: string, at: Place): Iterable<Occurrence> {
  const stem = /^(.+)-\d+$/.exec(name)?.[1];
  const set = stem === undefined ? undefined : workspace.find('StatefulSet', namespace, stem);
  if (!set || synapseProcess(workspace, set)?.names.at?.string === name) return;
  yield {
    subject: objectSubject('StatefulSet', namespace, set.name),
    at: new LazyPlace(() => ({ uri: at.uri, span: { start: at.span.start, end: at.span.start + set.name.length } })),
    role: 'reference',
  };
}

/**
 * Where processes get a name from: the `worker_name` of their configuration, or the workload whose pods are called so.
 * The main process calls itself `master` or `main`.
 */
export function processesNamed(workspace: Workspace, { namespace, name }: Subject): readonly Place[] {
  const found = synapseKinds
    .flatMap(kind => workspace.resources(kind))
    .flatMap(resource => synapseProcess(workspace, resource) ?? [])
    .filter(
      ({ resource }) => namespace === undefined || resource.namespace === undefined || resource.namespace === namespace,
    )
    .filter(({ names, isWorker, resource }) =>
      isWorker
        ? names.matches(name) && (names.known.length > 0 || names.at !== undefined)
        : instanceOf(workspace, resource).main?.resource === resource &&
          (name === 'main' || names.known.includes(name) || name === resource.name || name === `${resource.name}-0`),
    );
  if (found.length > 0) return found.map(({ names, resource }) => names.at ?? resource.root.at('metadata', 'name'));
  // Where no process calls itself so, the pod of that name is what its author had in mind.
  const set = /^(.+)-\d+$/.exec(name)?.[1];
  const pods = set === undefined ? undefined : workspace.find('StatefulSet', namespace, set);
  return pods ? [pods.root.at('metadata', 'name')] : [];
}

const synapseKinds = ['StatefulSet', 'Deployment'];

/** Options that name one process or several (synapse/config/workers.py, synapse/config/repository.py). */
const options = [
  'federation_sender_instances',
  'pusher_instances',
  'outbound_federation_restricted_to',
  'media_instance_running_background_jobs',
  'run_background_tasks_on',
  'update_user_directory_from_worker',
  'notify_appservices_from_worker',
];

function namesIn(value: Value): readonly Value[] {
  return value.kind === 'sequence' ? value.items() : [value];
}
