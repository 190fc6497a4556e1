import { quoted } from '../../manifests/edit';
import type { Place, Span, TextEdit } from '../../manifests/span';
import { isTree, readTree } from '../../manifests/tree';
import type { Value } from '../../manifests/value';
import type { MadeSegment, PrintedText, Segment, SliceSegment } from './print';

/** Where a part of a printed text stands in the files; what kustomize adds by itself stands where the next thing does. */
export function placeIn({ text, segments }: PrintedText, span: Span): Place | undefined {
  const segment = segmentAt(segments, span);
  if (!segment) return undefined;
  if (!segment.document) return placeInMade(text, segment, span);
  const start = offsetIn(segment, span.start);
  return segment.document.place(start, Math.max(start, endIn(segments, segment, span.end)));
}

/** The offsets of a printed text that stand for an offset of a file; a text may be printed several times, or not at all. */
export function offsetsIn(
  { text, segments }: PrintedText,
  { uri }: { readonly uri: string },
  offset: number,
): readonly number[] {
  return segments.flatMap(segment => {
    if (segment.document) {
      if (segment.document.file.uri !== uri) return [];
      const at = segment.document.offsetAt(offset) - segment.from;
      return at >= 0 && at <= segment.end - segment.start ? [segment.start + at] : [];
    }
    const { whole } = segment.origin;
    if (whole.uri !== uri || offset < whole.span.start || offset > whole.span.end) return [];
    if (segment.style === 'key' || segment.style === 'escaped') return [segment.start];
    // What is printed has the order of what is written.
    const isQuoted = segment.style === 'quoted';
    let [low, high] = isQuoted ? [segment.start + 1, segment.end - 1] : [segment.start, segment.end];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (placeInMade(text, segment, { start: middle, end: middle }).span.start <= offset) low = middle;
      else high = middle - 1;
    }
    return [low];
  });
}

/** Where a value of a printed text is written, and how. */
export interface Written {
  readonly at: Place;
  /** `slice`: as it is printed. `scalar`: a scalar of its own. `part`: a part of a text, as letters. */
  readonly as: 'slice' | 'scalar' | 'part';
  /** The scalar that it is. */
  readonly scalar: Value | undefined;
  /** What stands at the start of the further lines of a part; undefined where there can be only one. */
  readonly indent: string | undefined;
}

/** Where a value is written that covers a span; undefined where it cannot be pointed at. */
export function writtenAt(printed: PrintedText, span: Span): Written | undefined {
  const { text, segments } = printed;
  const found = segments.find(one => one.start <= span.start && span.end <= one.end && one.end > one.start);
  if (!found) return undefined;
  if (found.document)
    return {
      at: found.document.place(offsetIn(found, span.start), offsetIn(found, span.end)),
      as: 'slice',
      scalar: undefined,
      indent: undefined,
    };
  const { scalar } = found.origin;
  const isWhole = span.start === found.start && span.end === found.end;
  if (scalar && isWhole && scalar.style !== 'literal' && scalar.style !== 'folded')
    return { at: scalar, as: 'scalar', scalar, indent: undefined };
  if (found.style === 'key' || (found.style === 'escaped' && !isWhole)) return undefined;
  const indent = found.style !== 'block' ? undefined : scalar ? scalar.mapped.linePrefix : '';
  return { at: placeInMade(text, found, span), as: 'part', scalar: undefined, indent };
}

/** The same edit of the files; undefined where it cannot be made there. */
export function editIn(printed: PrintedText, { at, newText }: TextEdit): TextEdit | undefined {
  const { span } = at;
  const { segments, text } = printed;
  const slice = segments.find(one => one.document && one.start <= span.start && span.end <= one.end);
  if (slice?.document) {
    const [start, end] = [slice.from + span.start - slice.start, slice.from + span.end - slice.start];
    return { at: slice.document.place(start, end), newText };
  }
  const made = segments.find(one => !one.document && one.start <= span.start && span.end <= one.end);
  if (!made) return editAcross(printed, span, newText);
  if (made.document || made.style === 'key') return undefined;
  const isWhole = span.start === made.start && span.end === made.end;
  const { scalar } = made.origin;
  if (isWhole && made.style !== 'block') {
    const replaced = scalarIn(newText);
    if (replaced === undefined) return undefined;
    if (!scalar) return isHarmless(replaced) ? { at: made.origin.whole, newText: replaced } : undefined;
    const { style } = scalar;
    if (style === 'literal' || style === 'folded' || replaced.includes('\n')) return undefined;
    return { at: scalar, newText: quoted(replaced, style === 'single' || style === 'double' ? style : 'plain') };
  }
  if (made.style === 'escaped') return undefined;
  if (made.style === 'block') {
    const prefix = scalar?.mapped.linePrefix;
    const isLoose = !scalar && made.origin.part(0, 0).span.start !== made.origin.whole.span.end;
    const indent = scalar ? prefix : isLoose ? '' : undefined;
    if (indent === undefined) return newText.includes('\n') ? undefined : partEdit(text, made, span, newText);
    return partEdit(text, made, span, newText.replaceAll(`\n${' '.repeat(made.indent)}`, `\n${indent}`));
  }
  return isHarmless(newText) ? partEdit(text, made, span, newText) : undefined;
}

