import { startOfLine } from '../../manifests/lines';
import type { MappedText } from '../../manifests/mapped-text';
import type { TextEdit } from '../../manifests/span';

/**
 * Adds lines to the end of a configuration text that stands in a block scalar, after its last line that says something.
 * Undefined where lines cannot be inserted.
 */
export function appendLines(
  { text, linePrefix, eol = '\n', place }: MappedText,
  lines: readonly string[],
): TextEdit | undefined {
  const end = text.trimEnd().length;
  return linePrefix === undefined || end === 0
    ? undefined
    : { at: place(end, end), newText: lines.map(line => `${eol}${linePrefix}${line}`).join('') };
}

/** Inserts lines above the line that holds an offset of the text. Undefined where lines cannot be inserted. */
export function insertLinesBefore(
  { text, linePrefix, eol = '\n', place }: MappedText,
  offset: number,
  lines: readonly string[],
): TextEdit | undefined {
  if (linePrefix === undefined) return undefined;
  const start = startOfLine(text, offset);
  return { at: place(start, start), newText: lines.map(line => `${line}${eol}${linePrefix}`).join('') };
}
