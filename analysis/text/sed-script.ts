import { endOfLine } from '../../manifests/lines';
import type { Span } from '../../manifests/span';
import { joined, lastAtOrBefore, type Origin } from './origin';
import { type RunPiece, type RunVariable, sliceOf, textOf } from './shell-values';
import type { ShellVariable } from './shell-words';

/**
 * The commands of a sed script (POSIX sed and GNU sed: https://www.gnu.org/software/sed/manual/sed.html).
 * Only what changes text is told apart.
 */
export type SedCommand = SedSubstitution | SedText | SedOther;

/** `s/pattern/replacement/flags`. */
export interface SedSubstitution {
  readonly kind: 'substitute';
  readonly span: Span;
  /** The character between the parts. It must not occur in a value that the shell puts into the replacement. */
  readonly delimiter: string;
  readonly pattern: {
    /** As sed gets it; a variable stands as `${NAME}`. */
    readonly text: string;
    readonly span: Span;
    /** The text that it matches, when it is plain text. A dot stands for itself. */
    readonly literal: string | undefined;
    /** Whether it has parts that the script does not tell: variables, what programs write, names of files. */
    readonly isComputed: boolean;
  };
  readonly replacement: {
    /** As sed gets it; a variable stands as `${NAME}`. */
    readonly text: string;
    readonly span: Span;
    /** What is put in, after sed's own escapes. */
    readonly pieces: readonly SedReplacementPiece[];
    /** Variables that the shell expands in it. */
    readonly variables: readonly RunVariable[];
    /** `$NAME` and `${NAME}` that stay as text, because the shell expands nothing in single quotes or after a backslash. */
    readonly unexpanded: readonly ShellVariable[];
  };
  readonly flags: string;
  /** All matches of a line are replaced, not only the first. */
  readonly global: boolean;
  readonly ignoresCase: boolean;
  /** Extended regular expressions (`-E`, `-r`), which decides what `+`, `{` and `(` mean. */
  readonly extended: boolean;
  /** What limits it to some lines, as written: `/^port/`, `1,3`. */
  readonly address: string | undefined;
  /** All three delimiters are there. */
  readonly complete: boolean;
}

/** The whole match (`&`, group 0) or a group of it (`\1`) in a replacement. */
export interface SedMatch {
  readonly kind: 'match';
  readonly group: number;
  readonly span: Span;
}

export type SedReplacementPiece = RunPiece | SedMatch;

/** `a text`, `i text` and `c text`. */
export interface SedText {
  readonly kind: 'append' | 'insert' | 'change';
  readonly span: Span;
  readonly address: string | undefined;
  readonly pieces: readonly RunPiece[];
}

/** Any other command, such as `d`. */
export interface SedOther {
  readonly kind: 'other';
  readonly span: Span;
  readonly name: string;
  readonly address: string | undefined;
}

/** What a loop over `folder/*` has put in stands for one name after the other, none of which is known. */
function nameOfFile(piece: RunPiece): RunPiece {
  return piece.kind === 'text' && piece.quoted && piece.glob
    ? { kind: 'output', span: piece.span, raw: piece.text, quoted: true }
    : piece;
}

/** Reads one `-e` script. `pieces` are the word's parts after the shell has been through it. */
export function readSedScript(pieces: readonly RunPiece[], extended: boolean, nowhere: Span): readonly SedCommand[] {
  const script = flatten(pieces.map(nameOfFile), nowhere);
  const { text } = script.origin;
  const commands: SedCommand[] = [];
  let at = 0;
  while (at < text.length) {
    if (/[\s;{}]/.test(text[at] ?? '')) {
      at++;
      continue;
    }
    if (text[at] === '#') {
      at = endOfLine(text, at);
      continue;
    }
    const start = at;
    at = afterAddress(text, at);
    const address = at > start ? text.slice(start, at).trim() : undefined;
    const name = text[at] ?? '';
    if (name === 's' || name === 'y') {
      const [read, next] = readSubstitution(script, at, address, extended);
      at = next;
      commands.push(name === 's' ? read : { kind: 'other', span: read.span, name, address });
    } else if (name === 'a' || name === 'i' || name === 'c') {
      const textStart = startOfText(text, at + 1);
      at = endOfText(text, textStart);
      const kind = name === 'a' ? 'append' : name === 'i' ? 'insert' : 'change';
      commands.push({ kind, span: script.origin.span(start, at), address, pieces: script.slice(textStart, at) });
    } else if (name === '{' || name === '') at++;
    else {
      do at++;
      while (at < text.length && !/[;\n}]/.test(text[at] ?? ''));
      commands.push({ kind: 'other', span: script.origin.span(start, at), name, address });
    }
  }
  return commands;
}

