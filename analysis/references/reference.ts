import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';

/** A place where one object names another, or a key of it. */
export interface Reference {
  readonly kind: ReferencedKind;
  readonly namespace: string | undefined;
  readonly name: Value;
  /** The key that has to be in the Secret or ConfigMap; missing when the whole object is meant. */
  readonly key: Value | undefined;
  readonly isOptional: boolean;
  /** Who needs it, for messages: `container synapse`, `volume config`. */
  readonly consumer: string;
  /** Whether the kubelet uses it to pull images; a pod starts without it if the image is public. */
  readonly isPullSecret?: boolean;
}

export type ReferencedKind =
  | 'Secret'
  | 'ConfigMap'
  | 'PersistentVolumeClaim'
  | 'ServiceAccount'
  | 'Issuer'
  | 'ClusterIssuer'
  | 'StorageClass';

/** What an object refers to, by the kind of the object: see `Resource.qualifiedKind`. */
export type References = Readonly<Record<string, (resource: Resource) => readonly Reference[]>>;

/** A name as a reference to an object in the namespace of the resource; none where nothing is written. */
export function reference(
  resource: Resource,
  kind: ReferencedKind,
  name: Value,
  key: Value | undefined,
  consumer: string,
): readonly Reference[] {
  return name.string ? [{ kind, namespace: resource.namespace, name, key, isOptional: false, consumer }] : [];
}

/** The same of a place with a `name` and a `key`. */
export function withKey(
  resource: Resource,
  kind: ReferencedKind,
  selector: Value,
  consumer: string,
): readonly Reference[] {
  return reference(resource, kind, selector.at('name'), selector.at('key'), consumer);
}

/** Where variables of containers are taken from, and what stands there. */
export const keyRefs = [
  ['secretKeyRef', 'Secret'],
  ['configMapKeyRef', 'ConfigMap'],
] as const;

/** Whether the kubelet goes on without what a place refers to. */
export function isOptional(reference: Value): boolean {
  return reference.at('optional').boolean === true;
}
