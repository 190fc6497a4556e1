import { cached } from '../manifests/derived';
import { concatenate, type MappedText, slice } from '../manifests/mapped-text';
import type { Resource } from '../manifests/resource';
import type { Place, Span } from '../manifests/span';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { type Environment, type EnvironmentVariable, environmentOf } from './environment';
import { isBelow, mountAt, textsOfVolume, volumeOf } from './mounts';
import { type Container, containersOf } from './pods';
import { pathInVolume, scriptOf } from './scripts';
import { type FileWrite, fileWrites } from './text/file-writes';
import type { SedCommand, SedSubstitution } from './text/sed-script';
import { readShell } from './text/shell';
import type { RunPiece, RunVariable, ShellPath } from './text/shell-values';

/**
 * The file that a container really reads at a path: a ConfigMap or Secret key as it stands, or what the scripts of the
 * pod's init containers (and of the container itself, before it starts its program) made of it.
 *
 * Tokens that a script replaces still stand in the text as they were written; `resolve` tells what becomes of them. So
 * a configuration can be read as YAML or line by line, with every place in the file that a person edits.
 */
export interface EffectiveFile {
  readonly resource: Resource;
  readonly container: Container;
  readonly path: string;
  readonly content: MappedText;
  /** Whether a tool that is not understood wrote it, or a script that cannot be followed; its text then proves nothing. */
  readonly isOpaque: boolean;
  /** Whether the file is a ConfigMap or Secret key exactly as written. */
  readonly isVerbatim: boolean;
  /** The scalars of ConfigMaps and Secrets that the text comes from. */
  readonly sources: readonly Value[];
  /** What becomes of a part of the text on its way to the program. */
  resolve(span: Span): Resolution;
}

export type Resolution =
  | { readonly kind: 'left' }
  | { readonly kind: 'replaced'; readonly by: Place; readonly variables: readonly ResolvedVariable[] }
  /** A step looks as if it should replace the part, but the shell does not expand its variable. */
  | { readonly kind: 'unexpanded'; readonly by: Place }
  | { readonly kind: 'unknown' };

export interface ResolvedVariable {
  readonly name: string;
  /** Where the container that runs the step gets it from; undefined if it does not. */
  readonly definition: EnvironmentVariable | undefined;
  /** Whether something else may define it: the script itself, a default, or an environment that is not wholly known. */
  readonly mayBeDefined: boolean;
  /** Something made of the value is used, as in `${HOSTNAME##*-}`, and not the value itself. */
  readonly transformed: boolean;
  readonly at: Place;
  readonly container: Container;
}

/** The file that a container reads at a path; undefined if it is one of its image, or of a volume nobody writes to. */
export function effectiveFile(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  path: string,
): EffectiveFile | undefined {
  return workspace.derive(podFiles, resource).file(container, path);
}

/** All files that scripts of a pod write, as the container that wrote them sees them. */
export function writtenPaths(workspace: Workspace, resource: Resource): readonly WrittenPath[] {
  return workspace.derive(podFiles, resource).written;
}

export interface WrittenPath {
  readonly container: Container;
  readonly path: string;
  readonly at: Place;
}

/** A piece of a file with everything that happened to it, oldest first. */
interface Piece {
  readonly text: MappedText;
  readonly filters: readonly AppliedFilter[];
  /** Set for a variable that the shell expanded when it wrote the piece. */
  readonly variable: ResolvedVariable | undefined;
}

type AppliedFilter = SedStep | EnvsubstStep;

interface SedStep {
  readonly kind: 'sed';
  readonly commands: readonly SedCommand[];
  readonly context: Context;
}

interface EnvsubstStep {
  readonly kind: 'envsubst';
  readonly variables: readonly string[] | 'all' | 'unknown';
  readonly span: Span;
  readonly context: Context;
}

interface Rendered {
  readonly pieces: readonly Piece[];
  readonly isOpaque: boolean;
  readonly isVerbatim: boolean;
  readonly sources: readonly Value[];
}

interface PodFiles {
  file(container: Container, path: string): EffectiveFile | undefined;
  readonly written: readonly WrittenPath[];
}

const opaque: Rendered = { pieces: [], isOpaque: true, isVerbatim: false, sources: [] };

