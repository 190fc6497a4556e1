import type { HereDoc, ParsedScript, Word, WordPart } from 'unbash';
import type { Span } from '../../manifests/span';
import { joined, type Origin, type Segment } from './origin';
import type { ShellNode } from './shell-nodes';

/** A word of a shell command after quote removal, before any expansion. */
export interface ShellWord {
  /** The word's text; an expansion stands in it as it is written (`$X`, `${X:-y}`, `$(cmd)`). */
  readonly value: string;
  /** The word as written, with its quotes. */
  readonly span: Span;
  /** The shell expands nothing in it (a pattern such as `*.yaml` is not an expansion of a value). */
  readonly literal: boolean;
  /** The whole word is in single quotes. */
  readonly singleQuoted: boolean;
  /** It holds an unquoted pattern character or brace list. */
  readonly hasGlob: boolean;
  /** The variables expanded in it, also those inside `${X:-$Y}`, in order. */
  readonly variables: readonly ShellVariable[];
  readonly pieces: readonly ShellPiece[];
}

export interface ShellVariable {
  readonly name: string;
  readonly span: Span;
}

export type ShellPiece = TextPiece | VariablePiece | OutputPiece;

/** Text that the shell passes on. */
export interface TextPiece {
  readonly kind: 'text';
  readonly text: string;
  readonly span: Span;
  /** The given text has exactly `text` at `span`; false for an escape such as `\$`. */
  readonly verbatim: boolean;
  readonly quoted: boolean;
  /** An unquoted pattern character, extended pattern or brace list. */
  readonly glob: boolean;
}

/** `$X`, `${X}` and `${X…}`. */
export interface VariablePiece {
  readonly kind: 'variable';
  readonly name: string;
  readonly span: Span;
  readonly raw: string;
  readonly quoted: boolean;
  /** `!` for an indirect reference or a list of names, `#` for a length. */
  readonly prefix: '!' | '#' | undefined;
  /** The index of an array element: `@` and `*` stand for all. */
  readonly index: string | undefined;
  readonly operation: VariableOperation | undefined;
}

/** What `${X…}` does with the value: `${X:-operand}`, `${X%operand}`, `${X/operand/replacement}`. */
export interface VariableOperation {
  readonly operator: string;
  readonly operand: readonly ShellPiece[];
  readonly replacement: readonly ShellPiece[] | undefined;
}

/** What a command or an arithmetic expression gives: `$(cmd)`, `` `cmd` ``, `$((1 + 1))`, `<(cmd)`. */
export interface OutputPiece {
  readonly kind: 'output';
  readonly span: Span;
  readonly raw: string;
  readonly quoted: boolean;
  readonly from: 'command' | 'arithmetic' | 'process';
  /** The commands whose output it is. */
  readonly commands: readonly ShellNode[];
}

/** A here-document. */
export interface ShellHeredoc {
  readonly delimiter: string;
  readonly delimiterSpan: Span;
  /** The delimiter is quoted, so that the body is taken as it stands. */
  readonly quoted: boolean;
  /** `$X`, `$(…)` and backslashes are expanded in the body: the delimiter is not quoted. */
  readonly expands: boolean;
  /** The body after escapes are removed; expansions stand as written. */
  readonly body: string;
  /** The body's lines with the last line break, without the closing delimiter. */
  readonly span: Span;
  readonly pieces: readonly ShellPiece[];
  readonly variables: readonly ShellVariable[];
  /** The closing delimiter was found. */
  readonly closed: boolean;
  /** The file descriptor that reads it: 0 unless given. */
  readonly descriptor: number;
}

/** Reads the commands inside `$(…)`. */
export type ReadSubstitution = (
  script: ParsedScript,
  origin: Origin,
  kind: 'command' | 'process',
) => readonly ShellNode[];

export function readWord(word: Word, origin: Origin, readSubstitution: ReadSubstitution): ShellWord {
  const pieces = piecesOfWord(word, origin, readSubstitution, false);
  const singleQuoted = word.parts?.length === 1 && word.parts[0]?.type === 'SingleQuoted';
  return wordOf(pieces, origin.span(word.pos, word.end), singleQuoted);
}

/** A word made of pieces: what stands after `NAME=` in `env NAME=value cmd`, for one. */
export function wordOf(pieces: readonly ShellPiece[], span: Span, singleQuoted = false): ShellWord {
  return {
    value: rawTextOf(pieces),
    span,
    literal: pieces.every(piece => piece.kind === 'text'),
    singleQuoted,
    hasGlob: pieces.some(piece => piece.kind === 'text' && piece.glob),
    variables: variablesOf(pieces),
    pieces,
  };
}

