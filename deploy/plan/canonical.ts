import { compareTexts } from '../../manifests/order';
import type { Json } from './source';

/** JSON with sorted keys, so that the order of keys in a file does not matter. */
export function canonical(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const pairs = Object.entries(value).sort(([a], [b]) => compareTexts(a, b));
  return `{${pairs.map(([key, entry]) => `${JSON.stringify(key)}:${canonical(entry)}`).join(',')}}`;
}
