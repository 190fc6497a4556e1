/** A Kubernetes object as the server keeps it. */
export interface StoredObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    generation?: number;
    creationTimestamp?: string;
    labels?: { [key: string]: string };
    annotations?: { [key: string]: string };
    managedFields?: unknown[];
    ownerReferences?: unknown[];
    [key: string]: unknown;
  };
  [key: string]: unknown;
}

/** Which manager owns which fields, as `path → manager`; kept beside the object. */
export type Ownership = Map<string, Set<string>>;

export interface Conflict {
  readonly manager: string;
  readonly field: string;
}

/**
 * Server-side apply, reduced to what the tests need: mappings are merged key by key, lists are atomic. A field that
 * another manager owns with another value is a conflict; a field the manager no longer applies is removed unless
 * somebody else owns it too.
 *
 * @returns the merged object and its new ownership, or the conflicts
 */
export function serverSideApply(
  live: StoredObject | undefined,
  ownership: Ownership,
  applied: StoredObject,
  manager: string,
  force: boolean,
): { readonly object: StoredObject; readonly ownership: Ownership } | { readonly conflicts: readonly Conflict[] } {
  const { apiVersion, kind } = applied;
  const { name, namespace } = applied.metadata;
  const identity = { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
  const result: StoredObject = structuredClone(live ?? identity);
  const owners: Ownership = new Map([...ownership].map(([path, managers]) => [path, new Set(managers)]));
  const wanted = new Map(leaves(applied).map(leaf => [JSON.stringify(leaf.path), leaf]));
  const conflicts: Conflict[] = [];
  for (const [key, leaf] of wanted) {
    const current = read(result, leaf.path);
    const same = JSON.stringify(current) === JSON.stringify(leaf.value);
    const others = [...(owners.get(key) ?? [])].filter(owner => owner !== manager);
    if (!same && others[0] !== undefined && !force) {
      conflicts.push({ manager: others[0], field: leaf.path.map(part => `.${part}`).join('') });
      continue;
    }
    if (!same) owners.set(key, new Set());
    owners.set(key, (owners.get(key) ?? new Set()).add(manager));
    write(result, leaf.path, leaf.value);
  }
  if (conflicts.length > 0) return { conflicts };
  for (const [key, managers] of owners) {
    if (wanted.has(key) || !managers.delete(manager) || managers.size > 0) continue;
    owners.delete(key);
    write(result, JSON.parse(key) as string[], undefined);
  }
  return { object: result, ownership: owners };
}

/** Ownership of an object that another client created or updated with its whole content. */
export function ownAll(object: StoredObject, manager: string): Ownership {
  return new Map(leaves(object).map(leaf => [JSON.stringify(leaf.path), new Set([manager])]));
}

/** The leaves of what a client may own; identity and bookkeeping belong to the server. */
function leaves(object: StoredObject): { readonly path: readonly string[]; readonly value: unknown }[] {
  const found: { path: readonly string[]; value: unknown }[] = [];
  const walk = (value: unknown, path: readonly string[]) => {
    if (value !== null && typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length > 0) {
      for (const [key, entry] of Object.entries(value)) walk(entry, [...path, key]);
    } else found.push({ path, value });
  };
  for (const [key, value] of Object.entries(object)) {
    if (key === 'apiVersion' || key === 'kind' || key === 'status') continue;
    if (key !== 'metadata') walk(value, [key]);
    else {
      walk(object.metadata.labels ?? {}, ['metadata', 'labels']);
      walk(object.metadata.annotations ?? {}, ['metadata', 'annotations']);
    }
  }
  return found.filter(leaf => leaf.path[0] !== 'metadata' || leaf.path.length > 2);
}

function read(object: unknown, path: readonly string[]): unknown {
  let current: unknown = object;
  for (const key of path) current = (current as { [key: string]: unknown } | undefined | null)?.[key];
  return current;
}

function write(object: StoredObject, path: readonly string[], value: unknown): void {
  let current: { [key: string]: unknown } = object;
  for (const key of path.slice(0, -1)) {
    const next = current[key];
    if (next === null || typeof next !== 'object' || Array.isArray(next)) current[key] = {};
    current = current[key] as { [key: string]: unknown };
  }
  const last = path.at(-1)!;
  if (value === undefined) delete current[last];
  else current[last] = structuredClone(value);
}
