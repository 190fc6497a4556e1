import { joined, type Origin, type Segment } from '../origin';
import { type SqlToken, segmentsOf } from '../sql-tokens';
import { commaSeparated, isWord } from './words';

/** The texts that `EXECUTE` or `\gexec` runs: the literals at the start of an expression or of a select list. */
export function executed(tokens: readonly SqlToken[], variables: ReadonlyMap<string, Origin>): readonly Origin[] {
  const list = isWord(tokens[0], 'SELECT') ? tokens.slice(1) : tokens;
  const end = list.findIndex(token => isWord(token, 'WHERE') || isWord(token, 'FROM') || isWord(token, 'USING'));
  const value = expression(end === -1 ? list : list.slice(0, end), variables);
  return value ? [value] : [];
}

/**
 * The text that an expression of literals, `||`, `format(…)` and variables gives. A part that is not known stands as
 * it is written, so that what is around it can still be read.
 */
export function expression(tokens: readonly SqlToken[], variables: ReadonlyMap<string, Origin>): Origin | undefined {
  const segments: Segment[] = [];
  let hasText = false;
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (!token) break;
    if (token.kind === 'mark' && /[|()]/.test(token.text)) continue;
    const known = token.kind === 'word' ? variables.get(token.text.toLowerCase()) : undefined;
    if (token.kind === 'string' || token.kind === 'body' || known) {
      const text = token.content ?? known;
      if (text) segments.push(...segmentsOf(text, 0, text.text.length));
      hasText = true;
    } else if (isWord(token, 'FORMAT') && tokens[at + 1]?.text === '(') {
      const close = closingBracket(tokens, at + 1);
      const parts = commaSeparated(tokens.slice(at + 2, close));
      const [format] = parts[0] ?? [];
      if (format?.content) segments.push(...formatted(format.content, parts.slice(1), variables));
      hasText ||= format?.content !== undefined;
      at = close;
    } else if (/^quote_(ident|literal|nullable)$/i.test(token.text)) continue;
    else segments.push({ text: token.text, span: token.span, verbatim: token.content === undefined });
  }
  const first = tokens[0];
  return hasText && first ? joined(segments, first.span) : undefined;
}

/** `format('… %I %L %s', …)` (https://www.postgresql.org/docs/current/functions-string.html#FUNCTIONS-STRING-FORMAT). */
function formatted(
  format: Origin,
  values: readonly (readonly SqlToken[])[],
  variables: ReadonlyMap<string, Origin>,
): readonly Segment[] {
  const segments: Segment[] = [];
  let from = 0;
  let next = 0;
  for (const match of format.text.matchAll(/%(?:(\d+)\$)?-?\d*([sIL%])/g)) {
    segments.push(...segmentsOf(format, from, match.index));
    from = match.index + match[0].length;
    if (match[2] === '%') {
      segments.push(...segmentsOf(format, from - 1, from));
      continue;
    }
    const index = match[1] === undefined ? next : Number(match[1]) - 1;
    next = index + 1;
    const value = values[index] ?? [];
    const text = expression(value, variables);
    const quote: readonly Segment[] =
      match[2] === 'L' ? [{ text: "'", span: format.span(match.index, from), verbatim: false }] : [];
    const plain = value.map(token => ({ text: token.text, span: token.span, verbatim: token.content === undefined }));
    segments.push(...quote, ...(text ? segmentsOf(text, 0, text.text.length) : plain), ...quote);
  }
  segments.push(...segmentsOf(format, from, format.text.length));
  return segments;
}

function closingBracket(tokens: readonly SqlToken[], open: number): number {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    if (tokens[at]?.kind !== 'mark') continue;
    if (tokens[at]?.text === '(') depth++;
    else if (tokens[at]?.text === ')' && --depth === 0) return at;
  }
  return tokens.length;
}
