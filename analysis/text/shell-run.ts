import { baseName } from '../../manifests/paths';
import type { Span } from '../../manifests/span';
import { originOf, resolvePieces, resolveVariable, resolveWords, valueOfVariable } from './shell-expansion';
import {
  directoryOf,
  type Environment,
  type Frame,
  joinedPath,
  layerOver,
  limits,
  lookUp,
  nowhere,
  pathOf,
  type Run,
  setVariable,
  somethingFrom,
} from './shell-frame';
import { type LoopNames, lineRead, namesIn } from './shell-loops';
import type {
  ShellAssignment,
  ShellCommand,
  ShellGroup,
  ShellLoop,
  ShellNode,
  ShellRedirect,
  ShellScript,
} from './shell-nodes';
import { filesFound, outputOf } from './shell-output';
import { splitAtBlanks } from './shell-pieces';
import { isShell, programStart } from './shell-programs';
import {
  type ContentPiece,
  certaintyOf,
  type RunPiece,
  type RunWord,
  runWord,
  type ShellPath,
  textOf,
} from './shell-values';
import type { ShellHeredoc } from './shell-words';

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
  const run: Run = { script, visit, runNodes, steps: 0, names: new WeakMap() };
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
  const local = stays ? frame : { ...frame, environment: layerOver(frame.environment, false) };
  for (const one of command.assignments) assign(one, local, name === 'local' || name === 'declare');

  const isTimed = frame.isTimed || words.slice(0, start).some(word => baseName(word.value) === 'timeout');
  const around = { ...inheriting(command, frame), isTimed };
  const called = name === undefined ? undefined : run.script.functions.get(name);
  if (called) {
    const environment = layerOver(local.environment, true);
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
    environment: layerOver(local.environment, false),
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
    setVariable(frame.environment, name, { pieces, elements: undefined, fallback: undefined, span });
    return;
  }
  const environment = layerOver(frame.environment, false);
  runNodes(command.inner, { ...frame, environment, depth: frame.depth + 1 });
  for (const [assigned, { span }] of environment.own) setVariable(frame.environment, assigned, somethingFrom(span));
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
    runNode(stage, { ...frame, environment: layerOver(frame.environment, false), stdin, stdout });
    stdin = content;
  }
}

function runGroup({ subshell, body, redirects, heredocs }: ShellGroup, frame: Frame): void {
  const { stdin, stdout } = redirected(redirects, heredocs, frame);
  const environment = subshell ? layerOver(frame.environment, false) : frame.environment;
  runNodes(body, { ...frame, environment, stdin, stdout });
}

/** Runs what only one of may run, and forgets about variables that they leave different. */
function runBranches(bodies: readonly ((inside: Frame) => void)[], frame: Frame, isExhaustive: boolean): void {
  const layers = bodies.map(body => {
    const environment = layerOver(frame.environment, false);
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
    setVariable(
      frame.environment,
      name,
      isCertain ? first : { ...first, pieces: undefined, elements: undefined, fallback },
    );
  }
}

function runLoop(loop: ShellLoop, frame: Frame): void {
  const { variable, words } = loop;
  const inside = { ...frame, looped: true };
  const names = namesOfLoop(loop, frame.run);
  const line = lineRead(loop);
  const lines = line === undefined || !frame.stdin ? undefined : wordsOfContent(frame.stdin);
  if (line !== undefined && lines) {
    for (const { pieces, span } of lines) {
      setVariable(frame.environment, line, { pieces, elements: undefined, fallback: undefined, span });
      runNodes(loop.body, { ...inside, stdin: undefined });
    }
    return;
  }
  if (loop.loop === 'for' && variable !== undefined) {
    const items = words.length > 0 ? resolveWords(words, frame) : (frame.args?.words ?? []);
    const isKnown = items.length <= limits.words && items.every(item => item.certainty !== 'unknown');
    if (isKnown && names.used.has(variable)) {
      for (const { pieces, span } of items) {
        setVariable(frame.environment, variable, { pieces, elements: undefined, fallback: undefined, span });
        runNodes(loop.body, inside);
      }
      return;
    }
    setVariable(frame.environment, variable, somethingFrom(words[0]?.span ?? nowhere));
  }
  for (const name of names.assigned) setVariable(frame.environment, name, somethingFrom(nowhere));
  runNodes(loop.condition, inside);
  if (loop.loop === 'for') runNodes(loop.body, inside);
  else runBranches([body => runNodes(loop.body, body)], inside, false);
}

/** The same each time that the loop is run, as in the body of another one. */
function namesOfLoop(loop: ShellLoop, { names }: Run): LoopNames {
  let known = names.get(loop);
  if (!known) {
    known = namesIn(loop);
    names.set(loop, known);
  }
  return known;
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
      setVariable(frame.environment, 'PWD', { pieces, elements: undefined, fallback: undefined, span });
      return;
    }
    case 'popd':
      setVariable(frame.environment, 'PWD', somethingFrom(nowhere));
      return;
    case 'read':
    case 'mapfile':
    case 'readarray':
    case 'unset':
    case 'getopts':
      for (const { value, span } of args) {
        if (/^[A-Za-z_]\w*$/.test(value)) setVariable(frame.environment, value, somethingFrom(span));
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

function assign(assignment: ShellAssignment, frame: Frame, isLocal: boolean): void {
  const { name, span } = assignment;
  const { environment } = frame;
  const before = assignment.appends ? lookUp(environment, name) : undefined;
  if (assignment.elements) {
    const elements = [...(before?.elements ?? []), ...resolveWords(assignment.elements, frame)];
    setVariable(environment, name, { pieces: undefined, elements, fallback: undefined, span }, isLocal);
    return;
  }
  const value = assignment.value ? resolvePieces(assignment.value.pieces, frame) : [];
  const all = assignment.appends ? before?.pieces && [...before.pieces, ...value] : value;
  const isTold = all !== undefined && all.length <= limits.valuePieces && all.every(piece => piece.kind !== 'output');
  const valueSpan = assignment.value ? originOf(assignment.value, frame) : span;
  const pieces = isTold ? all : undefined;
  setVariable(environment, name, { pieces, elements: undefined, fallback: undefined, span: valueSpan }, isLocal);
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

function lineBreak({ end }: Span): RunPiece {
  return { kind: 'text', text: '\n', span: { start: end, end }, verbatim: false, quoted: true, glob: false };
}

function sameText(one: readonly RunPiece[], other: readonly RunPiece[]): boolean {
  return textOf(one) === textOf(other) && certaintyOf(one) === certaintyOf(other);
}
