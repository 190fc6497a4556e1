import type { Place } from '../../manifests/span';
import type { TreeSource, Value } from '../../manifests/value';

/**
 * A value of an object that a kustomization builds. What nobody has changed is only `base`, the value as it is written;
 * what was looked into or changed has its parts here. Every scalar leads back to the text that it comes from.
 */
export type Node = MapNode | ListNode | ScalarNode;

export interface MapNode {
  readonly kind: 'mapping';
  /** The mapping in the file, of which this one may differ by now. */
  readonly base: Value | undefined;
  /** Read from `base` when somebody asks; see {@link entriesOf}. */
  entries: Map<string, Entry> | undefined;
  /** See {@link isAsWritten}. */
  isWritten?: boolean;
}

export interface Entry {
  readonly node: Node;
  /** Where the key is written; undefined for a key that kustomize adds. */
  readonly key: Place | undefined;
}

export interface ListNode {
  readonly kind: 'sequence';
  readonly base: Value | undefined;
  items: readonly Node[] | undefined;
  isWritten?: boolean;
}

export interface ScalarNode {
  readonly kind: 'scalar';
  /** A scalar of some file that is taken over as it is. */
  readonly base: Value | undefined;
  /** Otherwise the text, and where it comes from. */
  readonly text: string;
  readonly isText: boolean;
  readonly origin: Origin | undefined;
}

/** Where a made text stands in the files. */
export interface Origin {
  readonly whole: Place;
  /** The place of a part of the text. */
  part(start: number, end: number): Place;
  /** The scalar that holds the text and nothing else; undefined where it is only a part of something. */
  readonly scalar: Value | undefined;
}

/** A node for what is written; what is below it is read when somebody asks. */
export function nodeOf(value: Value): Node {
  if (value.kind === 'mapping') return { kind: 'mapping', base: value, entries: undefined };
  if (value.kind === 'sequence') return { kind: 'sequence', base: value, items: undefined };
  const { scalar } = value;
  return {
    kind: 'scalar',
    base: value,
    text: value.text ?? (scalar === null || scalar === undefined ? 'null' : String(scalar)),
    isText: typeof scalar === 'string',
    origin: value.exists ? { whole: value, part: (start, end) => value.part(start, end), scalar: value } : undefined,
  };
}

/** A text that replaces or adds something. */
export function textNode(text: string, origin: Origin | undefined): ScalarNode {
  return { kind: 'scalar', base: undefined, text, isText: true, origin };
}

/** A number that replaces or adds something. */
export function numberNode(value: number, origin: Value): ScalarNode {
  return { kind: 'scalar', base: undefined, text: String(value), isText: false, origin: wholeOf(origin) };
}

/** A text made of a scalar and more, of which only all of it can be pointed at. */
export function wholeOf(value: Value): Origin {
  return { whole: value, part: () => value, scalar: undefined };
}

/** A mapping that stands in no file. */
export function mapNode(entries: readonly (readonly [string, Node])[] = []): MapNode {
  return {
    kind: 'mapping',
    base: undefined,
    entries: new Map(entries.map(([key, node]) => [key, { node, key: undefined }])),
  };
}

/** The entries of a mapping, which may be changed. */
export function entriesOf(node: MapNode): Map<string, Entry> {
  node.entries ??= new Map(
    (node.base?.entries() ?? []).map(([key, value]) => [key, { node: nodeOf(value), key: value.key }]),
  );
  return node.entries;
}

/** The items of a list, in order. */
export function itemsOf(node: ListNode): readonly Node[] {
  node.items ??= (node.base?.items() ?? []).map(nodeOf);
  return node.items;
}

/** Replaces the items of a list. */
export function setItems(node: ListNode, items: readonly Node[]): void {
  itemsOf(node);
  node.items = items;
}

/** The node at a path of keys and indices; undefined if there is none. */
export function nodeAt(node: Node | undefined, ...path: readonly (string | number)[]): Node | undefined {
  let at = node;
  for (const step of path) {
    if (at?.kind === 'mapping') at = entriesOf(at).get(String(step))?.node;
    else if (at?.kind === 'sequence') at = itemsOf(at)[Number(step)];
    else return undefined;
  }
  return at;
}

/** The mapping at a path of keys, made where there is none; undefined where something else stands. */
export function mappingAt(node: MapNode, ...path: readonly string[]): MapNode | undefined {
  let at = node;
  for (const step of path) {
    const known = entriesOf(at).get(step)?.node;
    if (known && known.kind !== 'mapping' && !(known.kind === 'scalar' && isNull(known))) return undefined;
    const next = known?.kind === 'mapping' ? known : mapNode();
    if (next !== known) set(at, step, next);
    at = next;
  }
  return at;
}

/** Sets an entry, which keeps its place among the others. `keyPlace` is where a new key is written. */
export function set(node: MapNode, key: string, value: Node, keyPlace?: Place): void {
  const entries = entriesOf(node);
  entries.set(key, { node: value, key: entries.get(key)?.key ?? keyPlace });
}

/** The text of a scalar; undefined for null and for collections. */
export function textOf(node: Node | undefined): string | undefined {
  return node?.kind === 'scalar' && !isNull(node) ? node.text : undefined;
}

/** Whether a scalar is null, as YAML 1.1 reads it. */
export function isNull(node: ScalarNode): boolean {
  return !node.isText && /^(?:null|Null|NULL|~|)$/.test(node.text);
}

/** An own copy: an object may be built several times, by overlays side by side. */
export function copyOf(node: Node): Node {
  if (node.kind === 'mapping')
    return {
      ...node,
      entries:
        node.entries && new Map([...node.entries].map(([key, one]) => [key, { ...one, node: copyOf(one.node) }])),
    };
  if (node.kind === 'sequence') return { ...node, items: node.items?.map(copyOf) };
  return node;
}

/** Whether a node is what is written at `base`, with nothing changed below. Asked when nothing is changed any more. */
export function isAsWritten(node: Node): boolean {
  if (node.base === undefined) return false;
  if (node.kind === 'scalar') return true;
  node.isWritten ??= isSameBelow(node, node.base);
  return node.isWritten;
}

function isSameBelow(node: MapNode | ListNode, base: Value): boolean {
  if (node.kind === 'mapping') {
    if (node.entries === undefined) return true;
    const written = base.entries();
    return (
      written.length === node.entries.size &&
      written.every(([key, value]) => {
        const own = node.entries?.get(key)?.node;
        return own !== undefined && stands(own, value) && isAsWritten(own);
      })
    );
  }
  if (node.items === undefined) return true;
  const written = base.items();
  return (
    written.length === node.items.length &&
    written.every((value, index) => {
      const own = node.items?.[index];
      return own !== undefined && stands(own, value) && isAsWritten(own);
    })
  );
}

/** Whether a node has come from a value, and may have been changed since. */
export function stands(node: Node, value: Value): boolean {
  return node.base !== undefined && node.base.source === value.source && node.base.isAt(value);
}

/** Whether a value is written in the text of a document itself, where a slice of the text is the value. */
export function isSliceOf(value: Value, source: TreeSource): boolean {
  return value.source === source && !value.isAlias;
}
