import type { Span } from '../../manifests/span';
import { joined, type Origin, type Segment } from './origin';

/** A token of PostgreSQL's SQL or a command of psql. Comments give none. */
export interface SqlToken {
  /**
   * `word` is a keyword or name, `quoted` a name in double quotes, `string` a literal, `body` a literal between dollar
   * quotes, `variable` one of psql (`:name`), `command` one of psql (`\gexec`), `mark` a single character.
   */
  readonly kind: 'word' | 'quoted' | 'string' | 'body' | 'number' | 'variable' | 'command' | 'mark';
  /** A name or literal without its quotes; everything else as it stands. */
  readonly text: string;
  /** The offsets in the origin's text, with quotes. */
  readonly start: number;
  readonly end: number;
  /** The literal's or name's own characters, without quotes. */
  readonly content: Origin | undefined;
  readonly span: Span;
}

/**
 * Splits SQL into tokens (PostgreSQL manual, 4.1 Lexical Structure; psql's own variables and commands by its reference
 * page). A part that a shell or a template puts in (`${NAME}`, `$NAME`, `NAME_PLACEHOLDER`) is part of a word.
 */
export function sqlTokens(origin: Origin): readonly SqlToken[] {
  const { text } = origin;
  const tokens: SqlToken[] = [];
  const push = (kind: SqlToken['kind'], start: number, end: number, content?: Origin): void => {
    const value = content ? content.text : text.slice(start, end);
    tokens.push({ kind, text: value, start, end, content, span: origin.span(start, end) });
  };
  for (let at = 0; at < text.length; ) {
    const char = text.charAt(at);
    const next = text.charAt(at + 1);
    if (/\s/.test(char)) at++;
    else if (char === '-' && next === '-') at = endOfLine(text, at);
    else if (char === '/' && next === '*') at = endOfBlockComment(text, at + 2);
    else if (char === "'" || (/[eEbBxXnN]/.test(char) && next === "'")) {
      const open = char === "'" ? at : at + 1;
      const end = endOfQuote(text, open + 1, "'", /[eE]/.test(char));
      push('string', at, end, quoteContent(origin, open + 1, end, "'", /[eE]/.test(char)));
      at = end;
    } else if (char === '"') {
      const end = endOfQuote(text, at + 1, '"', false);
      push('quoted', at, end, quoteContent(origin, at + 1, end, '"', false));
      at = end;
    } else if (char === '$' && dollarQuoteAt(text, at)) {
      const tag = dollarQuoteAt(text, at) ?? '';
      const close = text.indexOf(tag, at + tag.length);
      const end = close === -1 ? text.length : close + tag.length;
      const inside = { start: at + tag.length, end: close === -1 ? text.length : close };
      push('body', at, end, part(origin, inside.start, inside.end));
      at = end;
    } else if (char === '\\') {
      const name = matchAt(/\\[a-zA-Z_?!]*/y, text, at) ?? char;
      const isWithinLine = /^\\(g\w*|watch|;)$/.test(name);
      const end = isWithinLine ? at + name.length : endOfLine(text, at);
      push('command', at, end);
      at = end;
    } else if (char === ':' && next !== ':' && next !== '=' && text.charAt(at - 1) !== ':') {
      const variable = matchAt(/:(?:[A-Za-z_]\w*|'[A-Za-z_]\w*'|"[A-Za-z_]\w*")/y, text, at);
      push(variable ? 'variable' : 'mark', at, at + (variable?.length ?? 1));
      at += variable?.length ?? 1;
    } else {
      const word = matchAt(
        /(?:[A-Za-z_\u0080-\uffff]|\$\{\w*\}?|\$[A-Za-z_]\w*)(?:[\w\u0080-\uffff]|\$\{\w*\}?|\$(?=\w))*/y,
        text,
        at,
      );
      const number = word === undefined ? matchAt(/\d[\w.]*/y, text, at) : undefined;
      const length = (word ?? number ?? char).length;
      push(word !== undefined ? 'word' : number !== undefined ? 'number' : 'mark', at, at + length);
      at += length;
    }
  }
  return tokens;
}

/** A part of a text as a text of its own. */
function part(origin: Origin, start: number, end: number): Origin {
  return joined(segmentsOf(origin, start, end), origin.span(start, start));
}

export function segmentsOf(origin: Origin, start: number, end: number): readonly Segment[] {
  return origin.pieces(start, end).map(piece => ({ ...piece, text: origin.text.slice(piece.start, piece.end) }));
}

function quoteContent(origin: Origin, start: number, end: number, quote: string, backslashes: boolean): Origin {
  const { text } = origin;
  const close = end > start && text[end - 1] === quote ? end - 1 : end;
  const segments: Segment[] = [];
  let from = start;
  for (let at = start; at < close; at++) {
    const isDoubled = text[at] === quote && text[at + 1] === quote;
    if (!isDoubled && !(backslashes && text[at] === '\\' && at + 1 < close)) continue;
    segments.push(...segmentsOf(origin, from, at));
    const escaped = text[at + 1] ?? '';
    segments.push({
      text: escaped === 'n' && !isDoubled ? '\n' : escaped,
      span: origin.span(at, at + 2),
      verbatim: false,
    });
    from = at + 2;
    at++;
  }
  segments.push(...segmentsOf(origin, Math.min(from, close), close));
  return joined(segments, origin.span(start, start));
}

function endOfQuote(text: string, from: number, quote: string, backslashes: boolean): number {
  for (let at = from; at < text.length; at++) {
    if (backslashes && text[at] === '\\') at++;
    else if (text[at] === quote) {
      if (text[at + 1] !== quote) return at + 1;
      at++;
    }
  }
  return text.length;
}

/** `$$` or `$tag$`. */
function dollarQuoteAt(text: string, at: number): string | undefined {
  return matchAt(/\$(?:[A-Za-z_\u0080-\uffff]\w*)?\$/y, text, at);
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

/** Where the block comment ends that begins before an offset, or the text: they nest in PostgreSQL. */
export function endOfBlockComment(text: string, from: number): number {
  const mark = /\/\*|\*\//g;
  mark.lastIndex = from;
  let depth = 1;
  for (let match = mark.exec(text); match; match = mark.exec(text)) {
    depth += match[0] === '/*' ? 1 : -1;
    if (depth === 0) return mark.lastIndex;
  }
  return text.length;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
