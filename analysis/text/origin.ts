import type { Span } from '../../manifests/span';

/**
 * A text that is read, and where its characters stand in the text that was given. A script inside quotes
 * (`sh -c "…"`) is read without the quotes and backslashes, so its characters do not follow one another there.
 */
export interface Origin {
  readonly text: string;
  /** The given text's part for a part of `text`; the whole of an escape or expansion that the part touches. */
  span(start: number, end: number): Span;
  /** A part of `text`, cut so that each piece either stands letter by letter in the given text or is one unit. */
  pieces(start: number, end: number): readonly OriginPiece[];
}

export interface OriginPiece {
  readonly start: number;
  readonly end: number;
  readonly span: Span;
  /** The piece stands letter by letter at `span`. */
  readonly verbatim: boolean;
}

/** One run of the text that is read: `text` of it came from `span` of the given text. */
export interface Segment {
  readonly text: string;
  readonly span: Span;
  readonly verbatim: boolean;
}

/** The given text itself. */
export function wholeText(text: string): Origin {
  return {
    text,
    span: (start, end) => ({ start: clamp(start, text.length), end: clamp(Math.max(start, end), text.length) }),
    pieces: (start, end) => (start < end ? [{ start, end, span: { start, end }, verbatim: true }] : []),
  };
}

/** The given text with every CR LF read as LF, as a shell script in a CRLF file is meant. */
export function withoutCarriageReturns(text: string): Origin {
  if (!text.includes('\r\n')) return wholeText(text);
  const segments: Segment[] = [];
  let start = 0;
  for (let at = text.indexOf('\r\n'); at !== -1; at = text.indexOf('\r\n', start)) {
    if (at > start) segments.push({ text: text.slice(start, at), span: { start, end: at }, verbatim: true });
    segments.push({ text: '\n', span: { start: at, end: at + 2 }, verbatim: false });
    start = at + 2;
  }
  if (start < text.length) {
    segments.push({ text: text.slice(start), span: { start, end: text.length }, verbatim: true });
  }
  return joined(segments, { start: text.length, end: text.length });
}

/** Segments one after the other. `nowhere` is the place of a text without segments. */
export function joined(segments: readonly Segment[], nowhere: Span): Origin {
  const starts: number[] = [];
  let text = '';
  for (const segment of segments) {
    starts.push(text.length);
    text += segment.text;
  }

  function edge(offset: number, side: 'start' | 'end'): number {
    const index = lastAtOrBefore(starts, side === 'start' ? offset : Math.max(0, offset - 1));
    const segment = segments[index];
    if (!segment) return nowhere[side];
    if (!segment.verbatim) return segment.span[side];
    return Math.min(segment.span.end, segment.span.start + offset - (starts[index] ?? 0));
  }

  return {
    text,
    span(start, end) {
      const first = edge(clamp(start, text.length), 'start');
      return start < end ? { start: first, end: Math.max(first, edge(end, 'end')) } : { start: first, end: first };
    },
    pieces(start, end) {
      const found: OriginPiece[] = [];
      for (let index = lastAtOrBefore(starts, start); index < segments.length; index++) {
        const segment = segments[index];
        const from = starts[index] ?? 0;
        if (!segment || from >= end) break;
        const pieceStart = Math.max(start, from);
        const pieceEnd = Math.min(end, from + segment.text.length);
        if (pieceStart >= pieceEnd) continue;
        const span = segment.verbatim
          ? { start: segment.span.start + pieceStart - from, end: segment.span.start + pieceEnd - from }
          : segment.span;
        found.push({ start: pieceStart, end: pieceEnd, span, verbatim: segment.verbatim });
      }
      return found;
    },
  };
}

/** The index of the last of ascending numbers that is not greater than `offset`; 0 if there is none. */
export function lastAtOrBefore(ascending: readonly number[], offset: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((ascending[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return Math.max(low, 0);
}

function clamp(offset: number, length: number): number {
  return Math.max(0, Math.min(offset, length));
}
