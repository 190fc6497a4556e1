import type { PathKey, Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { replicasOf } from '../pods';
import { portsServing, processes, type SynapseProcess } from '../synapse';
import { type Candidate, distinct } from './candidate';
import { hostCandidates, ordinals, portsOfHost } from './hosts';
import { optionFiles } from './mounted-files';
import { isListOfScalars, optionAt, optionCandidate, optionsBelow, wordCandidates } from './option-table';
import { synapseOptions } from './synapse-options';

/** A configuration of Synapse that is being typed. */
export interface SynapseText {
  readonly workspace: Workspace;
  readonly namespace: string | undefined;
  /** As far as it can be read. */
  readonly root: Value;
}

/** Whether a text is a configuration of Synapse: by the name of its file, or by options that nothing else has. */
export function isSynapseConfig(name: string, text: string): boolean {
  return (
    /(?:^|\/)homeserver[\w.-]*\.ya?ml$/.test(name) ||
    (/\.ya?ml$/.test(name) &&
      /^(?:server_name|worker_app|worker_name|worker_listeners|instance_map|signing_key_path|macaroon_secret_key|media_store_path)[ \t]*:/m.test(
        text,
      ))
  );
}

/** The options that a mapping of the configuration may have and has not yet. */
export function synapseKeysAt(config: SynapseText, path: readonly PathKey[], typed: string): readonly Candidate[] {
  const option = optionAt(synapseOptions(), path);
  const present = new Set(config.root.at(...path).keys());
  present.delete(typed);
  if (option?.type === 'map' && path.length === 1 && option.name === 'instance_map')
    return processNames(config)
      .filter(one => !present.has(one.label))
      .map(one => ({ ...one, opens: 'mapping' }));
  const isWorker = config.root.at('worker_app').exists;
  return optionsBelow(synapseOptions(), path)
    .filter(one => !present.has(one.name))
    .map(one =>
      optionCandidate(
        one,
        path.length > 0 ? 1 : one.name.startsWith('worker_') ? (isWorker ? 0 : 2) : needed.has(one.name) ? 0 : 1,
      ),
    );
}

/** The values that an option may have. */
export function synapseValuesAt(config: SynapseText, path: readonly PathKey[]): readonly Candidate[] {
  const { workspace, namespace, root } = config;
  const isItem = typeof path.at(-1) === 'number';
  const option = optionAt(synapseOptions(), isItem ? path.slice(0, -1) : path);
  if (!option) return [];
  if (isItem && !/^(?:strings|workers?)$/.test(option.type)) return [];
  const section = String(path[0]);
  switch (option.type) {
    case 'boolean':
      return wordCandidates(['true', 'false']);
    case 'worker':
    case 'workers':
      return processNames(config).filter(one => one.label !== 'main');
    case 'host':
      if (section === 'redis') return hostCandidates(workspace, namespace, { wanted: 'redis', usualPort: 6379 });
      if (section === 'database') return hostCandidates(workspace, namespace, { usualPort: 5432 });
      if (section === 'instance_map')
        return hostCandidates(workspace, namespace, { wanted: 'synapse', pod: String(path[1]) });
      return hostCandidates(workspace, namespace, {});
    case 'port': {
      const beside = root.at(...path.slice(0, -1), 'host').string;
      const ports = portsOfHost(workspace, namespace, beside);
      return section === 'instance_map' ? distinct([...replicationPorts(config, String(path[1])), ...ports]) : ports;
    }
    case 'file':
      return optionFiles(workspace, namespace, 'synapse');
    default:
      return wordCandidates(option.words);
  }
}

/** What a new item of a list begins with. */
export function synapseItemsAt(config: SynapseText, path: readonly PathKey[]): readonly Candidate[] {
  const option = optionAt(synapseOptions(), path);
  if (option?.type === 'list') return option.children.map((one, index) => optionCandidate(one, index === 0 ? 0 : 1));
  return option && isListOfScalars(option) ? synapseValuesAt(config, [...path, 0]) : [];
}

/** Options that every homeserver needs, in the sense that it does not work in production without them. */
const needed: ReadonlySet<string> = new Set(
  'server_name public_baseurl listeners database redis instance_map stream_writers media_store_path signing_key_path report_stats log_config'.split(
    ' ',
  ),
);

/** The names of the processes that share this configuration's namespace, and what the configuration itself calls them. */
function processNames(config: SynapseText): readonly Candidate[] {
  const { root } = config;
  return distinct([
    ...near(config).flatMap(one =>
      namesOf(one).map(label => ({ label, kind: 'name' as const, detail: one.resource.title, rank: 0 as const })),
    ),
    ...root
      .at('instance_map')
      .keys()
      .map(label => ({ label, kind: 'name' as const, detail: 'in instance_map', rank: 1 as const })),
  ]);
}

/** The ports on which the process of a name takes replication requests. */
function replicationPorts(config: SynapseText, name: string): readonly Candidate[] {
  return near(config)
    .filter(one => (name === 'main' ? !one.isWorker : one.isWorker && one.names.matches(name)))
    .flatMap(one =>
      portsServing(one, 'replication').map(port => ({
        label: String(port),
        kind: 'port' as const,
        detail: `replication listener of ${one.resource.title}`,
        isBare: true,
        rank: 0 as const,
      })),
    );
}

/** The processes of the configuration's own namespace. */
function near({ workspace, namespace }: SynapseText): readonly SynapseProcess[] {
  return processes(workspace).filter(
    one => namespace === undefined || (one.resource.namespace ?? namespace) === namespace,
  );
}

/** The names that the pods of a process have in the configuration. */
function namesOf({ names, resource, isWorker }: SynapseProcess): readonly string[] {
  if (!isWorker) return ['main'];
  if (names.known.length > 0) return names.known;
  return resource.kind === 'StatefulSet'
    ? ordinals(resource, replicasOf(resource)).filter(name => names.matches(name))
    : [];
}
