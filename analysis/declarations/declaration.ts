import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';

/** Something that will exist in the cluster: because the tree says so, or because something in the tree makes it. */
export interface Declaration {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  /** The keys of a Secret or ConfigMap; `any` where they cannot be known. */
  readonly keys: ReadonlySet<string> | 'any';
  readonly origin: Origin;
  /** What says so. */
  readonly at: Place;
  readonly resource: Resource | undefined;
  /** Who makes it, for messages: `CloudNativePG`, `cert-manager`, a script's path. */
  readonly by: string | undefined;
}

/**
 * `manifest`: written. `operator`: made by a controller from a written object. `script`: made by a command in a script.
 * `promise`: only named in a comment or a README. `settings`: listed as provided. `broken`: in a document that cannot be
 * read. Everything but a promise counts as being there.
 */
export type Origin = 'manifest' | 'operator' | 'script' | 'promise' | 'settings' | 'broken';

/** The keys that several declarations of an object are known to give it; those that may have any key add none. */
export function knownKeys(declared: readonly Pick<Declaration, 'keys'>[]): ReadonlySet<string> {
  return new Set(declared.flatMap(({ keys }) => (keys === 'any' ? [] : [...keys])));
}

/** Whether a declaration gives its object a key, or may. */
export function mayHaveKey({ keys }: Pick<Declaration, 'keys'>, key: string): boolean {
  return keys === 'any' || keys.has(key);
}

interface Made extends Pick<Declaration, 'kind' | 'namespace' | 'name' | 'origin' | 'at'> {
  /** Any where they are not given. */
  readonly keys?: readonly string[] | 'any' | undefined;
  readonly resource?: Resource;
  readonly by?: string;
}

/** Makes a declaration. */
export function declaration({ keys = 'any', resource, by, ...made }: Made): Declaration {
  return { ...made, keys: keys === 'any' ? keys : new Set(keys), resource, by };
}
