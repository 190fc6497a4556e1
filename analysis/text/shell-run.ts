import { baseName } from '../../manifests/paths';
import type { Span } from '../../manifests/span';
import type {
  ShellAssignment,
  ShellCommand,
  ShellGroup,
  ShellLoop,
  ShellNode,
  ShellRedirect,
  ShellScript,
} from './shell';
import { filesFound, outputOf } from './shell-output';
import { isShell, programStart } from './shell-programs';
import {
  type ContentPiece,
  certaintyOf,
  normalPath,
  type RunPiece,
  type RunWord,
  runWord,
  type ShellPath,
  scriptDirectory,
  sliceOf,
  textOf,
} from './shell-values';
import type { OutputPiece, ShellHeredoc, ShellPiece, ShellWord, VariablePiece } from './shell-words';

/**
 * A command at the time when it runs: functions are entered where they are called, `for` goes through its words, and
 * variables that the script sets are replaced by their values.
 */
export interface RunStep {
  readonly command: ShellCommand;
  /** The program's name, also when a variable names it. */
  readonly name: string | undefined;
  readonly args: readonly RunWord[];
  /** What it reads from its standard input; undefined when nothing is redirected or piped to it. */
  readonly stdin: readonly ContentPiece[] | undefined;
  /** What its redirects, or those around it, write to a file. */
  readonly output:
    | { readonly to: ShellPath; readonly append: boolean; readonly content: readonly ContentPiece[] }
    | undefined;
  /** What goes into a pipe or into `$(…)`; undefined when its output does not. */
  readonly piped: readonly ContentPiece[] | undefined;
  /** As in `ShellContext`, seen through the calls of functions. */
  readonly conditional: boolean;
  readonly looped: boolean;
  readonly errorsIgnored: boolean;
  readonly remote: boolean;
  /** It or what runs it is under `timeout`. */
  readonly isTimed: boolean;
  /** The path that a word means in the current folder. */
  path(word: RunWord): ShellPath;
  /** The value of a variable: `NAME=value` before the command, else what the script assigned. Only while visiting. */
  variable(name: string): RunWord | undefined;
  /** Its here-documents, in the order of `command.heredocs`, with the variables that the script sets replaced. */
  readonly heredocs: readonly (readonly RunPiece[])[];
  /** The targets of its redirects, in the order of `command.redirects`. */
  readonly redirectTargets: readonly RunWord[];
}

/** Goes through a script as a shell would, on every path at once, and shows each command that is not a function's call. */
export function runShell(script: ShellScript, visit: (step: RunStep) => void): void {
  const environment: Environment = { parent: undefined, isFunction: false, own: new Map() };
  const run: Run = { script, visit, steps: 0, names: new WeakMap() };
  runNodes(script.nodes, {
    run,
    environment,
    args: undefined,
    stdin: undefined,
    stdout: undefined,
    conditional: false,
    looped: false,
    errorsIgnored: false,
    remote: false,
    isTimed: false,
    found: undefined,
    depth: 0,
  });
}

/** A hostile script could ask for endless work; no real one comes near these. */
const limits = { steps: 10_000, depth: 24, words: 64, pieces: 2_000, valuePieces: 200 } as const;

interface Run {
  readonly script: ShellScript;
  readonly visit: (step: RunStep) => void;
  steps: number;
  readonly names: WeakMap<ShellLoop, LoopNames>;
}

interface LoopNames {
  readonly used: ReadonlySet<string>;
  readonly assigned: ReadonlySet<string>;
}

interface Frame {
  readonly run: Run;
  readonly environment: Environment;
  /** The arguments of the function that is being called. */
  readonly args: { words: readonly RunWord[] } | undefined;
  readonly stdin: readonly ContentPiece[] | undefined;
  readonly stdout: Sink | undefined;
  readonly conditional: boolean;
  readonly looped: boolean;
  readonly errorsIgnored: boolean;
  readonly remote: boolean;
  readonly isTimed: boolean;
  /** What `{}` stands for in a command that `find` runs. */
  readonly found: RunWord | undefined;
  readonly depth: number;
}

type Sink = FileSink | PipeSink | ClosedSink;

interface FileSink {
  readonly kind: 'file';
  readonly path: ShellPath;
  readonly append: boolean;
  opened: boolean;
}

interface PipeSink {
  readonly kind: 'pipe';
  readonly content: ContentPiece[];
}

/** Standard error, `/dev/null` and the like. */
interface ClosedSink {
  readonly kind: 'closed';
}

/** Variables. A layer that is not a function's is thrown away or merged when its subshell or branch ends. */
interface Environment {
  readonly parent: Environment | undefined;
  readonly isFunction: boolean;
  readonly own: Map<string, Variable>;
}

