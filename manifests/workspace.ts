import { computed, endBatch, setActiveSub, signal, startBatch } from 'alien-signals';
import type { ManifestDocument } from './document';
import { type FileRole, SourceFile } from './file';
import type { Resource } from './resource';
import { isSame, sameOr } from './same';

/** What an index reads from: a document, or a file that has no documents. */
export type IndexSource = ManifestDocument | SourceFile;
export type IndexEntry<T> = readonly [key: string, value: T];

/**
 * A way to look things up: which keys each thing is found under. Its functions must be pure and read nothing but
 * what they are given; the workspace keeps the result up to date at the cost of what changed.
 */
export interface Index<T> {
  readonly name: string;
  resource?(resource: Resource): Iterable<IndexEntry<T>>;
  /** Called for every document, also for broken ones and for those that are no manifests. */
  document?(document: ManifestDocument): Iterable<IndexEntry<T>>;
  /** Called for files that are not YAML or JSON: scripts, configuration files, Markdown. */
  textFile?(file: SourceFile): Iterable<IndexEntry<T>>;
  /** Tells when a changed entry means the same as before, so that nothing that read it has to run again. */
  equal?(a: T, b: T): boolean;
}

/**
 * All files of one deployment tree and every look-up into them.
 *
 * Look-ups made inside a computation are recorded (by alien-signals): the computation runs again only when an answer
 * it really got has changed. A look-up that finds nothing is recorded as well.
 */
export class Workspace {
  readonly #files = new Map<string, SourceFile>();
  readonly #indexes = new Map<Index<unknown>, Map<string, Bucket<unknown>>>();
  readonly #derived = new WeakMap<object, Map<unknown, () => unknown>>();
  readonly #fileList = signal(0);
  /** Counts of work done, for tests that prove how little an edit costs. */
  readonly counters = { documentsRead: 0 };

  /**
   * Adds a file or takes its new text. `path` is relative to the root of the tree, with forward slashes; `unread` says
   * why there is no text.
   */
  update(uri: string, path: string, text: string, unread?: string): DocumentsChanged {
    const known = this.#files.get(uri);
    if (known && known.unread !== unread) this.remove(uri);
    else if (known) return this.#change(known, text);
    const file = new SourceFile(uri, path, text, unread);
    this.#files.set(uri, file);
    const added = [...file.documents];
    this.counters.documentsRead += added.length;
    this.#apply(new Map(), sourcesOf(file), () => this.#fileList(this.#fileList() + 1));
    return { file, removed: [], added };
  }

  #change(known: SourceFile, text: string): DocumentsChanged {
    if (known.text === text) return { file: known, removed: [], added: [] };
    if (known.documents.length === 0) {
      this.#apply(new Map([[known, this.#entriesOf(known)]]), [known], () => known.update(text));
      return { file: known, removed: [], added: [] };
    }
    startBatch();
    try {
      const before = new Map<IndexSource, EntriesByIndex>();
      const change = known.update(text, document => before.set(document, this.#entriesOf(document)));
      const edited = [...before.keys()];
      for (const document of change.removed) before.set(document, this.#entriesOf(document));
      this.counters.documentsRead += edited.length + change.added.length;
      this.#apply(before, [...edited, ...change.added]);
      return { file: known, ...change };
    } finally {
      endBatch();
    }
  }

  remove(uri: string): DocumentsChanged | undefined {
    const file = this.#files.get(uri);
    if (!file) return undefined;
    this.#apply(new Map(sourcesOf(file).map(source => [source, this.#entriesOf(source)])), [], () => {
      this.#files.delete(uri);
      this.#fileList(this.#fileList() + 1);
    });
    return { file, removed: file.documents, added: [] };
  }

  file(uri: string): SourceFile | undefined {
    return this.#files.get(uri);
  }

