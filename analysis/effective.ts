import { cached } from '../manifests/derived';
import { escapeRegExp } from '../manifests/escape-reg-exp';
import { endOfLine, startOfLine } from '../manifests/lines';
import { concatenate, type MappedText, slice } from '../manifests/mapped-text';
import type { Resource } from '../manifests/resource';
import { isSame } from '../manifests/same';
import type { Place, Span } from '../manifests/span';
import { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { type Environment, type EnvironmentVariable, environmentOf } from './environment';
import { namesFilledIn, variablesIn } from './filled-in';
import { isBelow, type Mount, mountAt, mountsOf, textsOfVolume, volumeOf } from './mounts';
import { type Container, containersOf } from './pods';
import { commandAsScript, pathInVolume, startScriptOf } from './scripts';
import { holdsStandIn } from './secret-data';
import { type FileSteps, type FileWrite, fileSteps, isKnownProgram, pythonSteps } from './text/file-writes';
import { wholeText } from './text/origin';
import type { SedCommand, SedSubstitution } from './text/sed-script';
import { readShell, type ShellScript } from './text/shell';
import { normalPath, type RunPiece, type RunVariable, type RunWord, type ShellPath } from './text/shell-values';

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
  /**
   * What becomes of a part of the text on its way to the program: of a span of it, or of a value that was read from it.
   * Of a value the second argument tells a part, by offsets from where it begins. Whoever asks for a value need not ask
   * again when other lines change.
   */
  resolve(at: Span | Value, part?: Span): Resolution;
}

export type Resolution =
  | { readonly kind: 'left' }
  | {
      readonly kind: 'replaced';
      readonly by: Place;
      readonly variables: readonly ResolvedVariable[];
      /** What stands there afterwards, if the part is replaced as a whole by something that the step tells. */
      readonly replacement?: readonly (string | ResolvedVariable)[];
    }
  /** A step looks as if it should replace the part, but the shell does not expand its variable. */
  | { readonly kind: 'unexpanded'; readonly by: Place; readonly hasShell: boolean }
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
  const files = workspace.derivePair(askedFiles, resource, container);
  let file = files.get(path);
  if (!file) {
    const rendered = cached(
      () => workspace.derive(podFiles, resource).read(container, path),
      (before, now) => (isSameRendering(before, now) ? before : now),
    );
    file = cached(() => {
      const now = rendered();
      return now && toEffectiveFile(resource, container, path, now);
    });
    files.set(path, file);
  }
  return file();
}

/** The files of a container that somebody has asked for, which stay the same while other things of its pod change. */
function askedFiles(_: Resource, __: Container): Map<string, () => EffectiveFile | undefined> {
  return new Map();
}

function isSameRendering(before: Rendered | undefined, now: Rendered | undefined): boolean {
  if (!before || !now) return before === now;
  return (
    before.isOpaque === now.isOpaque &&
    before.isVerbatim === now.isVerbatim &&
    isSame(before.sources, now.sources) &&
    before.pieces.length === now.pieces.length &&
    before.pieces.every((one, at) => {
      const other = now.pieces[at];
      return (
        isSame(one.origin, other?.origin) &&
        isSame(one.filters, other?.filters) &&
        isSame(one.expanded, other?.expanded)
      );
    })
  );
}

/** What the scripts of a pod do to its files, as the containers that do it see them. */
export function podWrites(workspace: Workspace, resource: Resource): PodWrites {
  return workspace.derive(podFiles, resource);
}

/** All files that scripts of a pod write, as the container that wrote them sees them. */
export function writtenPaths(workspace: Workspace, resource: Resource): readonly WrittenPath[] {
  return podWrites(workspace, resource).written;
}

export interface PodWrites {
  /** Every file that is written, each once for each container that writes it. */
  readonly written: readonly WrittenPath[];
  /** What cannot be written, because the volume is read-only there. */
  readonly refused: readonly WrittenPath[];
  /** Whether a path is only on the way to another file: a step reads it, or removes it later. */
  isIntermediate(container: Container, path: string): boolean;
  /** The files in a folder and in those in it, as the tree shows them. */
  filesIn(container: Container, folder: string): readonly string[];
  /** Whether there may be a file: the tree shows it, or something that is not understood may make it. */
  mayExist(container: Container, path: string): boolean;
}

