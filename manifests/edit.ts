import type { ManifestDocument } from './document';
import { LazyPlace } from './lazy-place';
import { endOfLine, startOfLine, startOfNextLine } from './lines';
import { resolvePlain } from './scalars';
import type { Place, TextEdit } from './span';
import type { PathKey, Value } from './value';

/*
 * Edits that keep comments, quoting, indentation and line endings: they replace or insert text at places and never
 * print a document anew. A function returns undefined where the text does not allow the edit.
 */

/** Replaces a scalar by another text, in the same quotes if it has some, with quotes if it needs them. */
export function replaceScalar(value: Value, text: string): TextEdit | undefined {
  if (value.kind !== 'scalar' || value.style === 'literal' || value.style === 'folded') return undefined;
  const tree = value.source.tree;
  if (value.sourceSpan.start === value.sourceSpan.end) return { at: value, newText: ` ${quoted(text, 'plain')}` };
  const style = value.style === 'single' ? 'single' : value.style === 'double' ? 'double' : 'plain';
  const wasString = typeof value.scalar === 'string';
  const asWritten = resolvePlain(text);
  const needsQuotes = style === 'plain' && wasString && typeof asWritten !== 'string';
  return tree ? { at: value, newText: quoted(text, needsQuotes ? 'double' : style) } : undefined;
}

/** Replaces a whole value by YAML text on the same line, such as `true` or `{a: 1}`. */
export function replaceValue(value: Value, yaml: string): TextEdit | undefined {
  if (!value.exists || value.kind !== 'scalar' || value.style === 'literal' || value.style === 'folded')
    return undefined;
  return { at: value, newText: value.sourceSpan.start === value.sourceSpan.end ? ` ${yaml}` : yaml };
}

/**
 * Inserts entries into a block mapping: after the entry `after` if it is there, else at the end. `yaml` is the text of
 * the entries at column 0, several lines if need be, without a final newline.
 */
export function insertEntry(mapping: Value, yaml: string, options: { after?: PathKey } = {}): TextEdit | undefined {
  if (mapping.kind !== 'mapping') return undefined;
  const entries = mapping.entries();
  const [first] = entries;
  const last = entries.find(([key]) => key === options.after) ?? entries.at(-1);
  if (!first || !last) return undefined;
  if (mapping.style === 'flow') {
    return yaml.includes('\n') ? undefined : { at: after(last[1]), newText: `, ${yaml}` };
  }
  return insertLines(last[1], yaml, column(first[1], first[1].keySpan.start));
}

/** Inserts entries into a block mapping above one of its entries. `yaml` is as for {@link insertEntry}. */
export function insertEntryBefore(entry: Value, yaml: string): TextEdit | undefined {
  const { source, parent } = entry;
  if (!entry.exists || parent?.kind !== 'mapping' || parent.style === 'flow' || source.linePrefix === undefined)
    return undefined;
  const text = source.tree.text;
  const { start } = entry.keySpan;
  const prefix = source.linePrefix + ' '.repeat(column(entry, start));
  const eol = source.eol ?? (text.includes('\r\n') ? '\r\n' : '\n');
  const lines = yaml.split('\n').map((line, index) => (line === '' || index === 0 ? line : prefix + line));
  return { at: source.place(start, start), newText: lines.join(eol) + eol + prefix };
}

/** Inserts an item at the end of a block sequence. `yaml` is the text of the item without its dash, at column 0. */
export function insertItem(sequence: Value, yaml: string): TextEdit | undefined {
  if (sequence.kind !== 'sequence') return undefined;
  const items = sequence.items();
  const [first, last] = [items[0], items.at(-1)];
  if (!first || !last) return undefined;
  if (sequence.style === 'flow') return yaml.includes('\n') ? undefined : { at: after(last), newText: `, ${yaml}` };
  // The item itself may begin with a dash, as `-c` does.
  const dash = sequence.source.tree.text.lastIndexOf('-', first.sourceSpan.start - 1);
  return insertLines(last, `- ${yaml.replaceAll('\n', '\n  ')}`, column(first, dash));
}

