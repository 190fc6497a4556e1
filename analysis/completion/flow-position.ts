import { endOfLine, startOfLine } from '../../manifests/lines';
import type { Span } from '../../manifests/span';
import type { PathKey } from '../../manifests/value';
import { closingQuote, type YamlCursor } from './position';

/**
 * Finds a cursor in a flow collection that begins at an offset. The offset behind the collection if the cursor is not
 * in it, undefined if it is where nothing can be typed. A collection that is not closed ends before the first line that
 * stands no further to the right than `parent`, the column of what it belongs to.
 */
export function flowCursor(
  text: string,
  start: number,
  offset: number,
  parent: number,
  base: readonly PathKey[],
): YamlCursor | number | undefined {
  const open: Level[] = [];
  const between = { start: offset, end: offset };
  let at = start;
  while (at < text.length) {
    const char = text[at] ?? '';
    const top = open.at(-1);
    if (char === '\n') {
      const content = /[^ \t\r\n]/g;
      content.lastIndex = at;
      const next = content.exec(text)?.index ?? text.length;
      const line = startOfLine(text, next);
      if (next < text.length && next - line <= parent && !/[\]}]/.test(text[next] ?? ''))
        return offset <= at ? here({ open, base, text: '', offset }, between) : at;
    }
    if (/\s/.test(char)) {
      if (offset === at) return here({ open, base, text, offset }, between);
      at++;
      continue;
    }
    if (char === '#' && /\s/.test(text[at - 1] ?? ' ')) {
      const end = text.indexOf('\n', at);
      if (offset >= at && (end === -1 || offset <= end)) return undefined;
      at = end === -1 ? text.length : end;
      continue;
    }
    if (char === '{' || char === '[') {
      if (offset === at) return at === start ? undefined : here({ open, base, text, offset }, between);
      open.push({ isMapping: char === '{', key: char === '{' ? '' : 0, isValue: char === '[', isFilled: false });
      at++;
      continue;
    }
    if (char === '}' || char === ']') {
      if (offset === at) return here({ open, base, text, offset }, between);
      open.pop();
      at++;
      const outer = open.at(-1);
      if (!outer) return offset < at ? undefined : at;
      outer.isFilled = true;
      continue;
    }
    if (char === ',') {
      if (offset === at) return here({ open, base, text, offset }, between);
      if (top) {
        if (top.isMapping) top.isValue = false;
        else top.key = Number(top.key) + 1;
        top.isFilled = false;
      }
      at++;
      continue;
    }
    if (char === ':') {
      if (top?.isMapping) {
        top.isValue = true;
        top.isFilled = false;
      }
      at++;
      continue;
    }
    const quote = char === '"' || char === "'" ? char : '';
    const from = quote ? at + 1 : at;
    const to = quote ? (closingQuote(text, at) ?? endOfLine(text, at)) : plainEnd(text, at);
    if (offset >= from && offset <= to) return here({ open, base, text, offset }, { start: from, end: to }, quote);
    if (offset < from) return undefined;
    if (top) {
      if (top.isMapping && !top.isValue) top.key = text.slice(from, to);
      top.isFilled = true;
    }
    at = quote ? to + 1 : Math.max(to, at + 1);
  }
  return offset >= text.length ? here({ open, base, text, offset }, between) : at;
}

interface Level {
  readonly isMapping: boolean;
  key: PathKey;
  /** Whether a value is expected or read, and not a key. */
  isValue: boolean;
  /** Whether something stands where a key or value is expected. */
  isFilled: boolean;
}

/** A cursor in a collection that has been read up to it. */
interface Reached {
  /** The collections around the cursor, the innermost last. */
  readonly open: readonly Level[];
  readonly base: readonly PathKey[];
  /** Empty where what stands around the cursor belongs to something else. */
  readonly text: string;
  readonly offset: number;
}

/** What may be written at the cursor, in place of a span that has these quotes around it. */
function here({ open, base, text, offset }: Reached, span: Span, quote: '' | '"' | "'" = ''): YamlCursor | undefined {
  const top = open.at(-1);
  if (!top || top.isFilled) return undefined;
  const around = open.slice(0, -1).map(level => level.key);
  const path = [...base, ...around, ...(top.isValue ? [top.key] : [])];
  const after = text.slice(quote ? span.end + 1 : span.end, span.end + 3);
  return {
    kind: 'yaml',
    role: top.isValue ? (top.isMapping ? 'value' : 'either') : 'key',
    path,
    list: undefined,
    prefix: text.slice(span.start, offset),
    span,
    quote,
    isFlow: true,
    hasColon: /^[ \t]*:/.test(after),
    needsSpace: text[offset - 1] === ':',
    column: 0,
  };
}

function plainEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const char = text[at] ?? '';
    if (/[,[\]{}\n\r]/.test(char)) break;
    if (char === ':' && /[\s,[\]{}]|^$/.test(text[at + 1] ?? '')) break;
    if (char === '#' && /\s/.test(text[at - 1] ?? '')) break;
    at++;
  }
  while (at > from && /[ \t]/.test(text[at - 1] ?? '')) at--;
  return at;
}
