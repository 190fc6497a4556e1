import type { Span } from '../../manifests/span';
import {
  argumentOf,
  type Frame,
  layerOver,
  limits,
  lookUp,
  setVariable,
  somethingFrom,
  type Variable,
} from './shell-frame';
import type { ShellNode } from './shell-nodes';
import { bracesExpanded, splitAtBlanks, withoutLastBreaks, withoutMatch, withReplaced } from './shell-pieces';
import {
  type ContentPiece,
  certaintyOf,
  type RunPiece,
  type RunVariable,
  type RunWord,
  runWord,
  scriptDirectory,
  textOf,
} from './shell-values';
import { blankBefore, type OutputPiece, type ShellPiece, type ShellWord, type VariablePiece } from './shell-words';

/** The words of a command after expansion: `"$@"` and arrays become several, an unquoted `$X` is split at blanks. */
export function resolveWords(words: readonly ShellWord[], frame: Frame): readonly RunWord[] {
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
export function originOf({ pieces, span }: ShellWord, frame: Frame): Span {
  const [only] = pieces;
  if (only?.kind !== 'variable' || pieces.length > 1 || only.operation) return span;
  const variable = lookUp(frame.environment, only.name);
  return argumentOf(only.name, frame)?.span ?? (variable?.pieces ? variable.span : span);
}

/** The pieces of a word after expansion. */
export function resolvePieces(pieces: readonly ShellPiece[], frame: Frame): readonly RunPiece[] {
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
  const environment = layerOver(frame.environment, false);
  if (piece.commands.length > 0) {
    frame.run.runNodes(piece.commands, { ...frame, environment, stdin: undefined, stdout, depth: frame.depth + 1 });
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

/** What a variable stands for: its value where the script tells it, else the variable, or `$(…)` for what is made of one. */
export function resolveVariable(piece: VariablePiece, frame: Frame): readonly RunPiece[] {
  const { name, span, quoted, prefix, operation, raw } = piece;
  if (prefix === '#') return [{ kind: 'output', span, raw, quoted }];
  const variable = lookUp(frame.environment, name);
  const value = valueOfPiece(piece, variable, frame);
  if (prefix === '!') {
    const target = isKnown(value) ? textOf(value) : '';
    const indirect = /^[A-Za-z_]\w*$/.test(target) ? { ...piece, name: target, prefix: undefined } : undefined;
    return indirect ? resolveVariable(indirect, frame) : [{ kind: 'output', span, raw, quoted }];
  }
  const unknown: RunVariable = {
    kind: 'variable',
    name,
    span,
    quoted,
    assigned: variable !== undefined,
    fallback: variable?.fallback,
    transformed: operation !== undefined && !/^:?[-=?]$/.test(operation.operator),
  };
  const resolved = operation ? afterOperation(operation, value, unknown, frame) : (value ?? unknown);
  if ('kind' in resolved) return [resolved];
  return resolved.length > limits.valuePieces ? [unknown] : resolved.map(one => ({ ...one, quoted }));
}

type Operation = NonNullable<VariablePiece['operation']>;

/** What `${X…}` makes of a value; the variable where the script does not tell. */
function afterOperation(
  operation: Operation,
  value: readonly RunPiece[] | undefined,
  unknown: RunVariable,
  frame: Frame,
): readonly RunPiece[] | RunVariable {
  const { operator } = operation;
  switch (operator) {
    case '?':
    case ':?':
      return value ?? unknown;
    case '-':
    case ':-':
    case '=':
    case ':=':
      return orDefault(operation, value, unknown, frame);
    case '+':
    case ':+':
      return value && textOf(value) !== '' ? resolvePieces(operation.operand, frame) : unknown;
    case '#':
    case '##':
    case '%':
    case '%%': {
      const pattern = textOf(resolvePieces(operation.operand, frame));
      const isScript = unknown.name === '0' || unknown.name === 'BASH_SOURCE';
      if (isScript && operator === '%' && pattern === '/*')
        return { ...unknown, name: scriptDirectory, transformed: false };
      return (isKnown(value) ? withoutMatch(value, operator, pattern) : undefined) ?? unknown;
    }
    case '/':
    case '//': {
      const pattern = textOf(resolvePieces(operation.operand, frame));
      if (!isKnown(value) || pattern === '' || /[*?[\\]/.test(pattern)) return unknown;
      const replacement = textOf(resolvePieces(operation.replacement ?? [], frame));
      return [withReplaced(value, pattern, replacement, operator === '//')];
    }
    default:
      return unknown;
  }
}

/** `${X:-default}` and `${X:=default}`. */
function orDefault(
  { operator, operand }: Operation,
  value: readonly RunPiece[] | undefined,
  unknown: RunVariable,
  frame: Frame,
): readonly RunPiece[] | RunVariable {
  const isEmpty = value !== undefined && operator.startsWith(':') && textOf(value) === '';
  if (value && !isEmpty) return value;
  const given = resolvePieces(operand, frame);
  if (isEmpty) return given;
  const fallback = unknown.fallback ?? given;
  if (operator.endsWith('='))
    setVariable(frame.environment, unknown.name, { ...somethingFrom(unknown.span), fallback });
  return { ...unknown, fallback };
}

function isKnown(value: readonly RunPiece[] | undefined): value is readonly RunPiece[] {
  return value !== undefined && certaintyOf(value) === 'known';
}

function valueOfPiece(
  piece: VariablePiece,
  variable: Variable | undefined,
  frame: Frame,
): readonly RunPiece[] | undefined {
  const list = listOf({ ...piece, operation: undefined, prefix: undefined }, frame);
  if (list)
    return list.flatMap((word, index) => (index === 0 ? word.pieces : [blankBefore(word.span), ...word.pieces]));
  if (/^[1-9]\d*$/.test(piece.name)) return frame.args && (argumentOf(piece.name, frame)?.pieces ?? []);
  if (variable?.elements) return variable.elements[Number(piece.index ?? 0) || 0]?.pieces;
  return piece.index === undefined ? variable?.pieces : undefined;
}

/** The value that a script has assigned to a variable; the variable itself where the script does not tell which. */
export function valueOfVariable(name: string, { environment }: Frame): RunWord | undefined {
  const variable = lookUp(environment, name);
  if (!variable) return undefined;
  const { pieces, fallback, span } = variable;
  const itself = { kind: 'variable', name, span, quoted: true, assigned: true, fallback, transformed: false } as const;
  return runWord(pieces ?? [itself], span, span);
}
