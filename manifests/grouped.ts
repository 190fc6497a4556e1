/** Values by their keys, in the order in which they come; the keys in the order in which each comes first. */
export function grouped<K, T>(pairs: Iterable<readonly [K, T]>): Map<K, [T, ...T[]]> {
  const groups = new Map<K, [T, ...T[]]>();
  for (const [key, value] of pairs) {
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

/** Things by a key of theirs, as `Map.groupBy` of later versions of JavaScript gives them. */
export function groupedBy<K, T>(things: readonly T[], keyOf: (thing: T) => K): Map<K, [T, ...T[]]> {
  return grouped(things.map((thing): readonly [K, T] => [keyOf(thing), thing]));
}
