import { endOfLine, startOfLine } from '../../manifests/lines';
import type { Span } from '../../manifests/span';
import type { PathKey } from '../../manifests/value';
import { flowCursor } from './flow-position';

/** Where a cursor stands in a YAML text: which value or key is being typed, and what a choice would replace. */
export interface YamlCursor {
  readonly kind: 'yaml';
  /** The steps to the mapping whose key is typed, or to the value that is typed. */
  readonly path: readonly PathKey[];
  /**
   * `key`: a key of the mapping at `path`. `value`: the scalar at `path`. `either`: as yet it may become both, as after
   * a dash. `item`: neither fits, only a new item of `list`.
   */
  readonly role: 'key' | 'value' | 'either' | 'item';
  /** The list that may get a new item here, where no dash is written yet. */
  readonly list: readonly PathKey[] | undefined;
  /** What stands between the start of the span and the cursor. */
  readonly prefix: string;
  /** The key or scalar that is being typed, without quotes; empty where nothing stands yet. Offsets of the text. */
  readonly span: Span;
  readonly quote: '' | '"' | "'";
  readonly isFlow: boolean;
  /** Whether a colon follows the key already. */
  readonly hasColon: boolean;
  /** Whether a blank has to be written first, as right behind a colon or a dash. */
  readonly needsSpace: boolean;
  /** The column of the key or scalar; what stands below a key is indented from here. */
  readonly column: number;
}

/** A cursor inside the text of a block scalar. */
export interface BlockCursor {
  readonly kind: 'block';
  /** The steps to the block scalar. */
  readonly path: readonly PathKey[];
  /** Offsets of its lines, from the start of the first to the start of the line behind the last. */
  readonly span: Span;
  /** How far its lines are indented. */
  readonly indent: number;
}

/**
 * Finds the place of a cursor in one YAML document by its lines alone, because while somebody types the document is
 * often broken: keys without values, dangling dashes, words that are neither. Undefined in comments, in scalars that
 * span several lines, and wherever nothing can be typed that a list of names would help with.
 */
export function yamlCursor(text: string, offset: number): YamlCursor | BlockCursor | undefined {
  return new LineWalk(text, offset).run();
}

/** A block collection that is open at the present line: a mapping at its present key, or a sequence at its item. */
interface Frame {
  readonly column: number;
  readonly isSequence: boolean;
  key: PathKey;
  /** What the present entry has. */
  holds: 'nothing' | 'scalar' | 'block' | 'mapping' | 'sequence';
}

class LineWalk {
  readonly #text: string;
  readonly #offset: number;
  readonly #frames: Frame[] = [];

  constructor(text: string, offset: number) {
    this.#text = text;
    this.#offset = offset;
  }

  run(): YamlCursor | BlockCursor | undefined {
    for (let line = 0; line <= this.#offset; ) {
      const step = this.#line(line);
      if (typeof step !== 'number') return step === 'nowhere' ? undefined : step;
      line = step;
    }
    return undefined;
  }

