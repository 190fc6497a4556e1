import { baseName } from '../../manifests/paths';
import type { Span } from '../../manifests/span';
import { djangoFolders, isKnownProgram, pipFolders, pipOptions, renderers, writers } from './file-programs';
import type { FileContentPiece, FileStep, FileSteps, FileWrite } from './file-steps';
import type { Origin } from './origin';
import { type PythonFileUse, pythonExpands, readPython } from './python';
import type { ShellScript } from './shell-nodes';
import { readOptions } from './shell-options';
import { envsubstOf, perlOf, pythonCode, pythonReplaces, sedOf } from './shell-output';
import { isShell } from './shell-programs';
import { type RunStep, runShell } from './shell-run';
import {
  type ContentFilter,
  type ContentPiece,
  type FilePiece,
  normalPath,
  plainWord,
  type RunWord,
  type ShellPath,
} from './shell-values';

/**
 * The files that a script writes, in order. A path such as `pipe:1` stands for what goes through a pipe before it is
 * added to a file. Commands for other containers (`kubectl exec`) are left out.
 */
export function fileWrites(script: ShellScript): readonly FileWrite[] {
  return fileSteps(script).writes;
}

/** What a script does to files of the container in which it runs. */
export function fileSteps(script: ShellScript): FileSteps {
  let steps = known.get(script);
  if (!steps) {
    steps = readSteps(script);
    known.set(script, steps);
  }
  return steps;
}

const known = new WeakMap<ShellScript, FileSteps>();

function readSteps(script: ShellScript): FileSteps {
  const writes: FileWrite[] = [];
  const reads: ShellPath[] = [];
  let rendersUnknown = false;
  let runsUnknown = false;
  let pipes = 0;
  runShell(script, step => {
    if (step.remote) return;
    if (step.piped) reads.push(...step.piped.flatMap(filesIn));
    rendersUnknown ||= renderers.has(step.name ?? '');
    runsUnknown ||= step.command.words.length > 0 && !isKnownProgram(step.name) && !isShell(step.name);
    const { span } = step.command;
    const { conditional, looped, errorsIgnored } = step;
    const common = { span, conditional, looped, errorsIgnored };
    const pipe = (): ShellPath => ({ path: `pipe:${++pipes}`, certainty: 'known', hasGlob: false, span });
    const writing: Writing = { step, common, writes, reads, pipe };
    writeArguments(writing);
    if (step.output) writeContent(step.output.to, step.output.append, step.output.content, writing);
  });
  return { writes, reads, rendersUnknown, runsUnknown };
}

function filesIn(piece: ContentPiece): readonly ShellPath[] {
  if (piece.kind === 'file') return [piece.path];
  return piece.kind === 'filtered' ? piece.content.flatMap(filesIn) : [];
}

interface Writing {
  readonly step: RunStep;
  readonly common: Omit<FileStep, 'to'>;
  readonly writes: FileWrite[];
  readonly reads: ShellPath[];
  /** A name for what goes through a pipe. */
  pipe(): ShellPath;
}

/** What a program writes to the files that its arguments name. */
function writeArguments(writing: Writing): void {
  const { step, common, writes } = writing;
  const { name = '', args, path } = step;
  switch (name) {
    case 'cp':
    case 'mv':
    case 'ln':
    case 'install':
    case 'rsync':
      copy(name, writing);
      return;
    case 'tee': {
      const options = readOptions(args, {});
      for (const file of options.operands) {
        if (!isDevice(file)) writeContent(path(file), options.has('a', 'append'), step.stdin ?? [], writing);
      }
      return;
    }
    case 'rm':
    case 'unlink': {
      const options = readOptions(args, {});
      const recursive = options.has('r', 'R', 'recursive');
      for (const file of options.operands) writes.push({ kind: 'remove', ...common, to: path(file), recursive });
      return;
    }
    case '.':
    case 'source': {
      const [script, ...rest] = args;
      if (script) writes.push({ kind: 'run', ...common, to: path(script), language: 'shell', args: rest });
      return;
    }
    case 'touch':
      for (const file of readOptions(args, { short: 'drt', long: ['date', 'reference'] }).operands) {
        writes.push({ kind: 'append', ...common, to: path(file), content: [] });
      }
      return;
    case 'truncate':
      for (const file of readOptions(args, { short: 'sr', long: ['size', 'reference'] }).operands) {
        writes.push({ kind: 'write', ...common, to: path(file), content: [] });
      }
      return;
    case 'sed': {
      const { inPlace, commands, files } = sedOf(args);
      if (!inPlace) return;
      for (const file of files)
        filterInPlace(path(file), commands && { kind: 'sed', commands, span: common.span }, writing);
      return;
    }
    case 'perl': {
      const { inPlace, filter, files } = perlOf(args, common.span);
      if (inPlace) for (const file of files) filterInPlace(path(file), filter, writing);
      return;
    }
    case 'envsubst': {
      // The Go program of the same name (https://github.com/a8m/envsubst) has options for its files.
      const options = readOptions(args, { short: 'io' });
      const [from, to] = [options.value('i'), options.value('o')];
      const filter = envsubstOf(args, common.span);
      if (!to || !filter) return;
      const content: readonly ContentPiece[] = from ? [fileOf(path(from))] : (step.stdin ?? []);
      writeContent(path(to), false, [{ kind: 'filtered', content, filter, span: common.span }], writing);
      return;
    }
    case 'python':
    case 'python3':
      writeByPython(writing);
      return;
    default: {
      const writer = writers.get(name);
      if (!writer) {
        runScript(writing);
        return;
      }
      const options = readOptions(args, writer.options ?? {});
      for (const word of writer.files(options, args)) {
        if (isDevice(word)) continue;
        const isFolder = writer.isFolder === true;
        writes.push({ kind: 'opaque', ...common, to: path(word), tool: name, from: undefined, isFolder });
      }
    }
  }
}

