import { remembered } from './derived';
import type { Place, Span } from './span';

/**
 * A text that came from somewhere: every part of it can be pointed at in the file that a person edits. The text is what
 * stands there when it is asked for.
 */
export interface MappedText {
  readonly text: string;
  /** The place of a part of `text`. Where the part was not written letter by letter, the nearest whole thing. */
  place(start: number, end: number): Place;
  /**
   * What the file has at the start of each line of the text: the indentation of a block scalar. Undefined where lines
   * cannot be inserted, as inside quotes.
   */
  readonly linePrefix: string | undefined;
  /** The line breaks of the file, which the text has as `\n`; undefined where nobody asks, as without a `linePrefix`. */
  readonly eol?: string | undefined;
}

/** The part of a mapped text between two offsets. */
export function slice(whole: MappedText, span: Span): MappedText {
  return {
    text: whole.text.slice(span.start, span.end),
    place: (start, end) => whole.place(span.start + start, span.start + end),
    linePrefix: whole.linePrefix,
    eol: whole.eol,
  };
}

/** Several texts one after the other, each still pointing at its own origin. */
export function concatenate(pieces: readonly MappedText[]): MappedText {
  const [only] = pieces;
  if (only && pieces.length === 1) return only;
  const joined = remembered(() => {
    const starts: number[] = [];
    let text = '';
    for (const piece of pieces) {
      starts.push(text.length);
      text += piece.text;
    }
    return { starts, text };
  });
  return {
    get text() {
      return joined().text;
    },
    get linePrefix() {
      return only?.linePrefix;
    },
    get eol() {
      return only?.eol;
    },
    place(start, end) {
      const { starts } = joined();
      let index = 0;
      while (index + 1 < pieces.length && (starts[index + 1] ?? 0) <= start) index++;
      const piece = pieces[index];
      if (!piece) throw new RangeError('there is no place in an empty text');
      const offset = starts[index] ?? 0;
      return piece.place(start - offset, Math.min(end - offset, piece.text.length));
    },
  };
}
