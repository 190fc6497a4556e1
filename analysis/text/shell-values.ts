import type { Span } from '../../manifests/span';
import { joined, type Origin } from './origin';
import type { SedCommand } from './sed-script';
import type { ShellVariable, TextPiece } from './shell-words';

/** A word of a command as the program gets it, as far as the script alone tells. */
export interface RunWord {
  /** The text. A variable that the script does not set stands as `${NAME}`, the output of a command as written. */
  readonly value: string;
  /**
   * `known`: the script says all of it. `default`: the rest comes from `${X:-default}` and the like, so that the
   * environment can change it. `unknown`: some of it comes from the environment or from a command.
   */
  readonly certainty: 'known' | 'default' | 'unknown';
  readonly hasGlob: boolean;
  readonly pieces: readonly RunPiece[];
  /** Where the value is written: the argument of a function's call, or the assignment, for a word that is only `$1`. */
  readonly span: Span;
  /** The word in the command itself. */
  readonly use: Span;
}

/** A part of a value. Places are where the text was written first, before it went through variables. */
export type RunPiece = TextPiece | RunVariable | RunOutput;

/** A variable whose value the script does not tell. */
export interface RunVariable {
  readonly kind: 'variable';
  readonly name: string;
  readonly span: Span;
  readonly quoted: boolean;
  /** The script gives it some value before, if only on one path; otherwise it can only come from the environment. */
  readonly assigned: boolean;
  /** The value when the environment has none: `${X:-fallback}`. */
  readonly fallback: readonly RunPiece[] | undefined;
  /** Not the value itself is used but something made of it, as in `${X//\//_}`. */
  readonly transformed: boolean;
}

/** What a command wrote, of which nothing is known. */
export interface RunOutput {
  readonly kind: 'output';
  readonly span: Span;
  readonly quoted: boolean;
  readonly raw: string;
}

/** A part of what goes into a file or a pipe. */
export type ContentPiece = RunPiece | FilePiece | FilteredPiece;

/** Everything that stands in a file. */
export interface FilePiece {
  readonly kind: 'file';
  readonly path: ShellPath;
  readonly span: Span;
}

/** Content after it went through a program. */
export interface FilteredPiece {
  readonly kind: 'filtered';
  readonly content: readonly ContentPiece[];
  readonly filter: ContentFilter;
  readonly span: Span;
}

export type ContentFilter = SedFilter | EnvsubstFilter | OpaqueFilter;

/** `sed`, or a `perl -pe` that is a list of `s` commands. */
export interface SedFilter {
  readonly kind: 'sed';
  readonly commands: readonly SedCommand[];
  readonly span: Span;
}

/** A program that puts environment variables into a text. */
export interface EnvsubstFilter {
  readonly kind: 'envsubst';
  /** The variables of `envsubst '$A ${B}'`; `unknown` when the script computes the list. */
  readonly variables: readonly ShellVariable[] | 'all' | 'unknown';
  /** Python's `expandvars` leaves an undefined variable as it stands; `envsubst` replaces it by nothing. */
  readonly keepsUndefined: boolean;
  readonly tool: string;
  readonly span: Span;
}

export interface OpaqueFilter {
  readonly kind: 'opaque';
  readonly tool: string;
  readonly span: Span;
}

/** A path, from the folder that `cd` went to if the script says so, without `.` and `..` parts. */
export interface ShellPath {
  /** A part that the script does not tell stands as `${NAME}`. */
  readonly path: string;
  readonly certainty: RunWord['certainty'];
  /** It holds `*`, `?` or a bracket, for all the files that match. */
  readonly hasGlob: boolean;
  readonly span: Span;
}

/** The name of the variable that stands for the folder of the script: what `dirname "$0"` gives. */
export const scriptDirectory = '@script';

export function runWord(pieces: readonly RunPiece[], span: Span, use: Span): RunWord {
  return {
    value: textOf(pieces),
    certainty: certaintyOf(pieces),
    hasGlob: pieces.some(piece => piece.kind === 'text' && piece.glob),
    pieces,
    span,
    use,
  };
}

export function textOf(pieces: readonly RunPiece[]): string {
  let value = '';
  for (const piece of pieces) {
    if (piece.kind === 'text') value += piece.text;
    else if (piece.kind === 'output') value += piece.raw;
    else value += piece.fallback ? textOf(piece.fallback) : `\${${piece.name}}`;
  }
  return value;
}

export function certaintyOf(pieces: readonly RunPiece[]): RunWord['certainty'] {
  let certainty: RunWord['certainty'] = 'known';
  for (const piece of pieces) {
    if (piece.kind === 'text') continue;
    if (piece.kind === 'output' || !piece.fallback || certaintyOf(piece.fallback) === 'unknown') return 'unknown';
    certainty = 'default';
  }
  return certainty;
}

/** The rest of a word after its first `length` characters: the value in `--name=value`. */
export function wordAfter(word: RunWord, length: number): RunWord {
  return wordPart(word, length, word.value.length);
}

/** A part of a word, by offsets into its value. A variable that the part cuts through belongs to it as a whole. */
export function wordPart(word: RunWord, start: number, end: number): RunWord {
  const pieces: RunPiece[] = [];
  let from = 0;
  for (const piece of word.pieces) {
    const size = textOf([piece]).length;
    const first = Math.max(start - from, 0);
    const last = Math.min(end - from, size);
    if (first < last) pieces.push(piece.kind === 'text' ? sliceOf(piece, first, last) : piece);
    from += size;
  }
  const spanStart = pieces[0]?.span.start ?? word.span.end;
  const spanEnd = pieces.at(-1)?.span.end ?? word.span.end;
  const span = spanStart <= spanEnd ? { start: spanStart, end: spanEnd } : word.span;
  return runWord(pieces, span, word.use);
}

/** A word of plain text that stands somewhere as another text. */
export function plainWord(text: string, span: Span): RunWord {
  return runWord([{ kind: 'text', text, span, verbatim: false, quoted: true, glob: false }], span, span);
}

/** Pieces as one text, with each variable as `${NAME}`, that can be read further and still knows its places. */
export function textOfPieces(pieces: readonly RunPiece[], nowhere: Span): Origin {
  const segments = pieces.map(piece =>
    piece.kind === 'text' ? piece : { text: textOf([piece]), span: piece.span, verbatim: false },
  );
  return joined(segments, nowhere);
}

/** A part of a piece of text, with its place if the text stands letter by letter there. */
export function sliceOf(piece: TextPiece, start: number, end: number): TextPiece {
  const span = piece.verbatim ? { start: piece.span.start + start, end: piece.span.start + end } : piece.span;
  return { ...piece, text: piece.text.slice(start, end), span };
}

/** Takes `//`, `/./` and `a/..` out of a path. A path that begins with a variable keeps its `..` parts. */
export function normalPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '.' || part === '') continue;
    const last = parts.at(-1);
    if (part === '..' && last !== undefined && last !== '..' && !last.startsWith('$')) parts.pop();
    else if (part !== '..' || parts.length > 0 || !path.startsWith('/')) parts.push(part);
  }
  return (path.startsWith('/') ? '/' : '') + parts.join('/') || '.';
}