/** Runs the scripts of a pod in the order in which the kubelet would, and keeps what they wrote. */
function podFiles(resource: Resource, workspace: Workspace): PodFiles {
  const state = new Map<string, Rendered>();
  const written: WrittenPath[] = [];
  const keyOf = (container: Container, path: string): string => {
    const mount = mountAt(container, path);
    return mount
      ? `volume ${mount.volume}\n${pathInVolume(mount.mountPath, mount.subPath, path)}`
      : `container ${container.name}\n${path}`;
  };
  const read = (container: Container, path: string): Rendered | undefined =>
    state.get(keyOf(container, path)) ?? mounted(workspace, resource, container, path);
  for (const { container, text, writes, assigned } of workspace.derive(podScripts, resource)) {
    const context: Context = {
      container,
      environment: environmentOf(workspace, resource, container),
      script: text,
      assigned,
      read: path => read(container, path),
      isFolder: path => isFolder(container, path) || written.some(one => one.path.startsWith(`${path}/`)),
      filesBelow: path => [
        ...filesBelow(workspace, resource, container, path),
        ...written.filter(one => isBelow(one.path, path)).map(one => one.path),
      ],
    };
    for (const write of writes) {
      for (const { path, rendered } of outcomes(write, context)) {
        state.set(keyOf(container, path), rendered);
        if (path.startsWith('/')) written.push({ container, path, at: text.place(write.span.start, write.span.end) });
      }
    }
  }
  const files = new Map<string, () => EffectiveFile | undefined>();
  return {
    written,
    file(container, path) {
      const key = `${container.name}\n${path}`;
      let file = files.get(key);
      if (!file) {
        file = cached(() => {
          const rendered = read(container, path);
          return rendered && toEffectiveFile(resource, container, path, rendered);
        });
        files.set(key, file);
      }
      return file();
    },
  };
}

/** The script of a container, read once: it stays the same while the ConfigMaps that it copies are edited. */
interface PodScript {
  readonly container: Container;
  readonly text: MappedText;
  readonly writes: readonly FileWrite[];
  readonly assigned: ReadonlySet<string>;
}

function podScripts(resource: Resource, workspace: Workspace): readonly PodScript[] {
  return containersOf(resource).flatMap(container => {
    const script = scriptOf(workspace, resource, container);
    if (!script?.text.text) return [];
    const shell = readShell(script.text.text);
    const assigned = new Set(shell.assignments.map(assignment => assignment.name));
    return [{ container, text: script.text, writes: fileWrites(shell), assigned }];
  });
}

/** One container's script while it runs. */
interface Context {
  readonly container: Container;
  readonly environment: Environment;
  readonly script: MappedText;
  /** The names that the script itself gives a value. */
  readonly assigned: ReadonlySet<string>;
  read(path: string): Rendered | undefined;
  isFolder(path: string): boolean;
  filesBelow(path: string): readonly string[];
}

interface Outcome {
  readonly path: string;
  readonly rendered: Rendered;
}

/** What one step makes of which files. A step that may not happen is taken to happen: the benefit of the doubt. */
function outcomes(write: FileWrite, context: Context): readonly Outcome[] {
  const to = pathOf(write.to, context);
  switch (write.kind) {
    case 'copy':
      return copied(write, to, context);
    case 'write':
      return [{ path: to, rendered: render(write.content, context) }];
    case 'append': {
      const before = context.read(to);
      return [{ path: to, rendered: join(before === undefined ? [] : [before], render(write.content, context)) }];
    }
    case 'substitute':
      return [
        {
          path: to,
          rendered: filtered(context.read(pathOf(write.from, context)), {
            kind: 'sed',
            commands: write.commands,
            context,
          }),
        },
      ];
    case 'envsubst': {
      const variables =
        typeof write.variables === 'string' ? write.variables : write.variables.map(variable => variable.name);
      return [
        {
          path: to,
          rendered: filtered(context.read(pathOf(write.from, context)), {
            kind: 'envsubst',
            variables,
            span: write.span,
            context,
          }),
        },
      ];
    }
    case 'opaque':
      return write.isFolder
        ? context.filesBelow(to).map(path => ({ path, rendered: opaque }))
        : [{ path: to, rendered: opaque }];
  }
}

function copied(write: Extract<FileWrite, { kind: 'copy' }>, to: string, context: Context): readonly Outcome[] {
  const from = pathOf(write.from, context);
  if (write.from.hasGlob) {
    const folder = from.slice(0, from.lastIndexOf('/'));
    const pattern = globPattern(from.slice(from.lastIndexOf('/') + 1));
    return context
      .filesBelow(folder)
      .filter(path => pattern.test(path.slice(folder.length + 1)))
      .map(path => ({ path: `${to}/${path.slice(folder.length + 1)}`, rendered: context.read(path) ?? opaque }));
  }
  const source = context.read(from);
  if (source === undefined && write.recursive) {
    const target =
      write.toInFolder && context.isFolder(to) && !write.from.path.endsWith('/.')
        ? pathOf(write.toInFolder, context)
        : to;
    return context
      .filesBelow(from)
      .map(path => ({ path: `${target}${path.slice(from.length)}`, rendered: context.read(path) ?? opaque }));
  }
  const path = write.toInFolder && context.isFolder(to) ? pathOf(write.toInFolder, context) : to;
  return [{ path, rendered: source ?? opaque }];
}

