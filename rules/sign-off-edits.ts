import { checklistItem, checklistItems } from '../checklist/items';
import { checklistPhases } from '../checklist/phases';
import { type SignOff, signOffsPath, type Waiver } from '../checklist/sign-offs';
import { deleteEntry, insertEntry, quoted, replaceEntry, replaceScalar } from '../manifests/edit';
import { escapeRegExp } from '../manifests/escape-reg-exp';
import type { SourceFile } from '../manifests/file';
import { startOfLine, startOfNextLine } from '../manifests/lines';
import { compareTexts } from '../manifests/order';
import type { TextEdit } from '../manifests/span';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import type { NewFile } from './rule';
import { signOffsDocument, signOffsFile, signOffsOf } from './sign-offs';

/** What writing to the file of sign-offs takes: edits of the file there is, or a new file. */
export interface SignOffChange {
  readonly edits: readonly TextEdit[];
  readonly creates: readonly NewFile[];
}

/**
 * Writes a sign-off, in the place of an older one for the item. Comments and fields that are not known here stay.
 * Undefined if the file is not valid YAML: it has to be mended first.
 */
export function writeSignOff(workspace: Workspace, signOff: SignOff): SignOffChange | undefined {
  const { item, by, at, note, evidence, expires, covers } = signOff;
  const fields = { item, by, at, note, evidence, expires };
  const hashes = [...covers]
    .sort((a, b) => compareTexts(a.path, b.path))
    .map(({ path, sha256 }) => `\n  ${quoted(path, 'plain')}: ${sha256}`);
  const known = lastOf(signOffsOf(workspace).signOffs, one => one.item === item);
  return write(workspace, {
    list: 'signOffs',
    fields,
    nested: hashes.length > 0 ? { name: 'covers', yaml: `covers:${hashes.join('')}` } : { name: 'covers' },
    known,
    anchor: checklistItem(item) ? item : ownItemsAnchor,
    comesBefore: other => order(other.at('item').text ?? '') < order(item),
  });
}

/** Writes a waiver, in the place of an older one for the finding. As {@link writeSignOff}. */
export function writeWaiver(workspace: Workspace, waiver: Waiver, section: string): SignOffChange | undefined {
  const { rule, file, fingerprint, reason, by, at, expires } = waiver;
  const known = lastOf(signOffsOf(workspace).waivers, one => one.fingerprint === fingerprint);
  const key = (entry: Value): string => `${entry.at('rule').text}\n${entry.at('file').text}`;
  return write(workspace, {
    list: 'waivers',
    fields: { rule, file, fingerprint, reason, by, at, expires },
    nested: undefined,
    known,
    anchor: section,
    comesBefore: other => key(other) < `${rule}\n${file}`,
  });
}

/** Takes an entry out, with the comments inside it. Undefined if the entry is gone or not on lines of its own. */
export function withdraw(workspace: Workspace, entry: Value): SignOffChange | undefined {
  const file = signOffsFile(workspace);
  if (!file || !entry.exists) return undefined;
  const { start, end } = entry.span;
  const from = startOfLine(file.text, start);
  if (!/^[ \t]*-[ \t]+$/.test(file.text.slice(from, start))) return undefined;
  const trimmed = start + file.text.slice(start, end).trimEnd().length;
  const to = startOfNextLine(file.text, trimmed);
  return change([{ at: { uri: file.uri, span: { start: from, end: to } }, newText: '' }]);
}

/** The comment for waivers of findings that stand against no item. */
export const noSection = 'Beyond';
const ownItemsAnchor = 'Items';

interface Written {
  readonly list: 'signOffs' | 'waivers';
  readonly fields: Readonly<Record<string, string | undefined>>;
  /** A field that is a mapping, with its text; without text it is taken out. */
  readonly nested: { readonly name: string; readonly yaml?: string } | undefined;
  readonly known: { readonly entry: Value } | undefined;
  /** The id that the comment above the entry begins with. */
  readonly anchor: string;
  comesBefore(other: Value): boolean;
}

function write(workspace: Workspace, written: Written): SignOffChange | undefined {
  const document = signOffsDocument(workspace);
  const file = signOffsFile(workspace);
  if (!file || file.text.trim() === '') {
    const text = insertInto(emptyFile, undefined, written);
    if (!file) return { edits: [], creates: [{ path: signOffsPath, text: text.text }] };
    return change([{ at: { uri: file.uri, span: { start: 0, end: file.text.length } }, newText: text.text }]);
  }
  if (!document || document.problems.length > 0) return undefined;
  if (written.known) return updated(file, written.known.entry, written);
  const { offset, newText } = insertInto(file.text, document.root.at(written.list), written);
  return change([{ at: { uri: file.uri, span: { start: offset, end: offset } }, newText }]);
}

