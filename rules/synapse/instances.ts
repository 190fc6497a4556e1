import type { HomeserverLayer, HomeserverReader } from '../../analysis/homeserver';
import { readsLayer, type SynapseInstance, type SynapseProcess } from '../../analysis/synapse';
import { perObject } from '../../manifests/derived';
import type { Value } from '../../manifests/value';

/** A place in homeserver.yaml that names a Synapse process. */
export interface NamedInstance {
  /** The option that names it, such as `stream_writers.typing`. */
  readonly option: string;
  readonly name: string;
  readonly at: Value;
}

/**
 * Every process that a configuration names, but for the keys of `instance_map`. Names that a script puts in are left
 * out. The options are those of synapse/config/workers.py and synapse/config/repository.py.
 */
export const namedInstances: (homeserver: HomeserverReader) => readonly NamedInstance[] = perObject(homeserver => [
  ...writtenStreams(homeserver).flatMap(([stream, value]) => named(homeserver, `stream_writers.${stream}`, value)),
  ...[...listOptions, ...singleOptions].flatMap(option => named(homeserver, option, homeserver.at(option))),
]);

/** The streams of `stream_writers` with the value that names their writers. */
export function writtenStreams(homeserver: HomeserverReader): readonly (readonly [string, Value])[] {
  return homeserver.at('stream_writers').entries();
}

/** The names in an option that takes one name or a list of them. */
export function nameValues(value: Value): readonly Value[] {
  return value.kind === 'sequence' ? value.items() : value.string === undefined ? [] : [value];
}

/**
 * The configuration files of a process on which problems are reported when this process is checked: those that no
 * earlier process of the homeserver reads, so that a shared file is judged once.
 */
export function reportedLayers(
  { main, workers }: SynapseInstance,
  process: SynapseProcess,
): readonly HomeserverLayer[] {
  const all = [...(main ? [main] : []), ...workers];
  const earlier = all.slice(
    0,
    Math.max(
      0,
      all.findIndex(one => one.resource === process.resource),
    ),
  );
  return (process.homeserver?.layers ?? []).filter(layer => !earlier.some(other => readsLayer(other, layer)));
}

/** The process that calls itself by a name, if it is known which. */
export function processNamed(instance: SynapseInstance, name: string): SynapseProcess | undefined {
  return [...(instance.main ? [instance.main] : []), ...instance.workers].find(one => one.names.known.includes(name));
}

/** Whether a name may be that of one of the processes. */
export function mayBeNamed({ main, workers }: SynapseInstance, name: string): boolean {
  return name === 'master' || (main?.names.matches(name) ?? true) || workers.some(one => one.names.matches(name));
}

/** Whether a name stands for the main process, which calls itself `master`, by another of its names. */
export function isOtherNameOfMain({ main }: SynapseInstance, name: string): boolean {
  if (!main?.names.known.includes('master') || name === 'master') return false;
  const { resource } = main;
  return (
    name === 'main' || name === resource.name || (resource.kind === 'StatefulSet' && name === `${resource.name}-0`)
  );
}

const listOptions = ['federation_sender_instances', 'pusher_instances', 'outbound_federation_restricted_to'];
const singleOptions = [
  'media_instance_running_background_jobs',
  'run_background_tasks_on',
  'update_user_directory_from_worker',
  'notify_appservices_from_worker',
];

function named(homeserver: HomeserverReader, option: string, value: Value): readonly NamedInstance[] {
  const { file } = homeserver.layer(option.split('.', 1)[0] ?? option);
  return nameValues(value).flatMap(at => {
    const name = at.string;
    return name && file.resolve(at).kind === 'left' && !file.isOpaque ? [{ option, name, at }] : [];
  });
}
