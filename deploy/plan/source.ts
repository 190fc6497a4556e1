/** A plain JSON value, as an object of the manifests becomes after reading. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One Kubernetes object of a file, as far as the plan needs it. */
export interface PlanDocument {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** As written; cluster-scoped objects have none. */
  readonly namespace?: string;
  readonly labels: ReadonlyMap<string, string>;
  /** One-based line in the file where the object begins. */
  readonly line: number;
  /** True if the document cannot be read; kind and name are then guesses, and `raw` is of no use. */
  readonly broken?: boolean;
  /** Images of all containers of the object's pods, init containers included. */
  readonly images: readonly string[];
  /** Labels of the pod template; empty for objects without one. */
  readonly podLabels: ReadonlyMap<string, string>;
  readonly raw: Json;
}

/** One file of the tree with its objects; a file without objects may be left out. */
export interface PlanSource {
  /** Relative to the tree's root, forward slashes. */
  readonly path: string;
  readonly documents: readonly PlanDocument[];
}

/** A finding that must be dealt with before its file is applied. */
export interface PlanBlocker {
  readonly rule: string;
  readonly file: string;
  /** One-based. */
  readonly line: number;
  readonly message?: string;
}

/** Builds a {@link PlanDocument} from the JSON value of an object; missing fields become empty, nothing throws. */
export function planDocument(raw: Json, line: number): PlanDocument {
  const metadata = at(raw, 'metadata');
  const namespace = text(at(metadata, 'namespace'));
  const template = podTemplate(raw);
  return {
    apiVersion: text(at(raw, 'apiVersion')) ?? '',
    kind: text(at(raw, 'kind')) ?? '',
    name: text(at(metadata, 'name')) ?? '',
    ...(namespace === undefined ? {} : { namespace }),
    labels: stringMap(at(metadata, 'labels')),
    line,
    images: ['initContainers', 'containers'].flatMap(list =>
      items(at(template, 'spec', list)).flatMap(container => text(at(container, 'image')) ?? []),
    ),
    podLabels: stringMap(at(template, 'metadata', 'labels')),
    raw,
  };
}

/** The pod template of a workload, also of a CronJob; a Pod is its own template. */
export function podTemplate(raw: Json | undefined): Json | undefined {
  if (text(at(raw, 'kind')) === 'Pod') return raw;
  return at(raw, 'spec', 'jobTemplate', 'spec', 'template') ?? at(raw, 'spec', 'template');
}

/** The API group of an object; empty for the core group. */
export function groupOf(document: { readonly apiVersion: string }): string {
  const slash = document.apiVersion.indexOf('/');
  return slash === -1 ? '' : document.apiVersion.slice(0, slash);
}

/** The value under a list of keys; undefined where a key is missing or the parent is no mapping or list. */
export function at(value: Json | undefined, ...keys: readonly (string | number)[]): Json | undefined {
  let current: Json | undefined = value;
  for (const key of keys) {
    if (current === null || typeof current !== 'object') return undefined;
    current = Array.isArray(current)
      ? current[Number(key)]
      : Object.hasOwn(current, key)
        ? (current as { readonly [key: string]: Json })[key]
        : undefined;
  }
  return current;
}

/** A text; undefined for anything else. */
export function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A number; undefined for anything else. */
export function number(value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** The items of a list; empty for anything else. */
export function items(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** The entries of a mapping; empty for anything else. */
export function entries(value: Json | undefined): readonly (readonly [string, Json])[] {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? Object.entries(value) : [];
}

/** The string entries of a mapping, such as labels. */
export function stringMap(value: Json | undefined): ReadonlyMap<string, string> {
  return new Map(entries(value).flatMap(([key, entry]) => (typeof entry === 'string' ? [[key, entry] as const] : [])));
}
