import { rootOf } from '../../manifests/embedded';
import type { Place, Span } from '../../manifests/span';
import type { PathKey, Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Family } from '../roles';
import { commentsIn, languageOf } from '../text/comments';
import { type Candidate, type Completion, distinct, type TextCompletion, type Writing } from './candidate';
import { configuredItemsAt, configuredKeysAt, configuredValuesAt } from './configured';
import { readableTree } from './current';
import { redisAt, sentinelAt, turnserverAt } from './directives';
import { elementOptions } from './element-options';
import { haproxyAt, isHaproxyConfig } from './haproxy';
import { livekitOptions } from './livekit-options';
import { candidatesByName } from './named-settings';
import { nginxAt } from './nginx';
import { yamlCursor } from './position';
import { pythonAt } from './python';
import { variableCandidates, wordCandidates } from './shell';
import { type ShellTextCursor, shellCursor, variableAt } from './shell-position';
import { exportedIn, podVariables } from './shell-variables';
import { chosen, type Source } from './source';
import { sqlAt } from './sql-candidates';
import { isSynapseConfig, synapseItemsAt, synapseKeysAt, synapseValuesAt } from './synapse';
import { urlHostsAt } from './url-hosts';

/** A text in which a cursor stands: a file, or what stands inside a block scalar or a script. */
export interface TextAt {
  readonly workspace: Workspace;
  readonly namespace: string | undefined;
  /** The name of the file that it is or becomes, without its folder. */
  readonly name: string;
  readonly text: string;
  readonly offset: number;
  /** How far its lines are indented in the file that is edited. */
  readonly indent: number;
  /** The place in that file of a part of the cursor's own line. */
  outer(span: Span): Span;
  place(start: number, end: number): Place;
  /** What the workloads are that read it. */
  families(): ReadonlySet<Family>;
  /** The variables that a script has, or that a script puts into the text. */
  variables(): readonly Candidate[];
  /** The variables that a program which reads the text itself is started with. */
  environment(): readonly Candidate[];
  /** The files that the container of a script has. */
  paths(): readonly Candidate[];
  /** The ports of the script's own pod. */
  ports(): readonly Candidate[];
  /** The folder of a script or runbook that people run, relative to the root of the tree; undefined in a container. */
  readonly directory: string | undefined;
}

/** What can be written in a text that holds manifests. */
export type ManifestCompletion = (at: TextAt) => Completion | undefined;

/** What can be written in a text, by the language that it is in. */
export function completeText(at: TextAt, inManifest: ManifestCompletion = () => undefined): Completion | undefined {
  const language = languageAt(at);
  if (language === 'shell') return inShell(at, inManifest);
  const { workspace, namespace, text, offset } = at;
  const isComment = (): boolean =>
    commentsIn(text, languageOf(at.name, text)).some(({ start, end }) => start < offset && offset <= end);
  if (language !== 'nginx' && language !== 'python') {
    const variable = variableAt(text, offset);
    const variables = variable && !isComment() ? at.variables() : [];
    if (variable && variables.length > 0) return asText(at, variableCandidates(variables, '', variable));
  }
  const found = language && byLanguage[language](at);
  if (found && found.candidates.length > 0) return found;
  // A URL is one in every language.
  const url = urlHostsAt(workspace, namespace, text, offset);
  return url && !isComment() ? asText(at, url) : found;
}

type TextLanguage =
  | 'shell'
  | 'synapse'
  | 'livekit'
  | 'element'
  | 'haproxy'
  | 'redis'
  | 'sentinel'
  | 'turnserver'
  | 'nginx'
  | 'sql'
  | 'python';

