import type { Span } from '../../manifests/span';
import { linesOf, trimmed, type Word, wordAt } from './words';

/** A section of an INI file such as rclone.conf, where it is a remote. */
export interface IniSection {
  /** Without the brackets. Undefined for entries before the first section. */
  readonly name: Word | undefined;
  readonly entries: readonly IniEntry[];
}

export interface IniEntry {
  readonly key: Word;
  /** Without back quotes or triple quotes around it; its span has them. */
  readonly value: Word;
  readonly span: Span;
}

/**
 * The sections of an INI file in order, read as rclone does (its library goconfig): `key = value` or `key: value`,
 * comments are whole lines that begin with `#` or `;`, nothing is expanded, and single and double quotes belong to the
 * value.
 */
export function readIni(text: string): readonly IniSection[] {
  const sections: { readonly name: Word | undefined; readonly entries: IniEntry[] }[] = [];
  for (const line of linesOf(text)) {
    const { start, end } = trimmed(text, line.start, line.end);
    const first = text[start];
    if (start === end || first === '#' || first === ';') continue;
    if (first === '[' && text[end - 1] === ']' && end - start > 1) {
      const name = trimmed(text, start + 1, end - 1);
      sections.push({ name: wordAt(text, name.start, name.end), entries: [] });
      continue;
    }
    let separator = start;
    while (separator < end && text[separator] !== '=' && text[separator] !== ':') separator++;
    if (separator === end || separator === start) continue;
    const key = trimmed(text, start, separator);
    const value = trimmed(text, separator + 1, end);
    let section = sections.at(-1);
    if (!section) {
      section = { name: undefined, entries: [] };
      sections.push(section);
    }
    section.entries.push({
      key: wordAt(text, key.start, key.end),
      value: unquoted(text, value.start, value.end),
      span: { start, end },
    });
  }
  return sections;
}

/** The entry of a section and key that counts: the last one. */
export function iniEntry(sections: readonly IniSection[], section: string, key: string): IniEntry | undefined {
  return sections
    .filter(one => one.name?.value === section)
    .flatMap(one => one.entries)
    .findLast(entry => entry.key.value === key);
}

function unquoted(text: string, start: number, end: number): Word {
  for (const quote of ['"""', '`']) {
    if (text.startsWith(quote, start) && end - start >= 2 * quote.length && text.endsWith(quote, end)) {
      return { value: text.slice(start + quote.length, end - quote.length), span: { start, end } };
    }
  }
  return wordAt(text, start, end);
}
