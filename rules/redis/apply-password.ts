import { type Configuration, commandLine } from '../../analysis/configs';
import { declarationsOf } from '../../analysis/declarations';
import { type EnvironmentVariable, environmentOf } from '../../analysis/environment';
import { publishedProgramOf } from '../../analysis/images';
import { type Container, containersOf } from '../../analysis/pods';
import { isLi, redisMains, workloads } from '../../analysis/roles';
import { scriptOf } from '../../analysis/scripts';
import { insertEntry, insertItem, quoted } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Place, TextEdit } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';
import { addSecretVariable, type SecretKey } from '../secrets/secret-variable';
import { passwordKey } from './password-key';

/** Gives a container the variable that it writes the password from, out of the Secret that Redis uses. */
export function defineVariable(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  variable: string,
): readonly Fix[] {
  const key = keyFor(workspace, resource);
  const edit = key && addSecretVariable(container, variable, key);
  return key && edit ? [{ title: `Take ${variable} from Secret ${key.name}`, safe: false, edits: [edit] }] : [];
}

/** Lets the shell expand the variable of a command of sed. `by` is the command inside its single quotes. */
export function useDoubleQuotes(workspace: Workspace, resource: Resource, by: Place): readonly Fix[] {
  const { start, end } = by.span;
  const text = workspace.file(by.uri)?.text ?? '';
  const command = text.slice(start, end);
  // A second dollar may be a part of the pattern, which double quotes would change.
  const isPlain = /^[^'"`\\$]*\$(?:\{\w+\}|\w+)[^'"`\\$]*$/.test(command);
  if (!isPlain || text[start - 1] !== "'" || text[end] !== "'") return [];
  const isInBlock = containersOf(resource).some(
    container =>
      container.value.span.start <= start &&
      end <= container.value.span.end &&
      scriptOf(workspace, resource, container)?.text.linePrefix !== undefined,
  );
  if (!isInBlock) return [];
  const quotes = [
    { start: start - 1, end: start },
    { start: end, end: end + 1 },
  ];
  return [
    {
      title: 'Use double quotes',
      safe: true,
      edits: quotes.map(span => ({ at: { uri: by.uri, span }, newText: '"' })),
    },
  ];
}

/**
 * Passes the password to redis-server as arguments, which count more than its file. Kubernetes puts the variable in.
 * Not for a server that a script starts, nor where an init container has the password and writes the file.
 */
export function passAsArguments(
  workspace: Workspace,
  resource: Resource,
  { container }: Configuration,
  directives: readonly string[],
): readonly Fix[] {
  const isWritten = containersOf(resource).some(
    one => one.isInit && [...environmentOf(workspace, resource, one).variables.values()].some(isPassword),
  );
  if (isWritten) return [];
  const known = [...environmentOf(workspace, resource, container).variables.values()].find(isPassword);
  const variable = known?.name ?? 'REDIS_PASSWORD';
  const key = known ? undefined : keyFor(workspace, resource);
  if (!known && !key) return [];
  const words = directives.flatMap(directive => [`--${directive}`, `$(${variable})`]);
  const edit = appendArguments(container, words);
  const definition = key && addSecretVariable(container, variable, key);
  if (!edit || (key && !definition)) return [];
  // Where both are entries of the container that are new, one would stand in the other's place.
  if (definition && definition.at.span.start === edit.at.span.start)
    return [fixOf(directives, [{ at: edit.at, newText: edit.newText + definition.newText }])];
  return [fixOf(directives, definition ? [edit, definition] : [edit])];
}

function isPassword({ name, source }: EnvironmentVariable): boolean {
  return source?.kind === 'Secret' && /^REDIS_?(?:PASSWORD|PASS|AUTH)$/.test(name);
}

function fixOf(directives: readonly string[], edits: readonly TextEdit[]): Fix {
  return { title: `Pass ${directives.map(one => `--${one}`).join(' and ')}`, safe: false, edits };
}

function appendArguments(container: Container, words: readonly string[]): TextEdit | undefined {
  const [command, args] = [container.value.at('command'), container.value.at('args')];
  const [program] = commandLine(container);
  const first = program?.text ?? '';
  const isServer = /(?:^|\/)redis-server$/.test(first);
  // The entrypoint of the official image starts redis-server with what looks like its arguments.
  const isEntrypoint = !command.exists && publishedProgramOf(container.image) === 'redis';
  if (!isServer && !(isEntrypoint && (!args.exists || /^-|\.conf$/.test(first)))) return undefined;
  const list = args.exists ? args : command;
  if (!list.exists)
    return insertEntry(container.value, ['args:', ...words.map(word => `  - ${quoted(word, 'double')}`)].join('\n'), {
      after: 'image',
    });
  return appendItems(list, words);
}

function appendItems(list: Value, words: readonly string[]): TextEdit | undefined {
  const style = list.items().at(-1)?.style === 'single' ? 'single' : 'double';
  const edits = words.map(word => insertItem(list, quoted(word, style)));
  const [first] = edits;
  if (!first || edits.some(edit => !edit)) return undefined;
  return { at: first.at, newText: edits.map(edit => edit?.newText).join('') };
}

/**
 * The key of the Secret that holds the password of Redis: the one that its pods use, else the one of its usual name.
 * Undefined where two manifests of the Secret leave open what it holds.
 */
function keyFor(workspace: Workspace, resource: Resource): SecretKey | undefined {
  // The LI instance's own Redis has a password of its own.
  const others = isLi(workspace, resource) ? [] : [...redisMains(workspace), ...workloads(workspace, 'sentinel')];
  const all = [resource, ...others].filter(one => one.namespace === resource.namespace);
  const used = all.map(one => passwordKey(workspace, one)).find(one => one);
  if (!used && isLi(workspace, resource)) return undefined;
  const key = used ?? { name: 'redis-password', key: 'password' };
  const declared = declarationsOf(workspace, 'Secret', resource.namespace, key.name);
  const isThere = declared.some(({ keys }) => keys !== 'any' && keys.has(key.key));
  return declared.length < 2 && (used || isThere) ? key : undefined;
}