export function readHeredoc(heredoc: HereDoc, origin: Origin, readSubstitution: ReadSubstitution): ShellHeredoc {
  const { body, delimiter } = heredoc;
  const quoted = delimiter?.quoted ?? false;
  const pieces: ShellPiece[] = [];
  const escapes = quoted ? 'none' : 'heredoc';
  const push = (start: number, end: number): void => pushText(pieces, origin, start, end, escapes, true, false);
  for (const part of (quoted ? undefined : body.parts) ?? [
    { type: 'Literal' as const, pos: body.pos, end: body.end },
  ]) {
    if (part.type !== 'Literal') pushPart(pieces, part, origin, readSubstitution, true);
    else if (heredoc.operator === '<<') push(part.pos, part.end);
    else for (const line of linesWithoutTabs(origin.text, body.pos, part.pos, part.end)) push(line.start, line.end);
  }
  return {
    delimiter: delimiter?.value ?? '',
    delimiterSpan: delimiter ? origin.span(delimiter.pos, delimiter.end) : origin.span(heredoc.pos, heredoc.end),
    quoted,
    expands: !quoted,
    body: rawTextOf(pieces),
    span: origin.span(body.pos, body.end),
    pieces,
    variables: variablesOf(pieces),
    closed: heredoc.closing !== undefined,
    descriptor: heredoc.descriptor?.type === 'FileDescriptor' ? heredoc.descriptor.value : 0,
  };
}

/** The text of pieces as a program would read it, with expansions as they are written, and where it came from. */
export function originOf(pieces: readonly ShellPiece[], nowhere: Span): Origin {
  const segments: Segment[] = pieces.map(piece =>
    piece.kind === 'text'
      ? piece
      : { text: piece.raw, span: piece.span, verbatim: piece.span.end - piece.span.start === piece.raw.length },
  );
  return joined(segments, nowhere);
}

/** The pieces after the first `length` characters of a word that begins with plain text. */
export function piecesAfter(pieces: readonly ShellPiece[], length: number): readonly ShellPiece[] {
  const rest: ShellPiece[] = [];
  let left = length;
  for (const piece of pieces) {
    if (left === 0 || piece.kind !== 'text') rest.push(piece);
    else if (piece.text.length <= left) left -= piece.text.length;
    else {
      const start = piece.verbatim ? piece.span.start + left : piece.span.start;
      rest.push({ ...piece, text: piece.text.slice(left), span: { start, end: piece.span.end } });
      left = 0;
    }
  }
  return rest;
}

function rawTextOf(pieces: readonly ShellPiece[]): string {
  let text = '';
  for (const piece of pieces) text += piece.kind === 'text' ? piece.text : piece.raw;
  return text;
}

function variablesOf(pieces: readonly ShellPiece[]): readonly ShellVariable[] {
  const found: ShellVariable[] = [];
  for (const piece of pieces) {
    if (piece.kind !== 'variable') continue;
    found.push({ name: piece.name, span: piece.span });
    if (piece.operation) found.push(...variablesOf(piece.operation.operand));
    if (piece.operation?.replacement) found.push(...variablesOf(piece.operation.replacement));
  }
  return found;
}

function piecesOfWord(word: Word, origin: Origin, read: ReadSubstitution, quoted: boolean): readonly ShellPiece[] {
  const pieces: ShellPiece[] = [];
  const { parts } = word;
  if (parts) for (const part of parts) pushPart(pieces, part, origin, read, quoted);
  else pushText(pieces, origin, word.pos, word.end, quoted ? 'double' : 'bare', quoted, false);
  return pieces;
}

function pushPart(pieces: ShellPiece[], part: WordPart, origin: Origin, read: ReadSubstitution, quoted: boolean): void {
  const { pos, end } = part;
  const span = origin.span(pos, end);
  switch (part.type) {
    case 'Literal':
      pushText(pieces, origin, pos, end, quoted ? 'double' : 'bare', quoted, false);
      return;
    case 'SingleQuoted':
      pushText(pieces, origin, pos + 1, pos + 1 + part.value.length, 'none', true, false);
      return;
    case 'AnsiCQuoted': {
      const { value } = part;
      if (origin.text.startsWith(value, pos + 2) && !value.includes('\\')) {
        pushText(pieces, origin, pos + 2, pos + 2 + value.length, 'none', true, false);
      } else pieces.push({ kind: 'text', text: value, span, verbatim: false, quoted: true, glob: false });
      return;
    }
    case 'DoubleQuoted':
    case 'LocaleString':
      for (const child of part.parts) pushPart(pieces, child, origin, read, true);
      return;
    case 'SimpleExpansion':
      pieces.push({ ...noOperation, name: part.text.slice(1), span, raw: part.text, quoted });
      return;
    case 'ParameterExpansion':
      pieces.push({
        kind: 'variable',
        name: part.parameter,
        span,
        raw: part.text,
        quoted,
        prefix: part.prefix,
        index: part.index?.text,
        operation: operationOf(part.operation, origin, read),
      });
      return;
    case 'CommandExpansion':
    case 'ProcessSubstitution': {
      const from = part.type === 'CommandExpansion' ? 'command' : 'process';
      const { script } = part;
      const inner = script?.source === undefined ? origin : betweenBackticks(script.source, origin, pos, end);
      const commands = script ? read(script, inner, from) : [];
      pieces.push({ kind: 'output', span, raw: part.text, quoted, from, commands });
      return;
    }
    case 'ArithmeticExpansion':
      pieces.push({ kind: 'output', span, raw: part.text, quoted, from: 'arithmetic', commands: [] });
      return;
    default:
      pushText(pieces, origin, pos, end, 'none', quoted, true);
  }
}

