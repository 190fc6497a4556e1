import type { Span } from '../../manifests/span';
import { type Candidate, type Completion, distinct, type Writing } from './candidate';
import type { YamlCursor } from './position';

/** The three things that may be typed at a cursor in YAML. */
export interface Source {
  keys(): readonly Candidate[];
  values(): readonly Candidate[];
  items(): readonly Candidate[];
}

/** What of a source fits a cursor, and how it is written there. `margin` is the column that the YAML begins at. */
export function chosen(cursor: YamlCursor, span: Span, margin: number, source: Source): Completion | undefined {
  const isKey = cursor.role === 'key' || cursor.role === 'either';
  const keys = isKey ? source.keys() : [];
  const values = cursor.role === 'value' || cursor.role === 'either' ? source.values() : [];
  const items = cursor.list && !cursor.isFlow ? source.items() : [];
  const writing: Writing = {
    language: 'yaml',
    isKey: keys.length > 0,
    isItem: keys.length === 0 && values.length === 0 && items.length > 0,
    quote: cursor.quote,
    hasColon: cursor.hasColon,
    needsSpace: cursor.needsSpace,
    isFlow: cursor.isFlow,
    column: margin + cursor.column,
  };
  // Where a list may begin and a mapping may not, an item is meant; a key beside the list stays possible.
  const candidates = writing.isItem
    ? items
    : [...keys, ...values.filter(value => !keys.some(key => key.label === value.label))];
  return candidates.length === 0 ? undefined : { candidates: distinct(candidates), span, writing };
}