export interface WrittenPath {
  readonly container: Container;
  readonly path: string;
  readonly at: Place;
  /** It may not be written, or nobody minds when it is not. */
  readonly isUncertain: boolean;
}

/** A piece of a file with everything that happened to it, oldest first. */
interface Piece {
  readonly text: MappedText;
  /** What the text is of, so that pieces can be compared. */
  readonly origin: readonly unknown[];
  readonly filters: readonly AppliedFilter[];
  /** What the shell put in when it wrote the piece, if it did: a variable, or what a program prints. */
  readonly expanded: { readonly variable: RunVariable | 'output'; readonly step: Step } | undefined;
}

type AppliedFilter = SedStep | EnvsubstStep | TemplateStep;

interface SedStep {
  readonly kind: 'sed';
  readonly commands: readonly SedCommand[];
  readonly step: Step;
}

interface EnvsubstStep {
  readonly kind: 'envsubst';
  readonly variables: readonly string[] | 'all' | 'unknown';
  readonly span: Span;
  readonly step: Step;
}

/** A controller fills values into the text, which nobody sees: Flux for variables, others for what stands in braces. */
interface TemplateStep {
  readonly kind: 'template';
  readonly by: 'variables' | 'braces';
  /** The variables, where only some are filled in. */
  readonly names?: readonly string[];
}

interface Rendered {
  readonly pieces: readonly Piece[];
  readonly isOpaque: boolean;
  readonly isVerbatim: boolean;
  readonly sources: readonly Value[];
}

interface PodFiles extends PodWrites {
  read(container: Container, path: string): Rendered | undefined;
}

const opaque: Rendered = { pieces: [], isOpaque: true, isVerbatim: false, sources: [] };