  /** Reads one line, or what begins on it; gives the start of the next line, or the answer. */
  #line(start: number): number | YamlCursor | BlockCursor | 'nowhere' {
    const text = this.#text;
    const newline = text.indexOf('\n', start);
    const next = newline === -1 ? text.length + 1 : newline + 1;
    const end = newline > start && text[newline - 1] === '\r' ? newline - 1 : newline === -1 ? text.length : newline;
    const isHere = this.#offset < next;
    const offset = Math.min(this.#offset, end);
    let at = skipBlanks(text, start, end);
    if (at === end) return isHere ? this.#bare(offset - start, offset, offset, '') : next;
    if (text[at] === '#' || text[at] === '%') return isHere ? 'nowhere' : next;
    if (/^(?:---|\.\.\.)(?=[ \t\r\n]|$)/.test(text.slice(start, start + 4))) {
      this.#frames.length = 0;
      at = skipBlanks(text, start + 3, end);
      if (at === end) return isHere ? 'nowhere' : next;
    }
    if (isHere && offset < at) return 'nowhere';
    let afterDash = false;
    for (;;) {
      const column = at - start;
      if (text[at] === '-' && (at + 1 >= end || text[at + 1] === ' ')) {
        this.#openItem(column);
        const content = skipBlanks(text, at + 1, end);
        if (isHere && offset <= at) return 'nowhere';
        if (isHere && (content === end || text[content] === '#') && offset <= content)
          return this.#cursor('either', this.#path(), offset, offset, '', {
            column: Math.max(offset - start, column + 2),
            needsSpace: offset === at + 1,
          });
        if (isHere && offset < content) return 'nowhere';
        if (content === end || text[content] === '#') return isHere ? 'nowhere' : next;
        at = content;
        afterDash = true;
        continue;
      }
      const key = keyAt(text, at, end);
      if (!key) return this.#value(at, start, end, next, afterDash ? 'item' : 'bare');
      this.#openKey(column, key.name);
      if (isHere && offset <= key.span.end)
        return offset < key.span.start
          ? 'nowhere'
          : this.#cursor('key', this.#path().slice(0, -1), key.span.start, key.span.end, key.quote, {
              column,
              hasColon: true,
            });
      if (isHere && offset <= key.colon) return 'nowhere';
      let value = skipBlanks(text, key.colon + 1, end);
      // Anchors and tags stand before the value that they belong to.
      while (value < end && (text[value] === '&' || text[value] === '!')) {
        while (value < end && text[value] !== ' ') value++;
        value = skipBlanks(text, value, end);
      }
      if (value === end || text[value] === '#') {
        if (!isHere) return next;
        return offset > value || (text[value] === '#' && offset === value && text[value - 1] !== ' ')
          ? 'nowhere'
          : this.#cursor('value', this.#path(), offset, offset, '', { column, needsSpace: offset === key.colon + 1 });
      }
      if (isHere && offset < value) return 'nowhere';
      return this.#value(value, start, end, next, 'entry');
    }
  }

  /** Reads a value: a scalar on the line, or something that may go on below it. */
  #value(
    at: number,
    start: number,
    end: number,
    next: number,
    place: 'entry' | 'item' | 'bare',
  ): number | YamlCursor | BlockCursor | 'nowhere' {
    const text = this.#text;
    const isHere = this.#offset < next;
    const offset = Math.min(this.#offset, end);
    const top = place === 'bare' ? undefined : this.#frames.at(-1);
    const first = text[at];
    if ((first === '|' || first === '>') && /^[|>][-+0-9]*[ \t]*(?:#.*)?$/.test(text.slice(at, end)))
      return isHere ? 'nowhere' : this.#block(next, Number(/[1-9]/.exec(text.slice(at, end))?.[0] ?? 0));
    if (first === '{' || first === '[') {
      if (top) top.holds = 'scalar';
      const found = flowCursor(text, at, this.#offset, top?.column ?? -1, this.#path());
      if (typeof found !== 'number') return found ?? 'nowhere';
      const after = text.indexOf('\n', found);
      return after === -1 || this.#offset <= after ? 'nowhere' : after + 1;
    }
    const column = at - start;
    const typed = (from: number, to: number, quote: '' | '"' | "'"): YamlCursor | 'nowhere' => {
      if (offset < from || offset > to) return 'nowhere';
      if (place === 'entry') return this.#cursor('value', this.#path(), from, to, quote, { column: this.#column() });
      if (place === 'item') return this.#cursor('either', this.#path(), from, to, quote, { column });
      return this.#bare(column, from, to, quote);
    };
    if (first === '"' || first === "'") {
      const close = closingQuote(text, at);
      if (close !== undefined && close >= end && this.#goesOn(end, close)) {
        if (top) top.holds = 'scalar';
        const after = text.indexOf('\n', close);
        return this.#offset <= close || after === -1 || this.#offset <= after ? 'nowhere' : after + 1;
      }
      if (isHere) return typed(at + 1, close !== undefined && close < end ? close : trimmed(text, at + 1, end), first);
    } else if (isHere) {
      const comment = text.slice(at, end).search(/[ \t]#/);
      return first === '*' ? 'nowhere' : typed(at, trimmed(text, at, comment === -1 ? end : at + comment), '');
    }
    if (top) top.holds = 'scalar';
    return next;
  }

  /** A block scalar whose first line is at an offset: the cursor in it, or what comes behind it. */
  #block(first: number, digit: number): number | BlockCursor | 'nowhere' {
    const text = this.#text;
    const top = this.#frames.at(-1);
    const parent = top?.column ?? -1;
    let indent = digit > 0 ? Math.max(parent, 0) + digit : undefined;
    let stop = first;
    let lastContent = first;
    while (stop <= text.length) {
      const end = endOfLine(text, stop);
      const content = skipBlanks(text, stop, end);
      const isBlank = content >= end || text[content] === '\r';
      if (!isBlank && content - stop <= parent) break;
      if (!isBlank) {
        indent ??= content - stop;
        lastContent = end;
      }
      stop = end + 1;
    }
    if (top) top.holds = 'block';
    if (this.#offset >= stop) return stop;
    const line = startOfLine(text, this.#offset);
    const column = this.#offset - line;
    // Behind its last line the cursor is only inside when it stands as far to the right as the text.
    if (this.#offset > lastContent && column < (indent ?? parent + 1))
      return this.#bare(column, this.#offset, this.#offset, '') === 'nowhere' ? 'nowhere' : line;
    const from = indent ?? column;
    return column < from
      ? 'nowhere'
      : { kind: 'block', path: this.#path(), span: { start: first, end: Math.min(stop, text.length) }, indent: from };
  }

  /** A word that stands alone on its line, or an empty line: what it may become depends on its column. */
  #bare(column: number, from: number, to: number, quote: '' | '"' | "'"): YamlCursor | 'nowhere' {
    this.#closeDeeper(column);
    const top = this.#frames.at(-1);
    const path = this.#path();
    const around = path.slice(0, -1);
    const cursor = (
      role: YamlCursor['role'],
      at: readonly PathKey[],
      list?: readonly PathKey[],
    ): YamlCursor | 'nowhere' => this.#cursor(role, at, from, to, quote, { column, list });
    if (!top) return cursor('key', []);
    if (top.isSequence) {
      if (top.column < column) return top.holds === 'nothing' ? cursor('either', path) : 'nowhere';
      const below = this.#frames.at(-2);
      return below && !below.isSequence && below.column === column
        ? cursor('key', around.slice(0, -1), around)
        : cursor('item', around, around);
    }
    if (top.column === column) return cursor('key', around, top.holds === 'nothing' ? path : undefined);
    switch (top.holds) {
      case 'nothing':
        return cursor('either', path, path);
      case 'mapping':
        return cursor('key', path);
      case 'sequence':
        return cursor('item', path, path);
      case 'scalar':
        // Indented too far: most likely meant to stand beside the entry above.
        return cursor('key', around);
      case 'block':
        return 'nowhere';
    }
  }

  #cursor(
    role: YamlCursor['role'],
    path: readonly PathKey[],
    from: number,
    to: number,
    quote: '' | '"' | "'",
    more: {
      readonly column: number;
      readonly list?: readonly PathKey[] | undefined;
      readonly hasColon?: boolean;
      readonly needsSpace?: boolean;
    },
  ): YamlCursor | 'nowhere' {
    if (this.#offset < from) return 'nowhere';
    return {
      kind: 'yaml',
      role,
      path,
      list: more.list,
      prefix: this.#text.slice(from, Math.min(this.#offset, to)),
      span: { start: from, end: to },
      quote,
      isFlow: false,
      hasColon: more.hasColon === true,
      needsSpace: more.needsSpace === true,
      column: more.column,
    };
  }

  #openItem(column: number): void {
    this.#closeDeeper(column);
    const top = this.#frames.at(-1);
    if (top?.isSequence && top.column === column) {
      top.key = Number(top.key) + 1;
      top.holds = 'nothing';
      return;
    }
    if (top) top.holds = 'sequence';
    this.#frames.push({ column, isSequence: true, key: 0, holds: 'nothing' });
  }

  #openKey(column: number, name: string): void {
    this.#closeDeeper(column);
    if (this.#frames.at(-1)?.isSequence && this.#frames.at(-1)?.column === column) this.#frames.pop();
    const top = this.#frames.at(-1);
    // A key below a scalar is indented too far; it is taken to stand beside it.
    if (top && !top.isSequence && (top.column === column || top.holds === 'scalar')) {
      top.key = name;
      top.holds = 'nothing';
      return;
    }
    if (top) top.holds = 'mapping';
    this.#frames.push({ column, isSequence: false, key: name, holds: 'nothing' });
  }

  #closeDeeper(column: number): void {
    while ((this.#frames.at(-1)?.column ?? -1) > column) this.#frames.pop();
  }

  #path(): readonly PathKey[] {
    return this.#frames.map(frame => frame.key);
  }

  #column(): number {
    return this.#frames.at(-1)?.column ?? 0;
  }

  /** Whether the lines between two offsets can belong to a quoted scalar: indented further than its parent. */
  #goesOn(from: number, to: number): boolean {
    const parent = this.#column();
    return this.#text
      .slice(from, to)
      .split('\n')
      .slice(1)
      .every(line => line.trim() === '' || line.search(/\S/) > parent);
  }
}

interface Key {
  readonly name: string;
  /** Without quotes. */
  readonly span: Span;
  readonly quote: '' | '"' | "'";
  readonly colon: number;
}

/** The key that begins at an offset, if a colon follows on the line. */
function keyAt(text: string, at: number, end: number): Key | undefined {
  const line = text.slice(at, end);
  const quoted = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)')[ \t]*:(?=[ \t]|$)/.exec(line);
  if (quoted) {
    const name = quoted[1] ?? quoted[2] ?? '';
    return {
      name,
      span: { start: at + 1, end: at + 1 + name.length },
      quote: line[0] === '"' ? '"' : "'",
      colon: at + quoted[0].length - 1,
    };
  }
  const plain = /^([^\s"'#{}[\],&*!|>%@`](?:(?![ \t]#|:[ \t]).)*?)[ \t]*:(?=[ \t]|$)/.exec(line);
  if (!plain) return undefined;
  const name = plain[1] ?? '';
  return { name, span: { start: at, end: at + name.length }, quote: '', colon: at + plain[0].length - 1 };
}

/** The offset of the quote that closes the one at an offset; undefined if none does. */
export function closingQuote(text: string, open: number): number | undefined {
  const quote = text[open];
  for (let at = open + 1; at < text.length; at++) {
    if (quote === '"' && text[at] === '\\') at++;
    else if (text[at] === quote) {
      if (quote === "'" && text[at + 1] === "'") at++;
      else return at;
    }
  }
  return undefined;
}

function skipBlanks(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && (text[at] === ' ' || text[at] === '\t')) at++;
  return at;
}

function trimmed(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && (text[at - 1] === ' ' || text[at - 1] === '\t')) at--;
  return at;
}
