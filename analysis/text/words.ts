import { endOfLine } from '../../manifests/lines';
import type { Span } from '../../manifests/span';

/** A word of a configuration text: what the program that reads it gets, and where it is written, quotes included. */
export interface Word {
  readonly value: string;
  readonly span: Span;
}

/** The part of a text as a word that says what is written. */
export function wordAt(text: string, start: number, end: number): Word {
  return { value: text.slice(start, end), span: { start, end } };
}

/** The lines of a text without their line breaks. */
export function* linesOf(text: string): Iterable<Span> {
  for (let start = 0; start < text.length; ) {
    const end = endOfLine(text, start);
    yield { start, end: end > start && text[end - 1] === '\r' ? end - 1 : end };
    start = end + 1;
  }
}

/** A part of a text without the white space at its ends. */
export function trimmed(text: string, from: number, to: number): Span {
  let start = from;
  let end = to;
  while (start < end && /\s/.test(text.charAt(start))) start++;
  while (end > start && /\s/.test(text.charAt(end - 1))) end--;
  return { start, end };
}