interface Variable {
  /** Undefined when the script assigns something that it does not tell. */
  readonly pieces: readonly RunPiece[] | undefined;
  readonly elements: readonly RunWord[] | undefined;
  /** What it is if a condition that the script does not tell is false. */
  readonly fallback: readonly RunPiece[] | undefined;
  readonly span: Span;
}

function runNodes(nodes: readonly ShellNode[], frame: Frame): void {
  for (const node of nodes) runNode(node, frame);
}

function runNode(node: ShellNode, frame: Frame): void {
  if (frame.run.steps > limits.steps || frame.depth > limits.depth) return;
  switch (node.kind) {
    case 'command':
      runCommand(node, frame);
      return;
    case 'pipeline':
      runPipeline(node.stages, frame);
      return;
    case 'and-or':
      for (const [index, item] of node.items.entries()) {
        if (node.conditional[index] !== true) runNode(item, frame);
        else runBranches([inside => runNode(item, inside)], frame, false);
      }
      return;
    case 'group':
      runGroup(node, frame);
      return;
    case 'if': {
      const bodies: ((inside: Frame) => void)[] = [];
      for (const [index, { condition, body }] of node.branches.entries()) {
        runNodes(condition, index === 0 ? frame : { ...frame, conditional: true });
        bodies.push(inside => runNodes(body, inside));
      }
      const { otherwise } = node;
      runBranches([...bodies, inside => runNodes(otherwise, inside)], frame, true);
      return;
    }
    case 'case': {
      resolveWords([node.word], frame);
      const bodies = node.branches.map(branch => (inside: Frame) => runNodes(branch.body, inside));
      const isExhaustive = node.branches.some(branch => branch.patterns.some(pattern => pattern.value === '*'));
      runBranches(bodies, frame, isExhaustive);
      return;
    }
    case 'loop':
      runLoop(node, frame);
      return;
    default:
  }
}

function runCommand(command: ShellCommand, frame: Frame): void {
  const { run } = frame;
  if (++run.steps > limits.steps) return;
  const words = resolveWords(command.words, frame);
  const start = programStart(words.map(({ value, certainty }) => ({ value, literal: certainty !== 'unknown' })));
  const nameWord = words[start];
  const name = nameWord && nameWord.certainty !== 'unknown' ? baseName(nameWord.value) : undefined;
  const { heredocs, redirectTargets, stdin, stdout } = redirected(command.redirects, command.heredocs, frame);
  const args = withInput(words.slice(0, start), words.slice(start + 1), stdin);

  // Assignments before a command hold for that command only; alone, or of `export`, they stay.
  const stays = nameWord === undefined || (name !== undefined && declarations.has(name));
  const local = stays ? frame : { ...frame, environment: layer(frame.environment, false) };
  for (const one of command.assignments) assign(one, local, name === 'local' || name === 'declare');

  const isTimed = frame.isTimed || words.slice(0, start).some(word => baseName(word.value) === 'timeout');
  const around = { ...inheriting(command, frame), isTimed };
  const called = name === undefined ? undefined : run.script.functions.get(name);
  if (called) {
    const environment = layer(local.environment, true);
    runNodes(called.body, { ...around, environment, args: { words: args }, stdin, stdout, depth: frame.depth + 1 });
    return;
  }
  const inside = { ...around, environment: local.environment, stdin, stdout };
  visitStep({ command, name, args, heredocs, redirectTargets }, inside, stdout !== frame.stdout);
  if (name !== undefined) runBuiltin(name, args, frame);
  if (command.inner.length === 0 || name === 'trap') return;
  if (name === 'eval') {
    runEval(command, args, { ...inside, environment: frame.environment, stdout: { kind: 'closed' } });
    return;
  }
  runNodes(command.inner, {
    ...inside,
    environment: layer(local.environment, false),
    args: isShell(name) ? { words: argumentsOfScript(args) } : frame.args,
    found: name === 'find' ? filesFound(args) : frame.found,
    depth: frame.depth + 1,
  });
}

/**
 * What `eval` runs is read before its variables are expanded, so what it assigns is not known, unless it is the usual
 * way round to a variable whose name another one has: `eval "value=\\${$name}"`.
 */
