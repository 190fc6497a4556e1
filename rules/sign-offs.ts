import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { type CoveredFile, isDate, type SignOff, signOffsPath, type Waiver } from '../checklist/sign-offs';
import type { ManifestDocument } from '../manifests/document';
import type { SourceFile } from '../manifests/file';
import type { Place } from '../manifests/span';
import type { Value } from '../manifests/value';
import type { Index, Workspace } from '../manifests/workspace';

/** What `.matrix-preflight/sign-offs.yaml` says. A broken entry has no effect and is among the problems. */
export interface SignOffs {
  readonly signOffs: readonly (SignOff & Entry)[];
  readonly waivers: readonly (Waiver & Entry)[];
  /** Who is to look after an item, by item id. */
  readonly assigned: ReadonlyMap<string, Value>;
  readonly problems: readonly EntryProblem[];
}

/** Where an entry stands. */
export interface Entry {
  readonly at: string;
  readonly entry: Value;
}

export interface EntryProblem {
  readonly place: Place;
  readonly message: string;
}

/** The sign-offs and waivers of a tree; none if it has no such file. */
export function signOffsOf(workspace: Workspace): SignOffs {
  return workspace.shared(readSignOffs);
}

/** The document that sign-offs are read from and written to. */
export function signOffsDocument(workspace: Workspace): ManifestDocument | undefined {
  return workspace.lookup(signOffsDocuments, '')[0];
}

/** The file of a tree that holds its sign-offs. */
export function signOffsFile(workspace: Workspace): SourceFile | undefined {
  return workspace.files.find(file => file.path === signOffsPath);
}

/** The hash of a file's text that sign-offs keep. A checkout with other line endings has the same. */
export function hashOfFile(file: SourceFile): string {
  const known = hashes.get(file);
  if (known && known.text === file.text) return known.hash;
  const hash = bytesToHex(sha256(new TextEncoder().encode(file.text.replaceAll('\r\n', '\n'))));
  hashes.set(file, { text: file.text, hash });
  return hash;
}

const hashes = new WeakMap<SourceFile, { readonly text: string; readonly hash: string }>();

const signOffsDocuments: Index<ManifestDocument> = {
  name: 'sign-offs',
  *document(document) {
    if (document.file.path === signOffsPath && document.index === 0) yield ['', document];
  },
};

function readSignOffs(workspace: Workspace): SignOffs {
  const root = signOffsDocument(workspace)?.root;
  if (!root) return { signOffs: [], waivers: [], assigned: new Map(), problems: [] };
  const problems: EntryProblem[] = [];
  const read = <T>(key: string, one: (entry: Value, problems: EntryProblem[]) => T | undefined): readonly T[] => {
    const list = root.at(key);
    if (list.kind !== 'sequence' && list.exists && !list.isNull)
      problems.push({ place: list.key, message: `${key} is no list, so nothing of it has an effect — write a list.` });
    return list.items().flatMap(entry => one(entry, problems) ?? []);
  };
  const signOffs = onlyLast(read('signOffs', readSignOff), one => one.item, problems);
  const waivers = onlyLast(read('waivers', readWaiver), one => one.fingerprint, problems);
  const assigned = new Map(
    root
      .at('assigned')
      .entries()
      .flatMap(([item, person]) => (person.text ? [[item, person] as const] : [])),
  );
  return { signOffs, waivers, assigned, problems };
}

function readSignOff(entry: Value, problems: EntryProblem[]): (SignOff & Entry) | undefined {
  const fields = required(entry, ['item', 'by', 'at', 'note'], 'sign-off', problems);
  const expires = dated(entry, 'expires', problems);
  const covers = coveredFiles(entry.at('covers'), problems);
  if (!fields || !hasDate(entry, problems) || expires === false || !covers) return undefined;
  const [item = '', by = '', at = '', note = ''] = fields;
  const evidence = entry.at('evidence').text;
  return { item, by, at, note, covers, entry, ...(evidence ? { evidence } : {}), ...(expires ? { expires } : {}) };
}

function readWaiver(entry: Value, problems: EntryProblem[]): (Waiver & Entry) | undefined {
  const fields = required(entry, ['rule', 'file', 'fingerprint', 'reason', 'by', 'at'], 'waiver', problems);
  const expires = dated(entry, 'expires', problems);
  if (!fields || !hasDate(entry, problems) || expires === false) return undefined;
  const [rule = '', file = '', fingerprint = '', reason = '', by = '', at = ''] = fields;
  return { rule, file, fingerprint, reason, by, at, entry, ...(expires ? { expires } : {}) };
}

/** The texts of fields that an entry has to have; undefined, and a problem, if one is missing. */
function required(
  entry: Value,
  fields: readonly string[],
  noun: string,
  problems: EntryProblem[],
): readonly string[] | undefined {
  const missing = fields.filter(field => !entry.at(field).text?.trim());
  if (missing.length > 0) {
    problems.push({
      place: entry.kind === 'mapping' ? entry.key : entry,
      message: `The ${noun} has no ${missing.join(', no ')}, so it has no effect — add ${missing.length === 1 ? 'it' : 'them'}.`,
    });
    return undefined;
  }
  return fields.map(field => entry.at(field).text?.trim() ?? '');
}

function hasDate(entry: Value, problems: EntryProblem[]): boolean {
  return typeof dated(entry, 'at', problems) === 'string';
}

/** The text of a date; undefined if there is none, false, and a problem, if it is no date. */
function dated(entry: Value, field: string, problems: EntryProblem[]): string | undefined | false {
  const value = entry.at(field);
  const text = value.text?.trim();
  if (text === undefined && (!value.exists || value.isNull)) return undefined;
  if (text !== undefined && isDate(text)) return text;
  problems.push({
    place: value,
    message: `${field} is ${text ?? 'no text'}, which is no date such as 2026-01-31, so the entry has no effect — correct it.`,
  });
  return false;
}

function coveredFiles(covers: Value, problems: EntryProblem[]): readonly CoveredFile[] | undefined {
  if (!covers.exists || covers.isNull) return [];
  const entries = covers.entries();
  const wrong = entries.find(([, hash]) => !/^[0-9a-f]{64}$/.test(hash.text ?? ''));
  if (covers.kind === 'mapping' && !wrong) return entries.map(([path, hash]) => ({ path, sha256: hash.text ?? '' }));
  problems.push({
    place: wrong ? wrong[1] : covers.key,
    message: 'covers holds the path and the SHA-256 of each file, so the sign-off has no effect — sign the item again.',
  });
  return undefined;
}

/** A merge may leave two entries for one thing; the later one counts, and the other is reported. */
function onlyLast<T extends Entry>(
  entries: readonly T[],
  keyOf: (entry: T) => string,
  problems: EntryProblem[],
): readonly T[] {
  return entries.filter((one, index) => {
    const last = entries.findLastIndex(other => keyOf(other) === keyOf(one));
    if (last === index) return true;
    problems.push({
      place: one.entry.key,
      message: `There is a later entry for ${keyOf(one)}, so this one has no effect — keep one of them.`,
    });
    return false;
  });
}
