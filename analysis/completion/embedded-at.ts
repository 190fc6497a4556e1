import type { SourceFile } from '../../manifests/file';
import type { Resource } from '../../manifests/resource';
import type { Span } from '../../manifests/span';
import type { PathKey, Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { mainContainersOf } from '../pods';
import { type Family, familiesOf } from '../roles';
import { type Candidate, type Completion, distinct } from './candidate';
import { type Current, innerText } from './current';
import { completeText, languageAt, type TextAt } from './embedded';
import { mountedFiles, writtenFiles } from './mounted-files';
import { endsWith, type Place, valueAt } from './places';
import { containerAt, readersOf, variablesIn, variablesReplacedIn } from './shell-variables';

/** Completes the text of a block scalar. */
export function completeBlock(workspace: Workspace, current: Current, offset: number): Completion | undefined {
  const { document, cursor, path, resource } = current;
  if (cursor.kind !== 'block') return undefined;
  const inner = innerText(document.writtenText, cursor, offset - document.offset);
  const toFile = (span: Span): Span => {
    const { start, end } = inner.outer(span);
    return { start: start + document.offset, end: end + document.offset };
  };
  const surroundings = surroundingsOf({ workspace, resource }, path);
  return (
    surroundings &&
    completeText({
      ...surroundings,
      text: inner.text,
      offset: inner.offset,
      indent: inner.indent,
      outer: toFile,
      place: (start, end) => document.writtenPlace(start, end),
    })
  );
}

/** Completes a file that is no YAML: a script, haproxy.cfg, SQL. */
export function completeFile(workspace: Workspace, file: SourceFile, offset: number): Completion | undefined {
  if (!/\.(?:cfg|conf|sh|sql)$/.test(file.name)) return undefined;
  return completeText({
    workspace,
    namespace: undefined,
    name: file.name,
    text: file.text,
    offset,
    indent: 0,
    outer: span => span,
    place: (start, end) => ({ uri: file.uri, span: { start, end } }),
    families: new Set(),
    variables: [],
    paths: [],
    ports: [],
  });
}

/** Completes a YAML or JSON file that is a configuration and no manifest: homeserver.yaml, livekit.yaml, config.json. */
export function completeConfiguration(
  workspace: Workspace,
  file: SourceFile,
  { document }: Current,
  offset: number,
): Completion | undefined {
  const at: TextAt = {
    workspace,
    namespace: undefined,
    name: file.name,
    text: document.writtenText,
    offset: offset - document.offset,
    indent: 0,
    outer: ({ start, end }) => ({ start: start + document.offset, end: end + document.offset }),
    place: (start, end) => document.writtenPlace(start, end),
    families: new Set(),
    variables: [],
    paths: [],
    ports: [],
  };
  return languageAt(at) ? completeText(at) : undefined;
}

export type Surroundings = Pick<
  TextAt,
  'workspace' | 'namespace' | 'name' | 'families' | 'variables' | 'paths' | 'ports'
>;

/** Lists whose items are SQL (cloudnative-pg, BootstrapInitDB). */
export const sqlLists = 'postInitSQL|postInitApplicationSQL|postInitTemplateSQL';

/** What is known of the text at a path of an object: its name, who reads it, and with which variables. */
export function surroundingsOf(place: Place, path: readonly PathKey[]): Surroundings | undefined {
  const { workspace, resource } = place;
  const { namespace } = resource;
  const nothing = { workspace, namespace, families: new Set<Family>(), variables: [], paths: [], ports: [] };
  const last = path.at(-1);
  if (endsWith(path, sqlLists, '#')) return { ...nothing, name: 'statement.sql' };
  if (endsWith(path, 'command|args', '#')) {
    const container = containerAt(resource, path);
    const isScript = isShellScript(place, path);
    // What is typed is not followed; what it was before is.
    const known = workspace.find(resource.qualifiedKind, namespace, resource.name);
    return {
      ...nothing,
      name: isScript ? 'script.sh' : '',
      variables: container ? variablesIn(workspace, resource, container) : [],
      paths: container
        ? distinct([
            ...mountedFiles(workspace, resource, container),
            ...mountPaths(container.value),
            ...(known ? writtenFiles(workspace, known) : []),
          ])
        : [],
      ports: portsIn(resource),
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
  const readers = readersOf(workspace, resource);
  const families = new Set(readers.flatMap(({ owner }) => [...familiesOf(owner)]));
  const isScript = /\.(?:ba)?sh$/.test(last);
  const mounting = readers.filter(({ mounts }) => mounts);
  const own = (): readonly Candidate[] =>
    distinct(mounting.flatMap(({ owner, container }) => variablesIn(workspace, owner, container)));
  return {
    ...nothing,
    name: last,
    families,
    // HAProxy reads the environment itself.
    variables: isScript || /haproxy/.test(last) ? own() : variablesReplacedIn(workspace, resource),
    paths: isScript
      ? distinct(mounting.flatMap(({ owner, container }) => mountedFiles(workspace, owner, container)))
      : [],
  };
}

/** Whether an item of `command` or `args` is a script: the text behind `sh -c`. */
function isShellScript(place: Place, path: readonly PathKey[]): boolean {
  const container = place.resource.root.at(...path.slice(0, -2));
  const words = [...container.at('command').items(), ...(path.at(-2) === 'args' ? container.at('args').items() : [])];
  const own = container.at(path.at(-2) ?? '').items().length;
  const before = words.slice(0, words.length - own + Number(path.at(-1))).map(word => word.text ?? '');
  return /^-\w*c$/.test(before.at(-1) ?? '') && before.some(word => /(?:^|\/)(?:ba|da|a|z)?sh$/.test(word));
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