/** An edit of what is written around something that is not: that goes, and comes again when it is built. */
function editAcross({ text, segments }: PrintedText, span: Span, newText: string): TextEdit | undefined {
  const touched = segments.filter(one => one.start < span.end && span.start < one.end);
  const slices = touched.flatMap(one => (one.document ? [one] : []));
  const [first, last] = [slices[0], slices.at(-1)];
  if (!first || !last || first.document !== last.document || first.start > span.start || last.end < span.end)
    return undefined;
  // What is only built must not be written down.
  if (touched.some(one => !one.document && newText.includes(text.slice(one.start, one.end)))) return undefined;
  return { at: first.document.place(offsetIn(first, span.start), offsetIn(last, span.end)), newText };
}

function partEdit(text: string, made: MadeSegment, span: Span, newText: string): TextEdit {
  return { at: placeInMade(text, made, span), newText };
}

/** Text that means the same in quotes of any kind and without. */
function isHarmless(text: string): boolean {
  return /^[\w./@%+,~=-]*$/.test(text);
}

function scalarIn(yaml: string): string | undefined {
  const tree = readTree(yaml.trim());
  if (!isTree(tree)) return undefined;
  return /^\s*(?:[[{|>&*!]|-\s)/.test(yaml) ? undefined : textOf(yaml.trim());
}

function textOf(yaml: string): string | undefined {
  if (yaml.startsWith('"')) {
    try {
      return String(JSON.parse(yaml));
    } catch {
      return undefined;
    }
  }
  return yaml.startsWith("'") ? yaml.slice(1, -1).replaceAll("''", "'") : yaml;
}

function placeInMade(text: string, segment: MadeSegment, span: Span): Place {
  const { origin, style } = segment;
  if (span.start <= segment.start && span.end >= segment.end) return origin.whole;
  if (style === 'escaped' || style === 'key') return origin.whole;
  const [start, end] = [span.start, span.end].map(offset =>
    decodedOffset(text, segment, Math.min(Math.max(offset, segment.start), segment.end)),
  ) as [number, number];
  return origin.part(start, end);
}

/** The offset in what a scalar says that an offset in what is printed of it stands for. */
function decodedOffset(text: string, { start, end, style, indent }: MadeSegment, offset: number): number {
  if (style === 'plain') return offset - start;
  if (style === 'quoted') return Math.min(Math.max(offset - start - 1, 0), end - start - 2);
  let decoded = 0;
  for (let line = start; ; ) {
    const newline = text.indexOf('\n', line);
    const stop = newline === -1 || newline >= end ? end : newline;
    const content = Math.min(line + indent, stop);
    if (offset <= stop) return decoded + Math.max(0, offset - content);
    decoded += stop - content + 1;
    line = stop + 1;
    if (line > end) return decoded;
  }
}

/** The segment in which a span begins; between two, the next, and behind all, the last. */
function segmentAt(segments: readonly Segment[], span: Span): Segment | undefined {
  let low = 0;
  let high = segments.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const segment = segments[middle];
    if (segment && (segment.end > span.start || (segment.end === span.start && span.end === span.start))) high = middle;
    else low = middle + 1;
  }
  return segments[low];
}

function offsetIn(segment: SliceSegment, offset: number): number {
  return segment.from + Math.min(Math.max(offset, segment.start), segment.end) - segment.start;
}

/** The end of a span in the document in which it begins. */
function endIn(segments: readonly Segment[], first: SliceSegment, end: number): number {
  let last = first;
  for (const segment of segments)
    if (segment.document === first.document && segment.start >= first.start && segment.start < end) last = segment;
  return offsetIn(last, end);
}