/** Runs the scripts of a pod in the order in which the kubelet would, and keeps what they wrote. */
function podFiles(resource: Resource, workspace: Workspace): PodFiles {
  const state = new Map<string, Rendered>();
  const written: WrittenPath[] = [];
  const refused: WrittenPath[] = [];
  const intermediate = new Set<string>();
  /** The volumes on which a program that is not understood may have changed any file. */
  const unknownVolumes = new Set<string>();
  /** The volumes on which a program that is not known may have made files. */
  const openVolumes = new Set<string>();
  const openFolders: string[] = [];
  const locate = (container: Container, path: string): { readonly space: string; readonly inner: string } => {
    const mount = mountAt(container, path);
    return mount
      ? { space: `volume ${mount.volume}`, inner: pathInVolume(mount.mountPath, mount.subPath, path) }
      : { space: `container ${container.name}`, inner: path };
  };
  const keyOf = (container: Container, path: string): string => {
    const { space, inner } = locate(container, path);
    return `${space}\n${inner}`;
  };
  const read = (container: Container, path: string): Rendered | undefined => {
    const known = state.get(keyOf(container, path)) ?? mounted(workspace, resource, container, path);
    return known ?? (unknownVolumes.has(locate(container, path).space) ? opaque : undefined);
  };
  /** The files in a folder and in all folders in it that the tree shows. */
  const filesIn = (container: Container, folder: string): readonly string[] => {
    const found = new Set<string>();
    for (const mount of mountsOf(container)) {
      if (!isBelow(mount.mountPath, folder) && !isBelow(folder, mount.mountPath)) continue;
      for (const path of filesOfMount(workspace, resource, mount)) found.add(path);
      for (const key of state.keys()) {
        const [space, inner = ''] = key.split('\n');
        const within = mount.subPath?.replace(/^\/|\/$/g, '') ?? '';
        if (space !== `volume ${mount.volume}` || (within !== '' && !isBelow(inner, within))) continue;
        const rest = within === '' ? inner : inner.slice(within.length + 1);
        found.add(rest === '' ? mount.mountPath : `${mount.mountPath}/${rest}`);
      }
    }
    const own = `container ${container.name}\n`;
    for (const key of state.keys()) if (key.startsWith(own)) found.add(key.slice(own.length));
    return [...found].filter(path => isBelow(path, folder) && path !== folder);
  };

  const openAll = (container: Container): void => {
    for (const mount of mountsOf(container))
      if (!isReadOnly(resource, container, mount.mountPath)) openVolumes.add(`volume ${mount.volume}`);
  };

  const run = (writes: readonly FileWrite[], context: Context, depth: number): void => {
    const { container, script } = context.step;
    for (const write of writes) {
      const at = script.place(write.span.start, write.span.end);
      const target = script.place(write.to.span.start, write.to.span.end);
      const isUncertain = write.conditional || write.errorsIgnored;
      if (write.kind === 'run') {
        const called = depth < 4 ? calledScript(write, context) : undefined;
        for (const path of called?.reads ?? []) intermediate.add(keyOf(container, pathOf(path, called?.context.step)));
        if (called) run(called.writes, called.context, depth + 1);
        else openAll(container);
        continue;
      }
      if (!/^(?:\/[^$`]*|pipe:\d+)$/.test(pathOf(write.to, context.step))) openAll(container);
      if (write.kind === 'opaque' && write.isFolder) openFolders.push(keyOf(container, pathOf(write.to, context.step)));
      if (write.kind === 'remove') {
        const to = pathOf(write.to, context.step);
        for (const path of write.to.hasGlob || write.recursive ? matching(write.to, context) : [to]) {
          intermediate.add(keyOf(container, path));
          state.delete(keyOf(container, path));
        }
        continue;
      }
      for (const { path, rendered, from } of outcomes(write, context)) {
        const key = keyOf(container, path);
        for (const source of from) if (keyOf(container, source) !== key) intermediate.add(keyOf(container, source));
        if (path.startsWith('/') && isReadOnly(resource, container, path)) {
          refused.push({ container, path, at: target, isUncertain });
          continue;
        }
        intermediate.delete(key);
        state.set(key, rendered);
        if (path.startsWith('/')) written.push({ container, path, at, isUncertain });
      }
    }
  };

  for (const { container, text, hasShell, steps, assigned, isOpen, args } of workspace.derive(podScripts, resource)) {
    const environment = environmentOf(workspace, resource, container);
    const context: Context = {
      step: {
        workspace,
        resource,
        container,
        script: text,
        hasShell,
        assigned,
        isOpen,
        args: args.map(arg => argumentOf(arg, environment)),
      },
      read: path => read(container, path),
      isFolder: path => isFolder(container, path) || filesIn(container, path).length > 0,
      filesIn: folder => filesIn(container, folder),
    };
    run(steps.writes, context, 0);
    for (const path of steps.reads) {
      for (const one of path.hasGlob ? matching(path, context) : [pathOf(path, context.step)])
        intermediate.add(keyOf(container, one));
    }
    if (steps.runsUnknown) openAll(container);
    if (!steps.rendersUnknown) continue;
    for (const mount of mountsOf(container)) {
      if (isReadOnly(resource, container, mount.mountPath)) continue;
      unknownVolumes.add(`volume ${mount.volume}`);
      for (const path of filesIn(container, mount.mountPath)) state.set(keyOf(container, path), opaque);
    }
  }
  return {
    read,
    written,
    refused,
    isIntermediate: (container, path) => intermediate.has(keyOf(container, path)),
    filesIn,
    mayExist(container, path) {
      const { space } = locate(container, path);
      const key = keyOf(container, path);
      const isOpen = openVolumes.has(space) || openFolders.some(folder => isBelow(key, folder));
      return isOpen || read(container, path) !== undefined || filesIn(container, path).length > 0;
    },
  };
}

/** What a container runs, read once: it stays the same while the ConfigMaps that it copies are edited. */
interface PodScript {
  readonly container: Container;
  readonly text: MappedText;
  readonly hasShell: boolean;
  readonly steps: FileSteps;
  readonly assigned: ReadonlySet<string>;
  /** It takes variables from somewhere that the tree does not show: `. /vault/secrets/env`. */
  readonly isOpen: boolean;
  readonly args: readonly Value[];
}

function podScripts(resource: Resource, workspace: Workspace): readonly PodScript[] {
  return containersOf(resource).flatMap(
    container => workspace.derivePair(scriptOfContainer, resource, container) ?? [],
  );
}

function scriptOfContainer(resource: Resource, container: Container, workspace: Workspace): PodScript | undefined {
  const script = startScriptOf(workspace, resource, container);
  const text = script?.text ?? commandAsScript(container);
  if (text?.text) {
    const shell = readShell(text.text);
    const isUnderstood = script !== undefined || !container.isInit || isKnownProgram(shell.commands[0]?.name);
    const steps = fileSteps(shell);
    return {
      container,
      text,
      hasShell: script !== undefined,
      steps: isUnderstood ? steps : { ...steps, rendersUnknown: true },
      ...variablesOf(shell),
      args: script?.args ?? [],
    };
  }
  // What the image of an init container starts may write whatever it can.
  if (!container.isInit) return undefined;
  const steps: FileSteps = { writes: [], reads: [], rendersUnknown: true, runsUnknown: true };
  const { mapped } = container.value;
  return { container, text: mapped, hasShell: false, steps, assigned: new Set(), isOpen: false, args: [] };
}

/** The names that a script gives a value, and whether it takes others from a file or a program. */
function variablesOf({ assignments, commands }: ShellScript): Pick<PodScript, 'assigned' | 'isOpen'> {
  return {
    assigned: new Set(assignments.map(assignment => assignment.name)),
    isOpen: commands.some(
      ({ name, args }) =>
        name === '.' ||
        name === 'source' ||
        (/^(?:eval|export|declare|readonly)$/.test(name ?? '') &&
          args.some(arg => arg.pieces[0]?.kind === 'output' && arg.pieces.length === 1)),
    ),
  };
}

/** Where a step runs: all that tells what its words stand for. */
interface Step {
  readonly workspace: Workspace;
  readonly resource: Resource;
  readonly container: Container;
  readonly script: MappedText;
  /** Whether a shell runs it, and not the kubelet one program. */
  readonly hasShell: boolean;
  /** The names that the script itself gives a value. */
  readonly assigned: ReadonlySet<string>;
  /** Whether the script takes variables from somewhere that the tree does not show. */
  readonly isOpen: boolean;
  /** `$1` and so on. */
  readonly args: readonly Argument[];
}

/** One container's script while it runs. */
interface Context {
  readonly step: Step;
  read(path: string): Rendered | undefined;
  isFolder(path: string): boolean;
  filesIn(folder: string): readonly string[];
}

interface Argument {
  readonly text: string;
  /** The variable that it is, if it is nothing else: `$(NAME)`, or `"$NAME"` in the calling script. */
  readonly definition: EnvironmentVariable | undefined;
}

function argumentOf(value: Value, environment: Environment): Argument {
  const text = value.text ?? '';
  const name = /^\$\((\w+)\)$/.exec(text)?.[1];
  return { text, definition: name === undefined ? undefined : environment.variables.get(name) };
}

/** A variable of the container that runs a step. */
function definitionOf({ workspace, resource, container }: Step, name: string): EnvironmentVariable | undefined {
  return environmentOf(workspace, resource, container).variables.get(name);
}

/** Whether the container that runs a step may have variables that the tree does not show. */
function mayHaveOthers({ workspace, resource, container, isOpen }: Step): boolean {
  return isOpen || environmentOf(workspace, resource, container).isOpen;
}

/** What a script does that another one runs, if the tree has it. */
function calledScript(
  write: Extract<FileWrite, { kind: 'run' }>,
  context: Context,
):
  | { readonly writes: readonly FileWrite[]; readonly reads: readonly ShellPath[]; readonly context: Context }
  | undefined {
  const rendered = context.read(pathOf(write.to, context.step));
  if (!rendered || rendered.isOpaque || rendered.pieces.length === 0) return undefined;
  const script = concatenate(rendered.pieces.map(piece => piece.text));
  const isPython = write.language === 'python' || /^#!.*python/.test(script.text);
  if (isPython) {
    const { span, conditional, looped, errorsIgnored } = { ...write, span: { start: 0, end: 0 } };
    const path = (word: RunWord): ShellPath => ({
      path: word.value,
      certainty: 'known',
      hasGlob: false,
      span: word.span,
    });
    const steps = pythonSteps(wholeText(script.text), { span, conditional, looped, errorsIgnored }, path);
    return { ...steps, context: { ...context, step: { ...context.step, script } } };
  }
  const shell = readShell(script.text);
  const { assigned, isOpen } = variablesOf(shell);
  const given = write.args.map((word): Argument => {
    const [only] = word.pieces;
    const name = only?.kind === 'variable' && word.pieces.length === 1 ? only.name : undefined;
    return {
      text: pathOf(
        { path: word.value, certainty: word.certainty, hasGlob: word.hasGlob, span: word.span },
        context.step,
      ),
      definition: name === undefined ? undefined : definitionOf(context.step, name),
    };
  });
  return {
    ...fileSteps(shell),
    context: {
      ...context,
      step: {
        ...context.step,
        script,
        hasShell: true,
        assigned: new Set([...context.step.assigned, ...assigned]),
        isOpen: context.step.isOpen || isOpen,
        args: given.length > 0 ? given : context.step.args,
      },
    },
  };
}

interface Outcome {
  readonly path: string;
  readonly rendered: Rendered;
  /** The files that it is made of. */
  readonly from: readonly string[];
}

/** What one step makes of which files. A step that may not happen is taken to happen: the benefit of the doubt. */
function outcomes(write: Exclude<FileWrite, { kind: 'run' | 'remove' }>, context: Context): readonly Outcome[] {
  const to = pathOf(write.to, context.step);
  switch (write.kind) {
    case 'copy':
      return copied(write, to, context);
    case 'write':
      return [{ path: to, rendered: render(write.content, context), from: filesOf(write.content, context) }];
    case 'append': {
      const before = context.read(to);
      const rendered = join(before === undefined ? [] : [before], render(write.content, context));
      return [{ path: to, rendered, from: filesOf(write.content, context) }];
    }
    case 'substitute':
      return pairs(write, context).map(({ from, path }) => ({
        path,
        rendered: filtered(context.read(from), { kind: 'sed', commands: write.commands, step: context.step }),
        from: [from],
      }));
    case 'envsubst': {
      const variables =
        typeof write.variables === 'string' ? write.variables : write.variables.map(variable => variable.name);
      return pairs(write, context).map(({ from, path }) => ({
        path,
        rendered: filtered(context.read(from), { kind: 'envsubst', variables, span: write.span, step: context.step }),
        from: [from],
      }));
    }
    case 'opaque': {
      const from = write.from ? [pathOf(write.from, context.step)] : [];
      if (write.isFolder) return context.filesIn(to).map(path => ({ path, rendered: opaque, from }));
      const paths = write.to.hasGlob ? matching(write.to, context) : [to];
      return paths.map(path => ({ path, rendered: opaque, from }));
    }
  }
}

function filesOf(
  content: readonly (RunPiece | { readonly kind: 'file'; readonly path: ShellPath })[],
  context: Context,
): readonly string[] {
  return content.flatMap(piece => (piece.kind === 'file' ? [pathOf(piece.path, context.step)] : []));
}

/** The files that a step reads and writes, one by one where a pattern stands for several. */
function pairs(
  { from, to }: { readonly from: ShellPath; readonly to: ShellPath },
  context: Context,
): readonly { readonly from: string; readonly path: string }[] {
  const target = pathOf(to, context.step);
  if (!from.hasGlob) return [{ from: pathOf(from, context.step), path: target }];
  const pattern = globPattern(pathOf(from, context.step), false);
  return context.filesIn(fixedFolder(pathOf(from, context.step))).flatMap(path => {
    const match = pattern.exec(path);
    return match ? [{ from: path, path: to.hasGlob ? filledIn(target, match.slice(1)) : target }] : [];
  });
}

/** The files that the tree shows for a pattern, or below a folder. */
function matching(path: ShellPath, context: Context): readonly string[] {
  const text = pathOf(path, context.step);
  if (!path.hasGlob) return [text, ...context.filesIn(text)];
  const pattern = globPattern(text, true);
  return context.filesIn(fixedFolder(text)).filter(one => pattern.test(one));
}

function copied(write: Extract<FileWrite, { kind: 'copy' }>, to: string, context: Context): readonly Outcome[] {
  const from = pathOf(write.from, context.step);
  if (write.from.hasGlob) {
    const pattern = globPattern(from, write.recursive);
    return context.filesIn(fixedFolder(from)).flatMap(path => {
      const match = pattern.exec(path);
      if (!match) return [];
      const rest = write.recursive ? (match.at(-1) ?? '') : '';
      const target = (write.to.hasGlob ? filledIn(to, match.slice(1)) : to) + rest;
      return [{ path: target, rendered: context.read(path) ?? opaque, from: [path] }];
    });
  }
  const source = context.read(from);
  if (source === undefined && write.recursive) {
    const target =
      write.toInFolder && context.isFolder(to) && !write.from.path.endsWith('/.')
        ? pathOf(write.toInFolder, context.step)
        : to;
    return context.filesIn(from).map(path => ({
      path: `${target}${path.slice(from.length)}`,
      rendered: context.read(path) ?? opaque,
      from: [path],
    }));
  }
  const path = write.toInFolder && context.isFolder(to) ? pathOf(write.toInFolder, context.step) : to;
  return [{ path, rendered: source ?? opaque, from: [from] }];
}

/** A path with the variables that the container's environment sets to a literal value, and with the arguments. */
function pathOf(path: ShellPath, step: Step | undefined): string {
  const written = path.path.replace(/\$\{(\w+)\}/g, (whole, name: string) => {
    const given = /^\d+$/.test(name) ? step?.args[Number(name) - 1]?.text : undefined;
    return given ?? (step && definitionOf(step, name))?.value?.text ?? whole;
  });
  const folder = /^[/$`~]|^pipe:/.test(written) ? undefined : step?.container.value.at('workingDir').text;
  return folder === undefined ? written : normalPath(`${folder}/${written}`);
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
  if (piece.kind === 'file') return context.read(pathOf(piece.path, context.step)) ?? opaque;
  const { step } = context;
  const { span } = piece;
  if (piece.kind === 'text') {
    const text = piece.verbatim ? slice(step.script, span) : spoken(piece.text, span, step);
    return written([{ text, origin: [step.script, span, piece.text], filters: [], expanded: undefined }]);
  }
  const [text, variable] = piece.kind === 'variable' ? [`\${${piece.name}}`, piece] : [piece.raw, 'output' as const];
  return written([
    { text: spoken(text, span, step), origin: [step.script, span], filters: [], expanded: { variable, step } },
  ]);
}

/** A text that does not stand in the script letter by letter; all of it is at the place that says it. */
function spoken(text: string, span: Span, { script }: Step): MappedText {
  return { text, place: () => script.place(span.start, span.end), linePrefix: undefined };
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
    resolve(at, part) {
      const [only, ...others] = rendered.pieces;
      const written = at instanceof Value && others.length === 0 ? at.writtenIn(content) : undefined;
      if (only && written) return resolveIn(only, written.lines, partOf(written, part));
      const span = partOf(at instanceof Value ? at.sourceSpan : at, part);
      let start = 0;
      for (const piece of rendered.pieces) {
        const end = start + piece.text.text.length;
        if (span.start < end || (span.start === end && span.end === end))
          return resolveIn(piece, piece.text.text, { start: span.start - start, end: Math.min(span.end, end) - start });
        start = end;
      }
      return { kind: 'left' };
    },
  };
}

function empty(container: Container): MappedText {
  return { text: '', place: () => container.value.at('name'), linePrefix: undefined };
}

function partOf({ start, end }: Span, part: Span | undefined): Span {
  return part ? { start: start + part.start, end: start + part.end } : { start, end };
}

/** What the steps after a piece was written do to a part of its text, or of lines of it. The first that touches it decides. */
function resolveIn(piece: Piece, text: string, span: Span): Resolution {
  if (piece.expanded) {
    const { variable, step } = piece.expanded;
    if (variable === 'output') return { kind: 'unknown' };
    const resolved = resolveVariable(variable, step);
    return { kind: 'replaced', by: resolved.at, variables: [resolved] };
  }
  for (const filter of piece.filters) {
    if (filter.kind === 'template') {
      const filledIn = filter.by === 'variables' ? variablesIn(text, filter.names) : bracesIn(text);
      if (isFilledIn(filledIn, span)) return { kind: 'unknown' };
      continue;
    }
    const found = filter.kind === 'sed' ? resolveSed(filter, text, span) : resolveEnvsubst(filter, text, span);
    if (found.kind !== 'left') return found;
  }
  return { kind: 'left' };
}

/** Whether a controller puts a value into a part of a text. */
function isFilledIn(matches: Iterable<RegExpMatchArray>, span: Span): boolean {
  for (const { index = 0, 0: text } of matches) if (index < span.end && span.start < index + text.length) return true;
  return false;
}

function bracesIn(text: string): Iterable<RegExpMatchArray> {
  return text.matchAll(/\{\{[^{}]*\}\}|"\{[^"\n{}]*\}"/g);
}

function resolveSed({ commands, step }: SedStep, text: string, span: Span): Resolution {
  for (const command of commands) {
    if (command.kind !== 'substitute' || !command.complete) continue;
    const touches = touchesSpan(command, text, span);
    if (touches === 'unknown') return { kind: 'unknown' };
    if (!touches) continue;
    const by = step.script.place(command.span.start, command.span.end);
    if (command.replacement.unexpanded.length > 0) return { kind: 'unexpanded', by, hasShell: step.hasShell };
    const isWhole = command.pattern.literal === text.slice(span.start, span.end) && command.address === undefined;
    const replacement = command.replacement.pieces.map(piece =>
      piece.kind === 'text' ? piece.text : piece.kind === 'variable' ? resolveVariable(piece, step) : undefined,
    );
    return {
      kind: 'replaced',
      by,
      variables: command.replacement.variables.map(variable => resolveVariable(variable, step)),
      ...(isWhole && { replacement: replacement.every(piece => piece !== undefined) ? replacement : [] }),
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
  const lineStart = startOfLine(text, span.start);
  const line = text.slice(lineStart, endOfLine(text, span.start));
  // Most lines hold no word that a script replaces.
  if (pattern.literal !== undefined && !ignoresCase && !line.includes(pattern.literal)) return false;
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

function resolveEnvsubst({ variables, span: by, step }: EnvsubstStep, text: string, span: Span): Resolution {
  for (const match of text.slice(Math.max(0, span.start - 64), span.end + 64).matchAll(/\$(?:\{(\w+)\}|(\w+))/g)) {
    const start = Math.max(0, span.start - 64) + match.index;
    if (start >= span.end || span.start >= start + match[0].length) continue;
    const name = match[1] ?? match[2] ?? '';
    if (variables === 'unknown') return { kind: 'unknown' };
    if (variables !== 'all' && !variables.includes(name)) continue;
    const at = step.script.place(by.start, by.end);
    const definition = definitionOf(step, name);
    return {
      kind: 'replaced',
      by: at,
      variables: [
        {
          name,
          definition,
          mayBeDefined: mayHaveOthers(step) || step.assigned.has(name),
          transformed: false,
          at,
          container: step.container,
        },
      ],
    };
  }
  return { kind: 'left' };
}

function resolveVariable(variable: RunVariable, step: Step): ResolvedVariable {
  const argument = /^[1-9]\d*$/.test(variable.name) ? step.args[Number(variable.name) - 1] : undefined;
  return {
    name: variable.name,
    definition: argument?.definition ?? definitionOf(step, variable.name),
    mayBeDefined:
      argument !== undefined ||
      /^\W$/.test(variable.name) ||
      variable.assigned ||
      variable.fallback !== undefined ||
      wellKnownVariables.has(variable.name) ||
      mayHaveOthers(step),
    transformed: variable.transformed,
    at: step.script.place(variable.span.start, variable.span.end),
    container: step.container,
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

/**
 * A shell pattern as a regular expression, with a group for each of its wild parts. `**\/` stands for folders of any
 * depth. With `recursive` the last group is what lies below a folder that matches.
 */
function globPattern(glob: string, recursive: boolean): RegExp {
  const source = glob
    .split(wildParts)
    .map((part, index) => {
      if (index % 2 === 0) return escapeRegExp(part);
      if (part === '**/') return '((?:.*/)?)';
      if (part === '*') return '([^/]*)';
      return part === '?' ? '([^/])' : `(${part.replace(/^\[!/, '[^')})`;
    })
    .join('');
  return new RegExp(`^${source}${recursive ? '(/.*)?' : ''}$`);
}

const wildParts = /(\*\*\/|\*|\?|\[!?\w+(?:-\w+)?\])/;

/** A pattern with its wild parts filled in, one after the other. */
function filledIn(glob: string, parts: readonly (string | undefined)[]): string {
  return glob
    .split(wildParts)
    .map((part, index) => (index % 2 === 0 ? part : (parts[(index - 1) / 2] ?? part)))
    .join('');
}

/** The folder above all that a pattern stands for. */
function fixedFolder(glob: string): string {
  const fixed = glob.split(wildParts)[0] ?? '';
  return fixed.slice(0, fixed.lastIndexOf('/')) || '/';
}

/** Whether a file cannot be written: volumes of ConfigMaps, Secrets and the like are always read-only (CVE-2017-1002102). */
function isReadOnly(resource: Resource, container: Container, path: string): boolean {
  const mount = mountAt(container, path);
  if (!mount) return isRootReadOnly(container) && !/^\/(?:dev|proc|sys)\//.test(path);
  const volume = volumeOf(resource, mount.volume);
  if (!volume) return false;
  return (
    mount.isReadOnly || ['configMap', 'secret', 'projected', 'downwardAPI'].some(source => volume.at(source).exists)
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
  if (holdsStandIn(text.value)) return opaque;
  const filled = text.isTemplate ? templateText(text.value.mapped) : undefined;
  if (text.isTemplate && !filled) return opaque;
  const filters: TemplateStep[] = filled ? [{ kind: 'template', by: 'braces' }] : [];
  const names = namesFilledIn(workspace, text.value, () => text.value.mapped.text);
  if (names) filters.push({ kind: 'template', by: 'variables', ...(names === 'all' ? {} : { names }) });
  return {
    pieces: [{ text: filled ?? text.value.mapped, origin: [text.value, filled?.text], filters, expanded: undefined }],
    isOpaque: false,
    isVerbatim: filled === undefined,
    sources: [text.value],
  };
}

/**
 * A template as a text that can be read as what it becomes: where `{{ … }}` is a value without quotes, YAML would take
 * it for mappings, so its outer braces are read as quotes. Undefined where it decides about lines, or is all there is.
 */
function templateText(mapped: MappedText): MappedText | undefined {
  const { text } = mapped;
  if (/\{\{-?\s*(?:if|else|end|range|with|define|block|template|include)\b/.test(text)) return undefined;
  if (/^\s*\{\{[^{}]*\}\}\s*$/.test(text)) return undefined;
  const quoted = text.replace(/((?:^|[\s:-])[ \t]*)\{\{([^"\n{}]*)\}\}(?=[ \t]*(?:#.*)?$)/gm, '$1"{$2}"');
  return { text: quoted, place: mapped.place, linePrefix: mapped.linePrefix, eol: mapped.eol };
}

function isRootReadOnly({ value }: Container): boolean {
  return value.at('securityContext', 'readOnlyRootFilesystem').boolean === true;
}

/** The files of ConfigMaps and Secrets at a mount. */
function filesOfMount(workspace: Workspace, resource: Resource, mount: Mount): readonly string[] {
  const volume = volumeOf(resource, mount.volume);
  if (!volume) return [];
  const texts = textsOfVolume(workspace, resource, volume);
  if (mount.subPath === undefined) return texts.map(text => `${mount.mountPath}/${text.path}`);
  // Of a Secret or ConfigMap that the tree does not show, it is one file all the same.
  const isElsewhere = texts.length === 0 && (volume.at('secret').exists || volume.at('configMap').exists);
  return isElsewhere || texts.some(text => text.path === mount.subPath) ? [mount.mountPath] : [];
}