/**
 * A script between backticks that has escapes is a text of its own: the given one without the backslashes before `$`,
 * backtick and backslash.
 */
function betweenBackticks(source: string, origin: Origin, pos: number, end: number): Origin {
  const segments: Segment[] = [];
  let at = pos + 1;
  let from = 0;
  for (let index = 0; index <= source.length; index++) {
    const isEscape = index < source.length && origin.text[at] === '\\' && source[index] !== '\\';
    const isEscapedBackslash = source[index] === '\\' && origin.text.startsWith('\\\\', at);
    if (isEscape || isEscapedBackslash || index === source.length) {
      for (const piece of origin.pieces(at - (index - from), at)) {
        segments.push({ text: origin.text.slice(piece.start, piece.end), span: piece.span, verbatim: piece.verbatim });
      }
      from = index;
      if (index < source.length) at++;
    }
    if (index < source.length && origin.text[at] !== source[index]) {
      const span = origin.span(pos, end);
      return joined([{ text: source, span, verbatim: false }], span);
    }
    at++;
  }
  return joined(segments, origin.span(pos, end));
}

function operationOf(
  operation: Extract<WordPart, { type: 'ParameterExpansion' }>['operation'],
  origin: Origin,
  read: ReadSubstitution,
): VariableOperation | undefined {
  if (!operation) return undefined;
  switch (operation.type) {
    case 'Default':
    case 'Remove':
      return {
        operator: operation.operator,
        operand: piecesOfWord(operation.operand, origin, read, true),
        replacement: undefined,
      };
    case 'Replace':
      return {
        operator: operation.operator,
        operand: piecesOfWord(operation.pattern, origin, read, true),
        replacement: piecesOfWord(operation.replacement, origin, read, true),
      };
    default:
      return { operator: operation.operator, operand: [], replacement: undefined };
  }
}

/**
 * What a backslash escapes, by place: POSIX.1-2017 Shell Command Language, sections 2.2.1, 2.2.3 and 2.7.4
 * (https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html).
 */
const escapePatterns = { bare: /\\[\s\S]/g, double: /\\[$`"\\\n]/g, heredoc: /\\[$`\\\n]/g, none: undefined } as const;

function pushText(
  pieces: ShellPiece[],
  origin: Origin,
  start: number,
  end: number,
  escapes: keyof typeof escapePatterns,
  quoted: boolean,
  glob: boolean,
): void {
  const pushRun = (from: number, to: number): void => {
    for (const { start, end, span, verbatim } of origin.pieces(from, to)) {
      pieces.push({ kind: 'text', text: origin.text.slice(start, end), span, verbatim, quoted, glob });
    }
  };
  const pattern = escapePatterns[escapes];
  let from = start;
  if (pattern) {
    for (const match of origin.text.slice(start, end).matchAll(pattern)) {
      const at = start + match.index;
      pushRun(from, at);
      from = at + 2;
      const text = match[0] === '\\\n' ? '' : match[0].slice(1);
      pieces.push({ kind: 'text', text, span: origin.span(at, from), verbatim: false, quoted: true, glob: false });
    }
  }
  pushRun(from, end);
}

/** The lines of a part of a `<<-` body without the tabs at their starts, which the shell removes. */
function* linesWithoutTabs(text: string, bodyStart: number, start: number, end: number): Iterable<Span> {
  for (let from = start; from < end; ) {
    const lineBreak = text.indexOf('\n', from);
    const lineEnd = lineBreak === -1 || lineBreak >= end ? end : lineBreak + 1;
    let first = from;
    if (from === bodyStart || text[from - 1] === '\n') while (first < lineEnd && text[first] === '\t') first++;
    yield { start: first, end: lineEnd };
    from = lineEnd;
  }
}

const noOperation = { kind: 'variable', prefix: undefined, index: undefined, operation: undefined } as const;

/** A blank between two words, as the shell puts one where it makes one text of several. */
export function blankBefore({ start }: Span): TextPiece {
  return { kind: 'text', text: ' ', span: { start, end: start }, verbatim: false, quoted: false, glob: false };
}
