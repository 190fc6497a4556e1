import { endBatch, getActiveSub, setActiveSub, signal, startBatch } from 'alien-signals';
import { cached } from './derived';
import type { ManifestDocument } from './document';
import { type FileRole, SourceFile } from './file';
import { compareTexts } from './order';
import type { Resource } from './resource';
import { isSame } from './same';

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
  /** The directories that have a Chart.yaml, and whether they have templates, too. */
  readonly #charts = new Map<string, { hasTemplates: boolean }>();
  readonly #indexes = new Map<Index<unknown>, IndexContent<unknown>>();
  /** What has been derived of each thing, by what derives it: the answer, or in a live workspace what remembers it. */
  #derived = new WeakMap<object, Map<unknown, unknown>>();
  readonly #fileList = signal(0);
  #sorted: readonly SourceFile[] | undefined;
  readonly isLive: boolean;
  /** Counts of work done, for tests that prove how little an edit costs. */
  readonly counters = { documentsRead: 0 };

  /**
   * `isLive: false` is for a tree that is looked at once: nothing is recorded, which is faster, and an update forgets
   * all that has been derived.
   */
  constructor({ isLive = true }: { readonly isLive?: boolean } = {}) {
    this.isLive = isLive;
  }

  /**
   * Adds a file or takes its new text. `path` is relative to the root of the tree, with forward slashes; `unread` says
   * why there is no text.
   */
  update(uri: string, path: string, text: string, unread?: string): DocumentsChanged {
    const known = this.#files.get(uri);
    if (known && known.unread === unread) return this.#change(known, text);
    const gone = known && this.remove(uri);
    const file = new SourceFile(uri, path, text, unread, this.#isChartPart(path));
    this.#files.set(uri, file);
    const added = [...file.documents];
    this.counters.documentsRead += added.length;
    this.#apply([], sourcesOf(file), [], () => this.#filesChanged());
    const charts = this.#learnsOfChart(file) ? this.#readChartsAgain() : [];
    return { file, removed: [], added, others: gone ? [gone, ...charts] : charts };
  }

  /** Whether a new file changes what other files are. */
  #learnsOfChart(file: SourceFile): boolean {
    if (file.name === chartFile) {
      const files = [...this.#files.values()];
      const hasTemplates = files.some(one => belowChart(file.directory, one.path)?.startsWith('templates/'));
      this.#charts.set(file.directory, { hasTemplates });
      return true;
    }
    if (!file.isChartPart) return false;
    const found = [...this.#charts].find(([chart]) => belowChart(chart, file.path)?.startsWith('templates/'));
    if (!found || found[1].hasTemplates) return false;
    found[1].hasTemplates = true;
    return true;
  }

  /**
   * Whether a file belongs to a chart: https://helm.sh/docs/topics/charts/#the-chart-file-structure. The values of a
   * chart without templates are those of the charts that it depends on, and so what is really deployed.
   */
  #isChartPart(path: string): boolean {
    for (const [chart, { hasTemplates }] of this.#charts) {
      const below = belowChart(chart, path);
      if (below === undefined) continue;
      if (/^(?:templates|charts|crds)\//.test(below)) return true;
      if (hasTemplates && /^values(?:\.ya?ml|\.schema\.json)$/.test(below)) return true;
    }
    return false;
  }

  /** Files that have become parts of a chart, or are none any more, are read as what they are now. */
  #readChartsAgain(): readonly DocumentsChanged[] {
    const others = [...this.#files.values()].filter(file => file.isChartPart !== this.#isChartPart(file.path));
    return others.flatMap(({ uri, path, text, unread }) => {
      const removed = this.remove(uri);
      return [...(removed ? [removed] : []), this.update(uri, path, text, unread)];
    });
  }

  #change(known: SourceFile, text: string): DocumentsChanged {
    if (known.text === text) return { file: known, removed: [], added: [] };
    startBatch();
    try {
      const isText = known.documents.length === 0;
      const { removed, edited, added } = known.update(text);
      this.counters.documentsRead += edited.length + added.length;
      this.#apply(isText ? [known] : removed, isText ? [known] : added, edited);
      return { file: known, removed, added };
    } finally {
      endBatch();
    }
  }

  remove(uri: string): DocumentsChanged | undefined {
    const file = this.#files.get(uri);
    if (!file) return undefined;
    this.#apply(sourcesOf(file), [], [], () => {
      this.#files.delete(uri);
      this.#filesChanged();
    });
    if (file.name !== chartFile) return { file, removed: file.documents, added: [] };
    this.#charts.delete(file.directory);
    return { file, removed: file.documents, added: [], others: this.#readChartsAgain() };
  }

  file(uri: string): SourceFile | undefined {
    return this.#files.get(uri);
  }

  /** All files, sorted by path. Reading this depends on which files there are, not on what they say. */
  get files(): readonly SourceFile[] {
    this.#fileList();
    this.#sorted ??= [...this.#files.values()].sort((a, b) => compareTexts(a.path, b.path));
    return this.#sorted;
  }

  filesWithRole(role: FileRole): readonly SourceFile[] {
    return this.files.filter(file => file.role === role);
  }

  /** What an index holds under a key, in the order of paths and documents. */
  lookup<T>(index: Index<T>, key: string): readonly T[] {
    const content = this.#contentOf(index);
    return this.isLive ? content.bucket(key).read() : content.valuesOf(key);
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
    if (namespace === undefined) return this.#named(qualifiedKind, '*', name);
    const exact = this.#named(qualifiedKind, namespace, name);
    return exact.length > 0 ? exact : this.#named(qualifiedKind, '', name);
  }

  /** Those of an index of names; an example says nothing where what has been made of it stands beside it. */
  #named(qualifiedKind: string, namespace: string, name: string): readonly Resource[] {
    const found = this.lookup(resourcesByName, nameKey(qualifiedKind, namespace, name));
    if (found.length < 2) return found;
    const own = found.filter(resource => !resource.document.file.isExample);
    return own.length > 0 ? own : found;
  }

  /** A pure function of one thing and the workspace, computed once until something it read has changed. */
  derive<S extends object, T>(compute: (subject: S, workspace: Workspace) => T, subject: S): T {
    return this.#once(subject, compute, () => compute(subject, this)) as T;
  }

  /** A pure function of two things and the workspace, computed once until something it read has changed. */
  derivePair<A extends object, B extends object, T>(compute: (a: A, b: B, workspace: Workspace) => T, a: A, b: B): T {
    const pairs = this.derive(pairsOf, a);
    let pair = pairs.get(b);
    if (!pair) {
      pair = {};
      pairs.set(b, pair);
    }
    return this.#once(pair, compute, () => compute(a, b, this)) as T;
  }

  /** A pure function of the whole workspace, computed once until something it read has changed. */
  shared<T>(compute: (workspace: Workspace) => T): T {
    return this.#once(this, compute, () => compute(this)) as T;
  }

  #once(subject: object, key: unknown, compute: () => unknown): unknown {
    let known = this.#derived.get(subject);
    if (!known) {
      known = new Map();
      this.#derived.set(subject, known);
    }
    if (!this.isLive) {
      if (known.has(key)) return known.get(key);
      const answer = compute();
      known.set(key, answer);
      return answer;
    }
    let value = known.get(key) as (() => unknown) | undefined;
    if (!value) {
      value = cached(compute);
      known.set(key, value);
    }
    return value();
  }

  #filesChanged(): void {
    this.#sorted = undefined;
    this.#fileList(this.#fileList() + 1);
  }

  #contentOf<T>(index: Index<T>): IndexContent<T> {
    const known = this.#indexes.get(index as Index<unknown>);
    if (known) return known as IndexContent<T>;
    const content = new IndexContent(index);
    this.#indexes.set(index as Index<unknown>, content as IndexContent<unknown>);
    const files = [...this.#files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
    // Whoever asks first depends on the answer, not on all that went into the index.
    const reader = setActiveSub(undefined);
    try {
      for (const file of files) for (const source of sourcesOf(file)) content.insert(source);
    } finally {
      setActiveSub(reader);
    }
    return content;
  }

  /** Takes out of all indexes what sources that are gone have said, puts in what new ones say, and asks edited ones. */
  #apply(
    gone: readonly IndexSource[],
    added: readonly IndexSource[],
    edited: readonly ManifestDocument[],
    change: () => void = () => {},
  ): void {
    if (!this.isLive) this.#derived = new WeakMap();
    startBatch();
    try {
      change();
      for (const content of this.#indexes.values()) {
        const touched: Touched = new Map();
        for (const source of gone) content.takeOut(source, touched);
        for (const source of added) content.insert(source, touched);
        for (const source of edited) content.refresh(source, touched);
        content.announce(touched);
      }
    } finally {
      endBatch();
    }
  }
}

