import type { HaproxyPart } from '../../analysis/haproxy-config';
import type { HaproxyDirective } from '../../analysis/text/haproxy';
import { endOfLine, startOfLine } from '../../manifests/lines';
import type { Span, TextEdit } from '../../manifests/span';

/** Adds lines below a line of haproxy.cfg, each with the given indentation. Undefined where lines cannot be inserted. */
export function insertBelow(part: HaproxyPart, line: Span, lines: readonly string[]): TextEdit | undefined {
  const { content } = part.file;
  if (content.linePrefix === undefined) return undefined;
  const end = endOfLine(content.text, line.end);
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
  const start = startOfLine(content.text, line.start);
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
  const start = startOfLine(file.content.text, directive.span.start);
  return file.content.text.slice(start, directive.span.start);
}

function eolOf({ file }: HaproxyPart): string {
  return file.sources.some(source => source.source.tree.text.includes('\r\n')) ? '\r\n' : '\n';
}
