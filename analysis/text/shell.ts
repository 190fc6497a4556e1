import {
  type AndOr,
  type ArrayValue,
  type Assignment,
  type CommandNode,
  type CompoundList,
  type PipelineNode,
  parse,
  type Redirection,
  type Script,
  type Statement,
  type TestExpression,
  type Word,
} from 'unbash';
import { ofText } from '../../manifests/derived';
import type { Span } from '../../manifests/span';
import { type Origin, withoutCarriageReturns } from './origin';
import type {
  ShellAndOr,
  ShellAssignment,
  ShellCommand,
  ShellContext,
  ShellFunction,
  ShellGroup,
  ShellNode,
  ShellRedirect,
  ShellScript,
} from './shell-nodes';
import { innerCommandLine, innerScript, programOf } from './shell-programs';
import {
  originOf,
  type ReadSubstitution,
  readHeredoc,
  readWord,
  type ShellHeredoc,
  type ShellWord,
  type TextPiece,
  wordOf,
} from './shell-words';

/** Reads a shell script. Never throws; what cannot be read is in `problems`. */
export const readShell: (text: string) => ShellScript = ofText(text => {
  const reading: Reading = {
    commands: [],
    assignments: [],
    functions: new Map(),
    problems: [],
    options: { errexit: undefined, nounset: undefined, pipefail: undefined },
    pipelines: 0,
  };
  const origin = withoutCarriageReturns(text);
  const script = parse(origin.text);
  if (/^#!.*\s-\w*e/.test(script.shebang ?? '')) reading.options.errexit = { start: 0, end: text.search(/\r?\n|$/) };
  const nodes = readScript(script, { ...topLevel, origin, reading, depth: 0 });
  const { commands, assignments, functions, options, problems } = reading;
  return { text, shebang: script.shebang, nodes, commands, assignments, functions, options, problems };
});

interface Reading {
  readonly commands: ShellCommand[];
  readonly assignments: ShellAssignment[];
  readonly functions: Map<string, ShellFunction>;
  readonly problems: { message: string; span: Span; nested: boolean }[];
  readonly options: { errexit: Span | undefined; nounset: Span | undefined; pipefail: Span | undefined };
  pipelines: number;
}

interface Surroundings extends ShellContext {
  readonly origin: Origin;
  readonly reading: Reading;
  /** How many scripts this one is inside. */
  readonly depth: number;
  readonly pipeline?: ShellCommand['pipeline'];
}

const topLevel: ShellContext = {
  loop: undefined,
  isCondition: false,
  conditional: false,
  inFunction: undefined,
  negated: false,
  errorsIgnored: false,
  background: false,
  nested: undefined,
  remote: false,
};

/** Scripts inside scripts inside scripts: more than this nobody writes, and a hostile text could go on for ever. */
const deepest = 8;

function readScript(
  script: Script & { errors?: readonly { message: string; pos: number }[] | undefined },
  around: Surroundings,
): readonly ShellNode[] {
  for (const { message, pos } of script.errors ?? []) {
    around.reading.problems.push({ message, span: around.origin.span(pos, pos), nested: around.depth > 0 });
  }
  return readStatements(script.commands, around);
}

function readList(list: CompoundList, around: Surroundings): readonly ShellNode[] {
  return readStatements(list.commands, around);
}

function readStatements(statements: readonly Statement[], around: Surroundings): readonly ShellNode[] {
  return statements.map(({ command, background }) => {
    const inside = background ? { ...around, background: true } : around;
    return command.type === 'AndOr' ? readAndOr(command, inside) : readPipeline(command, inside);
  });
}

function readAndOr({ commands, operators }: AndOr, around: Surroundings): ShellAndOr {
  const items: ShellNode[] = [];
  const conditional: boolean[] = [];
  // The last `|| true` guards everything before it.
  const guard = operators.findLastIndex((operator, at) => operator === '||' && alwaysSucceeds(commands[at + 1]));
  commands.forEach((command, index) => {
    const operator = operators[index - 1];
    const previous = commands[index - 1];
    const depends =
      operator === '||' ||
      (operator === '&&' &&
        ((previous !== undefined && isTest(previous)) ||
          (operators[index - 2] === '&&' && conditional[index - 1] === true)));
    conditional.push(depends);
    items.push(
      readPipeline(command, {
        ...around,
        conditional: around.conditional || depends,
        errorsIgnored: around.errorsIgnored || index <= guard,
      }),
    );
  });
  return { kind: 'and-or', items, operators, conditional };
}

function readPipeline(node: PipelineNode, around: Surroundings): ShellNode {
  if (node.type !== 'Pipeline') return readCommandNode(node, around);
  const negations = node.prefixes.filter(prefix => prefix.type === 'Negation').length;
  const inside = negations % 2 === 1 ? { ...around, negated: !around.negated } : around;
  const [only] = node.commands;
  if (only && node.commands.length === 1) return readCommandNode(only, inside);
  const index = around.reading.pipelines++;
  const { length } = node.commands;
  const stages = node.commands.map((command, position) =>
    readCommandNode(command, { ...inside, pipeline: { index, position, length } }),
  );
  return { kind: 'pipeline', stages };
}

function readCommandNode(node: CommandNode | CompoundList, around: Surroundings): ShellNode {
  const { origin } = around;
  switch (node.type) {
    case 'Command':
      return readSimpleCommand(node, around);
    case 'TestCommand': {
      const words = [bracket('[[', node.pos, around), ...testWords(node.expression).map(one => word(one, around))];
      return readCommand(words, [], [], [], origin.span(node.pos, node.end), around);
    }
    case 'ArithmeticCommand':
      return readCommand([bracket('((', node.pos, around)], [], [], [], origin.span(node.pos, node.end), around);
    case 'Redirected': {
      const { redirects, heredocs } = readRedirects(node.redirects, around);
      const { command } = node;
      const subshell = command.type === 'Subshell';
      const body =
        subshell || command.type === 'BraceGroup' ? readList(command.body, around) : [readCommandNode(command, around)];
      return { kind: 'group', subshell, body, redirects, heredocs };
    }
    case 'Subshell':
    case 'BraceGroup':
      return group(readList(node.body, around), node.type === 'Subshell');
    case 'CompoundList':
      return group(readList(node, around), false);
    case 'If':
      return readIf(node, around);
    case 'While': {
      const loop = node.kind;
      const condition = readList(node.clause, { ...around, loop, isCondition: true });
      const body = readList(node.body, { ...around, loop, isCondition: false, conditional: true });
      return { kind: 'loop', loop, variable: undefined, words: [], condition, body };
    }
    case 'For':
    case 'Select': {
      const words = (node.wordlist ?? []).map(one => word(one, around));
      const body = readList(node.body, { ...around, loop: 'for' });
      return { kind: 'loop', loop: 'for', variable: node.name.value, words, condition: [], body };
    }
    case 'ArithmeticFor': {
      const body = readList(node.body, { ...around, loop: 'for' });
      return { kind: 'loop', loop: 'for', variable: undefined, words: [], condition: [], body };
    }
    case 'Case':
      return {
        kind: 'case',
        word: word(node.word, around),
        branches: node.items.map(item => ({
          patterns: item.pattern.map(one => word(one, around)),
          body: readList(item.body, { ...around, conditional: true }),
        })),
      };
    case 'Function':
      return readFunction(node, around);
    case 'Coproc':
      return readCommandNode(node.body, { ...around, background: true });
    default:
      return group([], false);
  }
}

type NodeOf<T extends CommandNode['type']> = Extract<CommandNode, { type: T }>;

function readSimpleCommand(node: NodeOf<'Command'>, around: Surroundings): ShellNode {
  const words = [
    ...(node.name ? [word(node.name, around)] : []),
    ...node.args.map(arg => (arg.type === 'Word' ? word(arg, around) : assignmentAsWord(arg, around))),
  ];
  const assignments = node.prefix.filter(one => one.type === 'Assignment').map(one => readAssignment(one, around));
  const declared = node.args.filter(one => one.type === 'Assignment').map(one => readAssignment(one, around));
  const { redirects, heredocs } = readRedirects(node.redirects, around);
  const exported = node.name !== undefined && /^(export|declare|typeset)$/.test(node.name.value);
  const all = [...assignments, ...declared.map(one => ({ ...one, exported }))];
  return readCommand(words, all, redirects, heredocs, around.origin.span(node.pos, node.end), around);
}

function readIf(node: NodeOf<'If'>, around: Surroundings): ShellNode {
  const condition = { ...around, isCondition: true };
  const body = { ...around, conditional: true };
  return {
    kind: 'if',
    branches: [node, ...node.elif].map((branch, index) => ({
      condition: readList(branch.clause, index === 0 ? condition : { ...condition, conditional: true }),
      body: readList(branch.then, body),
    })),
    otherwise: node.else ? readList(node.else, body) : [],
  };
}

/** A function runs where it is called, so what stands around its definition does not hold for its commands. */
function readFunction(node: NodeOf<'Function'>, around: Surroundings): ShellFunction {
  const { origin, reading, depth, nested, remote } = around;
  const name = node.name.value;
  const inside = { ...topLevel, origin, reading, depth, inFunction: name, nested, remote };
  const read: ShellFunction = {
    kind: 'function',
    name,
    nameSpan: origin.span(node.name.pos, node.name.end),
    body: [readCommandNode(node.body, inside)],
  };
  reading.functions.set(name, read);
  return read;
}

function readCommand(
  words: readonly ShellWord[],
  assignments: readonly ShellAssignment[],
  redirects: readonly ShellRedirect[],
  heredocs: readonly ShellHeredoc[],
  span: Span,
  around: Surroundings,
): ShellCommand {
  const { reading, depth, pipeline, loop, isCondition, conditional, inFunction } = around;
  const { negated, errorsIgnored, background, nested, remote } = around;
  const program = programOf(words);
  const all =
    program.assignments.length > 0 ? [...assignments, ...program.assignments.map(assignmentOfWord)] : assignments;
  const inner: ShellNode[] = [];
  // Written out, for this runs for each command of each script, and copying by `...` is many times slower.
  const command: ShellCommand = {
    kind: 'command',
    loop,
    isCondition,
    conditional,
    inFunction,
    negated,
    errorsIgnored,
    background,
    nested,
    remote,
    words,
    name: program.name,
    nameWord: program.nameWord,
    args: program.args,
    prefixes: program.prefixes,
    assignments: all,
    redirects,
    heredocs,
    span,
    pipeline: pipeline ?? { index: reading.pipelines++, position: 0, length: 1 },
    inner,
  };
  reading.commands.push(command);
  reading.assignments.push(...all);
  if (program.name === 'set' && inFunction === undefined && nested === undefined)
    readOptions(program.args, reading.options);
  if (depth < deepest) inner.push(...readInner(command, around));
  return command;
}

/** The commands that a command runs: the text of `sh -c`, or the words after `kubectl exec … --`. */
function readInner(command: ShellCommand, around: Surroundings): readonly ShellNode[] {
  const inside = { ...around, ...notInCondition, depth: around.depth + 1 };
  const found = innerScript(command.name, command.args, command.heredocs);
  if (found) {
    const origin = originOf(found.pieces, found.span);
    // The commands of a trap run at the end, whatever surrounds the trap.
    const nested = found.isTrap ? 'trap' : 'shell';
    const body = { ...inside, origin, nested, conditional: found.isTrap ? true : around.conditional } as const;
    return readScript(parse(origin.text), body);
  }
  const line = innerCommandLine(command.name, command.args);
  const first = line?.words[0];
  const last = line?.words.at(-1);
  if (!line || !first || !last) return [];
  const span = { start: first.span.start, end: Math.max(first.span.end, last.span.end) };
  const { remote } = line;
  return [readCommand(line.words, [], [], [], span, { ...inside, nested: 'exec', remote: around.remote || remote })];
}

const notInCondition = { isCondition: false, negated: false } as const;

function readSubstitutions(around: Surroundings): ReadSubstitution {
  return (script, origin, kind) => {
    if (around.depth >= deepest) return [];
    const { pipeline: _, ...rest } = around;
    const nested = kind === 'command' ? 'substitution' : 'process-substitution';
    return readScript(script, { ...rest, ...notInCondition, origin, nested, depth: around.depth + 1 });
  };
}

function word(read: Word, around: Surroundings): ShellWord {
  return readWord(read, around.origin, readSubstitutions(around));
}

function bracket(text: string, pos: number, { origin }: Surroundings): ShellWord {
  const span = origin.span(pos, pos + text.length);
  return wordOf([plainText(text, span)], span);
}

function plainText(text: string, span: Span): TextPiece {
  return { kind: 'text', text, span, verbatim: span.end - span.start === text.length, quoted: false, glob: false };
}

function group(body: readonly ShellNode[], subshell: boolean): ShellGroup {
  return { kind: 'group', subshell, body, redirects: [], heredocs: [] };
}

/** Where a name ends that may be continued on the next line by a backslash at the end of one. */
function nameEnd(text: string, pos: number, name: string): number {
  let end = pos;
  for (const letter of name) {
    while (text.startsWith('\\\n', end)) end += 2;
    end += letter.length;
  }
  return end;
}

function readAssignment(assignment: Assignment, around: Surroundings): ShellAssignment {
  const { name, pos, end, value } = assignment;
  const { origin } = around;
  const isArray = value.type === 'ArrayValue';
  return {
    name,
    nameSpan: origin.span(pos, nameEnd(origin.text, pos, name)),
    value: isArray ? undefined : word(value, around),
    elements: isArray ? elementsOf(value, around) : undefined,
    appends: assignment.append ?? false,
    exported: false,
    span: origin.span(pos, end),
  };
}

function elementsOf(array: ArrayValue, around: Surroundings): readonly ShellWord[] {
  return array.elements.map(element => word(element, around));
}

/** `export NAME=value` has its assignment among the arguments; there it is a word like any other. */
function assignmentAsWord(assignment: Assignment, around: Surroundings): ShellWord {
  const { pos, end, value } = assignment;
  const { origin } = around;
  const name = origin.text.slice(pos, value.pos);
  const span = origin.span(pos, end);
  const first = plainText(name, origin.span(pos, value.pos));
  // The value's substitutions are read with the assignment; reading them twice would list their commands twice.
  const pieces = value.type === 'ArrayValue' ? [] : readWord(value, origin, () => []).pieces;
  return wordOf([first, ...pieces], span);
}

function assignmentOfWord({
  name,
  nameSpan,
  value,
  span,
}: {
  name: string;
  nameSpan: Span;
  value: ShellWord;
  span: Span;
}): ShellAssignment {
  return { name, nameSpan, value, elements: undefined, appends: false, exported: true, span };
}

function readRedirects(
  redirections: readonly Redirection[],
  around: Surroundings,
): { redirects: readonly ShellRedirect[]; heredocs: readonly ShellHeredoc[] } {
  const redirects: ShellRedirect[] = [];
  const heredocs: ShellHeredoc[] = [];
  for (const one of redirections) {
    if (one.type === 'HereDoc') heredocs.push(readHeredoc(one, around.origin, readSubstitutions(around)));
    else {
      redirects.push({
        operator: one.operator,
        descriptor: one.descriptor?.type === 'FileDescriptor' ? one.descriptor.value : undefined,
        target: one.target ? word(one.target, around) : undefined,
        span: around.origin.span(one.pos, one.end),
      });
    }
  }
  return { redirects, heredocs };
}

function testWords(expression: TestExpression): readonly Word[] {
  switch (expression.type) {
    case 'TestUnary':
      return [expression.operand];
    case 'TestBinary':
      return [expression.left, expression.right];
    case 'TestLogical':
      return expression.operands.flatMap(testWords);
    case 'TestNot':
      return testWords(expression.operand);
    case 'TestGroup':
      return testWords(expression.expression);
    default:
      return [];
  }
}

function readOptions(args: readonly ShellWord[], options: Reading['options']): void {
  args.forEach((arg, index) => {
    const on = arg.value.startsWith('-') ? arg.span : undefined;
    if (!/^[-+][a-zA-Z]+$/.test(arg.value)) return;
    if (arg.value.includes('e')) options.errexit = on;
    if (arg.value.includes('u')) options.nounset = on;
    if (!arg.value.endsWith('o')) return;
    const name = args[index + 1]?.value;
    if (name === 'errexit' || name === 'nounset' || name === 'pipefail') options[name] = on;
  });
}

/** Commands that are run for their answer, so that what follows `&&` depends on it. */
const tests: ReadonlySet<string> = new Set([
  ...['[', 'test', 'grep', 'egrep', 'fgrep', 'command', 'which', 'type', 'hash', 'id', 'pgrep', 'diff', 'cmp'],
  ...['mountpoint', 'getent', 'false'],
]);

function isTest(node: PipelineNode): boolean {
  if (node.type === 'Pipeline') {
    const last = node.commands.at(-1);
    return node.prefixes.some(prefix => prefix.type === 'Negation') || (last !== undefined && isTest(last));
  }
  if (node.type === 'TestCommand' || node.type === 'ArithmeticCommand') return true;
  return node.type === 'Command' && node.name !== undefined && tests.has(node.name.value);
}

const successful: ReadonlySet<string> = new Set(['true', ':', 'echo', 'printf']);

function alwaysSucceeds(node: PipelineNode | undefined): boolean {
  return node?.type === 'Command' && node.name !== undefined && successful.has(node.name.value);
}
