import { cached } from './derived';
import type { ManifestDocument } from './document';
import type { Value } from './value';

/** One Kubernetes object as written: a document, or an item of a `List`. */
export class Resource {
  readonly document: ManifestDocument;
  readonly root: Value;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** As written; undefined when absent. Cluster-scoped kinds have none. */
  readonly namespace: string | undefined;
  readonly #labels = cached(() => labelsOf(this.root.at('metadata', 'labels')));

  constructor(document: ManifestDocument, root: Value) {
    this.document = document;
    this.root = root;
    this.apiVersion = root.at('apiVersion').text ?? '';
    this.kind = root.at('kind').text ?? '';
    this.name = root.at('metadata', 'name').text ?? '';
    this.namespace = root.at('metadata', 'namespace').text;
  }

  /** The API group; empty for the core group. */
  get group(): string {
    const slash = this.apiVersion.indexOf('/');
    return slash === -1 ? '' : this.apiVersion.slice(0, slash);
  }

  /**
   * The kind as kubectl names it among several: plain for Kubernetes' own kinds (`Secret`, `NetworkPolicy`),
   * with its group for custom resources (`Cluster.postgresql.cnpg.io`).
   */
  get qualifiedKind(): string {
    return qualifiedKind(this.group, this.kind);
  }

  get labels(): ReadonlyMap<string, string> {
    return this.#labels();
  }

  /** `Kind/name`, as messages and reports say it. */
  get title(): string {
    return `${this.kind}/${this.name}`;
  }

  get uri(): string {
    return this.document.file.uri;
  }
}

/** A kind with its group, as in `Cluster.postgresql.cnpg.io`; Kubernetes' own kinds stand alone. */
export function qualifiedKind(group: string, kind: string): string {
  return !group.includes('.') || group.endsWith('.k8s.io') ? kind : `${kind}.${group}`;
}

/** The string entries of a mapping of labels or annotations. */
export function labelsOf(value: Value): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (const [key, entry] of value.entries()) {
    const text = entry.text;
    if (text !== undefined) labels.set(key, text);
  }
  return labels;
}
