import { DocumentPlace } from './document-place';
import { LazyPlace } from './lazy-place';
import { Value } from './value';

/**
 * The previous answer if the new one says the same, so that whatever read it need not run again: the same value, a
 * list, map or set of the same things, or a plain object with the same things in its fields.
 */
export function sameOr<T>(previous: unknown, next: T): T {
  return isSame(previous, next) ? (previous as T) : next;
}

/** Whether two things say the same. A {@link Value} says which place is meant; what stands there is read from it. */
export function isSame(a: unknown, b: unknown, depth = maximalDepth): boolean {
  if (Object.is(a, b)) return true;
  if (depth === 0 || typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((one, at) => isSame(one, b[at], depth - 1));
  }
  if (a instanceof Value) return b instanceof Value && a.isAt(b);
  if (a instanceof DocumentPlace) return b instanceof DocumentPlace && a.isAt(b);
  if (a instanceof LazyPlace)
    return b instanceof LazyPlace && a.origin !== undefined && isSame(a.origin, b.origin, depth);
  if (a instanceof Map) return b instanceof Map && isSame([...a], [...b], depth);
  if (a instanceof Set) return b instanceof Set && isSame([...a], [...b], depth);
  if (Object.getPrototypeOf(a) !== Object.prototype || Object.getPrototypeOf(b) !== Object.prototype) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every(key => isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], depth - 1))
  );
}

/** Deep enough for a list of objects with maps of pairs; what is deeper counts as changed, which is only slower. */
const maximalDepth = 5;