/** What stands for a thing together with each of others, so that something can be kept for the two. */
function pairsOf(_: object): WeakMap<object, object> {
  return new WeakMap();
}

/** The file that makes a directory a Helm chart. */
const chartFile = 'Chart.yaml';

/** The path of a file from the directory of a chart; undefined if it is not in there. */
function belowChart(chart: string, path: string): string | undefined {
  if (chart === '') return path;
  return path.startsWith(`${chart}/`) ? path.slice(chart.length + 1) : undefined;
}

export interface DocumentsChanged {
  readonly file: SourceFile;
  readonly removed: readonly ManifestDocument[];
  readonly added: readonly ManifestDocument[];
  /** Files that are read in another way because of this one, in the order in which they came and went. */
  readonly others?: readonly DocumentsChanged[];
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
  /** Counts the changes for those who have read; nobody may have. */
  #version: ReturnType<typeof signal<number>> | undefined;

  read(): readonly T[] {
    if (getActiveSub() !== undefined) {
      this.#version ??= signal(0);
      this.#version();
    }
    return this.values;
  }

  announce(): void {
    this.#version?.(this.#version() + 1);
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

/** What the buckets held before a change; readers may hold the old arrays, so these are never changed again. */
type Touched = Map<Bucket<unknown>, readonly unknown[]>;

/** What an index has found, by key, and what it has found in each source. */
class IndexContent<T> {
  readonly #index: Index<T>;
  readonly #buckets = new Map<string, Bucket<T>>();
  /** What was found in each source in which something was. */
  readonly #found = new Map<IndexSource, readonly IndexEntry<T>[]>();
  /** How it is found again in documents that somebody edits: without work if they have read nothing that has changed. */
  readonly #finders = new Map<ManifestDocument, () => readonly IndexEntry<T>[]>();

  constructor(index: Index<T>) {
    this.#index = index;
  }

  bucket(key: string): Bucket<T> {
    let bucket = this.#buckets.get(key);
    if (!bucket) {
      bucket = new Bucket();
      this.#buckets.set(key, bucket);
    }
    return bucket;
  }

  /** What stands under a key, without a bucket for a key that nothing stands under. */
  valuesOf(key: string): readonly T[] {
    return this.#buckets.get(key)?.values ?? [];
  }

  insert(source: IndexSource, touched?: Touched): void {
    // Where an edit makes a document anew, the next edit is near.
    const isEdited = touched !== undefined && !(source instanceof SourceFile);
    this.#put(source, isEdited ? this.#finderOf(source)() : this.#entriesOf(source), touched);
  }

  takeOut(source: IndexSource, touched: Touched): void {
    this.#remove(source, touched);
    if (!(source instanceof SourceFile)) this.#finders.delete(source);
  }

  /** Asks an edited document again; its entries are worked out anew only if they have read what has changed. */
  refresh(source: ManifestDocument, touched: Touched): void {
    const entries = this.#finderOf(source)();
    if (entries === (this.#found.get(source) ?? none)) return;
    this.#remove(source, touched);
    this.#put(source, entries, touched);
  }

  #finderOf(source: ManifestDocument): () => readonly IndexEntry<T>[] {
    let find = this.#finders.get(source);
    if (!find) {
      find = cached(() => this.#entriesOf(source));
      this.#finders.set(source, find);
    }
    return find;
  }

  #entriesOf(source: IndexSource): readonly IndexEntry<T>[] {
    const found = [...entries(this.#index, source)];
    return found.length === 0 ? none : found;
  }

  #put(source: IndexSource, found: readonly IndexEntry<T>[], touched: Touched | undefined): void {
    if (found.length === 0) return;
    for (const [key, value] of found) {
      const bucket = this.bucket(key);
      if (touched) remember(bucket, touched);
      bucket.add(source, value);
    }
    this.#found.set(source, found);
  }

  #remove(source: IndexSource, touched: Touched): void {
    for (const [key] of this.#found.get(source) ?? none) {
      const bucket = this.bucket(key);
      remember(bucket, touched);
      bucket.delete(source);
    }
    this.#found.delete(source);
  }

  /** Tells the readers of the buckets that hold something else now. */
  announce(touched: Touched): void {
    const equal = this.#index.equal ?? isSame;
    for (const [bucket, before] of touched) {
      if (
        before.length !== bucket.values.length ||
        !before.every((value, at) => equal(value as T, bucket.values[at] as T))
      )
        bucket.announce();
    }
  }
}

/** What is found in most sources. */
const none: readonly never[] = [];

function remember(bucket: Bucket<unknown>, touched: Touched): void {
  if (touched.has(bucket)) return;
  touched.set(bucket, bucket.values);
  bucket.values = [...bucket.values];
}
