import type { Value } from '../manifests/value';

/**
 * What a value says, as a text that is the same for two values that mean the same: the order of keys, comments, quotes
 * and indentation do not count. Aliases stand for themselves, so this always ends.
 */
export function contentOf(value: Value): string {
  if (value.isAlias) return `*${value.source.tree.text.slice(value.sourceSpan.start, value.sourceSpan.end)}`;
  switch (value.kind) {
    case 'mapping':
      return `{${value
        .entries()
        .map(([key, entry]) => `${JSON.stringify(key)}:${contentOf(entry)}`)
        .sort()
        .join()}}`;
    case 'sequence':
      return `[${value.items().map(contentOf).join()}]`;
    case 'scalar':
      return JSON.stringify(value.scalar);
    case 'missing':
      return '';
  }
}
