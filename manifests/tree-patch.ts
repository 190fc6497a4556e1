import type { Difference } from './difference';
import { startOfLine } from './lines';
import {
  blockIndent,
  contentSpan,
  isTree,
  isVerbatim,
  movedTree,
  nodeAfter,
  nodeKind,
  nodeStyle,
  readTree,
  sameScalar,
  sourceSpan,
  type Tree,
  withScalar,
} from './tree';

export interface PatchedTree {
  readonly tree: Tree;
  /** The scalars that say something else, as {@link changedScalars} tells them; undefined if a key does. */
  readonly changed: readonly number[] | undefined;
}

/**
 * The tree of a text that differs from a tree's in one place, without reading all of it again; the same tree that
 * {@link readTree} gives. Undefined where the place alone does not tell: reading again is then the way. It tells inside a
 * comment, a key or a value of one line, and a line of a block scalar, which are most of what somebody types.
 */
export function patchTree(tree: Tree, text: string, { before, now }: Difference): PatchedTree | undefined {
  const written = text.slice(now.start, now.end);
  if (tree.isRecovered || !isPlainText.test(written) || tree.text.slice(before.start, before.end).includes('\n'))
    return undefined;
  const edit: Edit = { tree, text, before, shift: now.end - before.end };
  const node = scalarAt(tree, before.start, before.end);
  if (node === undefined) return patchComment(edit);
  const style = nodeStyle(tree, node);
  if (style === 'literal' || style === 'folded') return patchBlock(edit, node);
  const standing = standingOf(tree, node);
  if (standing === undefined) return undefined;
  return standing === 'value' ? patchValue(edit, node) : patchKey(edit, node);
}

interface Edit {
  readonly tree: Tree;
  readonly text: string;
  readonly before: { readonly start: number; readonly end: number };
  /** By how much what stands behind the edit moves. */
  readonly shift: number;
}

/** Printable and on one line; everything else is left to the reader. */
const isPlainText = /^[\x20-\x7e\xa0-\ud7ff]*$/;

/** The scalar that an edit is inside of, its quotes and block header not counted. Empty scalars hold nothing. */
function scalarAt(tree: Tree, start: number, end: number): number | undefined {
  const count = nodeAfter(tree, 0);
  for (let node = 0; node < count; node++) {
    if (nodeKind(tree, node) !== 'scalar') continue;
    const content = contentSpan(tree, node);
    if (content.start > start) return undefined;
    if (content.start < content.end && end <= content.end) return node;
  }
  return undefined;
}

/** Whether a scalar is a key or a value of block collections; undefined below flow collections and keys, and alone. */
function standingOf(tree: Tree, node: number): 'key' | 'value' | undefined {
  for (let parent = 0; parent !== node; ) {
    if (nodeStyle(tree, parent) !== 'block') return undefined;
    const isMapping = nodeKind(tree, parent) === 'mapping';
    let child = parent + 1;
    for (;;) {
      if (child === node && isMapping) return 'key';
      const value = isMapping ? nodeAfter(tree, child) : child;
      if (node < value) return undefined;
      if (value === node) return 'value';
      const after = nodeAfter(tree, value);
      if (node < after) {
        parent = value;
        break;
      }
      child = after;
    }
  }
  return undefined;
}

function patchComment(edit: Edit): PatchedTree | undefined {
  const { tree, text, before } = edit;
  const line = startOfLine(text, before.start);
  if (!/^[ \t]*#/.test(text.slice(line, before.start)) || isInsideScalar(tree, before.start)) return undefined;
  return { tree: movedTree(tree, text, before.end, edit.shift), changed: [] };
}

/** Between the lines of a scalar, what looks like a comment is text. */
function isInsideScalar(tree: Tree, at: number): boolean {
  const count = nodeAfter(tree, 0);
  for (let node = 0; node < count; node++) {
    if (nodeKind(tree, node) !== 'scalar') continue;
    const { start, end } = sourceSpan(tree, node);
    if (start <= at && at <= end) return true;
  }
  return false;
}

/** A line of a block scalar that keeps its indentation, is not the one that tells the block's, and is not empty. */
function patchBlock(edit: Edit, node: number): PatchedTree | undefined {
  const { tree, text, before, shift } = edit;
  const content = contentSpan(tree, node);
  const line = startOfLine(text, before.start);
  const indent = blockIndent(tree, node);
  if (indent === 0 || isVerbatim(tree, node) || before.start < line + indent) return undefined;
  if (line <= content.start || tree.text.slice(content.start, line).trim() === '') return undefined;
  const [old, now] = [
    tree.text.slice(line, lineEnd(tree.text, before.end)),
    text.slice(line, lineEnd(text, before.start)),
  ];
  if (old.slice(indent).trim() === '' || now.slice(indent).trim() === '') return undefined;
  return said(edit, node, withScalar(edit, node, tree, node, content.start, content.end + shift));
}

/** A value on the line of its key or dash. */
function patchValue(edit: Edit, node: number): PatchedTree | undefined {
  const { tree, text } = edit;
  const { start, end } = sourceSpan(tree, node);
  const line = startOfLine(text, start);
  if (lineEnd(tree.text, start) < end || !/^ *(?:- +)*(?:- |[\w./-]+: ) *$/.test(text.slice(line, start)))
    return undefined;
  const lead = 'k: ';
  const read = readTree(lead + text.slice(start, lineEnd(text, start)));
  if (!isTree(read) || read.nodes.length !== keyAndValue.nodes.length || read.tags.size > 0) return undefined;
  const [mapping, , value] = [0, 1, 2];
  if (nodeKind(read, mapping) !== 'mapping' || nodeKind(read, value) !== 'scalar') return undefined;
  if (!oneLine.has(nodeStyle(read, value)) || sourceSpan(read, value).start !== lead.length) return undefined;
  const now = contentSpan(read, value);
  if (now.start === now.end) return undefined;
  const moved = start - lead.length;
  return said(edit, node, withScalar(edit, node, read, value, now.start + moved, now.end + moved));
}

/** A scalar may say the same as before, where a comment has begun behind it. In quotes it says a text and no number. */
function said({ tree }: Edit, node: number, patched: Tree): PatchedTree {
  const isSame = nodeStyle(tree, node) === nodeStyle(patched, node) && sameScalar(tree, node, patched, node);
  return { tree: patched, changed: isSame ? [] : [node] };
}

/** A plain key that stays one, and that its mapping does not have already. */
function patchKey(edit: Edit, node: number): PatchedTree | undefined {
  const { tree, text, shift } = edit;
  const { start, end } = contentSpan(tree, node);
  if (nodeStyle(tree, node) !== 'plain' || !isVerbatim(tree, node) || tree.text[end] !== ':') return undefined;
  if (tree.targets.size > 0 || !/^ *(?:- +)*$/.test(text.slice(startOfLine(text, start), start))) return undefined;
  const key = text.slice(start, end + shift);
  if (key === '<<' || tree.text.slice(start, end) === '<<' || !/^[\w./-]{0,200}\w$/.test(key)) return undefined;
  return { tree: withScalar(edit, node, tree, node, start, end + shift), changed: undefined };
}

const keyAndValue = readTree('k: v') as Tree;
const oneLine: ReadonlySet<string> = new Set(['plain', 'single', 'double']);

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  if (end === -1) return text.length;
  return text[end - 1] === '\r' && end > at ? end - 1 : end;
}
