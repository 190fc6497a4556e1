import type { Place } from './span';
import { literalTree } from './tree';
import { Value } from './value';

/** A text that stands in a file by itself, as the scalar that it becomes when a ConfigMap is made of the file. */
export function textValue(text: string, place: (start: number, end: number) => Place): Value {
  return new Value({ tree: literalTree(text), place, linePrefix: '' }, 0);
}
