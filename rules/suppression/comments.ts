import type { SourceFile } from '../../manifests/file';
import { endOfLine } from '../../manifests/lines';
import type { TextEdit } from '../../manifests/span';
import { type Suppression, suppressionsOf } from '../suppressions';

/** The suppressions that a file makes; in Markdown only those in comments, because its text may explain them. */
export function suppressionsMade(file: SourceFile): readonly Suppression[] {
  const all = suppressionsOf(file);
  return /\.md$/i.test(file.path) ? all.filter(({ span }) => /<!--[ \t]*$/.test(file.text.slice(0, span.start))) : all;
}

/** Takes a comment out: its line if it stands alone, else what precedes it on the line too. */
export function withoutComment(file: SourceFile, { span }: Suppression): TextEdit {
  const { text, lines } = file;
  const line = lines.lineOf(span.start);
  const lineStart = lines.startOf(line);
  const lineEnd = endOfLine(text, span.end);
  const before = text.slice(lineStart, span.start).replace(/[ \t]*(?:#|\/\/|<!--)[ \t]*$/, '');
  const after = text.slice(span.end, lineEnd).replace(/^[ \t]*-->/, '');
  const isAlone = before.trim() === '' && after.trim() === '';
  const at = isAlone
    ? { start: lineStart, end: Math.min(text.length, lineEnd + 1) }
    : { start: lineStart + before.length, end: lineEnd - after.length };
  return { at: { uri: file.uri, span: at }, newText: isAlone || after === '' || after === '\r' ? '' : ' #' };
}