/**
 * Deletes an entry of a block mapping or an item of a block sequence with its lines and the comment at its end, or an item
 * between brackets with its comma.
 */
export function deleteEntry(value: Value): TextEdit | undefined {
  const { parent } = value;
  if (!value.exists || !parent || value.source.linePrefix === undefined) return undefined;
  if (parent.style === 'flow') return parent.kind === 'sequence' ? deleteFlowItem(value, parent) : undefined;
  const siblings = parent.kind === 'mapping' ? parent.entries().length : parent.items().length;
  if (siblings < 2) return undefined;
  const text = value.source.tree.text;
  const start = startOfLine(text, Math.min(value.keySpan.start, value.sourceSpan.start));
  // The first key of a list item shares its line with the dash.
  if (
    !/^[ \t]*(?:- )?$/.test(text.slice(start, value.keySpan.start)) ||
    text.slice(start, value.keySpan.start).includes('-') !== (parent.kind === 'sequence')
  )
    return undefined;
  const end = startOfNextLine(text, lastContent(value));
  // In a block scalar the lines' indentation is not part of the text: it goes with the line break before the entry.
  if (value.source.linePrefix !== '' && start > 0)
    return { at: linesPlace(value, start - 1, text[end - 1] === '\n' ? end - 1 : end), newText: '' };
  return { at: linesPlace(value, start, end), newText: '' };
}

/** An item between brackets, with the comma that parts it from its neighbour. */
function deleteFlowItem(value: Value, list: Value): TextEdit | undefined {
  const items = list.items();
  const index = items.findIndex(item => item.isAt(value));
  const [before, after] = [items[index - 1], items[index + 1]];
  const text = value.source.tree.text;
  const [start, end] = before
    ? [before.sourceSpan.end, value.sourceSpan.end]
    : [value.sourceSpan.start, after?.sourceSpan.start ?? -1];
  // Comments and anchors stand in between without being a part of either.
  const between = before
    ? text.slice(start, value.sourceSpan.start)
    : text.slice(value.sourceSpan.end, Math.max(end, 0));
  if (index === -1 || end === -1 || !/^\s*,\s*$/.test(between)) return undefined;
  return { at: value.source.place(start, end), newText: '' };
}

/**
 * Replaces an entry of a block mapping, key and value, by other entries. `yaml` is their text at column 0, several lines
 * if need be. A comment at the end of the old last line stays there; those before it go with the first of the new lines.
 */
export function replaceEntry(value: Value, yaml: string): TextEdit | undefined {
  const { source, parent } = value;
  if (!value.exists || parent?.kind !== 'mapping' || parent.style === 'flow' || source.linePrefix === undefined)
    return undefined;
  const { start } = value.keySpan;
  const end = lastContent(value);
  const prefix = source.linePrefix + ' '.repeat(column(value, start));
  const eol = source.eol ?? (source.tree.text.includes('\r\n') ? '\r\n' : '\n');
  const [first = '', ...rest] = yaml.split('\n');
  const kept = commentsBefore(value, end);
  // A single new line has the comment after it already.
  const lines =
    rest.length === 0 ? [...kept, first] : [[first, ...kept.slice(0, 1)].join(' '), ...kept.slice(1), ...rest];
  return {
    at: source.place(start, end),
    newText: lines.map((line, index) => (line === '' || index === 0 ? line : prefix + line)).join(eol),
  };
}