/** The places in a text that the substitution replaces, line by line. Nothing when the pattern is not plain text. */
export function replacedBy(substitution: SedSubstitution, text: string): readonly Span[] {
  const { literal } = substitution.pattern;
  if (!literal || literal.includes('\n')) return [];
  const found: Span[] = [];
  const searched = substitution.ignoresCase ? text.toLowerCase() : text;
  const wanted = substitution.ignoresCase ? literal.toLowerCase() : literal;
  for (let at = searched.indexOf(wanted); at !== -1; at = searched.indexOf(wanted, at)) {
    found.push({ start: at, end: at + wanted.length });
    at = substitution.global ? at + wanted.length : endOfLine(text, at);
  }
  return found;
}

/** A script with each variable as one character, so that what a variable holds is not taken for syntax. */
interface FlatScript {
  readonly origin: Origin;
  slice(start: number, end: number): readonly RunPiece[];
}

function flatten(pieces: readonly RunPiece[], nowhere: Span): FlatScript {
  const segments = pieces.map(piece =>
    piece.kind === 'text' ? piece : { text: '\u{e000}', span: piece.span, verbatim: false },
  );
  const starts: number[] = [];
  let length = 0;
  for (const segment of segments) {
    starts.push(length);
    length += segment.text.length;
  }
  return {
    origin: joined(segments, nowhere),
    slice(start, end) {
      const found: RunPiece[] = [];
      for (let index = lastAtOrBefore(starts, start); index < pieces.length; index++) {
        const piece = pieces[index];
        const first = starts[index] ?? 0;
        if (!piece || first >= end) break;
        const from = Math.max(start - first, 0);
        const to = Math.min(end - first, segments[index]?.text.length ?? 0);
        if (from < to) found.push(piece.kind === 'text' ? sliceOf(piece, from, to) : piece);
      }
      return found;
    },
  };
}

function readSubstitution(
  script: FlatScript,
  start: number,
  address: string | undefined,
  extended: boolean,
): [SedSubstitution, number] {
  const { text } = script.origin;
  const delimiter = text[start + 1] ?? '';
  const patternStart = start + 2;
  const patternEnd = partEnd(text, patternStart, delimiter, true);
  const replacementStart = Math.min(patternEnd + 1, text.length);
  const replacementEnd = partEnd(text, replacementStart, delimiter, false);
  const complete = delimiter !== '' && text[patternEnd] === delimiter && text[replacementEnd] === delimiter;
  const flagsStart = Math.min(replacementEnd + 1, text.length);
  const flags = /^(?:[gpiIeMm0-9]*(?:w[^\n]*)?)/.exec(text.slice(flagsStart, flagsStart + 100))?.[0] ?? '';
  const end = flagsStart + flags.length;
  const patternPieces = script.slice(patternStart, patternEnd);
  const replacementPieces = script.slice(replacementStart, replacementEnd);
  return [
    {
      kind: 'substitute',
      span: script.origin.span(start, end),
      delimiter,
      pattern: {
        text: textOf(patternPieces),
        span: script.origin.span(patternStart, patternEnd),
        literal: literalOf(patternPieces, delimiter, extended),
        isComputed: patternPieces.some(({ kind }) => kind !== 'text'),
      },
      replacement: {
        text: textOf(replacementPieces),
        span: script.origin.span(replacementStart, replacementEnd),
        pieces: unescaped(replacementPieces, delimiter),
        variables: replacementPieces.filter(piece => piece.kind === 'variable'),
        unexpanded: replacementPieces.flatMap(unexpandedIn),
      },
      flags,
      global: flags.includes('g'),
      ignoresCase: /i/i.test(flags),
      extended,
      address,
      complete,
    },
    Math.max(end, start + 1),
  ];
}

/** Where a part of `s` ends: its delimiter, not after a backslash and, in a pattern, not in a bracket expression. */
function partEnd(text: string, start: number, delimiter: string, isPattern: boolean): number {
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at++;
    else if (character === delimiter) return at;
    else if (isPattern && character === '[') at = bracketEnd(text, at, delimiter);
    else if (isPattern && character === '\n') return at;
  }
  return text.length;
}

