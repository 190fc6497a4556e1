import type { ManifestDocument } from '../../manifests/document';
import { startOfLine } from '../../manifests/lines';
import type { Place, Span } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import {
  entriesOf,
  isAsWritten,
  isSliceOf,
  itemsOf,
  type ListNode,
  type MapNode,
  type Node,
  type Origin,
  type ScalarNode,
  stands,
} from './node';

/** A text that was put together, with what every part of it comes from. */
export interface PrintedText {
  readonly text: string;
  readonly segments: readonly Segment[];
}

/** A part of a printed text, in order; what lies between two segments is punctuation. */
export type Segment = SliceSegment | MadeSegment;

/** A part that stands in a document just so. */
export interface SliceSegment extends Span {
  readonly document: ManifestDocument;
  /** Where it begins in the document's text. */
  readonly from: number;
}

/** A scalar that was written anew, or a key. */
export interface MadeSegment extends Span {
  readonly document: undefined;
  readonly origin: Origin;
  /** How the text is written: in double quotes (with escapes or without), plain, or as a block with an indentation. */
  readonly style: 'quoted' | 'escaped' | 'plain' | 'block' | 'key';
  readonly indent: number;
}

/**
 * Writes objects as text: what is as it was written is copied letter by letter with its comments, and only what has been
 * changed is written anew around it. So places and edits of nearly everything lead straight back.
 */
export class Printer {
  readonly #parts: string[] = [];
  readonly #segments: Segment[] = [];
  #length = 0;
  #lines = 0;

