import type { ManifestDocument } from '../../manifests/document';
import { rootOf } from '../../manifests/embedded';
import type { SourceFile } from '../../manifests/file';
import { endOfLine, startOfLine } from '../../manifests/lines';
import { recoverTree } from '../../manifests/recover';
import { Resource } from '../../manifests/resource';
import type { Span } from '../../manifests/span';
import { isTree, readTree, type Tree } from '../../manifests/tree';
import type { PathKey, Value } from '../../manifests/value';
import { type BlockCursor, type YamlCursor, yamlCursor } from './position';

/** The document that a cursor stands in, as far as it can be understood while somebody types in it. */
export interface Current {
  readonly file: SourceFile;
  readonly document: ManifestDocument;
  readonly cursor: YamlCursor | BlockCursor;
  /** The object around the cursor; its name may be empty. Of a `List`, the item. */
  readonly resource: Resource;
  /** The steps from the root of the object. */
  readonly path: readonly PathKey[];
  /** Of a cursor that may add an item: the steps to the list, from the root of the object. */
  readonly list: readonly PathKey[] | undefined;
}

/** A text inside a block scalar, without its indentation, and the cursor in it. */
export interface InnerText {
  readonly text: string;
  readonly offset: number;
  readonly indent: number;
  /** The place of a part of the cursor's own line in the document. */
  outer(span: Span): Span;
}

/** Where a cursor stands in a YAML file. */
export function currentAt(file: SourceFile, offset: number): Current | undefined {
  const document = file.documents.findLast(one => one.offset <= offset);
  if (!document) return undefined;
  const inner = offset - document.offset;
  const cursor = yamlCursor(document.writtenText, inner);
  return cursor && around(file, document, cursor, inner);
}

/** Where a cursor stands that is behind a blank at the end of a scalar, where YAML itself expects nothing more. */
export function currentBehindBlank(file: SourceFile, offset: number): Current | undefined {
  const document = file.documents.findLast(one => one.offset <= offset);
  if (!document) return undefined;
  const inner = offset - document.offset;
  const { writtenText: text } = document;
  if (!/\S +$/.test(text.slice(startOfLine(text, inner), inner))) return undefined;
  const cursor = yamlCursor(`${text.slice(0, inner)}x${text.slice(inner)}`, inner + 1);
  if (cursor?.kind !== 'yaml' || cursor.span.start >= inner) return undefined;
  const span = { start: cursor.span.start, end: cursor.span.end - 1 };
  return around(file, document, { ...cursor, span, prefix: cursor.prefix.slice(0, -1) }, inner);
}

function around(
  file: SourceFile,
  document: ManifestDocument,
  cursor: YamlCursor | BlockCursor,
  inner: number,
): Current {
  const root = readableRoot(document, inner);
  const inList = /List$/.test(root.at('kind').text ?? '') && cursor.path[0] === 'items' && cursor.path.length > 1;
  const top = inList ? root.at('items', cursor.path[1] ?? 0) : root;
  const skip = inList ? 2 : 0;
  return {
    file,
    document,
    cursor,
    resource: new Resource(document, top),
    path: cursor.path.slice(skip),
    list: cursor.kind === 'yaml' ? cursor.list?.slice(skip) : undefined,
  };
}

/** The text of a block scalar around a cursor. `offset` is that of the cursor in `text`. */
export function innerText(text: string, { span, indent }: BlockCursor, offset: number): InnerText {
  const lines = text.slice(span.start, span.end).split('\n');
  let at = span.start;
  let length = 0;
  let shift = 0;
  let innerOffset = 0;
  for (const [index, line] of lines.entries()) {
    const cut = Math.min(indent, line.length);
    if (offset >= at && offset <= at + line.length) {
      shift = at + cut - length;
      innerOffset = length + Math.max(0, offset - at - cut);
    }
    lines[index] = line.slice(cut);
    at += line.length + 1;
    length += line.length - cut + 1;
  }
  return {
    text: lines.join('\n'),
    offset: innerOffset,
    indent,
    outer: ({ start, end }) => ({ start: start + shift, end: end + shift }),
  };
}

/** The value at a path, of whatever can be read of a text that is being typed at an offset. */
export function readableTree(text: string, offset: number): Tree {
  const whole = readTree(text);
  if (isTree(whole)) return whole;
  // The line under the cursor is most likely what is broken.
  const start = startOfLine(text, offset);
  const end = endOfLine(text, offset);
  const without = readTree(text.slice(0, start) + ' '.repeat(end - start) + text.slice(end));
  return isTree(without) ? without : recoverTree(text).tree;
}

function readableRoot(document: ManifestDocument, offset: number): Value {
  if (document.problems.length === 0 && !document.isTemplate) return document.root;
  const tree = readableTree(document.writtenText, offset);
  return rootOf({ tree, linePrefix: '', place: (start, end) => document.writtenPlace(start, end) });
}
