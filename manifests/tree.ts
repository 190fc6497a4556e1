import {
  COLLECTION_STYLE,
  EVENT_ID,
  type Event,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  YAMLException,
} from 'js-yaml';
import { endOfLine } from './lines';
import type { Span } from './span';

/**
 * One YAML document as a flat table of nodes in source order: no objects, no copies of the text.
 *
 * A node is five integers: kind and style, start, end, the index of the first node after its subtree, and the
 * block indentation. Children follow their parent; in a mapping, keys and values alternate. Offsets are relative
 * to the text that was read, so a document that merely moves in its file keeps its tree.
 */
export interface Tree {
  readonly text: string;
  readonly nodes: Int32Array;
  /** Alias node → node of its anchor. */
  readonly targets: ReadonlyMap<number, number>;
  /** Node → explicit tag, for the few that have one. */
  readonly tags: ReadonlyMap<number, string>;
  /** Node → decoded text: of every scalar of a recovered document, and of block and escaped scalars once read. */
  readonly decoded: Map<number, string>;
  /** Whether it was read by the parser that goes on after errors, which writes some of it down in another way. */
  readonly isRecovered?: true;
}

export type NodeKind = 'mapping' | 'sequence' | 'scalar' | 'alias';
export type NodeStyle = 'plain' | 'single' | 'double' | 'literal' | 'folded' | 'block' | 'flow';

export interface SyntaxProblem {
  readonly message: string;
  readonly at: Span;
}

/** Reads one document quickly. Returns the problem instead of a tree when the text is not well formed. */
export function readTree(text: string): Tree | SyntaxProblem {
  try {
    return fromEvents(text, parseEvents(text, { maxDepth: maximalDepth }));
  } catch (error) {
    if (error instanceof YAMLException) {
      const at = Math.min(error.mark?.position ?? 0, text.length);
      return {
        message: error.reason.replace(/ ?"[^"]*"|: \S.*$/g, ''),
        at: { start: at, end: Math.min(at + 1, text.length) },
      };
    }
    throw error;
  }
}

/** Whether a text could be read. */
export function isTree(read: Tree | SyntaxProblem): read is Tree {
  return 'nodes' in read;
}

/** Deeper documents are refused by both parsers; Kubernetes' own limit is far above what a manifest needs. */
export const maximalDepth = 200;

const stride = 5;
const kindCodes: readonly NodeKind[] = ['mapping', 'sequence', 'scalar', 'alias'];
const scalarCode = kindCodes.indexOf('scalar');
const styleCodes: readonly NodeStyle[] = ['plain', 'single', 'double', 'literal', 'folded', 'block', 'flow'];
/** Set when the decoded value of a scalar is exactly the slice between its offsets. */
const verbatim = 64;
const chompingShift = 8;

/** The tree of a document that is one literal scalar and nothing else. */
export function literalTree(text: string): Tree {
  const code = kindCodes.indexOf('scalar') | (styleCodes.indexOf('literal') << 3) | verbatim;
  const nodes = Int32Array.of(code, 0, text.length, 1, 0);
  return { text, nodes, targets: new Map(), tags: new Map(), decoded: new Map([[0, text]]) };
}

/** Whether the text of a scalar is one that somebody looks for. The same function is the same question. */
export type ScalarTest = (text: string) => boolean;

/** The scalars at or below a node whose text passes a test, in source order, keys not included. */
export function scalarsThat(tree: Tree, test: ScalarTest, node = 0, found: number[] = []): number[] {
  const kind = nodeKind(tree, node);
  if (kind === 'scalar') {
    if (test(scalarText(tree, node))) found.push(node);
    return found;
  }
  const end = nodeAfter(tree, node);
  for (let child = node + 1; child < end; child = nodeAfter(tree, child)) {
    if (kind === 'mapping') child = nodeAfter(tree, child);
    scalarsThat(tree, test, child, found);
  }
  return found;
}

/** How many nodes a tree has; they are numbered from 0 in the order of the text. */
export function nodeCount(tree: Tree): number {
  return tree.nodes.length / stride;
}

export function nodeKind(tree: Tree, node: number): NodeKind {
  return kindCodes[field(tree, node, 0) & 7] ?? 'scalar';
}

export function nodeStyle(tree: Tree, node: number): NodeStyle {
  return styleCodes[(field(tree, node, 0) >> 3) & 7] ?? 'plain';
}

/** The first node after the subtree of `node`. */
export function nodeAfter(tree: Tree, node: number): number {
  return field(tree, node, 3);
}

/** The offsets of what the node says: inside the quotes of a quoted scalar, below the header of a block scalar. */
export function contentSpan(tree: Tree, node: number): Span {
  return { start: field(tree, node, 1), end: field(tree, node, 2) };
}