  get printed(): PrintedText {
    return { text: this.#parts.join(''), segments: this.#segments };
  }

  /** A document that nobody has changed, or one that cannot be read. */
  document(document: ManifestDocument): void {
    this.#slice(document, 0, document.text.length);
  }

  /** A document whose object has been changed. */
  changed(document: ManifestDocument, root: MapNode): void {
    const { base } = root;
    if (!base || base.style === 'flow' || document.resources.length !== 1 || touchesAnchor(root, document)) {
      this.made(root);
      return;
    }
    const { start, end } = base.sourceSpan;
    this.#slice(document, 0, start);
    this.#changed(root, document);
    this.#slice(document, end, document.text.length);
  }

  /** An object that stands nowhere as a document of its own. */
  made(root: MapNode): void {
    if (this.#length > 0 && !this.#endsLine()) this.#write('\n');
    this.#write('---');
    this.#entries(root, 0);
    this.#write('\n');
  }

  /** A node in the place of what is written at its base, without the text around it. */
  #changed(node: Node, document: ManifestDocument): void {
    const { base } = node;
    if (!base) return;
    const { start, end } = base.sourceSpan;
    if (node.kind === 'scalar' || isAsWritten(node)) this.#slice(document, start, end);
    else if (node.kind === 'mapping') this.#changedMapping(node, base, document);
    else this.#changedSequence(node, base, document);
  }

  #changedMapping(node: MapNode, base: Value, document: ManifestDocument): void {
    const { start, end } = base.sourceSpan;
    const written = base.entries();
    const entries = entriesOf(node);
    const known = new Set(written.map(([key]) => key));
    const column = columnAt(document.text, start);
    // Entries that are gone go with their lines; the rest is put together again.
    const isWhole =
      written.every(([key]) => entries.has(key)) &&
      column === columnAt(document.text, written[0]?.[1].keySpan.start ?? start);
    let isFirst = true;
    const next = (): void => {
      if (!isFirst) this.#newline(column);
      isFirst = false;
    };
    for (const [key, entry] of entries) {
      if (known.has(key)) continue;
      next();
      this.#entry(key, entry.key, entry.node, column);
    }
    if (!isWhole) {
      for (const [key, value] of written) {
        const entry = entries.get(key);
        if (!entry) continue;
        next();
        const reach = this.#replaced(value, entry.node, document, value.keySpan.start, column);
        this.#slice(document, reach, value.sourceSpan.end);
      }
      if (isFirst) this.#write('{}');
      else if (document.text[end - 1] === '\n' && !this.#endsLine()) this.#write('\n');
      return;
    }
    if (!isFirst) this.#newline(column);
    let cursor = start;
    for (const [key, value] of written) {
      const entry = entries.get(key);
      if (entry) cursor = this.#replaced(value, entry.node, document, cursor, column);
    }
    this.#slice(document, cursor, end);
  }

  /** Writes from `cursor` to the end of an entry if it has been changed, and says up to where. */
  #replaced(value: Value, node: Node, document: ManifestDocument, cursor: number, column: number): number {
    const { text } = document;
    if (stands(node, value) && isAsWritten(node)) return cursor;
    const span = value.sourceSpan;
    if (stands(node, value) && canBeKept(node, value, document)) {
      this.#slice(document, cursor, span.start);
      this.#changed(node, document);
      return span.end;
    }
    this.#slice(document, cursor, value.keySpan.end);
    this.#write(':');
    const before = this.#lines;
    this.#value(node, column);
    // What stands behind the old value, such as a comment, must not become a part of the new one.
    const isOneLine = this.#lines === before;
    const isLineEnd = /^\r?(?:\n|$)/.test(text.slice(span.end, span.end + 2));
    if (!this.#endsLine() && (text[span.end - 1] === '\n' || !(isOneLine || isLineEnd))) this.#write('\n');
    return span.end;
  }

  #changedSequence(node: ListNode, base: Value, document: ManifestDocument): void {
    const written = base.items();
    const items = itemsOf(node);
    const first = written[0];
    const { end } = base.sourceSpan;
    const { text } = document;
    const dash = first ? text.lastIndexOf('-', first.sourceSpan.start - 1) : -1;
    const column = columnAt(text, dash);
    let isFirst = true;
    for (const item of items) {
      if (!isFirst) this.#newline(column);
      isFirst = false;
      const value = written.find(one => stands(item, one));
      if (value && (isAsWritten(item) || canBeKept(item, value, document))) {
        const { start } = value.sourceSpan;
        // The keys of a mapping stay where they were.
        this.#write(`-${' '.repeat(Math.max(1, columnAt(text, start) - column - 1))}`);
        this.#changed(item, document);
      } else {
        this.#write('-');
        this.#item(item, column);
      }
    }
    if (isFirst) this.#write('[]');
    else if (text[end - 1] === '\n' && !this.#endsLine()) this.#write('\n');
  }

  #entry(key: string, place: Place | undefined, node: Node, column: number): void {
    const start = this.#length;
    this.#write(
      /^[A-Za-z_][\w./-]*$/.test(key) && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(key)
        ? key
        : JSON.stringify(key),
    );
    if (place)
      this.#segments.push({
        start,
        end: this.#length,
        document: undefined,
        origin: { whole: place, part: () => place, scalar: undefined },
        style: 'key',
        indent: 0,
      });
    this.#write(':');
    this.#value(node, column);
  }

  /** What stands after a key at a column. */
  #value(node: Node, column: number): void {
    if (node.kind === 'scalar') {
      this.#write(' ');
      this.#scalar(node, column);
    } else if (node.kind === 'mapping') {
      if (entriesOf(node).size === 0) this.#write(' {}');
      else this.#entries(node, column + 2);
    } else if (itemsOf(node).length === 0) this.#write(' []');
    else
      for (const item of itemsOf(node)) {
        this.#newline(column + 2);
        this.#write('-');
        this.#item(item, column + 2);
      }
  }

  #entries(node: MapNode, column: number): void {
    for (const [key, entry] of entriesOf(node)) {
      this.#newline(column);
      this.#entry(key, entry.key, entry.node, column);
    }
  }

  /** What stands after the dash at a column. */
  #item(node: Node, column: number): void {
    if (node.kind === 'mapping' && entriesOf(node).size > 0) {
      let isFirst = true;
      for (const [key, entry] of entriesOf(node)) {
        if (isFirst) this.#write(' ');
        else this.#newline(column + 2);
        isFirst = false;
        this.#entry(key, entry.key, entry.node, column + 2);
      }
    } else this.#value(node, column);
  }

  #scalar(node: ScalarNode, column: number): void {
    const { text, origin } = node;
    if (!node.isText) {
      this.#made(text, 'plain', origin, 0);
      return;
    }
    if (!isBlock(text)) {
      const quoted = JSON.stringify(text);
      this.#made(quoted, quoted.length === text.length + 2 ? 'quoted' : 'escaped', origin, 0);
      return;
    }
    const indent = column + 2;
    const lines = text.replace(/\n+$/, '');
    const ending = text.length - lines.length;
    this.#write(`|${/^\n* /.test(text) ? 2 : ''}${ending === 0 ? '-' : ending > 1 ? '+' : ''}\n`);
    const prefix = ' '.repeat(indent);
    this.#made(
      lines
        .split('\n')
        .map(line => (line === '' ? '' : prefix + line))
        .join('\n') + '\n'.repeat(Math.max(0, ending - 1)),
      'block',
      origin,
      indent,
    );
  }

  #made(text: string, style: MadeSegment['style'], origin: Origin | undefined, indent: number): void {
    const start = this.#length;
    this.#write(text);
    if (origin) this.#segments.push({ start, end: this.#length, document: undefined, origin, style, indent });
  }

  #slice(document: ManifestDocument, from: number, to: number): void {
    if (to <= from) return;
    const start = this.#length;
    this.#write(document.text.slice(from, to));
    this.#segments.push({ start, end: this.#length, document, from });
  }

  #newline(column: number): void {
    this.#write((this.#endsLine() ? '' : '\n') + ' '.repeat(column));
  }

  #endsLine(): boolean {
    return this.#parts.at(-1)?.endsWith('\n') === true;
  }

  #write(text: string): void {
    if (text === '') return;
    this.#parts.push(text);
    this.#length += text.length;
    if (text.includes('\n')) this.#lines++;
  }
}

