import { getActiveSub } from 'alien-signals';
import { type EmbeddedDocument, readEmbedded, ScalarDocument } from './embedded';
import { LazyPlace } from './lazy-place';
import type { MappedText } from './mapped-text';
import type { Facet, NodeReads } from './node-reads';
import { resolvePlain, type ScalarValue } from './scalars';
import type { Place, Span } from './span';
import {
  blockIndent,
  contentSpan,
  findKey,
  isVerbatim,
  type NodeStyle,
  nodeAfter,
  nodeKind,
  nodeStyle,
  type ScalarTest,
  scalarText,
  sourceSpan,
  type Tree,
} from './tree';

/** Where a tree stands: how its offsets become places of the file that a person edits. */
export interface TreeSource {
  /** The tree as it is now; an edit of comments or of single values replaces it by one of the same structure. */
  readonly tree: Tree;
  /** The node that an id stands for, -1 if it is gone; without it every node is its own id, and stays. */
  nodeOf?(id: number): number;
  idOf?(node: number): number;
  /** Whether the source tells the documents in its scalars of edits, by {@link followEmbedded}. */
  readonly isFollowed?: true;
  /** Told of all that is read, where trees can be replaced. */
  readonly reads?: Pick<NodeReads, 'read' | 'readMissing'>;
  /** Ids of the scalars whose text passes a test, in source order, keys not included. */
  scalarsThat?(test: ScalarTest): readonly number[];
  /** What {@link Value.writtenIn} gives, of a node. */
  writtenOf?(id: number, text: MappedText): Written | undefined;
  place(start: number, end: number): Place;
  /** What the file has at the start of each line of the tree's text; undefined where lines cannot be inserted. */
  readonly linePrefix: string | undefined;
  /** The line breaks of the file; undefined where the tree's text has them itself. */
  readonly eol?: string | undefined;
}

/** The whole lines that a value is written on, and the offsets in them. */
export interface Written extends Span {
  readonly lines: string;
}

export type PathKey = string | number;

/**
 * A value of a document, or the lack of one: reading never throws and never returns undefined.
 *
 * `at` walks down through mappings and sequences, through aliases and merge keys. A value that is not there stands
 * on the key of its nearest present ancestor, so that "missing" can be underlined somewhere sensible. Places are
 * computed when asked for, from the tree as it is then.
 */
export class Value implements Place {
  readonly source: TreeSource;
  readonly parent: Value | undefined;
  /** The last step of the path that led here; undefined for the root of a document. */
  readonly name: PathKey | undefined;
  readonly #id: number;
  readonly #keyId: number;

  /** `node` and `keyNode` are nodes of the source's present tree, -1 for none. */
  constructor(source: TreeSource, node: number, keyNode = -1, parent?: Value, name?: PathKey) {
    this.source = source;
    this.#id = node < 0 ? -1 : (source.idOf?.(node) ?? node);
    this.#keyId = keyNode < 0 ? -1 : (source.idOf?.(keyNode) ?? keyNode);
    this.parent = parent;
    this.name = name;
  }

  get exists(): boolean {
    this.#read('kind');
    return this.#node >= 0;
  }

  get kind(): 'mapping' | 'sequence' | 'scalar' | 'missing' {
    this.#read('kind');
    return this.#kind;
  }

  /** Whether another value is this one, reached on the same path through the same document. */
  isAt(other: Value): boolean {
    const { parent } = this;
    return (
      this.source === other.source &&
      this.#id === other.#id &&
      this.#keyId === other.#keyId &&
      this.name === other.name &&
      (parent && other.parent ? parent.isAt(other.parent) : parent === other.parent)
    );
  }

  /** The steps from the root of the document to here. */
  get path(): readonly PathKey[] {
    return this.parent ? [...this.parent.path, ...(this.name === undefined ? [] : [this.name])] : [];
  }

