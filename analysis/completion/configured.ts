import type { PathKey, Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Family } from '../roles';
import { type Candidate, distinct } from './candidate';
import { hostCandidates, portsOfHost } from './hosts';
import { optionFiles } from './mounted-files';
import { isListOfScalars, type Option, optionAt, optionCandidate, optionsBelow, wordCandidates } from './option-table';
import { publicNames, serverNames } from './public-names';
import { sentinelMasters } from './sentinel-masters';

/** A configuration in YAML or JSON whose options a table tells, and which is being typed. */
export interface ConfiguredText {
  readonly workspace: Workspace;
  readonly namespace: string | undefined;
  /** As far as it can be read. */
  readonly root: Value;
  readonly options: readonly Option[];
  /** The workloads that read it. */
  readonly family: Family;
}

/** The options that a mapping of the configuration may have and has not yet. */
export function configuredKeysAt(
  config: ConfiguredText,
  path: readonly PathKey[],
  typed: string,
): readonly Candidate[] {
  const present = new Set(config.root.at(...path).keys());
  present.delete(typed);
  return optionsBelow(config.options, path)
    .filter(one => !present.has(one.name))
    .map(one => optionCandidate(one, 1));
}

/** The values that an option may have. */
export function configuredValuesAt(config: ConfiguredText, path: readonly PathKey[]): readonly Candidate[] {
  const { workspace, namespace, root } = config;
  const isItem = typeof path.at(-1) === 'number';
  const option = optionAt(config.options, isItem ? path.slice(0, -1) : path);
  if (!option || (isItem && !isListOfScalars(option))) return [];
  switch (option.type) {
    case 'boolean':
      return wordCandidates(['true', 'false']);
    case 'host':
      return hostCandidates(workspace, namespace, {});
    case 'port':
      return portsOfHost(workspace, namespace, root.at(...path.slice(0, -1), 'host').string);
    case 'address':
    case 'addresses': {
      // So far only Redis is named this way.
      const isSentinel = option.name.startsWith('sentinel');
      return hostCandidates(workspace, namespace, {
        withPorts: true,
        wanted: isSentinel ? 'sentinel' : 'redis',
        usualPort: isSentinel ? 26379 : 6379,
      });
    }
    case 'url':
    case 'urls':
      return publicNames(workspace).map(one => ({ ...one, label: `https://${one.label}` }));
    case 'domain':
    case 'domains':
      return distinct([
        ...serverNames(workspace).map(one => ({ ...one, rank: 0 as const })),
        ...publicNames(workspace),
      ]);
    case 'service':
    case 'services':
      return hostCandidates(workspace, namespace, { withPorts: true }).map(one => ({
        ...one,
        label: `http://${one.label}`,
      }));
    case 'master':
      return sentinelMasters(workspace);
    case 'file':
      return optionFiles(workspace, namespace, config.family);
    default:
      return wordCandidates(option.words);
  }
}

/** What a new item of a list begins with. */
export function configuredItemsAt(config: ConfiguredText, path: readonly PathKey[]): readonly Candidate[] {
  const option = optionAt(config.options, path);
  if (option?.type === 'list') return option.children.map((one, index) => optionCandidate(one, index === 0 ? 0 : 1));
  return option && isListOfScalars(option) ? configuredValuesAt(config, [...path, 0]) : [];
}