/** The language of a text, by its name, else by what reads it or by words that nothing else has. */
export function languageAt({ name, text, families }: TextAt): TextLanguage | undefined {
  if (/\.(?:ba)?sh$/.test(name) || /^#!\S*(?:\/|env )(?:ba|da|a)?sh\b/.test(text)) return 'shell';
  if (/\.sql$/.test(name)) return 'sql';
  if (/\.py$/.test(name) || /^#!\S*(?:\/|env )python[\d.]*\b/.test(text)) return 'python';
  if (isHaproxyConfig(name, text)) return 'haproxy';
  if (isSynapseConfig(name, text)) return 'synapse';
  if (/\.ya?ml$/.test(name)) {
    if (/^livekit[\w-]*\.ya?ml$/.test(name)) return /^livekit:/m.test(text) ? undefined : 'livekit';
    return families().has('livekit') && !/^(?:apiVersion|livekit):/m.test(text) ? 'livekit' : undefined;
  }
  if (/\.json$/.test(name))
    return /config[\w.-]*\.json$/.test(name) &&
      (families().has('element') || /"(?:default_server_config|default_server_name)"/.test(text))
      ? 'element'
      : undefined;
  if (!/\.conf(?:\.\w+)?$/.test(name)) return undefined;
  if (/sentinel/.test(name) || /^[ \t]*sentinel[ \t]+monitor\b/m.test(text)) return 'sentinel';
  if (/redis|valkey/.test(name)) return 'redis';
  if (/turnserver|coturn/.test(name)) return 'turnserver';
  if (/nginx/.test(name) || /^[ \t]*(?:server|http|upstream[ \t]+\S+)[ \t]*\{/m.test(text)) return 'nginx';
  if (families().has('coturn')) return 'turnserver';
  if (families().has('nginx')) return 'nginx';
  return families().has('redis') ? 'redis' : undefined;
}

const byLanguage: Readonly<Record<Exclude<TextLanguage, 'shell'>, (at: TextAt) => Completion | undefined>> = {
  synapse: at =>
    inYaml(at, root => {
      const config = { workspace: at.workspace, namespace: at.namespace, root };
      return {
        keys: (path, typed) => synapseKeysAt(config, path, typed),
        values: path => synapseValuesAt(config, path),
        items: path => synapseItemsAt(config, path),
      };
    }),
  livekit: at => inYaml(at, root => configured(at, root, 'livekit')),
  element: at => inYaml(at, root => configured(at, root, 'element')),
  haproxy: at => asText(at, haproxyAt(at.workspace, at.namespace, at.text, at.offset)),
  redis: at => asText(at, redisAt(at)),
  sentinel: at => asText(at, sentinelAt(at)),
  turnserver: at => asText(at, turnserverAt(at)),
  nginx: at => asText(at, nginxAt(at.workspace, at.namespace, at.text, at.offset)),
  sql: at => asText(at, sqlAt(at.workspace, at.namespace, at.text, at.offset)),
  python: at => asText(at, pythonAt(at)),
};

interface PathSource {
  keys(path: readonly PathKey[], typed: string): readonly Candidate[];
  values(path: readonly PathKey[]): readonly Candidate[];
  items(path: readonly PathKey[]): readonly Candidate[];
}

function configured({ workspace, namespace }: TextAt, root: Value, family: 'livekit' | 'element'): PathSource {
  const options = family === 'livekit' ? livekitOptions() : elementOptions();
  const config = { workspace, namespace, root, options, family };
  return {
    keys: (path, typed) => configuredKeysAt(config, path, typed),
    values: path => configuredValuesAt(config, path),
    items: path => configuredItemsAt(config, path),
  };
}

/** Options that no table knows, but whose name says that they are a host or a port. */
function withNames({ workspace, namespace }: TextAt, root: Value, source: PathSource): PathSource {
  return {
    ...source,
    values: path => {
      const known = source.values(path);
      const name = path.at(-1);
      if (known.length > 0 || typeof name !== 'string' || source.keys(path, '').length > 0) return known;
      const beside = (other: string): string | undefined => root.at(...path.slice(0, -1), other).string;
      return candidatesByName(workspace, namespace, name, beside) ?? [];
    },
  };
}

/** YAML, and JSON, which reads as YAML. */
function inYaml(at: TextAt, sourceOf: (root: Value) => PathSource): Completion | undefined {
  const { text, offset, indent } = at;
  const cursor = yamlCursor(text, offset);
  if (cursor?.kind !== 'yaml') return undefined;
  const root = rootOf({ tree: readableTree(text, offset), linePrefix: undefined, place: at.place });
  const source = withNames(at, root, sourceOf(root));
  const typed = cursor.hasColon ? text.slice(cursor.span.start, cursor.span.end) : '';
  const list = cursor.list;
  const bound: Source = {
    keys: () => source.keys(cursor.path, typed),
    values: () => source.values(cursor.path),
    items: () => (list ? source.items(list) : []),
  };
  const found = chosen(cursor, at.outer(cursor.span), indent, bound);
  return found && /\.json$/.test(at.name) ? { ...found, writing: { ...found.writing, language: 'json' } } : found;
}

function inShell(at: TextAt, inManifest: ManifestCompletion): Completion | undefined {
  const { workspace, namespace, text, offset } = at;
  const cursor = shellCursor(text, offset);
  if (!cursor) return undefined;
  if (cursor.kind === 'variable') {
    // Outside Kubernetes a script has only what it sets itself.
    const variables = at.variables();
    const own = variables.length > 0 ? [...variables, ...podVariables] : [];
    return asText(at, variableCandidates(own, text, cursor));
  }
  if (cursor.kind === 'text') {
    const inner = innerTextAt(at, cursor);
    return isApplied(cursor) ? inManifest(inner) : completeText(inner, inManifest);
  }
  const url = urlHostsAt(workspace, namespace, text, offset, at.ports());
  if (url) return asText(at, url);
  const program = cursor.words[0] ?? '';
  if (cursor.quoted && /^-\w*c$/.test(cursor.words.at(-1) ?? '')) {
    // A program in quotes is a text of its own.
    const name = nameOfInput(program, 'command');
    return name === undefined
      ? undefined
      : completeText(innerTextAt(at, { span: cursor.quoted, file: name, words: [], expands: true }));
  }
  const found = wordCandidates(at, cursor);
  if (!found) return undefined;
  const rest = /^[^\s'"`;&|<>()$]*/.exec(text.slice(offset, offset + 300))?.[0].length ?? 0;
  return asText(at, { candidates: found.candidates, span: { start: offset - found.replaced, end: offset + rest } });
}

/** Whether kubectl reads a text as manifests. */
function isApplied({ words }: ShellTextCursor): boolean {
  return (
    /^(?:kubectl|oc)$/.test(words[0] ?? '') && words.some(word => /^(?:-|-f-|--filename=-|\/dev\/stdin)$/.test(word))
  );
}

/** The text of a here-document, or what `echo` writes into a file. */
export function innerTextAt(at: TextAt, { span, file, words, expands }: Omit<ShellTextCursor, 'kind'>): TextAt {
  const [program = ''] = words;
  const name = file?.slice(file.lastIndexOf('/') + 1) ?? nameOfInput(program, 'input') ?? '';
  return {
    ...at,
    name,
    text: at.text.slice(span.start, span.end),
    offset: at.offset - span.start,
    outer: ({ start, end }) => at.outer({ start: start + span.start, end: end + span.start }),
    place: (start, end) => at.place(start + span.start, end + span.start),
    families: () => new Set(),
    // What the shell does not expand is filled in by nobody who is known.
    variables: () => (expands ? at.variables() : []),
    environment: () => distinct([...at.environment(), ...exportedIn(at.text)]),
  };
}

/** A name for what a program runs, by which its language is known. */
function nameOfInput(program: string, name: string): string | undefined {
  if (program === 'psql') return `${name}.sql`;
  if (/^(?:ba|da|a)?sh$/.test(program)) return `${name}.sh`;
  return /^python[\d.]*$/.test(program) ? `${name}.py` : undefined;
}

function asText(at: TextAt, found: TextCompletion | undefined): Completion | undefined {
  return found && { candidates: found.candidates, span: at.outer(found.span), writing: verbatim };
}

/** How a choice is written that is no part of YAML: as it is. */
export const verbatim: Writing = {
  language: 'text',
  isKey: false,
  isItem: false,
  quote: '',
  hasColon: false,
  needsSpace: false,
  isFlow: false,
  column: 0,
};
