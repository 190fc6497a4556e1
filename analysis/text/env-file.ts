import type { Span } from '../../manifests/span';
import { linesOf, trimmed, type Word, wordAt } from './words';

/** One variable of a file such as MinIO's config.env: `export NAME="value"`. */
export interface EnvEntry {
  readonly name: Word;
  /** Without the quotes around it; its span has them. */
  readonly value: Word;
  /** Where the value stands inside its quotes. */
  readonly contentSpan: Span;
  readonly exported: boolean;
  /** From `export` or the name to the end of the value. */
  readonly span: Span;
}

export interface EnvFile {
  /** In order. The last entry of a name counts. */
  readonly entries: readonly EnvEntry[];
  /** Lines that are neither empty nor a comment nor an assignment. MinIO does not start with one. */
  readonly malformed: readonly Span[];
}

/**
 * Reads a file of variables as MinIO does (`parsEnvEntry` in cmd/common-main.go): comments are whole lines, nothing is
 * expanded, and quotes are taken off only where they are the first and the last character of the value.
 */
export function readEnvFile(text: string): EnvFile {
  const entries: EnvEntry[] = [];
  const malformed: Span[] = [];
  for (const line of linesOf(text)) {
    const { start, end } = trimmed(text, line.start, line.end);
    if (start === end || text[start] === '#') continue;
    const exported = text.startsWith('export', start);
    const nameStart = exported ? trimmed(text, start + 'export'.length, end).start : start;
    const equals = text.indexOf('=', nameStart);
    if (equals === -1 || equals >= end || equals === nameStart) {
      malformed.push({ start, end });
      continue;
    }
    const name = trimmed(text, nameStart, equals);
    const isQuoted = end - equals > 2 && /["']/.test(text.charAt(equals + 1)) && text[end - 1] === text[equals + 1];
    const contentSpan = isQuoted ? { start: equals + 2, end: end - 1 } : { start: equals + 1, end };
    entries.push({
      name: wordAt(text, name.start, name.end),
      value: { value: text.slice(contentSpan.start, contentSpan.end), span: { start: equals + 1, end } },
      contentSpan,
      exported,
      span: { start, end },
    });
  }
  return { entries, malformed };
}

/** The entry of a name that counts: the last one. */
export function envEntry(file: EnvFile, name: string): EnvEntry | undefined {
  return file.entries.findLast(entry => entry.name.value === name);
}