  /** The value reached by a list of keys and indices; a key may contain any character. */
  at(...keys: readonly PathKey[]): Value {
    let value: Value = this;
    for (const key of keys) {
      const child: Value = value.#child(key);
      if (child.#id < 0) value.#readMissing(key);
      value = child;
    }
    // Whoever has come here depends on the last node alone: it goes when one of those above it goes.
    value.#read('kind');
    return value;
  }

  items(): readonly Value[] {
    this.#read('children');
    if (this.#kind !== 'sequence') return [];
    return this.#children().map((node, index) => new Value(this.source, node, -1, this, index));
  }

  /** The entries of a mapping in source order, each key as text. Entries of merge keys come last. */
  entries(): readonly (readonly [string, Value])[] {
    this.#read('children');
    const entries: [string, Value][] = [];
    this.#eachEntry((key, keyNode, node) => {
      entries.push([key, new Value(this.source, node, keyNode, this, key)]);
      return false;
    });
    return entries;
  }

  /** The names of the keys of a mapping. */
  keys(): readonly string[] {
    return this.entries().map(([key]) => key);
  }

  /** What a scalar means: a string, number, boolean or null. Undefined for collections and missing values. */
  get scalar(): ScalarValue | undefined {
    const { tree } = this.source;
    const node = this.#targetIn(tree);
    if (node < 0 || nodeKind(tree, node) !== 'scalar') {
      this.#read('kind');
      return undefined;
    }
    this.#read('text');
    const text = scalarText(tree, node);
    if (nodeStyle(tree, node) !== 'plain') return text;
    const tag = tree.tags.size === 0 ? undefined : tree.tags.get(node);
    return tag?.endsWith('str') ? text : resolvePlain(text);
  }

  /** The text if the value is a string. */
  get string(): string | undefined {
    const scalar = this.scalar;
    return typeof scalar === 'string' ? scalar : undefined;
  }

  get number(): number | undefined {
    const scalar = this.scalar;
    return typeof scalar === 'number' ? scalar : undefined;
  }

  get boolean(): boolean | undefined {
    const scalar = this.scalar;
    return typeof scalar === 'boolean' ? scalar : undefined;
  }

  /** Present and null, as after a key without a value. */
  get isNull(): boolean {
    return this.scalar === null;
  }

  /** The text of any scalar, whatever its type: `8080` as well as `"8080"`. Undefined for null and collections. */
  get text(): string | undefined {
    const scalar = this.scalar;
    return typeof scalar === 'string' ? scalar : scalar === undefined || scalar === null ? undefined : this.#text();
  }

