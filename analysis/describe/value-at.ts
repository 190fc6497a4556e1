import type { SourceFile } from '../../manifests/file';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';

/** What stands at an offset of a file: a value of a resource, or the key that leads to it. */
export interface ValueAt {
  readonly resource: Resource;
  readonly value: Value;
  readonly isKey: boolean;
}

/** The innermost key or value of a resource at an offset of its file; undefined in comments and between values. */
export function valueAt(file: SourceFile, offset: number): ValueAt | undefined {
  for (const document of file.documents) {
    const { start, end } = document.span;
    if (offset < start || offset > end) continue;
    for (const resource of document.resources) {
      const found = innermost(resource.root, document.offsetAt(offset));
      if (found) return { resource, ...found };
    }
  }
  return undefined;
}

function innermost(value: Value, offset: number): Omit<ValueAt, 'resource'> | undefined {
  if (value.isAlias) return undefined;
  for (const [, entry] of value.entries()) {
    const key = entry.keySpan;
    if (key.start <= offset && offset <= key.end) return { value: entry, isKey: true };
    if (holds(entry, offset)) return innermost(entry, offset);
  }
  for (const item of value.items()) if (holds(item, offset)) return innermost(item, offset);
  return value.kind === 'scalar' ? { value, isKey: false } : undefined;
}

function holds(value: Value, offset: number): boolean {
  const { start, end } = value.sourceSpan;
  return value.exists && start <= offset && offset <= end;
}
