import { remembered } from './derived';
import { literalTree, type Tree } from './tree';
import { type TreeSource, Value } from './value';

/**
 * The text that a scalar stands for, as base64 does, as a scalar of its own. Every part of it stands where the whole
 * encoded scalar stands, and no lines can be inserted. `decode` must be the same pure function for one scalar always.
 */
export function decodedValue(encoded: Value, decode: (text: string) => string | undefined): Value {
  let known = decodedValues.get(encoded.source);
  if (!known) {
    known = new Map();
    decodedValues.set(encoded.source, known);
  }
  const path = encoded.path.join('\n');
  const found = known.get(path);
  if (found?.encoded.isAt(encoded)) return found.value;
  const tree = remembered<Tree>(() => literalTree(decode(encoded.text ?? '') ?? ''));
  const source: TreeSource = {
    get tree() {
      return tree();
    },
    reads: { read: () => void encoded.text, readMissing: () => void encoded.text },
    place: () => encoded,
    linePrefix: undefined,
  };
  const value = new Value(source, 0, -1, encoded.parent, encoded.name);
  known.set(path, { encoded, value });
  return value;
}

const decodedValues = new WeakMap<TreeSource, Map<string, { readonly encoded: Value; readonly value: Value }>>();