/** The comments that stand inside an entry before its last content. */
function commentsBefore(value: Value, end: number): readonly string[] {
  const { tree } = value.source;
  const scalars = [...value.scalars()].map(scalar => scalar.sourceSpan);
  const from = value.keySpan.end;
  return [...tree.text.slice(from, end).matchAll(/(?<=\s)#[^\r\n]*/g)]
    .filter(({ index }) => !scalars.some(span => span.start <= from + index && from + index < span.end))
    .map(([comment]) => comment.trimEnd());
}

/** Renames the key of an entry, keeping the quotes it has. */
export function renameKey(value: Value, name: string): TextEdit | undefined {
  if (!value.exists || value.parent?.kind !== 'mapping') return undefined;
  const { start, end } = value.keySpan;
  const written = value.source.tree.text.slice(start, end);
  const style = written.startsWith("'") ? 'single' : written.startsWith('"') ? 'double' : 'plain';
  return { at: value.key, newText: quoted(name, style) };
}

/** An entry as one place: its key and, where the value is on the same line, its value. */
export function entryPlace(value: Value): Place {
  return new LazyPlace(() => {
    const key = value.keySpan;
    const { end } = value.sourceSpan;
    const text = value.source.tree.text;
    const isOneLine = value.exists && end >= key.end && !text.slice(key.start, end).includes('\n');
    return isOneLine ? value.source.place(key.start, end) : value.key;
  });
}

/** Appends documents at the end of a file. `yaml` has no leading `---` and no final newline. */
export function appendDocument(file: { readonly uri: string; readonly text: string }, yaml: string): TextEdit {
  const end = file.text.length;
  const eol = file.text.includes('\r\n') ? '\r\n' : '\n';
  const gap = file.text === '' || file.text.endsWith('\n') ? '' : eol;
  return {
    at: { uri: file.uri, span: { start: end, end } },
    newText: `${gap}---\n${yaml}\n`.replaceAll('\n', eol).replace('\r\r', '\r'),
  };
}

/**
 * Deletes a document with its `---` and the comments above it. The documents that stay are still separated. Undefined
 * for the only document of a file.
 */
export function deleteDocument(document: ManifestDocument): TextEdit | undefined {
  const { file, span } = document;
  if (file.documents.filter(other => other.text.trim() !== '').length < 2) return undefined;
  return { at: { uri: file.uri, span }, newText: '' };
}

/** Writes a text as a YAML scalar of a style; plain text that would mean something else gets double quotes. */
export function quoted(text: string, style: 'plain' | 'single' | 'double'): string {
  if (style === 'single' && !/[\n\r\t]/.test(text)) return `'${text.replaceAll("'", "''")}'`;
  if (style === 'plain' && isPlain(text)) return text;
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')}"`;
}

/** A text as a scalar that is read as that string: in quotes where it would be a number, a boolean or the like. */
export function stringScalar(text: string): string {
  return quoted(text, typeof resolvePlain(text) === 'string' ? 'plain' : 'double');
}

/** The column at which an offset of the tree's text stands. */
export function column(value: Value, offset: number): number {
  return offset - startOfLine(value.source.tree.text, offset);
}

function isPlain(text: string): boolean {
  return text !== '' && /^[A-Za-z0-9_./][^\n\r\t]*$/.test(text) && !/: |:$| #|\s$/.test(text);
}

/** Inserts whole lines below a value. */
function insertLines(below: Value, yaml: string, indent: number): TextEdit | undefined {
  const { source } = below;
  if (source.linePrefix === undefined) return undefined;
  const text = source.tree.text;
  const end = lastContent(below);
  const stop = endOfLine(text, end);
  const at = text[stop - 1] === '\r' ? stop - 1 : stop;
  const eol = source.eol ?? (at < stop ? '\r\n' : '\n');
  const lines = yaml.split('\n').map(line => (line === '' ? '' : source.linePrefix + ' '.repeat(indent) + line));
  return { at: source.place(at, at), newText: eol + lines.join(eol) };
}

/** The offset just after the last character that belongs to a value, not counting blank lines. */
function lastContent(value: Value): number {
  const { end, start } = value.sourceSpan;
  const text = value.source.tree.text;
  let at = end;
  while (at > start && /\s/.test(text[at - 1] ?? '')) at--;
  return at;
}

function after(value: Value): Place {
  return value.source.place(value.sourceSpan.end, value.sourceSpan.end);
}

function linesPlace(value: Value, start: number, end: number): Place {
  return value.source.place(start, end);
}
