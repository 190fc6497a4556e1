import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { type JournalEntry, type JournalFact, journalSchema } from './entries';

/** What a journal file says. */
export interface JournalContent {
  readonly entries: readonly JournalEntry[];
  /** True if the last line was cut off by a crash; it is then not among the entries. */
  readonly torn: boolean;
  /** Bytes of the file up to the end of the last whole entry. */
  readonly validBytes: number;
}

/** An open journal. */
export interface Journal {
  readonly path: string;
  readonly entries: readonly JournalEntry[];
  /** Writes a fact and returns when it is on the disk; nothing it announces may happen before. */
  append(fact: JournalFact): JournalEntry;
  close(): void;
}

/** A journal that cannot be trusted: an entry is missing, was edited, or is of another schema. */
export class JournalError extends Error {}

/**
 * Reads a journal and verifies its chain.
 *
 * @throws {JournalError} if anything but a torn last line is wrong
 */
export function readJournal(path: string): JournalContent {
  const bytes = readFileSync(path);
  const entries: JournalEntry[] = [];
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(0x0a, start);
    if (end === -1) return { entries, torn: true, validBytes: start };
    const line = bytes.toString('utf8', start, end);
    const entry = parseEntry(line);
    const previous = entries.at(-1)?.hash ?? '';
    if (
      entry === undefined ||
      entry.seq !== entries.length ||
      entry.previous !== previous ||
      entry.hash !== hashOf(entry)
    ) {
      // A crash can leave the last line half written with a later line feed only if it is the last one.
      if (end === bytes.length - 1 && entry === undefined) return { entries, torn: true, validBytes: start };
      throw new JournalError(`Entry ${entries.length} of ${path} does not continue the journal.`);
    }
    if (entry.type === 'run' && entry.schema !== journalSchema)
      throw new JournalError(`${path} was written by another version of the tool (schema ${entry.schema}).`);
    entries.push(entry);
    start = end + 1;
  }
  return { entries, torn: false, validBytes: start };
}

/**
 * Opens a journal for writing; a torn last line is cut off. The caller must hold the lock of the run.
 *
 * @param now milliseconds since the epoch
 * @param afterWrite called when an entry is on the disk; tests kill the process here
 */
export function openJournal(path: string, now: () => number, afterWrite?: (entry: JournalEntry) => void): Journal {
  const file = openSync(path, 'a', 0o600);
  const content = readJournal(path);
  if (content.torn) truncateSync(path, content.validBytes);
  const entries = [...content.entries];
  return {
    path,
    entries,
    append(fact) {
      const previous = entries.at(-1)?.hash ?? '';
      const unsealed = { ...fact, seq: entries.length, time: new Date(now()).toISOString(), previous };
      const entry = { ...unsealed, hash: hashOf(unsealed) } as JournalEntry;
      writeSync(file, `${JSON.stringify(entry)}\n`);
      fsyncSync(file);
      entries.push(entry);
      afterWrite?.(entry);
      return entry;
    },
    close() {
      closeSync(file);
    },
  };
}

function parseEntry(line: string): JournalEntry | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'type' in value && 'hash' in value
      ? (value as JournalEntry)
      : undefined;
  } catch {
    return undefined;
  }
}

function hashOf(entry: object): string {
  const { hash: _, ...rest } = entry as { hash?: string };
  return createHash('sha256').update(JSON.stringify(rest)).digest('hex');
}
