import type { Span } from './span';

/** The part of a text that differs from another, in each of them; what stands before and behind it is the same. */
export interface Difference {
  readonly before: Span;
  readonly now: Span;
}

export function difference(before: string, now: string): Difference {
  const shorter = Math.min(before.length, now.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === now.charCodeAt(start)) start++;
  let same = 0;
  while (
    same < shorter - start &&
    before.charCodeAt(before.length - 1 - same) === now.charCodeAt(now.length - 1 - same)
  )
    same++;
  return { before: { start, end: before.length - same }, now: { start, end: now.length - same } };
}
