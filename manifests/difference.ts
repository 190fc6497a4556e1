import type { Span } from './span';

/** The part of a text that differs from another, in each of them; what stands before and behind it is the same. */
export interface Difference {
  readonly before: Span;
  readonly now: Span;
}

/** Pieces of texts are compared faster than their characters are. */
const step = 256;

/** What differs between two texts, as one piece: from the first character that differs to the last. */
export function difference(before: string, now: string): Difference {
  const shorter = Math.min(before.length, now.length);
  let start = 0;
  while (start + step <= shorter && before.startsWith(now.slice(start, start + step), start)) start += step;
  while (start < shorter && before.charCodeAt(start) === now.charCodeAt(start)) start++;
  let same = 0;
  const rest = shorter - start;
  const tail = (text: string) => text.slice(text.length - same - step, text.length - same);
  while (same + step <= rest && tail(before) === tail(now)) same += step;
  while (same < rest && before.charCodeAt(before.length - 1 - same) === now.charCodeAt(now.length - 1 - same)) same++;
  return { before: { start, end: before.length - same }, now: { start, end: now.length - same } };
}