/** A path with the variables that the container's environment sets to a literal value. */
function pathOf(path: ShellPath, { environment }: Context): string {
  return path.path.replace(
    /\$\{(\w+)\}/g,
    (whole, name: string) => environment.variables.get(name)?.value?.text ?? whole,
  );
}

function render(
  content: readonly (RunPiece | { readonly kind: 'file'; readonly path: ShellPath })[],
  context: Context,
): Rendered {
  const parts = content.map(piece => renderPiece(piece, context));
  return join(parts.slice(0, -1), parts.at(-1) ?? written([]));
}

function renderPiece(
  piece: RunPiece | { readonly kind: 'file'; readonly path: ShellPath },
  context: Context,
): Rendered {
  if (piece.kind === 'file') return context.read(pathOf(piece.path, context)) ?? opaque;
  if (piece.kind === 'text') {
    const text = piece.verbatim ? slice(context.script, piece.span) : spoken(piece.text, piece.span, context);
    return written([{ text, filters: [], variable: undefined }]);
  }
  if (piece.kind === 'variable') {
    return written([
      {
        text: spoken(`\${${piece.name}}`, piece.span, context),
        filters: [],
        variable: resolveVariable(piece, context),
      },
    ]);
  }
  return written([
    { text: spoken(piece.raw, piece.span, context), filters: [], variable: unknownOutput(piece.span, context) },
  ]);
}

/** A text that does not stand in the script letter by letter; all of it is at the place that says it. */
function spoken(text: string, span: Span, context: Context): MappedText {
  return { text, place: () => context.script.place(span.start, span.end), linePrefix: undefined };
}

function written(pieces: readonly Piece[]): Rendered {
  return { pieces, isOpaque: false, isVerbatim: false, sources: [] };
}

function join(before: readonly Rendered[], last: Rendered): Rendered {
  const all = [...before, last];
  return {
    pieces: all.flatMap(one => one.pieces),
    isOpaque: all.some(one => one.isOpaque),
    isVerbatim: false,
    sources: all.flatMap(one => one.sources),
  };
}

function filtered(source: Rendered | undefined, filter: AppliedFilter): Rendered {
  if (!source) return opaque;
  return {
    ...source,
    isVerbatim: false,
    pieces: source.pieces.map(piece => ({ ...piece, filters: [...piece.filters, filter] })),
  };
}

function toEffectiveFile(resource: Resource, container: Container, path: string, rendered: Rendered): EffectiveFile {
  const content: MappedText =
    rendered.pieces.length === 0 ? empty(container) : concatenate(rendered.pieces.map(piece => piece.text));
  return {
    resource,
    container,
    path,
    content,
    isOpaque: rendered.isOpaque,
    isVerbatim: rendered.isVerbatim,
    sources: rendered.sources,
    resolve(span) {
      let start = 0;
      for (const piece of rendered.pieces) {
        const end = start + piece.text.text.length;
        if (span.start < end || (span.start === end && span.end === end))
          return resolveIn(piece, { start: span.start - start, end: Math.min(span.end, end) - start });
        start = end;
      }
      return { kind: 'left' };
    },
  };
}

function empty(container: Container): MappedText {
  return { text: '', place: () => container.value.at('name'), linePrefix: undefined };
}

/** What the steps after a piece was written do to a part of it. The first that touches it decides. */
function resolveIn(piece: Piece, span: Span): Resolution {
  if (piece.variable) {
    return piece.variable.name === ''
      ? { kind: 'unknown' }
      : { kind: 'replaced', by: piece.variable.at, variables: [piece.variable] };
  }
  const { text } = piece.text;
  for (const filter of piece.filters) {
    const found = filter.kind === 'sed' ? resolveSed(filter, text, span) : resolveEnvsubst(filter, text, span);
    if (found.kind !== 'left') return found;
  }
  return { kind: 'left' };
}

function resolveSed({ commands, context }: SedStep, text: string, span: Span): Resolution {
  for (const command of commands) {
    if (command.kind !== 'substitute' || !command.complete) continue;
    const touches = touchesSpan(command, text, span);
    if (touches === 'unknown') return { kind: 'unknown' };
    if (!touches) continue;
    const by = context.script.place(command.span.start, command.span.end);
    if (command.replacement.unexpanded.length > 0) return { kind: 'unexpanded', by };
    return {
      kind: 'replaced',
      by,
      variables: command.replacement.variables.map(variable => resolveVariable(variable, context)),
    };
  }
  return { kind: 'left' };
}

