import { resolvePlain } from '../../manifests/scalars';
import { contentSpan, isVerbatim, nodeAfter, nodeKind, nodeStyle, scalarText, type Tree } from '../../manifests/tree';
import type { PathKey } from '../../manifests/value';
import type { ObjectType, Type } from '../schema';

/** A place of an object that its schema does not allow. */
export interface SchemaProblem {
  /** The steps from the root of the object to the field or value. */
  readonly path: readonly PathKey[];
  /** A field that is not there, a value of another type, or a text that is none of the allowed ones. */
  readonly kind: 'field' | 'type' | 'value';
  /** Of an unknown field, the object that should have it; else the type that is wanted. */
  readonly type: Type;
}

/**
 * Compares an object with its schema in one pass over its tree. Null is allowed everywhere, as the API server drops
 * it; fields that begin with `x-` and text that a tag gives another type are left alone.
 */
export function schemaProblems(tree: Tree, root: number, type: Type): readonly SchemaProblem[] {
  let found: SchemaProblem[] | undefined;
  const path: PathKey[] = [];
  const reported = new Set<number>();
  // What an anchor holds is seen once for each alias of it, and wrong once.
  const report = (kind: SchemaProblem['kind'], wanted: Type, node: number): void => {
    if (reported.has(node)) return;
    reported.add(node);
    found ??= [];
    found.push({ path: [...path], kind, type: wanted });
  };
  visit(root, type, 0);
  return found ?? none;

  function visit(written: number, wanted: Type, depth: number): void {
    // An alias that stands inside its own anchor would never end; no manifest is that deep.
    if (wanted.kind === 'any' || depth > 80) return;
    const node = followed(tree, written);
    switch (nodeKind(tree, node)) {
      case 'mapping':
        if (wanted.kind === 'object') visitFields(node, wanted, depth);
        else if (wanted.kind === 'map') visitEntries(node, wanted.values, depth);
        else report('type', wanted, node);
        break;
      case 'sequence':
        if (wanted.kind === 'list') visitItems(node, wanted.items, depth);
        else report('type', wanted, node);
        break;
      case 'scalar':
        visitScalar(node, wanted);
    }
  }

  function visitFields(node: number, wanted: ObjectType, depth: number): void {
    const end = nodeAfter(tree, node);
    for (let key = node + 1; key < end; ) {
      const value = nodeAfter(tree, key);
      const name = nodeKind(tree, key) === 'scalar' ? textOf(tree, key) : '';
      if (name === '<<' && nodeStyle(tree, key) === 'plain') visitMerged(value, wanted, depth);
      else {
        const field = wanted.fields.get(name);
        path.push(name);
        if (field) visit(value, field, depth + 1);
        else if (!wanted.isOpen && !name.startsWith('x-')) report('field', wanted, value);
        path.pop();
      }
      key = nodeAfter(tree, value);
    }
  }

  function visitMerged(written: number, wanted: ObjectType, depth: number): void {
    const node = followed(tree, written);
    if (depth > 80) return;
    if (nodeKind(tree, node) === 'mapping') visitFields(node, wanted, depth + 1);
    else if (nodeKind(tree, node) === 'sequence') {
      const end = nodeAfter(tree, node);
      for (let item = node + 1; item < end; item = nodeAfter(tree, item)) visitMerged(item, wanted, depth + 1);
    }
  }

  function visitEntries(node: number, values: Type, depth: number): void {
    const end = nodeAfter(tree, node);
    for (let key = node + 1; key < end; ) {
      const value = nodeAfter(tree, key);
      const name = nodeKind(tree, key) === 'scalar' ? textOf(tree, key) : '';
      path.push(name);
      if (name !== '<<') visit(value, values, depth + 1);
      path.pop();
      key = nodeAfter(tree, value);
    }
  }

  function visitItems(node: number, items: Type, depth: number): void {
    const end = nodeAfter(tree, node);
    let index = 0;
    for (let item = node + 1; item < end; item = nodeAfter(tree, item)) {
      path.push(index++);
      visit(item, items, depth + 1);
      path.pop();
    }
  }

  function visitScalar(node: number, wanted: Type): void {
    if (tree.tags.size > 0 && tree.tags.has(node)) return;
    const style = nodeStyle(tree, node);
    // The text of a block scalar is a string for sure, and may be long.
    if (style === 'literal' || style === 'folded') {
      if (wanted.kind !== 'string' && wanted.kind !== 'int-or-string') report('type', wanted, node);
      return;
    }
    if (wanted.kind === 'string' && !wanted.values && (style !== 'plain' || isWord(tree, node))) return;
    const text = textOf(tree, node);
    const meaning = style === 'plain' ? resolvePlain(text) : text;
    if (meaning === null) return;
    switch (wanted.kind) {
      case 'string':
        if (typeof meaning !== 'string') report('type', wanted, node);
        else if (wanted.values && meaning !== '' && !wanted.values.includes(meaning)) report('value', wanted, node);
        break;
      case 'number':
      case 'boolean':
        if (typeof meaning !== wanted.kind) report('type', wanted, node);
        break;
      case 'int-or-string':
        if (typeof meaning === 'boolean') report('type', wanted, node);
        break;
      default:
        report('type', wanted, node);
    }
  }
}

/** Aliases are rare, so they are looked up only where there is one. */
function followed(tree: Tree, node: number): number {
  return tree.targets.size > 0 ? (tree.targets.get(node) ?? node) : node;
}

/** The text of a scalar; nearly all of them are a slice of the document. */
function textOf(tree: Tree, node: number): string {
  if (!isVerbatim(tree, node)) return scalarText(tree, node);
  const { start, end } = contentSpan(tree, node);
  return tree.text.slice(start, end);
}

/** Whether a plain scalar begins with a letter or slash and is too long for `true` or `null`: a string for sure. */
function isWord(tree: Tree, node: number): boolean {
  const { start, end } = contentSpan(tree, node);
  const first = tree.text.charCodeAt(start) | 32;
  return end - start > 5 && ((first >= 97 && first <= 122) || first === 47);
}

/** The node that a path leads to from the root of a document; undefined if there is none. */
export function nodeAt(tree: Tree, path: readonly PathKey[]): number | undefined {
  let node: number | undefined = tree.nodes.length > 0 ? 0 : undefined;
  for (const step of path) {
    if (node === undefined) return undefined;
    node = childOf(tree, tree.targets.get(node) ?? node, step);
  }
  return node;
}

function childOf(tree: Tree, node: number, step: PathKey): number | undefined {
  const end = nodeAfter(tree, node);
  if (typeof step === 'number') {
    let index = 0;
    for (let item = node + 1; item < end; item = nodeAfter(tree, item)) if (index++ === step) return item;
    return undefined;
  }
  for (let key = node + 1; key < end; ) {
    const value = nodeAfter(tree, key);
    if (nodeKind(tree, key) === 'scalar' && scalarText(tree, key) === step) return value;
    key = nodeAfter(tree, value);
  }
  return undefined;
}

const none: readonly SchemaProblem[] = [];
