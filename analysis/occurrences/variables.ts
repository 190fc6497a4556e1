import { escapeRegExp } from '../../manifests/escape-reg-exp';
import { LazyPlace } from '../../manifests/lazy-place';
import type { MappedText } from '../../manifests/mapped-text';
import type { Resource } from '../../manifests/resource';
import type { Place, Span } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { configFilesOf } from '../config-files';
import type { EffectiveFile, ResolvedVariable } from '../effective';
import { type EnvironmentVariable, environmentOf } from '../environment';
import { isBelow, mountsOf, textsOfVolume, volumeOf } from '../mounts';
import { type Container, containersOf } from '../pods';
import { scriptOf } from '../scripts';
import { languageOf, maskComments } from '../text/comments';
import { findPlaceholders, type Placeholder } from '../text/placeholders';
import { readShell } from '../text/shell';
import { keySubject, type Occurrence, ofScalar, partSubject, type Subject } from './occurrence';

/**
 * The environment variables of a workload: where they are defined, where its scripts and programs use them, and the
 * tokens of its configuration files that they replace.
 */
export function* variablesOf(workspace: Workspace, resource: Resource): Iterable<Occurrence> {
  for (const container of containersOf(resource)) {
    const environment = environmentOf(workspace, resource, container);
    for (const item of container.value.at('env').items()) {
      const name = item.at('name');
      if (name.text) yield* ofScalar(variableSubject(resource, container, name.text), name, 'definition');
    }
    if (environment.variables.size === 0) continue;
    const use = (name: string, at: Place): readonly Occurrence[] => {
      const variable = environment.variables.get(name);
      return variable ? [uses(resource, container, variable, at)] : [];
    };
    yield* expandedByKubelet(container, use);
    for (const { text, name } of textsRead(workspace, resource, container))
      yield* usedIn(text, name, environment.variables, use);
  }
  for (const { file } of configFilesOf(workspace, resource))
    if (!file.isVerbatim) yield* replacedIn(workspace, resource, file);
}

/** A variable of one container. */
function variableSubject(resource: Resource, container: Container, name: string): Subject {
  return partSubject('variable', resource, `/${container.name}$`, name);
}

/** A use of a variable. One of `envFrom` is a use of the key that it comes from. */
function uses(resource: Resource, container: Container, variable: EnvironmentVariable, at: Place): Occurrence {
  const { name, source } = variable;
  if (variable.at.parent?.name !== 'envFrom' || !source)
    return { subject: variableSubject(resource, container, name), at, role: 'reference' };
  const subject = keySubject(source.kind, resource.namespace, source.name, source.key);
  return { subject, at, role: 'reference', ...(source.key === name ? {} : { isIndirect: true }) };
}

type Use = (name: string, at: Place) => readonly Occurrence[];

/** `$(NAME)` in the command, the arguments and other variables (Kubernetes documentation, "Dependent Environment Variables"). */
function* expandedByKubelet({ value }: Container, use: Use): Iterable<Occurrence> {
  const texts = [
    ...value.at('command').items(),
    ...value.at('args').items(),
    ...value
      .at('env')
      .items()
      .map(item => item.at('value')),
  ];
  for (const one of texts)
    for (const match of (one.text ?? '').matchAll(/(?<!\$)\$\((\w+)\)/g))
      yield* use(match[1] ?? '', one.part(match.index + 2, match.index + 2 + (match[1] ?? '').length));
}

/** The texts in which a container's own programs expand variables: its script, and what it mounts. */
function textsRead(
  workspace: Workspace,
  resource: Resource,
  container: Container,
): readonly { readonly text: MappedText; readonly name: string }[] {
  const script = scriptOf(workspace, resource, container);
  const mounted = mountsOf(container).flatMap(mount => {
    const volume = volumeOf(resource, mount.volume);
    const texts = volume ? textsOfVolume(workspace, resource, volume) : [];
    return texts.filter(({ path }) => mount.subPath === undefined || isBelow(path, mount.subPath));
  });
  return [
    ...(script ? [{ text: script.text, name: 'script.sh' }] : []),
    ...handlersOf(container).map(text => ({ text, name: 'handler.sh' })),
    ...mounted
      .filter(({ value }) => value.kind === 'scalar' && value.span.start !== script?.value.span.start)
      .map(({ value, key }) => ({ text: value.mapped, name: key })),
  ];
}