  get style(): NodeStyle {
    this.#read('text');
    return nodeStyle(this.source.tree, this.#target);
  }

  /** Whether the node as written is an alias such as `*name`. */
  get isAlias(): boolean {
    this.#read('kind');
    return this.#node >= 0 && nodeKind(this.source.tree, this.#node) === 'alias';
  }

  get uri(): string {
    return this.source.place(0, 0).uri;
  }

  /** The value as written; of a missing value, the key of its nearest present ancestor. */
  get span(): Span {
    if (this.#node < 0) return this.key.span;
    const { start, end } = sourceSpan(this.source.tree, this.#node);
    return this.source.place(start, end).span;
  }

  /** The key that leads here; of a list item, the item itself, or its first entry if it is a mapping. */
  get key(): Place {
    return new LazyPlace(
      () => {
        const { start, end } = this.keySpan;
        return this.source.place(start, end);
      },
      [this],
      this,
    );
  }

  /** Offsets of {@link key} in the tree's text. */
  get keySpan(): Span {
    const keyNode = this.#nodeOf(this.#keyId);
    if (keyNode >= 0) return sourceSpan(this.source.tree, keyNode);
    if (this.#node < 0) return this.parent ? this.parent.keySpan : { start: 0, end: 0 };
    const tree = this.source.tree;
    const first = this.#target + 1;
    if (this.#kind !== 'mapping' || first >= nodeAfter(tree, this.#target)) return sourceSpan(tree, this.#node);
    const value = nodeAfter(tree, first);
    const key = sourceSpan(tree, first);
    const isOneLine = nodeKind(tree, value) === 'scalar' && !['literal', 'folded'].includes(nodeStyle(tree, value));
    return this.parent && isOneLine ? { start: key.start, end: sourceSpan(tree, value).end } : key;
  }

  /** Offsets of the value as written in the tree's text; of a missing value as for {@link keySpan}. */
  get sourceSpan(): Span {
    return this.#node < 0 ? this.keySpan : sourceSpan(this.source.tree, this.#node);
  }

  /**
   * How the value stands in the text that its document was read from; undefined if that is another text. Whoever asks
   * depends on the lines of the value alone, wherever they move.
   */
  writtenIn(text: MappedText): Written | undefined {
    return this.#id < 0 ? undefined : this.source.writtenOf?.(this.#id, text);
  }

  /** The decoded text of a scalar with its places: what an embedded language is read from. It is one object for each scalar. */
  get mapped(): MappedText {
    return kept(mappedTexts, this.source, this.#id, () => this.#mapped());
  }

  #mapped(): MappedText {
    const value = this;
    return {
      get text() {
        return value.kind === 'scalar' ? value.#text() : '';
      },
      get linePrefix() {
        return value.#linePrefix();
      },
      get eol() {
        const { eol, tree } = value.source;
        return eol ?? (tree.text.includes('\r\n') ? '\r\n' : '\n');
      },
      place: (start, end) => new LazyPlace(() => value.#part(start, end), [value, start, end], value),
    };
  }

  /** The place of a part of the decoded text of a scalar. */
  part(start: number, end: number): Place {
    return this.mapped.place(start, end);
  }

  /** The YAML or JSON document that stands inside a scalar; the same one for as long as only values in it change. */
  embedded(): EmbeddedDocument {
    const id = this.source.idOf?.(this.#target) ?? this.#target;
    if (!this.source.isFollowed) return kept(askedDocuments, this.source, id, () => readEmbedded(this.mapped, this))();
    return kept(followedDocuments, this.source, id, () => new ScalarDocument(this.mapped, this)).read();
  }

  /**
   * All scalars below, in source order, keys not included; aliases are not followed, so this always ends. With a test,
   * those whose text passes it: asking this way depends on which they are, and on no other scalar.
   */
  *scalars(test?: ScalarTest): Iterable<Value> {
    if (test) yield* this.#scalarsThat(test);
    else if (this.kind === 'scalar') yield this;
    else if (this.isAlias) return;
    else
      for (const child of this.kind === 'mapping' ? this.entries().map(([, value]) => value) : this.items())
        yield* child.scalars();
  }

  *#scalarsThat(test: ScalarTest): Iterable<Value> {
    const { source } = this;
    // A merge key leads to scalars that stand elsewhere.
    if (!source.scalarsThat || source.tree.targets.size > 0) {
      for (const scalar of this.scalars()) if (test(scalar.#text())) yield scalar;
      return;
    }
    if (!this.exists) return;
    const [start, end] = [this.#node, nodeAfter(source.tree, this.#node)];
    for (const id of source.scalarsThat(test)) {
      const node = this.#nodeOf(id);
      if (node >= start && node < end) yield this.#above(node);
    }
  }

  /** The value of a node at or below this one. */
  #above(node: number): Value {
    const { tree } = this.source;
    let value: Value = this;
    while (value.#node !== node) {
      const isMapping = nodeKind(tree, value.#node) === 'mapping';
      let child = value.#node + 1;
      for (let index = 0; ; index++) {
        const entry = isMapping ? nodeAfter(tree, child) : child;
        const next = nodeAfter(tree, entry);
        if (node < next) {
          const name = !isMapping ? index : nodeKind(tree, child) === 'scalar' ? scalarText(tree, child) : '';
          value = new Value(this.source, entry, isMapping ? child : -1, value, name);
          break;
        }
        child = next;
      }
    }
    return value;
  }

  #linePrefix(): string | undefined {
    if (
      this.#kind !== 'scalar' ||
      nodeStyle(this.source.tree, this.#target) !== 'literal' ||
      this.source.linePrefix === undefined
    )
      return undefined;
    return this.source.linePrefix + ' '.repeat(blockIndent(this.source.tree, this.#target));
  }

  get #node(): number {
    return this.#nodeOf(this.#id);
  }

  get #target(): number {
    return this.#targetIn(this.source.tree);
  }

  /** The node that is meant in the source's present tree: of an alias, that of its anchor. */
  #targetIn(tree: Tree): number {
    const node = this.#node;
    return tree.targets.size === 0 ? node : (tree.targets.get(node) ?? node);
  }

  get #kind(): 'mapping' | 'sequence' | 'scalar' | 'missing' {
    const { tree } = this.source;
    const node = this.#targetIn(tree);
    const kind = node < 0 ? 'alias' : nodeKind(tree, node);
    return kind === 'alias' ? 'missing' : kind;
  }

  #nodeOf(id: number): number {
    return id < 0 ? -1 : (this.source.nodeOf?.(id) ?? id);
  }

  #read(facet: Facet): void {
    if (this.#id < 0 || getActiveSub() === undefined) return;
    this.source.reads?.read(facet, this.#targetId);
  }

  #readMissing(name: PathKey): void {
    if (this.#id < 0 || !this.source.reads || getActiveSub() === undefined) return;
    this.source.reads.read('kind', this.#targetId);
    this.source.reads.readMissing(this.#targetId, name);
  }

  get #targetId(): number {
    const { targets } = this.source.tree;
    if (targets.size === 0) return this.#id;
    return this.source.idOf?.(this.#target) ?? this.#target;
  }

  #text(): string {
    this.#read('text');
    const node = this.#target;
    return node < 0 ? '' : scalarText(this.source.tree, node);
  }

  #child(key: PathKey): Value {
    const { tree } = this.source;
    const target = this.#targetIn(tree);
    const kind = target < 0 ? undefined : nodeKind(tree, target);
    if (typeof key === 'number')
      return new Value(this.source, (kind === 'sequence' ? this.#children()[key] : undefined) ?? -1, -1, this, key);
    const keyNode = kind === 'mapping' ? findKey(tree, target, key) : -1;
    if (keyNode >= 0) return new Value(this.source, nodeAfter(tree, keyNode), keyNode, this, key);
    let found: Value | undefined;
    if (kind === 'mapping' && findKey(tree, target, '<<') >= 0)
      this.#eachEntry((name, mergedKey, node) => {
        if (name === key) found = new Value(this.source, node, mergedKey, this, key);
        return found !== undefined;
      });
    return found ?? new Value(this.source, -1, -1, this, key);
  }

  #children(): number[] {
    const tree = this.source.tree;
    const nodes: number[] = [];
    const end = nodeAfter(tree, this.#target);
    for (let node = this.#target + 1; node < end; node = nodeAfter(tree, node)) nodes.push(node);
    return nodes;
  }

  /** Visits own entries, then those of merge keys that own entries do not override; stops when told so. */
  #eachEntry(visit: (key: string, keyNode: number, node: number) => boolean): void {
    if (this.#kind !== 'mapping') return;
    const tree = this.source.tree;
    const merges: number[] = [];
    const end = nodeAfter(tree, this.#target);
    for (let keyNode = this.#target + 1; keyNode < end; ) {
      const node = nodeAfter(tree, keyNode);
      const key = nodeKind(tree, keyNode) === 'scalar' ? scalarText(tree, keyNode) : '';
      if (key === '<<' && nodeStyle(tree, keyNode) === 'plain') merges.push(node);
      else if (visit(key, keyNode, node)) return;
      keyNode = nodeAfter(tree, node);
    }
    if (merges.length > 0) this.#eachMerged(merges, visit);
  }

  #eachMerged(merges: readonly number[], visit: (key: string, keyNode: number, node: number) => boolean): void {
    const tree = this.source.tree;
    const own = new Set<string>();
    const end = nodeAfter(tree, this.#target);
    for (let key = this.#target + 1; key < end; key = nodeAfter(tree, nodeAfter(tree, key))) {
      if (nodeKind(tree, key) === 'scalar') own.add(scalarText(tree, key));
    }
    // A merge of something that this mapping stands in would be a loop; other anchors are complete before.
    const isAround = (node: number): boolean => node <= this.#target && this.#target < nodeAfter(tree, node);
    const sources = merges.flatMap(node => {
      const merged = tree.targets.get(node) ?? node;
      if (isAround(merged)) return [];
      return nodeKind(tree, merged) === 'sequence' ? new Value(this.source, merged).#children() : [merged];
    });
    for (const node of sources) {
      const merged = tree.targets.get(node) ?? node;
      if (isAround(merged)) continue;
      let isDone = false;
      new Value(this.source, merged).#eachEntry((key, keyNode, value) => {
        if (own.has(key)) return false;
        own.add(key);
        isDone = visit(key, keyNode, value);
        return isDone;
      });
      if (isDone) return;
    }
  }

  #part(start: number, end: number): Place {
    const tree = this.source.tree;
    const node = this.#target;
    const content = contentSpan(tree, node);
    if (isVerbatim(tree, node)) return this.source.place(content.start + start, content.start + end);
    if (nodeStyle(tree, node) !== 'literal') return this;
    const [from, to] = literalOffsets(tree.text, content, blockIndent(tree, node), start, end);
    return this.source.place(from, to);
  }
}

type KeptByNode<T> = WeakMap<TreeSource, Map<number, T>>;

const mappedTexts: KeptByNode<MappedText> = new WeakMap();
const askedDocuments: KeptByNode<() => EmbeddedDocument> = new WeakMap();
const followedDocuments: KeptByNode<ScalarDocument> = new WeakMap();

/** Tells the documents in scalars of a tree, which ids name, that these say something else. */
export function followEmbedded(source: TreeSource, ids: readonly number[]): void {
  const known = followedDocuments.get(source);
  if (known) for (const id of ids) known.get(id)?.follow();
}

/** What is made once for a node of a tree, which its id names. */
function kept<T>(all: KeptByNode<T>, source: TreeSource, id: number, make: () => T): T {
  let known = all.get(source);
  if (!known) {
    known = new Map();
    all.set(source, known);
  }
  let one = known.get(id);
  if (!one) {
    one = make();
    known.set(id, one);
  }
  return one;
}

/** Finds two offsets of a literal block's decoded text in its source, where each line is indented. */
function literalOffsets(text: string, content: Span, indent: number, start: number, end: number): [number, number] {
  let decoded = 0;
  let from: number | undefined;
  for (let line = content.start; ; ) {
    const newline = text.indexOf('\n', line);
    const stop = newline === -1 || newline >= content.end ? content.end : newline;
    const length = text[stop - 1] === '\r' ? stop - 1 - line : stop - line;
    const shift = Math.min(indent, length);
    const width = length - shift;
    if (from === undefined && start <= decoded + width) from = line + shift + Math.max(0, start - decoded);
    if (from !== undefined && end <= decoded + width) return [from, line + shift + Math.max(0, end - decoded)];
    // The end of a part may be the start of the next line: the newline belongs to the part.
    if (newline === -1 || newline >= content.end) return [from ?? content.end, content.end];
    decoded += width + 1;
    line = newline + 1;
  }
}