  /** All files, sorted by path. Reading this depends on which files there are, not on what they say. */
  get files(): readonly SourceFile[] {
    this.#fileList();
    return [...this.#files.values()].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  }

  filesWithRole(role: FileRole): readonly SourceFile[] {
    return this.files.filter(file => file.role === role);
  }

  /** What an index holds under a key, in the order of paths and documents. */
  lookup<T>(index: Index<T>, key: string): readonly T[] {
    const buckets = this.#buckets(index);
    let bucket = buckets.get(key);
    if (!bucket) {
      bucket = new Bucket();
      buckets.set(key, bucket);
    }
    return bucket.read();
  }

  /** All resources of a kind, as {@link Resource.qualifiedKind} names it. */
  resources(qualifiedKind: string): readonly Resource[] {
    return this.lookup(resourcesByKind, qualifiedKind);
  }

  /**
   * The resource of a kind and name that an object of `namespace` means. An object without a namespace goes where the
   * tree is applied to, so it matches any.
   */
  find(qualifiedKind: string, namespace: string | undefined, name: string): Resource | undefined {
    return this.findAll(qualifiedKind, namespace, name)[0];
  }

  findAll(qualifiedKind: string, namespace: string | undefined, name: string): readonly Resource[] {
    if (namespace === undefined) return this.lookup(resourcesByName, nameKey(qualifiedKind, '*', name));
    const exact = this.lookup(resourcesByName, nameKey(qualifiedKind, namespace, name));
    return exact.length > 0 ? exact : this.lookup(resourcesByName, nameKey(qualifiedKind, '', name));
  }

  /** A pure function of one thing and the workspace, computed once until something it read has changed. */
  derive<S extends object, T>(compute: (subject: S, workspace: Workspace) => T, subject: S): T {
    let known = this.#derived.get(subject);
    if (!known) {
      known = new Map();
      this.#derived.set(subject, known);
    }
    let value = known.get(compute);
    if (!value) {
      value = computed(previous => sameOr(previous, compute(subject, this)));
      known.set(compute, value);
    }
    return value() as T;
  }

  /** A pure function of the whole workspace, computed once until something it read has changed. */
  shared<T>(compute: (workspace: Workspace) => T): T {
    let known = this.#derived.get(this);
    if (!known) {
      known = new Map();
      this.#derived.set(this, known);
    }
    let value = known.get(compute);
    if (!value) {
      value = computed(previous => sameOr(previous, compute(this)));
      known.set(compute, value);
    }
    return value() as T;
  }

  #buckets<T>(index: Index<T>): Map<string, Bucket<T>> {
    const known = this.#indexes.get(index as Index<unknown>);
    if (known) return known as Map<string, Bucket<T>>;
    const buckets = new Map<string, Bucket<T>>();
    this.#indexes.set(index as Index<unknown>, buckets as Map<string, Bucket<unknown>>);
    const files = [...this.#files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    // Whoever asks first depends on the answer, not on all that went into the index.
    const reader = setActiveSub(undefined);
    try {
      for (const file of files) for (const source of sourcesOf(file)) insert(buckets, index, source);
    } finally {
      setActiveSub(reader);
    }
    return buckets;
  }

  /** Takes what sources said before out of all indexes, and puts in what they say now. */
  #apply(
    before: ReadonlyMap<IndexSource, EntriesByIndex>,
    now: readonly IndexSource[],
    change: () => void = () => {},
  ): void {
    startBatch();
    try {
      change();
      for (const [index, buckets] of this.#indexes) {
        const touched = new Map<Bucket<unknown>, readonly unknown[]>();
        for (const [source, old] of before) takeOut(buckets, source, old.get(index) ?? [], touched);
        for (const source of now) insert(buckets, index, source, touched);
        announce(index, touched);
      }
    } finally {
      endBatch();
    }
  }

  #entriesOf(source: IndexSource): EntriesByIndex {
    return new Map([...this.#indexes.keys()].map(index => [index, [...entries(index, source)]]));
  }
}

type EntriesByIndex = ReadonlyMap<Index<unknown>, readonly IndexEntry<unknown>[]>;

export interface DocumentsChanged {
  readonly file: SourceFile;
  readonly removed: readonly ManifestDocument[];
  readonly added: readonly ManifestDocument[];
}

/** Resources by qualified kind. */
const resourcesByKind: Index<Resource> = {
  name: 'resources by kind',
  *resource(resource) {
    yield [resource.qualifiedKind, resource];
  },
};

/** Resources by kind, namespace and name; the namespace is empty where none is written, and `*` stands for any. */
const resourcesByName: Index<Resource> = {
  name: 'resources by name',
  *resource(resource) {
    yield [nameKey(resource.qualifiedKind, resource.namespace ?? '', resource.name), resource];
    yield [nameKey(resource.qualifiedKind, '*', resource.name), resource];
  },
};

function nameKey(kind: string, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}

/** The entries of one key, with a version that readers depend on. */
class Bucket<T> {
  readonly owners: IndexSource[] = [];
  values: T[] = [];
  readonly #version = signal(0);

  read(): readonly T[] {
    this.#version();
    return this.values;
  }

  announce(): void {
    this.#version(this.#version() + 1);
  }

  add(owner: IndexSource, value: T): void {
    let at = this.owners.length;
    while (at > 0 && comesBefore(owner, this.owners[at - 1])) at--;
    this.owners.splice(at, 0, owner);
    this.values.splice(at, 0, value);
  }

  delete(owner: IndexSource): void {
    for (let at = this.owners.length - 1; at >= 0; at--) {
      if (this.owners[at] !== owner) continue;
      this.owners.splice(at, 1);
      this.values.splice(at, 1);
    }
  }
}

function comesBefore(a: IndexSource, b: IndexSource | undefined): boolean {
  if (!b) return false;
  const [one, other] = [pathOf(a), pathOf(b)];
  return one === other ? indexOf(a) < indexOf(b) : one < other;
}

function pathOf(source: IndexSource): string {
  return source instanceof SourceFile ? source.path : source.file.path;
}

function indexOf(source: IndexSource): number {
  return source instanceof SourceFile ? 0 : source.index;
}

function sourcesOf(file: SourceFile): readonly IndexSource[] {
  return file.documents.length > 0 ? file.documents : [file];
}

function* entries<T>(index: Index<T>, source: IndexSource): Iterable<IndexEntry<T>> {
  if (source instanceof SourceFile) {
    if (index.textFile) yield* index.textFile(source);
    return;
  }
  if (index.document) yield* index.document(source);
  if (index.resource) for (const resource of source.resources) yield* index.resource(resource);
}

type Touched<T> = Map<Bucket<T>, readonly T[]>;

function insert<T>(buckets: Map<string, Bucket<T>>, index: Index<T>, source: IndexSource, touched?: Touched<T>): void {
  for (const [key, value] of entries(index, source)) {
    let bucket = buckets.get(key);
    if (!bucket) {
      bucket = new Bucket();
      buckets.set(key, bucket);
    }
    remember(bucket, touched);
    bucket.add(source, value);
  }
}

function takeOut<T>(
  buckets: Map<string, Bucket<T>>,
  source: IndexSource,
  old: Iterable<IndexEntry<T>>,
  touched: Touched<T>,
): void {
  for (const [key] of old) {
    const bucket = buckets.get(key);
    if (!bucket) continue;
    remember(bucket, touched);
    bucket.delete(source);
  }
}

/** Keeps what a bucket held before the change; readers may hold the old array, so it is never changed again. */
function remember<T>(bucket: Bucket<T>, touched: Touched<T> | undefined): void {
  if (!touched || touched.has(bucket)) return;
  touched.set(bucket, bucket.values);
  bucket.values = [...bucket.values];
}

function announce<T>(index: Index<T>, touched: Touched<T>): void {
  for (const [bucket, before] of touched) {
    const equal = index.equal ?? isSame;
    if (before.length !== bucket.values.length || !before.every((value, at) => equal(value, bucket.values[at] as T)))
      bucket.announce();
  }
}
