import { getActiveSub, signal } from 'alien-signals';
import type { TreeChanges } from './tree-changes';

/** What a computation can have read of a node. */
export type Facet = 'kind' | 'text' | 'children';

export type Version = { (): number; (version: number): void };

/**
 * Records what computations have read of a document: which scalars, which nodes they came to, which collections they
 * went through, and what they have looked for in vain. An edit runs again only those that have read what it changes.
 */
export class NodeReads {
  readonly #versions: Readonly<Record<Facet, Map<number, Version>>> = {
    kind: new Map(),
    text: new Map(),
    children: new Map(),
  };
  readonly #missing = new Map<number, Map<string | number, Version>>();
  readonly #whole: Version = signal(0);
  readonly #problems: Version = signal(0);

  /** A computation, if one is running, has read the node with this id. */
  read(facet: Facet, id: number): void {
    if (getActiveSub() !== undefined) versionOf(this.#versions[facet], id)();
  }

  /** A computation, if one is running, has found that a collection has no such child. */
  readMissing(id: number, name: string | number): void {
    if (getActiveSub() === undefined) return;
    let names = this.#missing.get(id);
    if (!names) {
      names = new Map();
      this.#missing.set(id, names);
    }
    versionOf(names, name)();
  }

  /** A computation, if one is running, has read the text as a whole. */
  readAll(): void {
    if (getActiveSub() !== undefined) this.#whole();
  }

  /** A computation, if one is running, has asked whether the text as it stands can be read. */
  readProblems(): void {
    if (getActiveSub() !== undefined) this.#problems();
  }

  problemsChanged(): void {
    announce(this.#problems);
  }

  changed({ texts, children, added, gone }: Omit<TreeChanges, 'ids'>): void {
    this.allChanged();
    for (const id of texts) announce(this.#versions.text.get(id));
    for (const id of children) announce(this.#versions.children.get(id));
    for (const { parent, name } of added) announce(this.#missing.get(parent)?.get(name));
    for (const id of gone) {
      for (const versions of Object.values(this.#versions)) announce(versions.get(id));
      for (const version of this.#missing.get(id)?.values() ?? []) announce(version);
    }
  }

  /** What is read of the text as a whole, such as its comments, says something else. */
  allChanged(): void {
    announce(this.#whole);
  }
}

function versionOf<Key>(versions: Map<Key, Version>, key: Key): Version {
  let version = versions.get(key);
  if (!version) {
    version = signal(0);
    versions.set(key, version);
  }
  return version;
}

/** Tells those who have read something that it is another now. */
export function announce(version: Version | undefined): void {
  version?.(version() + 1);
}