/** The scripts of probes and of the hooks of a container's life. */
function handlersOf({ value }: Container): readonly MappedText[] {
  const handlers = [
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].map(field => value.at(field)),
    ...['postStart', 'preStop'].map(field => value.at('lifecycle', field)),
  ];
  return handlers.flatMap(handler =>
    handler
      .at('exec', 'command')
      .items()
      .filter(word => word.text?.includes('$'))
      .map(word => word.mapped),
  );
}

function* usedIn(
  { text, place }: MappedText,
  name: string,
  variables: ReadonlyMap<string, EnvironmentVariable>,
  use: Use,
): Iterable<Occurrence> {
  const language = languageOf(name, text);
  const pattern = patterns[language];
  if (!pattern || !/\$|environ|getenv/.test(text)) return;
  const searched = maskComments(text, language);
  if (language === 'shell') {
    for (const { name: assigned, nameSpan } of readShell(text).assignments)
      if (variables.has(assigned)) yield* use(assigned, place(nameSpan.start, nameSpan.end));
  }
  for (const match of searched.matchAll(pattern)) {
    const found = match[1] ?? match[2] ?? '';
    if (!variables.has(found)) continue;
    const start = match.index + match[0].lastIndexOf(found);
    yield* use(found, place(start, start + found.length));
  }
}

/** How the languages that read the environment name a variable. */
const patterns: Partial<Readonly<Record<ReturnType<typeof languageOf>, RegExp>>> = {
  shell: /(?<!\\)\$(?:\{[#!]?([A-Za-z_]\w*)|([A-Za-z_]\w*))/g,
  haproxy: /\$(?:\{([A-Za-z_]\w*)|([A-Za-z_]\w*))/g,
  python: /(?:environ(?:\.get|\.setdefault|\.pop)?\s*[[(]|getenv\s*\()\s*(?:["'])([A-Za-z_]\w*)(?=["'])/g,
};

/** The tokens of a file that a script replaces by variables. */
function* replacedIn(workspace: Workspace, resource: Resource, file: EffectiveFile): Iterable<Occurrence> {
  const { text } = file.content;
  const language = languageOf(file.path, text);
  for (const token of findPlaceholders(maskComments(text, language), language)) {
    if (token.class === 'domain') continue;
    const resolution = file.resolve(token.span);
    if (resolution.kind !== 'replaced') continue;
    const at = file.content.place(token.span.start, token.span.end);
    const { by, variables } = resolution;
    // A here-document of the script itself: there the variable is used as such, which is known already.
    if (at.uri === by.uri && at.span.start >= by.span.start && at.span.end <= by.span.end) continue;
    const script = workspace.file(by.uri)?.text.slice(by.span.start, by.span.end) ?? '';
    yield* ofToken(resource, file, token, { by, script, variables });
  }
}

interface Step {
  /** The command that replaces a token. */
  readonly by: Place;
  readonly script: string;
  readonly variables: readonly ResolvedVariable[];
}

function* ofToken(resource: Resource, file: EffectiveFile, token: Placeholder, step: Step): Iterable<Occurrence> {
  const at = file.content.place(token.span.start, token.span.end);
  const named = nameIn(token);
  for (const { name, definition, container } of step.variables) {
    if (!definition) continue;
    if (named && name === token.variable) {
      // The token has the variable's name, so it is renamed with it, also where sed looks for it.
      const one = uses(resource, container, definition, file.content.place(named.start, named.end));
      yield { ...one, reach: at };
      for (const place of placesIn(step, new RegExp(`\\\\\\$\\{?(${name})\\b`, 'g'))) yield { ...one, at: place };
    } else {
      const subject = partSubject('placeholder', resource, '%', token.text);
      const pattern = placesIn(step, new RegExp(`(?<!\\w)(${escapeRegExp(token.text)})(?!\\w)`, 'g'));
      for (const place of [at, ...pattern]) {
        yield { subject, at: place, role: 'reference' };
        yield { ...uses(resource, container, definition, place), isIndirect: true };
      }
    }
  }
}

/** The places of the first group of a pattern in the command that replaces. */
function placesIn({ by, script }: Step, pattern: RegExp): readonly Place[] {
  return [...script.matchAll(pattern)].map(match => {
    const start = match.index + match[0].lastIndexOf(match[1] ?? '');
    const end = start + (match[1] ?? '').length;
    return new LazyPlace(() => ({
      uri: by.uri,
      span: { start: by.span.start + start, end: by.span.start + end },
    }));
  });
}

/** The name in `${NAME}`. */
function nameIn({ text, span, variable }: Placeholder): Span | undefined {
  if (variable === undefined || !text.startsWith('$')) return undefined;
  const start = span.start + text.indexOf(variable);
  return { start, end: start + variable.length };
}