/** Whether a changed collection can be written around what is left of it. */
function canBeKept(node: Node, value: Value, document: ManifestDocument): boolean {
  if (node.kind === 'scalar' || !isSliceOf(value, document)) return false;
  if (value.style === 'flow') return false;
  if ((node.kind === 'mapping' ? entriesOf(node).size : itemsOf(node).length) === 0) return false;
  const children = node.kind === 'mapping' ? value.entries().map(([, one]) => one) : value.items();
  // What a merge key or an alias brings in is not written here.
  const { start, end } = value.sourceSpan;
  return children.length > 0 && children.every(one => one.keySpan.start >= start && one.keySpan.start < end);
}

/** Whether a change is one of what aliases elsewhere repeat, which kustomize has taken apart before it changes anything. */
function touchesAnchor(root: Node, document: ManifestDocument): boolean {
  if (document.tree.targets.size === 0) return false;
  const { text } = document;
  const isTouched = (node: Node): boolean => {
    const { base } = node;
    if (!base || node.kind === 'scalar' || isAsWritten(node)) return false;
    if (base.isAlias || /&[^\s&]+\s*$/.test(text.slice(0, base.sourceSpan.start))) return true;
    const own = node.kind === 'mapping' ? [...entriesOf(node).values()].map(one => one.node) : itemsOf(node);
    const written = node.kind === 'mapping' ? base.entries().map(([, value]) => value) : base.items();
    return (
      own.some(isTouched) ||
      written.some(
        value =>
          !own.some(one => stands(one, value)) &&
          /(?:^|\s)&[^\s&]/.test(text.slice(value.keySpan.start, value.sourceSpan.end)),
      )
    );
  };
  return isTouched(root);
}

function isBlock(text: string): boolean {
  return (
    text.includes('\n') &&
    /\S/.test(text) &&
    !/[\u0000-\u0008\u000b-\u001f\u007f\u0085\u2028\u2029\ufeff]|[ \t]+\n+[^\S\n]*$/.test(text)
  );
}

function columnAt(text: string, offset: number): number {
  return offset - startOfLine(text, offset);
}