/** Whether a substitution replaces a part of a text; without the flag `g` only the first match of each line counts. */
function touchesSpan(
  { pattern, global, ignoresCase, extended }: SedSubstitution,
  text: string,
  span: Span,
): boolean | 'unknown' {
  if (pattern.variables.length > 0) return 'unknown';
  const lineStart = text.lastIndexOf('\n', span.start - 1) + 1;
  const newline = text.indexOf('\n', span.start);
  const line = text.slice(lineStart, newline === -1 ? text.length : newline);
  const expression =
    pattern.literal === undefined
      ? toRegExp(pattern.text, extended, ignoresCase)
      : new RegExp(escapeRegExp(pattern.literal), ignoresCase ? 'gi' : 'g');
  if (!expression || line.length > 5000) return 'unknown';
  for (const match of line.matchAll(expression)) {
    const start = lineStart + match.index;
    if (match[0] !== '' && start < span.end && span.start < start + match[0].length) return true;
    if (!global) return false;
  }
  return false;
}

/** A sed pattern as a JavaScript one; undefined if it cannot be said so. Basic expressions escape what extended ones do not. */
function toRegExp(pattern: string, extended: boolean, ignoresCase: boolean): RegExp | undefined {
  const source = extended
    ? pattern
    : pattern.replace(
        /\\([(){}+?|])|([(){}+?|])/g,
        (_, escaped: string | undefined, plain: string | undefined) => escaped ?? `\\${plain}`,
      );
  try {
    return new RegExp(
      source.replaceAll('[[:space:]]', '\\s').replaceAll('[:space:]', '\\s').replaceAll('[:alnum:]', 'A-Za-z0-9'),
      ignoresCase ? 'gi' : 'g',
    );
  } catch {
    return undefined;
  }
}

function escapeRegExp(literal: string): string {
  return literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function resolveEnvsubst({ variables, span: by, context }: EnvsubstStep, text: string, span: Span): Resolution {
  for (const match of text.slice(Math.max(0, span.start - 64), span.end + 64).matchAll(/\$(?:\{(\w+)\}|(\w+))/g)) {
    const start = Math.max(0, span.start - 64) + match.index;
    if (start >= span.end || span.start >= start + match[0].length) continue;
    const name = match[1] ?? match[2] ?? '';
    if (variables === 'unknown') return { kind: 'unknown' };
    if (variables !== 'all' && !variables.includes(name)) continue;
    const at = context.script.place(by.start, by.end);
    const definition = context.environment.variables.get(name);
    return {
      kind: 'replaced',
      by: at,
      variables: [
        {
          name,
          definition,
          mayBeDefined: context.environment.isOpen || context.assigned.has(name),
          transformed: false,
          at,
          container: context.container,
        },
      ],
    };
  }
  return { kind: 'left' };
}

function resolveVariable(variable: RunVariable, context: Context): ResolvedVariable {
  return {
    name: variable.name,
    definition: context.environment.variables.get(variable.name),
    mayBeDefined:
      variable.assigned ||
      variable.fallback !== undefined ||
      context.environment.isOpen ||
      wellKnownVariables.has(variable.name),
    transformed: variable.transformed,
    at: context.script.place(variable.span.start, variable.span.end),
    container: context.container,
  };
}

/** Variables that the shell, the container runtime or Kubernetes sets in every container. */
const wellKnownVariables = new Set([
  'HOSTNAME',
  'HOME',
  'PATH',
  'PWD',
  'USER',
  'RANDOM',
  'IFS',
  'SHELL',
  'UID',
  'KUBERNETES_SERVICE_HOST',
  'KUBERNETES_SERVICE_PORT',
]);

function unknownOutput(span: Span, context: Context): ResolvedVariable {
  return {
    name: '',
    definition: undefined,
    mayBeDefined: true,
    transformed: true,
    at: context.script.place(span.start, span.end),
    container: context.container,
  };
}

function globPattern(glob: string): RegExp {
  return new RegExp(
    `^${glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '[^/]*')
      .replaceAll('?', '[^/]')}$`,
  );
}

function isFolder(container: Container, path: string): boolean {
  const mount = mountAt(container, path);
  return mount !== undefined && mount.mountPath === path && mount.subPath === undefined;
}

function mounted(workspace: Workspace, resource: Resource, container: Container, path: string): Rendered | undefined {
  const mount = mountAt(container, path);
  const volume = mount && volumeOf(resource, mount.volume);
  if (!mount || !volume) return undefined;
  const inVolume = pathInVolume(mount.mountPath, mount.subPath, path);
  const text = textsOfVolume(workspace, resource, volume).find(one => one.path === inVolume);
  if (!text) return undefined;
  return {
    pieces: [{ text: text.value.mapped, filters: [], variable: undefined }],
    isOpaque: false,
    isVerbatim: true,
    sources: [text.value],
  };
}

function filesBelow(workspace: Workspace, resource: Resource, container: Container, path: string): readonly string[] {
  const mount = mountAt(container, path);
  const volume = mount && volumeOf(resource, mount.volume);
  if (!mount || !volume) return [];
  return textsOfVolume(workspace, resource, volume).map(text => `${mount.mountPath}/${text.path}`);
}
