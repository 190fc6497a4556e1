import type { Value } from './value';

/** A plain JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A value as plain data, aliases followed. What would grow without bound, as an alias bomb does, is cut to null. */
export function toJson(value: Value): Json {
  let left = 100_000;
  const convert = (one: Value, depth: number): Json => {
    if (--left < 0 || depth > 64) return null;
    switch (one.kind) {
      case 'mapping':
        return Object.fromEntries(one.entries().map(([key, entry]) => [key, convert(entry, depth + 1)]));
      case 'sequence':
        return one.items().map(item => convert(item, depth + 1));
      default:
        return one.scalar ?? null;
    }
  };
  return convert(value, 0);
}