/** Changes the fields of an entry one by one, so that what stands around them stays. */
function updated(file: SourceFile, entry: Value, { fields, nested }: Written): SignOffChange | undefined {
  const edits: (TextEdit | undefined)[] = [];
  const added: string[] = [];
  for (const [name, text] of Object.entries(fields)) {
    const value = entry.at(name);
    if (text === undefined) {
      if (value.exists) edits.push(deleteEntry(value));
    } else if (!value.exists) added.push(`${name}: ${quoted(text, 'plain')}`);
    else if (value.text !== text)
      edits.push(replaceScalar(value, text) ?? replaceEntry(value, `${name}: ${quoted(text, 'plain')}`));
  }
  if (nested) {
    const value = entry.at(nested.name);
    if (nested.yaml === undefined) {
      if (value.exists) edits.push(deleteEntry(value));
    } else if (value.exists) edits.push(replaceEntry(value, nested.yaml));
    else added.push(nested.yaml);
  }
  if (added.length > 0) {
    // Behind a field that is always there and that no other edit takes away.
    const after = fields.note === undefined ? 'reason' : 'note';
    edits.push(insertEntry(entry, added.join('\n'), { after }));
  }
  return edits.every(edit => edit !== undefined) && file ? change(edits) : undefined;
}

/** Where a new entry goes, and its lines; for a text without a list, the whole new text. */
function insertInto(
  text: string,
  list: Value | undefined,
  written: Written,
): { readonly text: string; readonly offset: number; readonly newText: string } {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const items = list?.items() ?? [];
  const [first] = items;
  const indent = first ? dashColumn(text, first.span.start) : 2;
  const lines = blockOf(written).map(line => `${' '.repeat(indent)}${line}`);
  const isNewList = list === undefined ? false : !list.exists;
  let offset = placeFor(text, items, list, written);
  let newText = `${lines.join(eol)}${eol}`;
  if (isNewList) {
    offset = text.length;
    newText = `${written.list}:${eol}${newText}`;
  }
  if (offset > 0 && text[offset - 1] !== '\n') newText = `${eol}${newText}`;
  return { text: text.slice(0, offset) + newText + text.slice(offset), offset, newText };
}

function placeFor(text: string, items: readonly Value[], list: Value | undefined, written: Written): number {
  const key = new RegExp(`^${written.list}:.*$`, 'm').exec(text);
  const from = key ? startOfNextLine(text, key.index + key[0].length) : text.length;
  const next = /^[^\s#].*$/m.exec(text.slice(from));
  const to = next ? from + next.index : text.length;
  const anchor = new RegExp(`^[ \\t]*# ${escapeRegExp(written.anchor)}(?:[ \\t].*)?$`, 'm').exec(text.slice(from, to));
  const above = anchor ? startOfNextLine(text, from + anchor.index + anchor[0].length) : undefined;
  // The entries that stand below the comment already: the new one goes behind those that come before it.
  const start = above ?? from;
  let offset = start;
  for (const item of items) {
    const lineStart = startOfLine(text, item.span.start);
    const end = startOfNextLine(text, item.span.start + text.slice(item.span.start, item.span.end).trimEnd().length);
    if (lineStart < start) continue;
    if (above !== undefined && /^[ \t]*#/m.test(text.slice(offset, lineStart))) break;
    if (!written.comesBefore(item)) break;
    offset = end;
  }
  return list === undefined || above !== undefined || items.length > 0 ? offset : from;
}

function blockOf({ fields, nested }: Written): readonly string[] {
  const lines = Object.entries(fields).flatMap(([name, text]) =>
    text === undefined ? [] : [`${name}: ${quoted(text, 'plain')}`],
  );
  if (nested?.yaml !== undefined) lines.push(...nested.yaml.split('\n'));
  return lines.map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`));
}

/** The column of the dash of an item. */
function dashColumn(text: string, start: number): number {
  const line = startOfLine(text, start);
  const dash = text.slice(line, start).lastIndexOf('-');
  return dash === -1 ? 2 : dash;
}

/** Items in checklist order, then those that a tree adds, by id. */
function order(item: string): string {
  const index = checklistItems.findIndex(({ id }) => id === item);
  return `${index === -1 ? '999' : String(index).padStart(3, '0')} ${item}`;
}

function lastOf<T>(list: readonly T[], matches: (one: T) => boolean): T | undefined {
  return list.findLast(matches);
}

function change(edits: readonly TextEdit[]): SignOffChange {
  return { edits, creates: [] };
}

/**
 * The file before its first entry. Each comment keeps a line between two entries: git merges two branches that add
 * entries below different comments without a conflict, because what each adds does not touch what the other does.
 */
const emptyFile = `# Who vouches for what: sign-offs of checklist items that no manifest can decide, and waivers of findings.
# Written by the checklist view, "matrix-preflight sign" and "matrix-preflight waive"; people may edit it.
# An entry stands below the comment of its item or section, so that branches with different entries merge cleanly.
# A sign-off is out of date once a file it covers changes, and open again once it has expired.
version: 1

signOffs:
${checklistItems
  .filter(({ kind }) => kind !== 'static')
  .map(({ id, title }) => `  # ${id} ${title}\n`)
  .join('')}  # ${ownItemsAnchor} of the tree's own checklist

waivers:
${checklistPhases
  .flatMap(({ sections }) => sections)
  .filter(({ id }) => checklistItems.some(({ section, kind }) => section === id && kind === 'static'))
  .map(({ id, title }) => `  # ${id} ${title}\n`)
  .join('')}  # ${noSection} the checklist
`;
