import type { SourceFile } from '../../manifests/file';
import type { Resource } from '../../manifests/resource';
import type { PathKey, Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { shellBlocks } from '../commands';
import { type Container, mainContainersOf } from '../pods';
import { type Family, familiesOf } from '../roles';
import { type Candidate, distinct } from './candidate';
import { type Current, innerText } from './current';
import { languageAt, type TextAt } from './embedded';
import { mountedFiles, writtenFiles } from './mounted-files';
import { endsWith, type Place, valueAt } from './places';
import type { BlockCursor } from './position';
import { containerAt, readersOf, variablesIn, variablesReplacedIn } from './shell-variables';

/**
 * The text that a cursor stands in, where it is not that of a manifest: a block scalar, a file that is no YAML, or one that
 * is a configuration such as homeserver.yaml. Undefined elsewhere, also in prose such as the description of an alert.
 */
export function textAround(
  workspace: Workspace,
  file: SourceFile,
  current: Current | undefined,
  offset: number,
): TextAt | undefined {
  if (file.documents.length === 0) return inFile(workspace, file, offset);
  if (current?.cursor.kind === 'block') return inBlock(workspace, current, current.cursor, offset);
  return current?.resource.kind === '' ? inConfiguration(workspace, file, current, offset) : undefined;
}

function inBlock(
  workspace: Workspace,
  { document, path, resource }: Current,
  cursor: BlockCursor,
  offset: number,
): TextAt | undefined {
  const surroundings = surroundingsOf({ workspace, resource }, path);
  if (!surroundings) return undefined;
  const inner = innerText(document.writtenText, cursor, offset - document.offset);
  const at: TextAt = {
    ...surroundings,
    text: inner.text,
    offset: inner.offset,
    indent: inner.indent,
    outer: span => {
      const { start, end } = inner.outer(span);
      return { start: start + document.offset, end: end + document.offset };
    },
    place: (start, end) => document.writtenPlace(start, end),
  };
  const isFile = resource.qualifiedKind === 'ConfigMap' || resource.qualifiedKind === 'Secret';
  return isFile || languageAt(at) ? at : undefined;
}

function inFile(workspace: Workspace, file: SourceFile, offset: number): TextAt | undefined {
  const isMarkdown = /\.md$/i.test(file.name);
  if (!isMarkdown && !/\.(?:cfg|conf|sh|sql)$/.test(file.name)) return undefined;
  const block = isMarkdown ? shellBlocks(file.text).find(one => holds(one, offset)) : { text: file.text, offset: 0 };
  if (!block) return undefined;
  const { text, offset: start } = block;
  return {
    ...nothingKnown(workspace, undefined),
    name: isMarkdown ? 'block.sh' : file.name,
    // What the shell itself has printed is no part of the command.
    text: isMarkdown ? text.replace(/^([ \t]*)\$(?= )/gm, '$1 ') : text,
    offset: offset - start,
    indent: 0,
    outer: span => ({ start: span.start + start, end: span.end + start }),
    place: (from, to) => ({ uri: file.uri, span: { start: from + start, end: to + start } }),
    directory: file.directory,
  };
}

function holds(block: { readonly text: string; readonly offset: number }, offset: number): boolean {
  return block.offset <= offset && offset < block.offset + block.text.length;
}

function inConfiguration(
  workspace: Workspace,
  file: SourceFile,
  { document }: Current,
  offset: number,
): TextAt | undefined {
  const at: TextAt = {
    ...nothingKnown(workspace, undefined),
    name: file.name,
    text: document.writtenText,
    offset: offset - document.offset,
    indent: 0,
    outer: ({ start, end }) => ({ start: start + document.offset, end: end + document.offset }),
    place: (start, end) => document.writtenPlace(start, end),
  };
  return languageAt(at) ? at : undefined;
}

export type Surroundings = Pick<
  TextAt,
  'workspace' | 'namespace' | 'name' | 'families' | 'variables' | 'environment' | 'paths' | 'ports' | 'directory'
>;

/** Lists whose items are SQL (cloudnative-pg, BootstrapInitDB). */
export const sqlLists = 'postInitSQL|postInitApplicationSQL|postInitTemplateSQL';

/** What is known of the text at a path of an object: its name, who reads it, and with which variables. */
export function surroundingsOf(place: Place, path: readonly PathKey[]): Surroundings | undefined {
  const { workspace, resource } = place;
  const { namespace } = resource;
  const nothing = nothingKnown(workspace, namespace);
  const last = path.at(-1);
  if (endsWith(path, sqlLists, '#')) return { ...nothing, name: 'statement.sql' };
  if (endsWith(path, 'command|args', '#')) {
    const container = containerAt(resource, path);
    const name = scriptName(place, path);
    // What is typed is not followed; what it was before is.
    const written = (): readonly Candidate[] => {
      const known = workspace.find(resource.qualifiedKind, namespace, resource.name);
      return known ? writtenFiles(workspace, known) : [];
    };
    return {
      ...nothing,
      name,
      variables: () => (container && name !== 'script.py' ? variablesIn(workspace, resource, container) : []),
      environment: () => (container ? variablesIn(workspace, resource, container) : []),
      paths: () =>
        container
          ? distinct([...mountedFiles(workspace, resource, container), ...mountPaths(container.value), ...written()])
          : [],
      ports: () => portsIn(resource),
    };
  }
  if (endsWith(path, 'env', '#', 'value'))
    return {
      ...nothing,
      name: valueAt(place, [...path.slice(0, -1), 'name']).text === 'LIVEKIT_CONFIG' ? 'livekit.yaml' : '',
    };
  if (typeof last !== 'string') return undefined;
  // ingress-nginx puts the text of these annotations into its own configuration.
  if (endsWith(path, 'annotations', '*') && /^nginx\.ingress\.kubernetes\.io\/[\w-]+-snippet$/.test(last))
    return { ...nothing, name: 'nginx-snippet.conf' };
  if (resource.qualifiedKind !== 'ConfigMap' && resource.qualifiedKind !== 'Secret') return { ...nothing, name: last };
  const readers = (): ReturnType<typeof readersOf> => readersOf(workspace, resource);
  const isScript = /\.(?:(?:ba)?sh|py)$/.test(last);
  const ofReaders = (
    candidatesOf: (workspace: Workspace, owner: Resource, container: Container) => readonly Candidate[],
  ): readonly Candidate[] =>
    distinct(
      readers()
        .filter(({ mounts }) => mounts)
        .flatMap(({ owner, container }) => candidatesOf(workspace, owner, container)),
    );
  return {
    ...nothing,
    name: last,
    families: () => new Set(readers().flatMap(({ owner }) => [...familiesOf(owner)])),
    // HAProxy reads the environment itself.
    variables: () =>
      isScript || /haproxy/.test(last) ? ofReaders(variablesIn) : variablesReplacedIn(workspace, resource),
    environment: () => ofReaders(variablesIn),
    paths: () => (isScript ? ofReaders(mountedFiles) : []),
  };
}

function nothingKnown(workspace: Workspace, namespace: string | undefined): Omit<Surroundings, 'name'> {
  return {
    workspace,
    namespace,
    families: () => new Set<Family>(),
    variables: () => [],
    environment: () => [],
    paths: () => [],
    ports: () => [],
    directory: undefined,
  };
}

/** A name for an item of `command` or `args` that is a script, the text behind `sh -c` or `python -c`; else empty. */
function scriptName(place: Place, path: readonly PathKey[]): string {
  const container = place.resource.root.at(...path.slice(0, -2));
  const words = [...container.at('command').items(), ...(path.at(-2) === 'args' ? container.at('args').items() : [])];
  const own = container.at(path.at(-2) ?? '').items().length;
  const before = words.slice(0, words.length - own + Number(path.at(-1))).map(word => word.text ?? '');
  if (!/^-\w*c$/.test(before.at(-1) ?? '')) return '';
  if (before.some(word => /(?:^|\/)(?:ba|da|a|z)?sh$/.test(word))) return 'script.sh';
  return before.some(word => /(?:^|\/)python[\d.]*$/.test(word)) ? 'script.py' : '';
}

function mountPaths(container: Value): readonly Candidate[] {
  return container
    .at('volumeMounts')
    .items()
    .flatMap(mount => {
      const label = mount.at('mountPath').text;
      return label === undefined
        ? []
        : [{ label, kind: 'path' as const, detail: `volume ${mount.at('name').text ?? ''}`, rank: 1 as const }];
    });
}

/** The ports of a pod, which its own containers reach on localhost. */
export function portsIn(resource: Resource): readonly Candidate[] {
  return distinct(
    mainContainersOf(resource).flatMap(({ name, value }) =>
      value
        .at('ports')
        .items()
        .flatMap(port => {
          const number = port.at('containerPort').number;
          return number === undefined
            ? []
            : [{ label: String(number), kind: 'port' as const, detail: `container ${name}`, rank: 0 as const }];
        }),
    ),
  );
}