/** `sh /scripts/render.sh in out`, and `/scripts/render.sh in out`. */
function runScript({ step, common, writes }: Writing): void {
  const { name, args, path, command } = step;
  if (isShell(name)) {
    const at = args.findIndex(arg => !/^[-+]/.test(arg.value));
    const script = args[at];
    const runsText = args.slice(0, at === -1 ? undefined : at).some(arg => /^-\w*[cs]/.test(arg.value));
    if (!script || runsText) return;
    writes.push({ kind: 'run', ...common, to: path(script), language: 'shell', args: args.slice(at + 1) });
    return;
  }
  const { nameWord } = command;
  if (!nameWord?.literal || !nameWord.value.startsWith('/')) return;
  const to = path(plainWord(nameWord.value, nameWord.span));
  writes.push({ kind: 'run', ...common, to, language: 'shell', args });
}

function copy(name: string, { step, common, writes }: Writing): void {
  const { args, path } = step;
  const table = {
    short: name === 'install' ? 'tSmog' : 'tS',
    long: ['target-directory', 'suffix', 'mode', 'owner', 'group'],
  };
  const options = readOptions(
    args,
    name === 'rsync' ? { short: 'ef', long: ['exclude', 'include', 'chmod', 'chown'] } : table,
  );
  if (name === 'install' && options.has('d', 'directory')) return;
  const folder = options.value('t', 'target-directory');
  const sources = folder ? options.operands : options.operands.slice(0, -1);
  const target = folder ?? options.operands.at(-1);
  if (!target || sources.length === 0) return;
  const recursive = name === 'mv' || options.has('r', 'R', 'a', 'recursive', 'archive');
  const intoFolder = folder !== undefined || sources.length > 1 || /(^|\/)\.{0,2}$/.test(target.value);
  const to = path(target);
  for (const source of sources) {
    const from = path(source);
    // `cp -r a/. b` copies what is in `a`, not `a` itself.
    const isInside = recursive && (/\/\.$/.test(source.value) || (name === 'rsync' && source.value.endsWith('/')));
    const inFolder = { ...to, path: normalPath(`${to.path}/${baseName(from.path)}`), hasGlob: from.hasGlob };
    const isFolder = intoFolder || (from.hasGlob && !to.hasGlob);
    const lands = !isInside && isFolder ? inFolder : to;
    const isFile =
      isInside || isFolder || options.has('T', 'no-target-directory') || baseName(from.path) === baseName(to.path);
    writes.push({
      kind: 'copy',
      ...common,
      from,
      to: lands,
      toInFolder: isFile ? undefined : inFolder,
      recursive,
      moves: name === 'mv',
      links: name === 'ln',
    });
    if (name === 'mv') writes.push({ kind: 'remove', ...common, to: from, recursive: true });
  }
}

function filterInPlace(file: ShellPath, filter: ContentFilter | undefined, { step, common, writes }: Writing): void {
  const known = filter ?? { kind: 'opaque', tool: step.name ?? '', span: common.span };
  writes.push(applied(known, file, file, common));
}