function runEval(command: ShellCommand, args: readonly RunWord[], frame: Frame): void {
  const text = args.map(arg => arg.value).join(' ');
  const [, name, , source] = /^\s*(?:export\s+)?([A-Za-z_]\w*)=("?)\$\{?([A-Za-z_]\w*)\}?\2\s*$/.exec(text) ?? [];
  if (name !== undefined && source !== undefined) {
    const { span } = command;
    const named = { kind: 'variable', name: source, span, raw: `$${source}`, quoted: true } as const;
    const pieces = resolveVariable({ ...named, prefix: undefined, index: undefined, operation: undefined }, frame);
    set(frame.environment, name, { pieces, elements: undefined, fallback: undefined, span });
    return;
  }
  const environment = layer(frame.environment, false);
  runNodes(command.inner, { ...frame, environment, depth: frame.depth + 1 });
  for (const [assigned, { span }] of environment.own) set(frame.environment, assigned, somethingFrom(span));
}

/** The words after the script of `sh -c`, without the one that becomes `$0`. */
function argumentsOfScript(args: readonly RunWord[]): readonly RunWord[] {
  const option = args.findIndex(arg => /^-\w*c\w*$/.test(arg.value));
  return option === -1 ? [] : args.slice(option + 3);
}

/** The arguments of a program that `xargs` starts: its own, and the words of what it reads where the script tells. */
function withInput(
  prefixes: readonly RunWord[],
  args: readonly RunWord[],
  stdin: readonly ContentPiece[] | undefined,
): readonly RunWord[] {
  const at = prefixes.findIndex(word => baseName(word.value) === 'xargs');
  const read = at === -1 || !stdin ? undefined : wordsOfContent(stdin);
  if (!read) return args;
  const options = prefixes.slice(at + 1);
  const replaced = options.flatMap(({ value }, index) =>
    value === '-I' ? (options[index + 1]?.value ?? []) : value.startsWith('-I') ? value.slice(2) : [],
  )[0];
  if (replaced === undefined) return [...args, ...read];
  return args.flatMap(arg => (arg.value === replaced ? read : [arg]));
}

/** A text as words, when the script tells all of it. */
function wordsOfContent(content: readonly ContentPiece[]): readonly RunWord[] | undefined {
  const pieces: RunPiece[] = [];
  for (const piece of content) {
    if (piece.kind !== 'text') return undefined;
    pieces.push({ ...piece, quoted: false });
  }
  const words = splitAtBlanks(pieces).filter(parts => parts.length > 0 && textOf(parts).trim() !== '');
  if (words.length > limits.words) return undefined;
  return words.map(parts => {
    const span = parts[0]?.span ?? nowhere;
    return runWord(parts, span, span);
  });
}

function inheriting(command: ShellCommand, frame: Frame): Frame {
  return {
    ...frame,
    conditional: frame.conditional || command.conditional,
    looped: frame.looped || command.loop !== undefined,
    errorsIgnored: frame.errorsIgnored || command.errorsIgnored,
    remote: frame.remote || command.remote,
  };
}

function visitStep(
  step: Pick<RunStep, 'command' | 'name' | 'args' | 'heredocs' | 'redirectTargets'>,
  frame: Frame,
  hasOwnOutput: boolean,
): void {
  const { stdin, stdout, conditional, looped, errorsIgnored, remote, isTimed } = frame;
  const path = (word: RunWord): ShellPath => pathOf(word, frame);
  let output: RunStep['output'];
  let piped: RunStep['piped'] = stdout?.kind === 'pipe' ? [] : undefined;
  if (stdout && stdout.kind !== 'closed' && (step.command.inner.length === 0 || step.name === 'eval')) {
    const content = outputOf({
      name: step.name,
      args: step.args,
      stdin,
      span: step.command.span,
      path,
      directory: directoryOf(frame),
    });
    if (stdout.kind === 'pipe') {
      piped = content;
      if (stdout.content.length < limits.pieces) stdout.content.push(...content);
    } else if (content.length > 0 || hasOwnOutput) {
      output = { to: stdout.path, append: stdout.append || stdout.opened, content };
      stdout.opened = true;
    }
  }
  frame.run.visit({
    command: step.command,
    name: step.name,
    args: step.args,
    heredocs: step.heredocs,
    redirectTargets: step.redirectTargets,
    stdin,
    output,
    piped,
    conditional,
    looped,
    errorsIgnored,
    remote,
    isTimed,
    path,
    variable: name => valueOfVariable(name, frame),
  });
}

function runPipeline(stages: readonly ShellNode[], frame: Frame): void {
  let { stdin } = frame;
  for (const [index, stage] of stages.entries()) {
    const content: ContentPiece[] = [];
    const stdout = index === stages.length - 1 ? frame.stdout : ({ kind: 'pipe', content } as const);
    runNode(stage, { ...frame, environment: layer(frame.environment, false), stdin, stdout });
    stdin = content;
  }
}

function runGroup({ subshell, body, redirects, heredocs }: ShellGroup, frame: Frame): void {
  const { stdin, stdout } = redirected(redirects, heredocs, frame);
  const environment = subshell ? layer(frame.environment, false) : frame.environment;
  runNodes(body, { ...frame, environment, stdin, stdout });
}

/** Runs what only one of may run, and forgets about variables that they leave different. */
function runBranches(bodies: readonly ((inside: Frame) => void)[], frame: Frame, isExhaustive: boolean): void {
  const layers = bodies.map(body => {
    const environment = layer(frame.environment, false);
    body({ ...frame, environment, conditional: true });
    return environment;
  });
  const names = new Set(layers.flatMap(one => [...one.own.keys()]));
  for (const name of names) {
    const before = lookUp(frame.environment, name);
    const values = layers.map(one => one.own.get(name) ?? before);
    if (!isExhaustive) values.push(before);
    const given = values.filter(value => value !== undefined);
    const [first] = given;
    if (!first) continue;
    const isSame = given.every(one => one.pieces && first.pieces && sameText(one.pieces, first.pieces));
    const isCertain = isSame && given.length === values.length;
    const fallback = isSame ? first.pieces : first.fallback;
    set(frame.environment, name, isCertain ? first : { ...first, pieces: undefined, elements: undefined, fallback });
  }
}

function runLoop(loop: ShellLoop, frame: Frame): void {
  const { variable, words } = loop;
  const inside = { ...frame, looped: true };
  const names = namesIn(loop, frame.run);
  const line = lineRead(loop);
  const lines = line === undefined || !frame.stdin ? undefined : wordsOfContent(frame.stdin);
  if (line !== undefined && lines) {
    for (const { pieces, span } of lines) {
      set(frame.environment, line, { pieces, elements: undefined, fallback: undefined, span });
      runNodes(loop.body, { ...inside, stdin: undefined });
    }
    return;
  }
  if (loop.loop === 'for' && variable !== undefined) {
    const items = words.length > 0 ? resolveWords(words, frame) : (frame.args?.words ?? []);
    const isKnown = items.length <= limits.words && items.every(item => item.certainty !== 'unknown');
    if (isKnown && names.used.has(variable)) {
      for (const { pieces, span } of items) {
        set(frame.environment, variable, { pieces, elements: undefined, fallback: undefined, span });
        runNodes(loop.body, inside);
      }
      return;
    }
    set(frame.environment, variable, somethingFrom(words[0]?.span ?? nowhere));
  }
  for (const name of names.assigned) set(frame.environment, name, somethingFrom(nowhere));
  runNodes(loop.condition, inside);
  if (loop.loop === 'for') runNodes(loop.body, inside);
  else runBranches([body => runNodes(loop.body, body)], inside, false);
}

/** The variable of `while read -r line`. */
function lineRead({ loop, condition }: ShellLoop): string | undefined {
  const [only] = condition;
  if (loop !== 'while' || condition.length !== 1 || only?.kind !== 'command' || only.name !== 'read') return undefined;
  const names = only.args.filter(arg => !arg.value.startsWith('-'));
  return names.length === 1 ? names[0]?.value : undefined;
}

const declarations: ReadonlySet<string> = new Set(['export', 'readonly', 'local', 'declare', 'typeset']);

function runBuiltin(name: string, args: readonly RunWord[], frame: Frame): void {
  switch (name) {
    case 'cd':
    case 'pushd': {
      const to = args.find(arg => !/^-\w/.test(arg.value));
      const goesBack = to === undefined || to.value === '-';
      const pieces = goesBack ? undefined : joinedPath(directoryOf(frame), to);
      const span = to?.span ?? nowhere;
      set(frame.environment, 'PWD', { pieces, elements: undefined, fallback: undefined, span });
      return;
    }
    case 'popd':
      set(frame.environment, 'PWD', somethingFrom(nowhere));
      return;
    case 'read':
    case 'mapfile':
    case 'readarray':
    case 'unset':
    case 'getopts':
      for (const { value, span } of args) {
        if (/^[A-Za-z_]\w*$/.test(value)) set(frame.environment, value, somethingFrom(span));
      }
      return;
    case 'shift':
      if (frame.args) frame.args.words = frame.args.words.slice(Number(args[0]?.value ?? 1) || 1);
      return;
    case 'set': {
      const dashes = args.findIndex(arg => arg.value === '--');
      if (frame.args && dashes !== -1) frame.args.words = args.slice(dashes + 1);
      return;
    }
    default:
  }
}

/** The words of a command after expansion: `"$@"` and arrays become several, an unquoted `$X` is split at blanks. */
function resolveWords(words: readonly ShellWord[], frame: Frame): readonly RunWord[] {
  return words.flatMap(word => {
    if (frame.found && word.value === '{}') return [frame.found];
    const [only] = word.pieces;
    if (only?.kind === 'variable' && word.pieces.length === 1) {
      const list = listOf(only, frame);
      if (list) return list.map(one => ({ ...one, use: word.span }));
    }
    const pieces = resolvePieces(word.pieces, frame);
    const span = originOf(word, frame);
    const isNothing = pieces.length === 0 && only?.kind === 'variable' && !only.quoted;
    if (isNothing) return [];
    return splitAtBlanks(pieces)
      .flatMap(bracesExpanded)
      .map(parts => runWord(parts, span, word.span));
  });
}

/** What `$@`, `$*` and `${X[@]}` stand for, when the script tells. */
function listOf(piece: VariablePiece, frame: Frame): readonly RunWord[] | undefined {
  if (piece.operation || piece.prefix) return undefined;
  if (piece.name === '@' || piece.name === '*') return frame.args?.words;
  if (piece.index !== '@' && piece.index !== '*') return undefined;
  return lookUp(frame.environment, piece.name)?.elements;
}

/** Where a word's value is written: that of the variable which is all of the word, else the word itself. */
function originOf({ pieces, span }: ShellWord, frame: Frame): Span {
  const [only] = pieces;
  if (only?.kind !== 'variable' || pieces.length > 1 || only.operation) return span;
  const variable = lookUp(frame.environment, only.name);
  return argumentOf(only.name, frame)?.span ?? (variable?.pieces ? variable.span : span);
}

function splitAtBlanks(pieces: readonly RunPiece[]): readonly (readonly RunPiece[])[] {
  if (!pieces.some(piece => piece.kind === 'text' && !piece.quoted && /\s/.test(piece.text))) return [pieces];
  const words: RunPiece[][] = [];
  let isOpen = false;
  const add = (piece: RunPiece): void => {
    const word = isOpen ? words.at(-1) : undefined;
    if (word) word.push(piece);
    else words.push([piece]);
    isOpen = true;
  };
  for (const piece of pieces) {
    if (piece.kind !== 'text' || piece.quoted) add(piece);
    else {
      for (const match of piece.text.matchAll(/\s+|\S+/g)) {
        if (/\s/.test(match[0])) isOpen = false;
        else add(sliceOf(piece, match.index, match.index + match[0].length));
      }
    }
  }
  return words;
}

/** `/a/{b,c}` and `{1..3}`: one such list in a word, as Bash expands it. */
function bracesExpanded(pieces: readonly RunPiece[]): readonly (readonly RunPiece[])[] {
  const at = pieces.findIndex(piece => piece.kind === 'text' && piece.glob && /^\{.*(,|\.\.).*\}$/.test(piece.text));
  const list = pieces[at];
  if (list?.kind !== 'text') return [pieces];
  const range = /^\{(\d{1,6})\.\.(\d{1,6})\}$/.exec(list.text);
  const items: (typeof list)[] = [];
  if (range) {
    const [first, last] = [Number(range[1]), Number(range[2])];
    if (Math.abs(last - first) > limits.words) return [pieces];
    const step = first <= last ? 1 : -1;
    for (let one = first; one !== last + step; one += step) {
      items.push({ ...list, text: String(one), verbatim: false, glob: false });
    }
  } else {
    if (/[{}$`"'\\]/.test(list.text.slice(1, -1))) return [pieces];
    for (const match of list.text.matchAll(/[^{},]+/g)) {
      items.push({ ...sliceOf(list, match.index, match.index + match[0].length), glob: /[*?[]/.test(match[0]) });
    }
  }
  return items.map(item => [...pieces.slice(0, at), item, ...pieces.slice(at + 1)]);
}

function resolvePieces(pieces: readonly ShellPiece[], frame: Frame): readonly RunPiece[] {
  const resolved: RunPiece[] = [];
  for (const piece of pieces) {
    if (piece.kind === 'text') resolved.push(piece);
    else if (piece.kind === 'variable') resolved.push(...resolveVariable(piece, frame));
    else resolved.push(...resolveOutput(piece, frame));
  }
  return resolved;
}

/** `$(…)`: its commands run; when they only say what the script tells, as `basename /a/b` does, that is the value. */
function resolveOutput(piece: OutputPiece, frame: Frame): readonly RunPiece[] {
  const { span, raw, quoted } = piece;
  const content: ContentPiece[] = [];
  const stdout = piece.from === 'command' ? ({ kind: 'pipe', content } as const) : undefined;
  const environment = layer(frame.environment, false);
  if (piece.commands.length > 0) {
    runNodes(piece.commands, { ...frame, environment, stdin: undefined, stdout, depth: frame.depth + 1 });
  }
  const isKnown = content.length > 0 && content.every(one => one.kind === 'text' || one.kind === 'variable');
  if (!isKnown || !piece.commands.every(isStraight)) return [{ kind: 'output', span, raw, quoted }];
  return withoutLastBreaks(content.filter(one => one.kind === 'text' || one.kind === 'variable')).map(one => ({
    ...one,
    quoted,
  }));
}

function isStraight(node: ShellNode): boolean {
  if (node.kind === 'command') return true;
  if (node.kind === 'pipeline') return node.stages.every(isStraight);
  if (node.kind === 'group') return node.body.every(isStraight);
  return node.kind === 'and-or' && !node.conditional.includes(true) && node.items.every(isStraight);
}

function withoutLastBreaks(pieces: readonly RunPiece[]): readonly RunPiece[] {
  const kept = [...pieces];
  for (let last = kept.at(-1); last?.kind === 'text'; last = kept.at(-1)) {
    const length = last.text.replace(/\n+$/, '').length;
    if (length === last.text.length) break;
    kept.pop();
    if (length > 0) kept.push(sliceOf(last, 0, length));
  }
  return kept;
}

function resolveVariable(piece: VariablePiece, frame: Frame): readonly RunPiece[] {
  const { name, span, quoted, prefix, operation } = piece;
  const { environment } = frame;
  if (prefix === '#') return [{ kind: 'output', span, raw: piece.raw, quoted }];
  const variable = lookUp(environment, name);
  const value = valueOfPiece(piece, variable, frame);
  if (prefix === '!') {
    const target = value && certaintyOf(value) === 'known' ? textOf(value) : '';
    const indirect = /^[A-Za-z_]\w*$/.test(target) ? { ...piece, name: target, prefix: undefined } : undefined;
    return indirect ? resolveVariable(indirect, frame) : [{ kind: 'output', span, raw: piece.raw, quoted }];
  }
  const taken = (pieces: readonly RunPiece[]): readonly RunPiece[] =>
    pieces.length > limits.valuePieces ? [unknown] : pieces.map(one => ({ ...one, quoted }));
  const unknown: RunPiece = {
    kind: 'variable',
    name,
    span,
    quoted,
    assigned: variable !== undefined,
    fallback: variable?.fallback,
    transformed: operation !== undefined && !/^:?[-=?]$/.test(operation.operator),
  };

  switch (operation?.operator) {
    case undefined:
    case '?':
    case ':?':
      return value ? taken(value) : [unknown];
    case '-':
    case ':-':
    case '=':
    case ':=': {
      const isEmpty = value !== undefined && operation.operator.startsWith(':') && textOf(value) === '';
      if (value && !isEmpty) return taken(value);
      const operand = resolvePieces(operation.operand, frame);
      if (isEmpty) return taken(operand);
      const fallback = variable?.fallback ?? operand;
      if (operation.operator.endsWith('=')) set(environment, name, { ...somethingFrom(span), fallback });
      return [{ ...unknown, fallback }];
    }
    case '+':
    case ':+':
      return value && textOf(value) !== '' ? taken(resolvePieces(operation.operand, frame)) : [unknown];
    case '#':
    case '##':
    case '%':
    case '%%': {
      const pattern = textOf(resolvePieces(operation.operand, frame));
      if ((name === '0' || name === 'BASH_SOURCE') && operation.operator === '%' && pattern === '/*') {
        return [{ ...unknown, name: scriptDirectory, transformed: false }];
      }
      const kept =
        value && certaintyOf(value) === 'known' ? withoutMatch(value, operation.operator, pattern) : undefined;
      return kept ? taken(kept) : [unknown];
    }
    case '/':
    case '//': {
      const pattern = textOf(resolvePieces(operation.operand, frame));
      if (!value || certaintyOf(value) !== 'known' || pattern === '' || /[*?[\\]/.test(pattern)) return [unknown];
      const replacement = textOf(resolvePieces(operation.replacement ?? [], frame));
      const parts = textOf(value).split(pattern);
      const text =
        operation.operator === '//'
          ? parts.join(replacement)
          : [parts.slice(0, 2).join(replacement), ...parts.slice(2)].join(pattern);
      return taken([changed(value, text)]);
    }
    default:
      return [unknown];
  }
}

function valueOfPiece(
  piece: VariablePiece,
  variable: Variable | undefined,
  frame: Frame,
): readonly RunPiece[] | undefined {
  const list = listOf({ ...piece, operation: undefined, prefix: undefined }, frame);
  if (list) return list.flatMap((word, index) => (index === 0 ? word.pieces : [blank(word.span), ...word.pieces]));
  if (/^[1-9]\d*$/.test(piece.name)) return frame.args && (argumentOf(piece.name, frame)?.pieces ?? []);
  if (variable?.elements) return variable.elements[Number(piece.index ?? 0) || 0]?.pieces;
  return piece.index === undefined ? variable?.pieces : undefined;
}

function argumentOf(name: string, frame: Frame): RunWord | undefined {
  return /^[1-9]\d*$/.test(name) ? frame.args?.words[Number(name) - 1] : undefined;
}

function valueOfVariable(name: string, { environment }: Frame): RunWord | undefined {
  const variable = lookUp(environment, name);
  if (!variable) return undefined;
  const { pieces, fallback, span } = variable;
  const itself = { kind: 'variable', name, span, quoted: true, assigned: true, fallback, transformed: false } as const;
  return runWord(pieces ?? [itself], span, span);
}

/** What `${X#pattern}` and its kin leave of a value. */
function withoutMatch(value: readonly RunPiece[], operator: string, pattern: string): readonly RunPiece[] | undefined {
  const text = textOf(value);
  if (text.length > 500 || pattern.length > 100 || /[[\\]/.test(pattern)) return undefined;
  const atStart = operator.startsWith('#');
  const isLongest = operator.length === 2;
  for (let step = 0; step <= text.length; step++) {
    const length = isLongest ? text.length - step : step;
    const at = atStart ? length : text.length - length;
    if (!globMatches(pattern, atStart ? text.slice(0, at) : text.slice(at))) continue;
    const [start, end] = atStart ? [at, text.length] : [0, at];
    const [only] = value;
    if (only?.kind === 'text' && value.length === 1) return [sliceOf(only, start, end)];
    return [changed(value, text.slice(start, end))];
  }
  return value;
}

/** Whether a text is all that a pattern of `*` and `?` describes. */
function globMatches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star !== -1) {
      p = star + 1;
      t = ++mark;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

function changed(value: readonly RunPiece[], text: string): RunPiece {
  const span = { start: value[0]?.span.start ?? 0, end: value.at(-1)?.span.end ?? 0 };
  const glob = value.some(piece => piece.kind === 'text' && piece.glob);
  return { kind: 'text', text, span: span.start <= span.end ? span : nowhere, verbatim: false, quoted: true, glob };
}

function assign(assignment: ShellAssignment, frame: Frame, isLocal: boolean): void {
  const { name, span } = assignment;
  const { environment } = frame;
  const before = assignment.appends ? lookUp(environment, name) : undefined;
  if (assignment.elements) {
    const elements = [...(before?.elements ?? []), ...resolveWords(assignment.elements, frame)];
    set(environment, name, { pieces: undefined, elements, fallback: undefined, span }, isLocal);
    return;
  }
  const value = assignment.value ? resolvePieces(assignment.value.pieces, frame) : [];
  const all = assignment.appends ? before?.pieces && [...before.pieces, ...value] : value;
  const isTold = all !== undefined && all.length <= limits.valuePieces && all.every(piece => piece.kind !== 'output');
  const valueSpan = assignment.value ? originOf(assignment.value, frame) : span;
  const pieces = isTold ? all : undefined;
  set(environment, name, { pieces, elements: undefined, fallback: undefined, span: valueSpan }, isLocal);
}

function set(environment: Environment, name: string, variable: Variable, isLocal = false): void {
  let layer = environment;
  while (!isLocal && layer.isFunction && layer.parent && !layer.own.has(name)) layer = layer.parent;
  layer.own.set(name, variable);
}

function lookUp(environment: Environment, name: string): Variable | undefined {
  for (let layer: Environment | undefined = environment; layer; layer = layer.parent) {
    const variable = layer.own.get(name);
    if (variable) return variable;
  }
  return undefined;
}

function layer(parent: Environment, isFunction: boolean): Environment {
  return { parent, isFunction, own: new Map() };
}

function somethingFrom(span: Span): Variable {
  return { pieces: undefined, elements: undefined, fallback: undefined, span };
}

function redirected(
  redirects: readonly ShellRedirect[],
  documents: readonly ShellHeredoc[],
  frame: Frame,
): Pick<RunStep, 'heredocs' | 'redirectTargets'> & Pick<Frame, 'stdin' | 'stdout'> {
  const redirectTargets: RunWord[] = [];
  let { stdin, stdout } = frame;
  const heredocs = documents.map(one => resolvePieces(one.pieces, frame));
  for (const [index, { descriptor }] of documents.entries()) if (descriptor === 0) stdin = heredocs[index];
  for (const redirect of redirects) {
    const { operator, descriptor } = redirect;
    const [target] = redirect.target ? resolveWords([redirect.target], frame) : [];
    if (!target) continue;
    redirectTargets.push(target);
    if (operator === '<<<') stdin = [...target.pieces, lineBreak(target.use)];
    else if (operator === '<' && (descriptor ?? 0) === 0) {
      const isProcess = redirect.target?.pieces.some(piece => piece.kind === 'output' && piece.from === 'process');
      if (target.value.startsWith('/dev/')) stdin = [];
      else stdin = isProcess ? target.pieces : [{ kind: 'file', path: pathOf(target, frame), span: target.span }];
    } else if (operator.includes('>') && operator !== '<>' && (operator.startsWith('&') || (descriptor ?? 1) === 1)) {
      const { value } = target;
      if (operator === '>&' && value === '1') continue;
      const isClosed = (operator === '>&' && /^(\d+|-)$/.test(value)) || /^\/(dev|proc)\//.test(value);
      if (value === '/dev/stdout') continue;
      const append = operator.endsWith('>>');
      stdout = isClosed ? { kind: 'closed' } : { kind: 'file', path: pathOf(target, frame), append, opened: false };
    }
  }
  return { heredocs, redirectTargets, stdin, stdout };
}

function pathOf(word: RunWord, frame: Frame): ShellPath {
  const pieces = joinedPath(directoryOf(frame), word);
  const { hasGlob, span } = word;
  return { path: normalPath(textOf(pieces)), certainty: certaintyOf(pieces), hasGlob, span };
}

function directoryOf(frame: Frame): readonly RunPiece[] | undefined {
  return lookUp(frame.environment, 'PWD')?.pieces;
}

function joinedPath(directory: readonly RunPiece[] | undefined, word: RunWord): readonly RunPiece[] {
  if (!directory || /^[/~$`]/.test(word.value)) return word.pieces;
  return [...directory, { ...blank(word.span), text: '/' }, ...word.pieces];
}

function blank({ start }: Span): RunPiece & { kind: 'text' } {
  return { kind: 'text', text: ' ', span: { start, end: start }, verbatim: false, quoted: false, glob: false };
}

function lineBreak({ end }: Span): RunPiece {
  return { kind: 'text', text: '\n', span: { start: end, end }, verbatim: false, quoted: true, glob: false };
}

function sameText(one: readonly RunPiece[], other: readonly RunPiece[]): boolean {
  return textOf(one) === textOf(other) && certaintyOf(one) === certaintyOf(other);
}

const nowhere: Span = { start: 0, end: 0 };

/** The variables that a loop's commands use and set. */
function namesIn(loop: ShellLoop, run: Run): LoopNames {
  const known = run.names.get(loop);
  if (known) return known;
  const used = new Set<string>();
  const assigned = new Set<string>();
  const addPieces = (pieces: readonly ShellPiece[]): void => {
    for (const piece of pieces) {
      if (piece.kind === 'variable') {
        used.add(piece.name);
        if (piece.operation) addPieces(piece.operation.operand);
      } else if (piece.kind === 'output') for (const node of piece.commands) add(node);
    }
  };
  const addAll = (nodes: readonly ShellNode[]): void => nodes.forEach(add);
  const addRedirects = (redirects: readonly ShellRedirect[], heredocs: readonly ShellHeredoc[]): void => {
    for (const { target } of redirects) if (target) addPieces(target.pieces);
    for (const { pieces } of heredocs) addPieces(pieces);
  };
  const add = (node: ShellNode): void => {
    switch (node.kind) {
      case 'command':
        for (const word of node.words) addPieces(word.pieces);
        for (const { name, value } of node.assignments) {
          assigned.add(name);
          if (value) addPieces(value.pieces);
        }
        if (node.name === 'read') for (const arg of node.args) assigned.add(arg.value);
        addRedirects(node.redirects, node.heredocs);
        addAll(node.inner);
        return;
      case 'pipeline':
        addAll(node.stages);
        return;
      case 'and-or':
        addAll(node.items);
        return;
      case 'group':
        addRedirects(node.redirects, node.heredocs);
        addAll(node.body);
        return;
      case 'if':
        for (const { condition, body } of node.branches) addAll([...condition, ...body]);
        addAll(node.otherwise);
        return;
      case 'case':
        addPieces(node.word.pieces);
        for (const { body } of node.branches) addAll(body);
        return;
      case 'loop':
        for (const word of node.words) addPieces(word.pieces);
        addAll([...node.condition, ...node.body]);
        return;
      default:
    }
  };
  addAll([...loop.condition, ...loop.body]);
  const names = { used, assigned };
  run.names.set(loop, names);
  return names;
}
