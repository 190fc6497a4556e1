import { limits, nowhere } from './shell-frame';
import { type RunPiece, sliceOf, textOf } from './shell-values';

/** Words of pieces: the shell splits at blanks that no quotes hold together. */
export function splitAtBlanks(pieces: readonly RunPiece[]): readonly (readonly RunPiece[])[] {
  if (!pieces.some(piece => piece.kind === 'text' && !piece.quoted && /\s/.test(piece.text))) return [pieces];
  const words: RunPiece[][] = [];
  let isOpen = false;
  const add = (piece: RunPiece): void => {
    const word = isOpen ? words.at(-1) : undefined;
    if (word) word.push(piece);
    else words.push([piece]);
    isOpen = true;
  };
  for (const piece of pieces) {
    if (piece.kind !== 'text' || piece.quoted) add(piece);
    else {
      for (const match of piece.text.matchAll(/\s+|\S+/g)) {
        if (/\s/.test(match[0])) isOpen = false;
        else add(sliceOf(piece, match.index, match.index + match[0].length));
      }
    }
  }
  return words;
}

/** `/a/{b,c}` and `{1..3}`: one such list in a word, as Bash expands it. */
export function bracesExpanded(pieces: readonly RunPiece[]): readonly (readonly RunPiece[])[] {
  const at = pieces.findIndex(piece => piece.kind === 'text' && piece.glob && /^\{.*(,|\.\.).*\}$/.test(piece.text));
  const list = pieces[at];
  if (list?.kind !== 'text') return [pieces];
  const range = /^\{(\d{1,6})\.\.(\d{1,6})\}$/.exec(list.text);
  const items: (typeof list)[] = [];
  if (range) {
    const [first, last] = [Number(range[1]), Number(range[2])];
    if (Math.abs(last - first) > limits.words) return [pieces];
    const step = first <= last ? 1 : -1;
    for (let one = first; one !== last + step; one += step) {
      items.push({ ...list, text: String(one), verbatim: false, glob: false });
    }
  } else {
    if (/[{}$`"'\\]/.test(list.text.slice(1, -1))) return [pieces];
    for (const match of list.text.matchAll(/[^{},]+/g)) {
      items.push({ ...sliceOf(list, match.index, match.index + match[0].length), glob: /[*?[]/.test(match[0]) });
    }
  }
  return items.map(item => [...pieces.slice(0, at), item, ...pieces.slice(at + 1)]);
}

/** What `$(…)` makes of an output: the shell drops the line breaks at its end. */
export function withoutLastBreaks(pieces: readonly RunPiece[]): readonly RunPiece[] {
  const kept = [...pieces];
  for (let last = kept.at(-1); last?.kind === 'text'; last = kept.at(-1)) {
    const length = last.text.replace(/\n+$/, '').length;
    if (length === last.text.length) break;
    kept.pop();
    if (length > 0) kept.push(sliceOf(last, 0, length));
  }
  return kept;
}

/** What `${X#pattern}` and its kin leave of a value. */
export function withoutMatch(
  value: readonly RunPiece[],
  operator: string,
  pattern: string,
): readonly RunPiece[] | undefined {
  const text = textOf(value);
  if (text.length > 500 || pattern.length > 100 || /[[\\]/.test(pattern)) return undefined;
  const atStart = operator.startsWith('#');
  const isLongest = operator.length === 2;
  for (let step = 0; step <= text.length; step++) {
    const length = isLongest ? text.length - step : step;
    const at = atStart ? length : text.length - length;
    if (!globMatches(pattern, atStart ? text.slice(0, at) : text.slice(at))) continue;
    const [start, end] = atStart ? [at, text.length] : [0, at];
    const [only] = value;
    if (only?.kind === 'text' && value.length === 1) return [sliceOf(only, start, end)];
    return [changed(value, text.slice(start, end))];
  }
  return value;
}

/** What `${X/pattern/replacement}` makes of a value, and with two slashes of all matches. */
export function withReplaced(value: readonly RunPiece[], pattern: string, replacement: string, all: boolean): RunPiece {
  const parts = textOf(value).split(pattern);
  const text = all ? parts.join(replacement) : [parts.slice(0, 2).join(replacement), ...parts.slice(2)].join(pattern);
  return changed(value, text);
}

/** Whether a text is all that a pattern of `*` and `?` describes. */
function globMatches(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star !== -1) {
      p = star + 1;
      t = ++mark;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** A text made of a value, which stands nowhere letter by letter. */
function changed(value: readonly RunPiece[], text: string): RunPiece {
  const span = { start: value[0]?.span.start ?? 0, end: value.at(-1)?.span.end ?? 0 };
  const glob = value.some(piece => piece.kind === 'text' && piece.glob);
  return { kind: 'text', text, span: span.start <= span.end ? span : nowhere, verbatim: false, quoted: true, glob };
}
