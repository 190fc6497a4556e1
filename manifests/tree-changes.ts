import { nodeAfter, nodeCount, nodeKind, nodeStyle, sameScalar, scalarText, type Tree } from './tree';

/**
 * Which nodes of a tree are those of an earlier one. A node is known by its path, through keys and indices, so an id
 * stays when text is put in or taken out elsewhere. Ids are given once and never again.
 */
export interface NodeIds {
  /** By id: the node, or -1 where it is gone. */
  readonly nodes: Int32Array;
  /** By node: its id. */
  readonly ids: Int32Array;
}

/** What differs between two trees, by ids; whoever has read it has to read it again. */
export interface TreeChanges {
  readonly ids: NodeIds;
  /** Scalars that say something else. */
  readonly texts: readonly number[];
  /** Collections with other keys, or with another number of items. */
  readonly children: readonly number[];
  /** What a collection had no child for, and has now. */
  readonly added: readonly { readonly parent: number; readonly name: string | number }[];
  /** Nodes that are gone, or are of another kind. */
  readonly gone: readonly number[];
}

/** The ids of a tree that nothing has been compared to yet: each node is its own. */
export function firstIds(tree: Tree): NodeIds {
  const ids = Int32Array.from({ length: nodeCount(tree) }, (_, node) => node);
  return { nodes: ids, ids };
}

/**
 * Compares two trees by paths. Undefined where a path may not tell which node is meant: with anchors, with merge keys,
 * with the same key twice, and with keys that are no scalars.
 */
export function changesBetween(before: Tree, known: NodeIds, after: Tree): TreeChanges | undefined {
  if (before.targets.size > 0 || after.targets.size > 0) return undefined;
  if (before.nodes.length === 0 || after.nodes.length === 0) return undefined;
  const comparison = new Comparison(before, known, after);
  return comparison.compare(0, 0) ? comparison.finish() : undefined;
}

class Comparison {
  readonly #before: Tree;
  readonly #known: NodeIds;
  readonly #after: Tree;
  readonly #ids: Int32Array;
  readonly #texts: number[] = [];
  readonly #children: number[] = [];
  readonly #added: { parent: number; name: string | number }[] = [];
  readonly #gone: number[] = [];
  #count: number;

  constructor(before: Tree, known: NodeIds, after: Tree) {
    this.#before = before;
    this.#known = known;
    this.#after = after;
    this.#ids = new Int32Array(nodeCount(after));
    this.#count = known.nodes.length;
  }

  /** Takes two nodes for the same one, because the same path leads to both. False where that cannot be told below. */
  compare(old: number, now: number): boolean {
    const id = this.#known.ids[old] ?? -1;
    this.#ids[now] = id;
    const kind = nodeKind(this.#before, old);
    if (kind !== nodeKind(this.#after, now)) {
      this.#gone.push(id);
      this.#lose(old + 1, nodeAfter(this.#before, old));
      this.#name(now + 1, nodeAfter(this.#after, now));
      return true;
    }
    if (this.#before.tags.get(old) !== this.#after.tags.get(now)) this.#texts.push(id);
    if (kind === 'mapping') return this.#compareMappings(id, old, now);
    if (kind === 'sequence') return this.#compareSequences(id, old, now);
    if (
      nodeStyle(this.#before, old) !== nodeStyle(this.#after, now) ||
      !sameScalar(this.#before, old, this.#after, now)
    )
      this.#texts.push(id);
    return true;
  }

  #compareMappings(id: number, old: number, now: number): boolean {
    const entriesBefore = entriesOf(this.#before, old);
    const entriesNow = entriesOf(this.#after, now);
    if (!entriesBefore || !entriesNow) return false;
    for (const [name, { key, value }] of entriesNow) {
      const same = entriesBefore.get(name);
      if (same) {
        this.#ids[key] = this.#known.ids[same.key] ?? -1;
        if (!this.compare(same.value, value)) return false;
      } else {
        this.#added.push({ parent: id, name });
        this.#name(key, nodeAfter(this.#after, value));
      }
    }
    for (const [name, { key, value }] of entriesBefore)
      if (!entriesNow.has(name)) this.#lose(key, nodeAfter(this.#before, value));
    if (!isSameOrder(entriesBefore, entriesNow)) this.#children.push(id);
    return true;
  }

  #compareSequences(id: number, old: number, now: number): boolean {
    const [endBefore, endNow] = [nodeAfter(this.#before, old), nodeAfter(this.#after, now)];
    let [one, other] = [old + 1, now + 1];
    let index = 0;
    for (; one < endBefore && other < endNow; index++) {
      if (!this.compare(one, other)) return false;
      one = nodeAfter(this.#before, one);
      other = nodeAfter(this.#after, other);
    }
    if (one < endBefore || other < endNow) this.#children.push(id);
    this.#lose(one, endBefore);
    this.#name(other, endNow);
    for (; other < endNow; index++) {
      this.#added.push({ parent: id, name: index });
      other = nodeAfter(this.#after, other);
    }
    return true;
  }

  finish(): TreeChanges {
    const nodes = new Int32Array(this.#count).fill(-1);
    for (const [node, id] of this.#ids.entries()) nodes[id] = node;
    return {
      ids: { nodes, ids: this.#ids },
      texts: this.#texts,
      children: this.#children,
      added: this.#added,
      gone: this.#gone,
    };
  }

  #lose(from: number, to: number): void {
    for (let node = from; node < to; node++) this.#gone.push(this.#known.ids[node] ?? -1);
  }

  #name(from: number, to: number): void {
    for (let node = from; node < to; node++) this.#ids[node] = this.#count++;
  }
}

/** The entries of a mapping by key; undefined where a key does not name one value. */
function entriesOf(tree: Tree, mapping: number): Map<string, { key: number; value: number }> | undefined {
  const entries = new Map<string, { key: number; value: number }>();
  const end = nodeAfter(tree, mapping);
  for (let key = mapping + 1; key < end; ) {
    const value = nodeAfter(tree, key);
    const name = nodeKind(tree, key) === 'scalar' ? scalarText(tree, key) : undefined;
    if (name === undefined || name === '<<' || entries.has(name)) return undefined;
    entries.set(name, { key, value });
    key = nodeAfter(tree, value);
  }
  return entries;
}

function isSameOrder(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  if (a.size !== b.size) return false;
  const others = b.keys();
  for (const key of a.keys()) if (key !== others.next().value) return false;
  return true;
}
