import type { Resource } from '../../manifests/resource';
import type { PathKey, Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';

/** What every provider of candidates is given: an object that is being typed, and the tree around it. */
export interface Place {
  readonly workspace: Workspace;
  /** As far as it can be read; its name may be empty. It is not part of the workspace. */
  readonly resource: Resource;
}

/** The value at a path of the object. */
export function valueAt({ resource }: Place, path: readonly PathKey[]): Value {
  return resource.root.at(...path);
}

/** What stands beside the value at a path. */
export function besideOf(place: Place, path: readonly PathKey[], key: string): Value {
  return valueAt(place, [...path.slice(0, -1), key]);
}

/** Whether a path ends with these steps; `#` stands for an index, `*` for any step, and `|` separates alternatives. */
export function endsWith(path: readonly PathKey[], ...steps: readonly string[]): boolean {
  const from = path.length - steps.length;
  return from >= 0 && steps.every((step, index) => isStep(path[from + index], step));
}

/** Whether a path is exactly these steps. */
export function isPath(path: readonly PathKey[], ...steps: readonly string[]): boolean {
  return path.length === steps.length && endsWith(path, ...steps);
}

/** The part of a path up to a step, with it; undefined if the path has no such step. The last one counts. */
export function upTo(path: readonly PathKey[], step: string): readonly PathKey[] | undefined {
  const at = path.findLastIndex(one => isStep(one, step));
  return at === -1 ? undefined : path.slice(0, at + 1);
}

function isStep(key: PathKey | undefined, step: string): boolean {
  if (key === undefined) return false;
  if (step === '*') return true;
  if (step === '#') return typeof key === 'number';
  return typeof key === 'string' && step.split('|').includes(key);
}
