import { computed } from 'alien-signals';
import type { Resource } from './resource';
import { sameOr } from './same';

/** A pure function of what it reads, computed once until some of that has changed. */
export function cached<T>(compute: () => T): () => T {
  return computed<T>(previous => sameOr(previous, compute()));
}

/**
 * A pure function of one resource, computed once until a value that it read has changed, and giving the same object
 * again if the answer says the same.
 */
export function perResource<T>(compute: (resource: Resource) => T): (resource: Resource) => T {
  const known = new WeakMap<Resource, () => T>();
  return resource => {
    let value = known.get(resource);
    if (!value) {
      value = cached(() => compute(resource));
      known.set(resource, value);
    }
    return value();
  };
}
