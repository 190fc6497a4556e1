import { LazyPlace } from '../../manifests/lazy-place';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';

/** What kind of thing a name stands for. */
export type SubjectKind =
  /** An object of the cluster: a Secret, a Service, a Namespace, a custom resource. */
  | 'object'
  /** A key of a Secret or ConfigMap. */
  | 'key'
  /** A named port of a container or of a Service. */
  | 'port'
  /** A volume of a pod, or a claim template of a StatefulSet. */
  | 'volume'
  /** A label with its value, of pods, Services or namespaces. */
  | 'label'
  /** An environment variable of a container. */
  | 'variable'
  /** A token in a configuration that a script replaces. */
  | 'placeholder'
  /** A name of a Synapse process. */
  | 'worker'
  /** A backend, an acl or another named part of a HAProxy configuration. */
  | 'haproxy';

/** What a name stands for. Two subjects are the same if {@link isSameSubject} says so. */
export interface Subject {
  readonly kind: SubjectKind;
  /**
   * The canonical name without the namespace: `Secret/db`, `Secret/db#password`, `Cluster.postgresql.cnpg.io/db`,
   * `Deployment/web:http` for a port, `Deployment/web/app$DB_HOST` for a variable of the container `app`.
   */
  readonly id: string;
  /** Undefined for what has no namespace, and for objects that go where the tree is applied to. */
  readonly namespace: string | undefined;
  /** The name itself, which a renaming replaces. */
  readonly name: string;
}

/** A place where something is named. */
export interface Occurrence {
  readonly subject: Subject;
  /** The letters of the name and nothing else, also inside embedded configurations; a place that moves with its text. */
  readonly at: Place;
  readonly role: 'definition' | 'reference';
  /** The scalar whose whole text is the name, or the entry whose key is; undefined if the name is a part of a text. */
  readonly whole?: { readonly value: Value; readonly isKey: boolean };
  /** Where a cursor may stand besides: the key of a label beside its value. */
  readonly reach?: Place;
  /** Leads to the subject under another name, such as a token that a script replaces; a renaming leaves it alone. */
  readonly isIndirect?: true;
}

/** An object as a subject. `kind` is qualified, as {@link Resource.qualifiedKind}. */
export function objectSubject(kind: string, namespace: string | undefined, name: string): Subject {
  return { kind: 'object', id: `${kind}/${name}`, namespace: clusterScoped.has(kind) ? undefined : namespace, name };
}

/** A key of a Secret or ConfigMap as a subject. */
export function keySubject(kind: string, namespace: string | undefined, name: string, key: string): Subject {
  return { kind: 'key', id: `${kind}/${name}#${key}`, namespace, name: key };
}

/** Something that belongs to an object, such as a volume: `Deployment/web` with `/volume/` and the name behind it. */
export function partSubject(kind: SubjectKind, owner: Resource, separator: string, name: string): Subject {
  return { kind, id: `${owner.qualifiedKind}/${owner.name}${separator}${name}`, namespace: owner.namespace, name };
}

/** An object without a namespace goes where the tree is applied to, so it matches any. */
export function isSameSubject(a: Subject, b: Subject): boolean {
  return a.id === b.id && isSameNamespace(a.namespace, b.namespace);
}

export function isSameNamespace(a: string | undefined, b: string | undefined): boolean {
  return a === undefined || b === undefined || a === b;
}

/** An occurrence whose name is the whole of a scalar; nothing if the scalar is no text. */
export function ofScalar(subject: Subject, value: Value, role: Occurrence['role']): readonly Occurrence[] {
  const length = value.text?.length ?? 0;
  return length > 0 ? [{ subject, at: value.part(0, length), role, whole: { value, isKey: false } }] : [];
}

/** An occurrence whose name is the key of an entry. */
export function ofKey(subject: Subject, entry: Value, role: Occurrence['role']): Occurrence {
  return { subject, at: keyName(entry), role, whole: { value: entry, isKey: true } };
}

/** The letters of a key, without the quotes around it. */
export function keyName(entry: Value): Place {
  return new LazyPlace(() => {
    const { start, end } = entry.keySpan;
    const text = entry.source.tree.text;
    const isQuoted = end - start > 1 && /["']/.test(text.charAt(start)) && text[start] === text[end - 1];
    return isQuoted ? entry.source.place(start + 1, end - 1) : entry.source.place(start, end);
  });
}

/** Kinds of the Kubernetes API and of operators in use here whose objects are in no namespace. */
const clusterScoped: ReadonlySet<string> = new Set([
  'Namespace',
  'PersistentVolume',
  'StorageClass',
  'PriorityClass',
  'IngressClass',
  'RuntimeClass',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'ValidatingWebhookConfiguration',
  'MutatingWebhookConfiguration',
  'Node',
  'VolumeSnapshotClass',
  'ClusterIssuer.cert-manager.io',
  'ClusterSecretStore.external-secrets.io',
]);