/** The closing bracket of a bracket expression; the opening one itself when there is none before the delimiter. */
function bracketEnd(text: string, open: number, delimiter: string): number {
  let at = open + 1;
  if (text[at] === '^') at++;
  if (text[at] === ']') at++;
  for (const limit = Math.min(text.length, open + 200); at < limit && text[at] !== '\n'; at++) {
    if (text[at] === ']') return at;
    if (text[at] === delimiter && !text.slice(at, at + 100).includes(']')) break;
  }
  return open;
}

/** Characters with a meaning of their own in a regular expression (POSIX.1-2017 Base Definitions, chapter 9). */
const special = { basic: /[*[\]^]/, extended: /[*[\]^+?(){}|$]/ } as const;

function literalOf(pieces: readonly RunPiece[], delimiter: string, extended: boolean): string | undefined {
  let literal = '';
  let escaped = false;
  for (const [index, piece] of pieces.entries()) {
    if (piece.kind !== 'text') return undefined;
    for (let at = 0; at < piece.text.length; at++) {
      const character = piece.text[at] ?? '';
      const isLast = index === pieces.length - 1 && at === piece.text.length - 1;
      if (escaped) {
        // An escaped letter, digit or bracket is an operator in one of the two dialects; the delimiter is itself.
        if (character !== delimiter && (extended ? /[\w<>`']/ : /[\w<>`'(){}|+?]/).test(character)) return undefined;
        literal += character;
        escaped = false;
      } else if (character === '\\') escaped = true;
      else if (special[extended ? 'extended' : 'basic'].test(character)) return undefined;
      else if (character === '$' && isLast) return undefined;
      else literal += character;
    }
  }
  return escaped ? undefined : literal;
}

function unescaped(pieces: readonly RunPiece[], delimiter: string): readonly SedReplacementPiece[] {
  const found: SedReplacementPiece[] = [];
  for (const piece of pieces) {
    if (piece.kind !== 'text') {
      found.push(piece);
      continue;
    }
    let from = 0;
    for (const match of piece.text.matchAll(/\\([\s\S])|&/g)) {
      if (match.index > from) found.push(sliceOf(piece, from, match.index));
      from = match.index + match[0].length;
      const at = sliceOf(piece, match.index, from);
      const escaped = match[1];
      if (escaped === undefined) found.push({ kind: 'match', group: 0, span: at.span });
      else if (/\d/.test(escaped) && escaped !== delimiter)
        found.push({ kind: 'match', group: Number(escaped), span: at.span });
      else found.push({ ...at, text: escaped === 'n' ? '\n' : escaped, verbatim: false });
    }
    if (from < piece.text.length) found.push(sliceOf(piece, from, piece.text.length));
  }
  return found;
}

function unexpandedIn(piece: RunPiece): readonly ShellVariable[] {
  if (piece.kind !== 'text') return [];
  return [...piece.text.matchAll(/\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g)].map(match => ({
    name: match[1] ?? match[2] ?? '',
    span: sliceOf(piece, match.index, match.index + match[0].length).span,
  }));
}

function afterAddress(text: string, start: number): number {
  let at = start;
  for (;;) {
    const from = at;
    const simple = /^(?:\d+(?:~\d+)?|\$|\+\d+|~\d+)/.exec(text.slice(at, at + 30));
    if (simple) at += simple[0].length;
    else if (text[at] === '/' || (text[at] === '\\' && at + 1 < text.length)) {
      const delimiter = text[at] === '/' ? '/' : (text[at + 1] ?? '');
      const end = partEnd(text, text[at] === '/' ? at + 1 : at + 2, delimiter, true);
      at = Math.min(end + 1, text.length);
      while (/[IM]/.test(text[at] ?? '')) at++;
    }
    while (text[at] === ' ' || text[at] === '\t') at++;
    if (at > from && text[at] === ',') at++;
    else break;
  }
  while (at > start && (text[at] === '!' || text[at] === ' ')) at++;
  return at;
}

/** `a\` newline text, `a text` and GNU's `a\text` all begin their text after the blanks. */
function startOfText(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at++;
  if (text[at] === '\\') at++;
  if (text[at] === '\n') at++;
  while (text[at] === ' ' || text[at] === '\t') at++;
  return Math.min(at, text.length);
}

function endOfText(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '\n') return at;
  }
  return text.length;
}