/** Lowers content to steps on files, each of which says one thing. */
function writeContent(to: ShellPath, append: boolean, content: readonly ContentPiece[], writing: Writing): void {
  const { common, writes, step } = writing;
  const [only] = content;
  if (!append && only && content.length === 1) {
    if (only.kind === 'file') {
      const toInFolder = undefined;
      writes.push({
        kind: 'copy',
        ...common,
        to,
        from: only.path,
        toInFolder,
        recursive: false,
        moves: false,
        links: false,
      });
      return;
    }
    if (only.kind === 'filtered') {
      writeFiltered(to, only, writing);
      return;
    }
    if (only.kind === 'output' && step.name !== 'echo' && step.name !== 'printf') {
      writes.push({ kind: 'opaque', ...common, to, tool: only.raw, from: undefined, isFolder: false });
      return;
    }
  }
  const pieces = content.map((piece): FileContentPiece => {
    if (piece.kind !== 'filtered') return piece;
    const through = writing.pipe();
    writeFiltered(through, piece, writing);
    return { kind: 'file', path: through, span: piece.span };
  });
  writes.push({ kind: append ? 'append' : 'write', ...common, to, content: pieces });
}

function writeFiltered(
  to: ShellPath,
  { content, filter }: Extract<ContentPiece, { kind: 'filtered' }>,
  writing: Writing,
): void {
  const { common, writes } = writing;
  const [only] = content;
  if (only?.kind === 'file' && content.length === 1) {
    writes.push(applied(filter, only.path, to, common));
    return;
  }
  if (filter.kind === 'opaque' && content.every(piece => piece.kind !== 'filtered')) {
    writes.push({ kind: 'opaque', ...common, to, tool: filter.tool, from: undefined, isFolder: false });
    return;
  }
  writeContent(to, false, content, writing);
  writes.push(applied(filter, to, to, common));
}

function applied(filter: ContentFilter, from: ShellPath, to: ShellPath, common: Omit<FileStep, 'to'>): FileWrite {
  if (filter.kind === 'sed') return { kind: 'substitute', ...common, from, to, commands: filter.commands };
  if (filter.kind === 'opaque') return { kind: 'opaque', ...common, from, to, tool: filter.tool, isFolder: false };
  const { variables, keepsUndefined, tool } = filter;
  return { kind: 'envsubst', ...common, from, to, variables, keepsUndefined, tool };
}

/** A Python program is not run: only the paths that it opens for writing are known. */
function writeByPython(writing: Writing): void {
  const { step, common, writes } = writing;
  const { args } = step;
  const django = args.findIndex(arg => /^(manage\.py|django)$/.test(baseName(arg.value)));
  if (django !== -1) {
    for (const word of djangoFolders(args.slice(django + 1))) {
      writes.push({
        kind: 'opaque',
        ...common,
        to: step.path(word),
        tool: 'django-admin',
        from: undefined,
        isFolder: true,
      });
    }
    return;
  }
  const pip = args.findIndex(arg => arg.value === 'pip');
  if (pip !== -1) {
    for (const word of pipFolders(readOptions(args.slice(pip + 1), pipOptions))) {
      writes.push({ kind: 'opaque', ...common, to: step.path(word), tool: 'pip', from: undefined, isFolder: true });
    }
    return;
  }
  const code = pythonCode({ ...step, span: common.span });
  if (!code) {
    const at = args.findIndex(arg => !arg.value.startsWith('-'));
    const program = args[at];
    if (!program || args.slice(0, at).some(arg => arg.value === '-m')) return;
    const rest = args.slice(at + 1);
    writes.push({ kind: 'run', ...common, to: step.path(program), language: 'python', args: rest });
    return;
  }
  const steps = pythonSteps(code, common, step.path);
  writes.push(...steps.writes);
  writing.reads.push(...steps.reads);
}

/** What a Python program does to files, as far as it names them. */
export function pythonSteps(
  code: Origin,
  common: Omit<FileStep, 'to'>,
  pathOf: (word: RunWord) => ShellPath,
): Pick<FileSteps, 'writes' | 'reads'> {
  const writes: FileWrite[] = [];
  const { files } = readPython(code.text);
  const path = (file: PythonFileUse): ShellPath =>
    pathOf(plainWord(file.path, code.span(file.span.start, file.span.end)));
  const written = files.filter(file => file.writes);
  const [from, ...others] = files.filter(file => !file.writes);
  for (const file of written) {
    const to = path(file);
    const filter = from && others.length === 0 && written.length === 1 ? pythonFilter(code, common.span) : undefined;
    const unknown: ContentFilter = { kind: 'opaque', tool: 'python', span: common.span };
    writes.push(applied(filter ?? unknown, from && filter ? path(from) : to, to, common));
  }
  return { writes, reads: files.filter(file => !file.writes).map(path) };
}

/** What a Python program does to the one file that it reads. */
function pythonFilter(code: Origin, span: Span): ContentFilter | undefined {
  if (!pythonExpands(code.text)) return pythonReplaces(code, span);
  return { kind: 'envsubst', variables: 'all', keepsUndefined: true, tool: 'python', span };
}

function isDevice(word: RunWord): boolean {
  return word.value === '-' || word.value.startsWith('/dev/');
}

function fileOf(path: ShellPath): FilePiece {
  return { kind: 'file', path, span: path.span };
}
