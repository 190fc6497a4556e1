import { getActiveSub, signal } from 'alien-signals';

/** Records which scalars of a document computations have read, so that an edit of one runs again only those. */
export class ScalarReads {
  readonly #versions = new Map<number, { (): number; (version: number): void }>();

  /** A computation, if one is running, has read the scalar at a node. */
  read(node: number): void {
    if (getActiveSub() === undefined) return;
    let version = this.#versions.get(node);
    if (!version) {
      version = signal(0);
      this.#versions.set(node, version);
    }
    version();
  }

  /** A computation, if one is running, has read the text as a whole. */
  readAll(): void {
    this.read(wholeText);
  }

  /** The scalars at these nodes say something else now. */
  changed(nodes: readonly number[]): void {
    for (const node of [wholeText, ...nodes]) {
      const version = this.#versions.get(node);
      if (version) version(version() + 1);
    }
  }
}

const wholeText = -1;
