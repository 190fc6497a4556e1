import { ManifestDocument } from './document';
import { LineIndex } from './lines';
import { baseName, directoryOf } from './paths';
import { splitDocuments } from './split';

/** What a file is read as. Only manifests have documents. */
export type FileRole = 'manifest' | 'values' | 'templated' | 'text';

/**
 * One file of the deployment tree.
 *
 * `path` is relative to the root of the tree, with forward slashes. A YAML or JSON file is cut into documents; after
 * an edit the documents that did not change are kept as they are.
 */
export class SourceFile {
  readonly uri: string;
  readonly path: string;
  /** Why the file was not read, if it was not; its text is then empty. */
  readonly unread: string | undefined;
  /** Whether Helm fills the file in or applies it, so that it is no manifest by itself, whatever it looks like. */
  readonly isChartPart: boolean;
  #text: string;
  #documents: readonly ManifestDocument[] = [];
  #lines: LineIndex | undefined;

  constructor(uri: string, path: string, text: string, unread?: string, isChartPart = false) {
    this.uri = uri;
    this.path = path;
    this.unread = unread;
    this.isChartPart = isChartPart;
    this.#text = text;
    if (this.#isRead) this.#documents = this.#read(text, [], []);
  }

  get text(): string {
    return this.#text;
  }

  get documents(): readonly ManifestDocument[] {
    return this.#documents;
  }

  get lines(): LineIndex {
    this.#lines ??= new LineIndex(this.#text);
    return this.#lines;
  }

  get name(): string {
    return baseName(this.path);
  }

  /** Whether the file is cut into documents. */
  get #isRead(): boolean {
    return isYaml(this.path) || isKustomizationWithoutEnding(this.path);
  }

  /** The directory, relative to the root of the tree; empty for the root itself. */
  get directory(): string {
    return directoryOf(this.path);
  }

  /** Whether kustomize reads it as a kustomization, by its name (kustomize, konfig.RecognizedKustomizationFileNames). */
  get isKustomization(): boolean {
    return /^kustomization\.ya?ml$/.test(this.name) || isKustomizationWithoutEnding(this.path);
  }

  /**
   * Whether it is an example that somebody copies and fills in, by its name: `secret.example.yaml`, `secret-sample.yaml`,
   * `example-secret.yaml`. It is not deployed as it is, and what it leaves open is meant to be open.
   */
  get isExample(): boolean {
    return /[._-](?:example|sample|dist)\.\w+$|^(?:example|sample)[_-]/i.test(this.name);
  }

  get role(): FileRole {
    if (!this.#isRead) return 'text';
    if (this.#documents.some(document => document.resources.length > 0 || document.declared.length > 0))
      return 'manifest';
    return 'values';
  }

  /** Takes a new text and says which documents are gone, edited and new; all but the new ones are the same objects. */
  update(text: string): DocumentChange {
    const before = this.#documents;
    this.#text = text;
    this.#lines = undefined;
    if (!this.#isRead) return { removed: [], edited: [], added: [] };
    const edited: ManifestDocument[] = [];
    this.#documents = this.#read(text, before, edited);
    const kept = new Set(this.#documents);
    const old = new Set(before);
    return {
      removed: before.filter(document => !kept.has(document)),
      edited,
      added: this.#documents.filter(document => !old.has(document)),
    };
  }

  #read(text: string, before: readonly ManifestDocument[], edited: ManifestDocument[]): readonly ManifestDocument[] {
    const spans = splitDocuments(text);
    const pieces = spans.map(({ start, end }) => text.slice(start, end));
    let head = 0;
    while (head < pieces.length && head < before.length && before[head]?.writtenText === pieces[head]) head++;
    let tail = 0;
    while (
      tail < pieces.length - head &&
      tail < before.length - head &&
      before.at(-1 - tail)?.writtenText === pieces.at(-1 - tail)
    )
      tail++;
    const isSameCount = pieces.length === before.length;
    return pieces.map((piece, index) => {
      const offset = spans[index]?.start ?? 0;
      const old =
        index < head || isSameCount
          ? before[index]
          : index >= pieces.length - tail
            ? before[index - pieces.length + before.length]
            : undefined;
      const accepted = old?.accept(piece);
      if (!old || !accepted) return new ManifestDocument(this, piece, offset, index);
      if (accepted === 'values') edited.push(old);
      old.offset = offset;
      old.index = index;
      return old;
    });
  }
}

export interface DocumentChange {
  readonly removed: readonly ManifestDocument[];
  /** Those of which values have changed, and nothing else. */
  readonly edited: readonly ManifestDocument[];
  readonly added: readonly ManifestDocument[];
}

/** Whether a path is that of a kustomization which is YAML, but does not say so by an ending. */
export function isKustomizationWithoutEnding(path: string): boolean {
  return baseName(path) === 'Kustomization';
}

/** Whether kubectl reads a file of a folder as manifests, by its ending. */
export function isYaml(path: string): boolean {
  return /\.(?:ya?ml|json)$/i.test(path);
}
