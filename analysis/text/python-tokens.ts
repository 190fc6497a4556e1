import { table } from '../../manifests/table';

/** A token of Python (https://docs.python.org/3/reference/lexical_analysis.html). Comments give none. */
export interface PythonToken {
  /** `break` is the end of a line outside brackets. */
  readonly kind: 'name' | 'string' | 'number' | 'mark' | 'break';
  /** A string without its prefix, quotes and escapes; everything else as it stands. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Where a string's text stands, without its quotes. */
  readonly contentStart: number;
  readonly contentEnd: number;
  /** An f-string, whose text depends on its expressions. */
  readonly formatted: boolean;
  /** The first token of its line or statement. */
  readonly startsLine: boolean;
  /** How many brackets are open around it. */
  readonly depth: number;
}

export function pythonTokens(text: string): readonly PythonToken[] {
  const tokens: PythonToken[] = [];
  let depth = 0;
  let startsLine = true;
  const push = (kind: PythonToken['kind'], start: number, end: number, string?: PythonString): void => {
    tokens.push({
      kind,
      text: string ? string.text : text.slice(start, end),
      start,
      end,
      contentStart: string?.start ?? start,
      contentEnd: string?.end ?? end,
      formatted: string?.formatted ?? false,
      startsLine: startsLine && kind !== 'break',
      depth,
    });
    startsLine = kind === 'break';
  };
  const token =
    /([ \t\r\f]+|#[^\n]*|\\\r?\n)|(\n)|([bBfFrRuU]{0,2})("""|'''|"|')|([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)|(\d[\w.]*)|[\s\S]/y;
  for (let at = 0; at < text.length; ) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (!match) break;
    const [whole, skipped, lineBreak, prefix, quote, name, number] = match;
    let end = at + whole.length;
    if (lineBreak !== undefined) {
      if (depth === 0 && !startsLine) push('break', at, end);
      if (depth > 0) startsLine = true;
    } else if (quote !== undefined) {
      const string = stringAt(text, end, quote, prefix ?? '');
      push('string', at, string.close, string);
      end = string.close;
    } else if (name !== undefined) push('name', at, end);
    else if (number !== undefined) push('number', at, end);
    else if (skipped === undefined) {
      if (/[)\]}]/.test(whole)) depth = Math.max(0, depth - 1);
      push('mark', at, end);
      if (whole === ';' && depth === 0) startsLine = true;
      if (/[([{]/.test(whole)) depth++;
    }
    at = end;
  }
  return tokens;
}

interface PythonString {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** The offset after the closing quote. */
  readonly close: number;
  readonly formatted: boolean;
}

/** A string that is not closed ends with its line, or with the text when it is in triple quotes. */
function stringAt(text: string, start: number, quote: string, prefix: string): PythonString {
  const isRaw = /r/i.test(prefix);
  const isLong = quote.length === 3;
  let end = start;
  while (end < text.length && !text.startsWith(quote, end) && (isLong || text[end] !== '\n')) {
    end += text[end] === '\\' && end + 1 < text.length ? 2 : 1;
  }
  const content = text.slice(start, end);
  const isClosed = text.startsWith(quote, end);
  return {
    text: isRaw
      ? content
      : content.replace(/\\(\r?\n|[\s\S])/g, (_, one: string) => escapes[one] ?? (one.endsWith('\n') ? '' : one)),
    start,
    end,
    close: isClosed ? end + quote.length : end,
    formatted: /f/i.test(prefix),
  };
}

const escapes = table<string>({ n: '\n', r: '\r', t: '\t', '0': '\0' });
