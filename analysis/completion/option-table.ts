import { table } from '../../manifests/table';
import type { PathKey } from '../../manifests/value';
import type { Candidate } from './candidate';

/** What an option of a configuration file is. */
export interface Option {
  readonly name: string;
  readonly type: OptionType;
  readonly sentence: string;
  /** The words that it takes, if it takes only these. */
  readonly words: readonly string[];
  /** The options below it; of a list or map those of each item. */
  readonly children: readonly Option[];
}

/**
 * `duration` as `30m`, `size` as `50M`, `file` the path of a file, `host` a name to connect to, `port` its port, `address`
 * both, `addresses` a list of them, `url` an address that browsers and apps use, `domain` the name in it, `service` one
 * that pods use, `master` a master of Redis Sentinel, `worker` the name of a worker of Synapse; `map` has keys of any name
 * and `list` items, both described by the children.
 */
export type OptionType =
  | 'string'
  | 'number'
  | 'boolean'
  | 'duration'
  | 'size'
  | 'file'
  | 'host'
  | 'port'
  | 'address'
  | 'addresses'
  | 'url'
  | 'urls'
  | 'domain'
  | 'domains'
  | 'service'
  | 'services'
  | 'master'
  | 'worker'
  | 'strings'
  | 'workers'
  | 'object'
  | 'map'
  | 'list';

/**
 * Reads lines of `name type sentence`, where what is indented further belongs to the line above. A type in `shared` has
 * the lines below it that are given there.
 */
export function readOptions(
  lines: readonly string[],
  shared: Readonly<Record<string, readonly string[]>> = {},
): readonly Option[] {
  const options: Option[] = [];
  const indent = lines[0]?.search(/\S/) ?? 0;
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? '';
    let end = at + 1;
    while (end < lines.length && (lines[end] ?? '').search(/\S/) > indent) end++;
    const [, name = '', letter = '', sentence = ''] = /^\s*(\S+) (\S+) ?(.*)$/.exec(line) ?? [];
    options.push({
      name,
      type: letter.startsWith('[') ? 'strings' : (types[letter] ?? 'string'),
      sentence,
      words: /<(.*)>/.exec(letter)?.[1]?.split('|') ?? [],
      children: readOptions(shared[letter] ?? lines.slice(at + 1, end), shared),
    });
    at = end;
  }
  return options;
}

/** The option at a path; of a path into a list or map, the one that it leads to. */
export function optionAt(all: readonly Option[], path: readonly PathKey[]): Option | undefined {
  let options = all;
  let found: Option | undefined;
  for (const key of path) {
    if (typeof key === 'number' || found?.type === 'map') {
      options = found?.children ?? [];
      // An item is described by the children of its list; it has no option of its own.
      if (found?.type === 'map') found = { ...found, type: 'object' };
      continue;
    }
    found = options.find(one => one.name === key);
    if (!found) return undefined;
    options = found.children;
  }
  return found;
}

/** The options that a mapping at a path may have. */
export function optionsBelow(all: readonly Option[], path: readonly PathKey[]): readonly Option[] {
  if (path.length === 0) return all;
  const option = optionAt(all, path);
  if (!option || option.type === 'map' || isListOfScalars(option)) return [];
  return option.type === 'list' && typeof path.at(-1) !== 'number' ? [] : option.children;
}

/** What is written for an option where its name is typed. */
export function optionCandidate(option: Option, rank: 0 | 1 | 2): Candidate {
  return {
    label: option.name,
    kind: 'field',
    detail: typeName(option),
    documentation: option.sentence,
    opens: opens(option),
    rank,
  };
}

/** Words that are written as they stand; `true` and `false` are no texts. */
export function wordCandidates(labels: readonly string[]): readonly Candidate[] {
  return labels.map(label => ({
    label,
    kind: 'enum',
    rank: 0,
    ...(label === 'true' || label === 'false' ? { isBare: true } : {}),
  }));
}

/** Whether an option is a list of scalars, such as names. */
export function isListOfScalars({ type }: Option): boolean {
  return type.endsWith('s') && listTypes.has(type);
}

const listTypes: ReadonlySet<string> = new Set(['strings', 'workers', 'addresses', 'urls', 'domains', 'services']);

const types = table<OptionType>({
  s: 'string',
  n: 'number',
  b: 'boolean',
  d: 'duration',
  z: 'size',
  f: 'file',
  h: 'host',
  p: 'port',
  a: 'address',
  aa: 'addresses',
  u: 'url',
  uu: 'urls',
  D: 'domain',
  DD: 'domains',
  U: 'service',
  UU: 'services',
  M: 'master',
  w: 'worker',
  ss: 'strings',
  ww: 'workers',
  o: 'object',
  rc: 'object',
  m: 'map',
  l: 'list',
  L: 'list',
});

function opens(option: Option): 'scalar' | 'mapping' | 'list' {
  if (option.type === 'object' || option.type === 'map') return 'mapping';
  return option.type === 'list' || isListOfScalars(option) ? 'list' : 'scalar';
}

/** A type in a few words. */
export function typeName(option: Option): string {
  if (option.words.length > 0)
    return option.type === 'strings' ? `list of ${option.words.join(' | ')}` : option.words.join(' | ');
  return typeNames[option.type] ?? option.type;
}

const typeNames: Partial<Readonly<Record<OptionType, string>>> = {
  duration: 'duration, such as 30m',
  size: 'size, such as 50M',
  file: 'path of a file',
  address: 'host:port',
  addresses: 'list of host:port',
  url: 'URL',
  urls: 'list of URLs',
  domain: 'domain name',
  domains: 'list of domain names',
  service: 'URL',
  services: 'list of URLs',
  master: 'name of a master',
  worker: 'name of a worker',
  workers: 'names of workers',
  strings: 'list',
};
