import { deleteEntry } from '../../manifests/edit';
import type { Value } from '../../manifests/value';
import type { Fix } from '../rule';

/** A key that stands in a mapping twice. */
export interface Duplicate {
  readonly first: Value;
  readonly again: Value;
}

/** The keys that are repeated in a value and in all below it; what merge keys bring is no repetition. */
export function* duplicatesIn(value: Value): Iterable<Duplicate> {
  if (value.isAlias) return;
  for (const item of value.items()) yield* duplicatesIn(item);
  const seen = new Map<string, Value>();
  for (const [key, entry] of value.entries()) {
    if (isMerged(value, entry)) continue;
    const first = seen.get(key);
    if (first) yield { first, again: entry };
    else seen.set(key, entry);
    yield* duplicatesIn(entry);
  }
}

/** Whether an entry stands in another mapping and came here through a merge key. */
function isMerged(mapping: Value, entry: Value): boolean {
  const { start, end } = mapping.sourceSpan;
  return entry.keySpan.start < start || entry.keySpan.start > end;
}

/** Deletes one of the two entries; `reader` is who keeps the last. */
export function keepOne({ first, again }: Duplicate, same: boolean, reader: string): readonly Fix[] {
  const name = again.name;
  const keepLast = deleteEntry(first);
  const keepFirst = deleteEntry(again);
  if (same) {
    const edit = keepFirst ?? keepLast;
    return edit ? [{ title: `Delete the second ${name}`, safe: true, edits: [edit] }] : [];
  }
  return [
    ...(keepLast ? [{ title: `Keep the last ${name}, as ${reader} does`, safe: false, edits: [keepLast] }] : []),
    ...(keepFirst ? [{ title: `Keep the first ${name}`, safe: false, edits: [keepFirst] }] : []),
  ];
}
