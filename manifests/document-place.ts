import type { ManifestDocument } from './document';
import type { Place, Span } from './span';

/** A range of a document's text, which moves with the document. */
export class DocumentPlace implements Place {
  readonly #document: ManifestDocument;
  readonly #start: number;
  readonly #end: number;

  constructor(document: ManifestDocument, start: number, end: number) {
    this.#document = document;
    this.#start = start;
    this.#end = end;
  }

  get uri(): string {
    return this.#document.file.uri;
  }

  get span(): Span {
    return this.#document.spanInFile(this.#start, this.#end);
  }

  isAt(other: DocumentPlace): boolean {
    return this.#document === other.#document && this.#start === other.#start && this.#end === other.#end;
  }
}
