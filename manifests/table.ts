/**
 * A table that is looked up by names that anybody may have written: it has its own entries only, so that `constructor`
 * or `__proto__` as the name of an object, a key or an option finds nothing, as any other unknown name.
 */
export function table<V>(entries: Readonly<Record<string, V>>): Readonly<Record<string, V>> {
  return Object.assign(Object.create(null) as Record<string, V>, entries);
}

/** The entry of a record that has a prototype, such as one nested in another. */
export function ownEntry<V>(of: Readonly<Record<string, V>> | undefined, key: string): V | undefined {
  return of && Object.hasOwn(of, key) ? of[key] : undefined;
}
