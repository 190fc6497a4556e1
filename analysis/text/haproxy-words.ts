import { endOfLine } from '../../manifests/lines';
import type { Span } from '../../manifests/span';
import { table } from '../../manifests/table';

/** A word of haproxy.cfg. */
export interface HaproxyWord {
  /** After quotes and backslashes are removed. An environment variable stands as it is written. */
  readonly value: string;
  /** As written, with quotes. */
  readonly span: Span;
  /** Some of it is in quotes. */
  readonly quoted: boolean;
  /** Environment variables, which HAProxy expands in double quotes only. */
  readonly variables: readonly { readonly name: string; readonly span: Span }[];
  /** Where each character of `value` stands: `offsets[i]` is the place of `value[i]`; one more for the end. */
  readonly offsets: readonly number[];
}

/**
 * The words of each line, without comments and empty lines. Quoting by section 2.2 of HAProxy's manual: a backslash
 * escapes a character, single quotes nothing, double quotes all but `"`, `\` and `$`; `#` begins a comment wherever it
 * stands outside quotes.
 */
export function* haproxyWords(text: string): Iterable<readonly HaproxyWord[]> {
  let words: HaproxyWord[] = [];
  for (let at = 0; at < text.length; ) {
    const char = text.charAt(at);
    if (char === '\n') {
      if (words.length > 0) yield words;
      words = [];
      at++;
    } else if (char === ' ' || char === '\t' || char === '\r') at++;
    else if (char === '#') at = endOfLine(text, at);
    else {
      const word = wordAt(text, at);
      words.push(word);
      at = word.span.end;
    }
  }
  if (words.length > 0) yield words;
}

/** The place of a part of a word's value. */
export function placeIn(word: HaproxyWord, start: number, end: number): Span {
  const first = word.offsets[start] ?? word.span.end;
  return { start: first, end: Math.max(first, end > start ? (word.offsets[end] ?? word.span.end) : first) };
}

function wordAt(text: string, start: number): HaproxyWord {
  let value = '';
  let quote = '';
  let quoted = false;
  const offsets: number[] = [];
  const variables: { name: string; span: Span }[] = [];
  const add = (character: string, at: number): void => {
    value += character;
    for (let unit = 0; unit < character.length; unit++) offsets.push(at);
  };
  let at = start;
  for (; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\n') break;
    if (quote === '' && (char === ' ' || char === '\t' || char === '#' || (char === '\r' && text[at + 1] === '\n')))
      break;
    if (quote === "'" ? char === quote : char === '"' && quote !== "'") {
      quote = quote === '' ? char : '';
      quoted = true;
    } else if (quote === '' && char === "'") {
      quote = char;
      quoted = true;
    } else if (
      char === '\\' &&
      quote !== "'" &&
      at + 1 < text.length &&
      text[at + 1] !== '\n' &&
      text[at + 1] !== '\r'
    ) {
      const next = text.charAt(at + 1);
      add(escapes[next] ?? next, at);
      at++;
    } else {
      if (char === '$' && quote === '"') {
        variable.lastIndex = at;
        const match = variable.exec(text);
        const name = match?.[1] ?? match?.[2];
        if (match && name !== undefined) variables.push({ name, span: { start: at, end: at + match[0].length } });
      }
      add(char, at);
    }
  }
  // The end of the last character lies before a closing quote.
  const last = offsets.at(-1);
  offsets.push(last === undefined ? at : Math.min(at, last + (text[last] === '\\' ? 2 : 1)));
  return { value, span: { start, end: at }, quoted, variables, offsets };
}

const variable = /\$(?:\{(\w+)[^}\n"]*\}|(\w+))/y;

const escapes = table<string>({ n: '\n', r: '\r', t: '\t' });
