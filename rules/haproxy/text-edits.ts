import type { HaproxyPart } from '../../analysis/haproxy-config';
import type { HaproxyDirective } from '../../analysis/text/haproxy';
import type { Span, TextEdit } from '../../manifests/span';

/** Adds lines below a line of haproxy.cfg, each with the given indentation. Undefined where lines cannot be inserted. */
export function insertBelow(part: HaproxyPart, line: Span, lines: readonly string[]): TextEdit | undefined {
  const { content } = part.file;
  if (content.linePrefix === undefined) return undefined;
  const newline = content.text.indexOf('\n', line.end);
  const end = newline === -1 ? content.text.length : newline;
  const indent = indentOf(part);
  const prefix = content.linePrefix;
  return {
    at: content.place(end, end),
    newText: lines.map(text => `${eolOf(part)}${prefix}${indent}${text}`).join(''),
  };
}

/** Adds lines above a line of haproxy.cfg. */
export function insertAbove(part: HaproxyPart, line: Span, lines: readonly string[]): TextEdit | undefined {
  const { content } = part.file;
  if (content.linePrefix === undefined) return undefined;
  const start = content.text.lastIndexOf('\n', line.start - 1) + 1;
  const indent = /^[ \t]*/.exec(content.text.slice(start))?.[0] ?? '';
  const prefix = content.linePrefix;
  return {
    at: content.place(start, start),
    newText: lines.map(text => `${indent}${text}${eolOf(part)}${prefix}`).join(''),
  };
}

/** Adds words at the end of a directive, before a comment. */
export function appendWords(part: HaproxyPart, { end }: Span, words: string): TextEdit {
  return { at: part.file.content.place(end, end), newText: ` ${words}` };
}

/** Replaces a part of the text. */
export function replaceText(part: HaproxyPart, span: Span, newText: string): TextEdit {
  return { at: part.place(span), newText };
}

/** The indentation of a section's directives. */
export function indentOf({ section, file }: HaproxyPart): string {
  const directive: HaproxyDirective | undefined = section.directives[0];
  if (!directive) return '  ';
  const start = file.content.text.lastIndexOf('\n', directive.span.start - 1) + 1;
  return file.content.text.slice(start, directive.span.start);
}

function eolOf({ file }: HaproxyPart): string {
  return file.sources.some(source => source.source.tree.text.includes('\r\n')) ? '\r\n' : '\n';
}