/** The offsets of the node as written, with quotes or block header: what a replacement replaces. */
export function sourceSpan(tree: Tree, node: number): Span {
  const { start, end } = contentSpan(tree, node);
  switch (nodeStyle(tree, node)) {
    case 'single':
    case 'double':
      return { start: start - 1, end: end + 1 };
    case 'literal':
    case 'folded': {
      const line = tree.text.lastIndexOf('\n', start - 2) + 1;
      const header = /(?:^|\s)[|>][-+0-9]*[ \t]*(?:[ \t]#[^\n]*)?\r?\n?$/.exec(tree.text.slice(line, start));
      return { start: header ? line + header.index + (/^\s/.test(header[0]) ? 1 : 0) : start, end };
    }
    default:
      return { start, end };
  }
}

/** Whether the scalar's value is the text between its offsets, letter by letter. */
export function isVerbatim(tree: Tree, node: number): boolean {
  return (field(tree, node, 0) & verbatim) !== 0;
}

/** The indentation of the lines of a block scalar, in columns. */
export function blockIndent(tree: Tree, node: number): number {
  return field(tree, node, 4);
}

/** The value of a scalar as text, decoded. */
export function scalarText(tree: Tree, node: number): string {
  const known = tree.decoded.get(node);
  if (known !== undefined) return known;
  const { start, end } = contentSpan(tree, node);
  if (isVerbatim(tree, node)) return tree.text.slice(start, end);
  if (start === end && nodeStyle(tree, node) === 'plain') return '';
  const decoded = getScalarValue(tree.text, {
    type: EVENT_ID.SCALAR,
    valueStart: start,
    valueEnd: end,
    anchorStart: -1,
    anchorEnd: -1,
    tagStart: -1,
    tagEnd: -1,
    style: scalarStyles[nodeStyle(tree, node) as keyof typeof scalarStyles],
    chomping: (field(tree, node, 0) >> chompingShift) as ScalarEvent['chomping'],
    indent: blockIndent(tree, node),
    fast: false,
  });
  tree.decoded.set(node, decoded);
  return decoded;
}

/**
 * The scalars that say something else in `b` than in `a`, wherever they stand and whatever the comments say; none if
 * the trees say the same. Undefined when more than scalars differs: structure, keys, styles, anchors or tags.
 */
export function changedScalars(a: Tree, b: Tree): readonly number[] | undefined {
  if (a.nodes.length !== b.nodes.length || a.tags.size !== b.tags.size || a.targets.size !== b.targets.size)
    return undefined;
  const changed: number[] = [];
  for (let at = 0; at < a.nodes.length; at += stride) {
    const node = at / stride;
    const kind = nodeKind(a, node);
    if (
      kind !== nodeKind(b, node) ||
      nodeStyle(a, node) !== nodeStyle(b, node) ||
      a.nodes[at + 3] !== b.nodes[at + 3] ||
      a.targets.get(node) !== b.targets.get(node) ||
      a.tags.get(node) !== b.tags.get(node)
    )
      return undefined;
    if (kind === 'scalar' && !sameScalar(a, node, b, node)) changed.push(node);
  }
  return changed;
}

/** The keys and indices that lead from the root to a node; undefined for a node that is part of a key. */
export function pathOf(tree: Tree, node: number): readonly (string | number)[] | undefined {
  const path: (string | number)[] = [];
  for (let parent = 0; parent !== node; ) {
    const isMapping = nodeKind(tree, parent) === 'mapping';
    let child = parent + 1;
    for (let index = 0; ; index++) {
      const value = isMapping ? nodeAfter(tree, child) : child;
      const after = nodeAfter(tree, value);
      if (node < value) return undefined;
      if (node < after) {
        path.push(isMapping ? scalarText(tree, child) : index);
        parent = value;
        break;
      }
      child = after;
    }
  }
  return path;
}

/**
 * The node of a key of a mapping; -1 if there is none. Of a key that is written twice, the last one: that is what kubectl
 * (sigs.k8s.io/yaml) and PyYAML take.
 */
export function findKey(tree: Tree, mapping: number, key: string): number {
  const { nodes, text } = tree;
  const end = nodes[mapping * stride + 3] ?? 0;
  let found = -1;
  for (let node = mapping + 1; node < end; ) {
    const at = node * stride;
    const meta = nodes[at] ?? 0;
    if ((meta & 7) === scalarCode) {
      const start = nodes[at + 1] ?? 0;
      const isKey =
        (meta & verbatim) !== 0 && (tree.decoded.size === 0 || !tree.decoded.has(node))
          ? (nodes[at + 2] ?? 0) - start === key.length && text.startsWith(key, start)
          : scalarText(tree, node) === key;
      if (isKey) found = node;
    }
    const value = nodes[at + 3] ?? 0;
    node = nodes[value * stride + 3] ?? 0;
  }
  return found;
}

/** The keys of a mapping, the indices of a sequence; nothing for other nodes. */
export function childNames(tree: Tree, node: number): readonly (string | number)[] {
  const kind = nodeKind(tree, node);
  const names: (string | number)[] = [];
  if (kind !== 'mapping' && kind !== 'sequence') return names;
  const end = nodeAfter(tree, node);
  for (let child = node + 1; child < end; ) {
    names.push(kind === 'sequence' ? names.length : nodeKind(tree, child) === 'scalar' ? scalarText(tree, child) : '');
    child = nodeAfter(tree, kind === 'sequence' ? child : nodeAfter(tree, child));
  }
  return names;
}

/** Builds a tree from pushed nodes; shared by the fast reader and the recovering one. */
export class TreeBuilder {
  readonly #nodes: number[] = [];
  readonly #open: number[] = [];
  readonly #targets = new Map<number, number>();
  readonly #tags = new Map<number, string>();
  readonly #anchors = new Map<string, number>();
  readonly #decoded = new Map<number, string>();
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Where the last finished token ended: the place of an empty value is looked for from here. */
  end = 0;

  open(kind: 'mapping' | 'sequence', start: number, flow: boolean): number {
    const node = this.#push(
      kindCodes.indexOf(kind) | (styleCodes.indexOf(flow ? 'flow' : 'block') << 3),
      start,
      start,
      0,
    );
    this.#open.push(node);
    this.end = Math.max(this.end, flow ? start + 1 : start);
    return node;
  }

  close(end?: number): void {
    const node = this.#open.pop();
    if (node === undefined) return;
    const at = node * stride;
    const flow = (this.#nodes[at] ?? 0) >> 3 === styleCodes.indexOf('flow');
    const last = end ?? (flow ? closingBracket(this.#text, this.end) : this.end);
    this.#nodes[at + 2] = Math.max(last, this.#nodes[at + 1] ?? 0);
    this.#nodes[at + 3] = this.#nodes.length / stride;
    this.end = Math.max(this.end, last);
  }

  scalar(
    style: NodeStyle,
    start: number,
    end: number,
    options: { verbatim: boolean; chomping?: number; indent?: number; decoded?: string },
  ): number {
    const flags = (options.verbatim ? verbatim : 0) | ((options.chomping ?? 0) << chompingShift);
    const node = this.#push(2 | (styleCodes.indexOf(style) << 3) | flags, start, end, options.indent ?? 0);
    if (options.decoded !== undefined) this.#decoded.set(node, options.decoded);
    this.end = style === 'single' || style === 'double' ? end + 1 : end;
    return node;
  }

  get isAtRoot(): boolean {
    return this.#open.length === 0;
  }

  /** A value that is not written, as in `key:`; it stands right after the colon or dash. */
  empty(): number {
    let at = this.end;
    const next = this.#text.slice(at).match(/^[ \t]*[:-]/);
    if (next) at += next[0].length;
    return this.scalar('plain', at, at, { verbatim: true });
  }

  alias(name: string, start: number, end: number): number | undefined {
    const target = this.#anchors.get(name);
    if (target === undefined) return undefined;
    const node = this.#push(3, start, end, 0);
    this.#targets.set(node, target);
    this.end = end;
    return node;
  }

  anchor(node: number, name: string): void {
    this.#anchors.set(name, node);
  }

  tag(node: number, tag: string): void {
    this.#tags.set(node, tag);
  }

  finish(): Tree {
    while (this.#open.length > 0) this.close();
    return {
      text: this.#text,
      nodes: Int32Array.from(this.#nodes),
      targets: this.#targets,
      tags: this.#tags,
      decoded: this.#decoded,
    };
  }

  #push(meta: number, start: number, end: number, indent: number): number {
    const node = this.#nodes.length / stride;
    this.#nodes.push(meta, start, end, node + 1, indent);
    return node;
  }
}

function fromEvents(text: string, events: readonly Event[]): Tree | SyntaxProblem {
  const builder = new TreeBuilder(text);
  let documents = 0;
  for (const event of events) {
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        // More than one document in a piece cannot happen after splitting, except for a stray end marker.
        if (++documents > 1) return builder.finish();
        break;
      case EVENT_ID.POP:
        builder.close();
        break;
      case EVENT_ID.ALIAS: {
        const name = text.slice(event.anchorStart, event.anchorEnd);
        if (builder.alias(name, event.anchorStart - 1, event.anchorEnd) === undefined) {
          return {
            message: 'This alias has no anchor above it, and a text that begins with * needs quotes',
            at: { start: event.anchorStart - 1, end: event.anchorEnd },
          };
        }
        break;
      }
      case EVENT_ID.MAPPING:
      case EVENT_ID.SEQUENCE: {
        const flow = event.style === COLLECTION_STYLE.FLOW;
        const node = builder.open(event.type === EVENT_ID.MAPPING ? 'mapping' : 'sequence', event.start, flow);
        if (event.anchorStart >= 0) builder.anchor(node, text.slice(event.anchorStart, event.anchorEnd));
        if (event.tagStart >= 0) builder.tag(node, text.slice(event.tagStart, event.tagEnd));
        break;
      }
      case EVENT_ID.SCALAR: {
        // A document of comments has one empty scalar for its content; it has no value at all here.
        if (event.valueStart < 0 && builder.isAtRoot) break;
        const node =
          event.valueStart < 0
            ? builder.empty()
            : builder.scalar(styleNames[event.style] ?? 'plain', event.valueStart, event.valueEnd, {
                verbatim: event.fast,
                chomping: event.chomping,
                indent: Math.max(event.indent, 0),
              });
        if (event.anchorStart >= 0) builder.anchor(node, text.slice(event.anchorStart, event.anchorEnd));
        if (event.tagStart >= 0) builder.tag(node, text.slice(event.tagStart, event.tagEnd));
      }
    }
  }
  return builder.finish();
}

const scalarStyles = {
  plain: SCALAR_STYLE.PLAIN,
  single: SCALAR_STYLE.SINGLE_QUOTED,
  double: SCALAR_STYLE.DOUBLE_QUOTED,
  literal: SCALAR_STYLE.LITERAL_BLOCK,
  folded: SCALAR_STYLE.FOLDED_BLOCK,
} as const;
const styleNames: Readonly<Record<number, NodeStyle>> = Object.fromEntries(
  Object.entries(scalarStyles).map(([name, code]) => [code, name as NodeStyle]),
);

function field(tree: Tree, node: number, which: 0 | 1 | 2 | 3 | 4): number {
  return tree.nodes[node * stride + which] ?? 0;
}

/** A tree whose text has become longer or shorter by `shift` before `at`, where no node is. */
export function movedTree(tree: Tree, text: string, at: number, shift: number): Tree {
  const nodes = Int32Array.from(tree.nodes);
  for (let node = 0; node < nodes.length; node += stride) {
    for (const edge of [node + 1, node + 2]) if ((nodes[edge] ?? 0) >= at) nodes[edge] = (nodes[edge] ?? 0) + shift;
  }
  return { ...tree, text, nodes };
}

/** A tree in which a scalar is written as another one is, whose content stands from `start` to `end` of the new text. */
export function withScalar(
  { tree, text, shift }: { readonly tree: Tree; readonly text: string; readonly shift: number },
  scalar: number,
  other: Tree,
  written: number,
  start: number,
  end: number,
): Tree {
  const nodes = Int32Array.from(tree.nodes);
  const from = nodes[scalar * stride + 1] ?? 0;
  const until = sourceSpan(tree, scalar).end;
  const meta = other.nodes[written * stride] ?? 0;
  const isQuoted = ['single', 'double'].includes(nodeStyle(other, written));
  for (let node = 0; node < nodes.length; node += stride) {
    const [first, last] = [nodes[node + 1] ?? 0, nodes[node + 2] ?? 0];
    if (first > from) nodes[node + 1] = first + shift;
    // What ends with the scalar ends with it still: behind it a comment may have begun.
    if (last > until) nodes[node + 2] = last + shift;
    else if (last === until) nodes[node + 2] = isQuoted ? end + 1 : end;
  }
  nodes[scalar * stride] = meta;
  nodes[scalar * stride + 1] = start;
  nodes[scalar * stride + 2] = end;
  const decoded = new Map(tree.decoded);
  decoded.delete(scalar);
  return { ...tree, text, nodes, decoded };
}

/** Whether two scalars say the same, each in its tree. */
export function sameScalar(a: Tree, node: number, b: Tree, other: number): boolean {
  const [one, two] = [contentSpan(a, node), contentSpan(b, other)];
  if (isVerbatim(a, node) && isVerbatim(b, other)) {
    return (
      one.end - one.start === two.end - two.start && a.text.startsWith(b.text.slice(two.start, two.end), one.start)
    );
  }
  return scalarText(a, node) === scalarText(b, other);
}

/** The offset after the bracket that closes a flow collection, seen from the end of its last child. */
function closingBracket(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const char = text[at];
    if (char === '}' || char === ']') return at + 1;
    if (char === '#') at = endOfLine(text, at);
    else at++;
  }
  return text.length;
}
