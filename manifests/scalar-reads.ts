import { getActiveSub, signal } from 'alien-signals';

/**
 * Records which scalars of a document a computation has read, so that an edit of one value runs again only what read
 * it. Neighbours share a record: a computation that reads a whole container then costs a few of them, not hundreds.
 */
export class ScalarReads {
  readonly #versions = new Map<number, { (): number; (version: number): void }>();

  /** A computation, if one is running, has read the scalar at a node. */
  read(node: number): void {
    this.#record(node >> neighbours);
  }

  /** A computation, if one is running, has read the text as a whole. */
  readAll(): void {
    this.#record(wholeText);
  }

  /** The scalars at these nodes say something else now. */
  changed(nodes: readonly number[]): void {
    for (const key of new Set([wholeText, ...nodes.map(node => node >> neighbours)])) {
      const version = this.#versions.get(key);
      if (version) version(version() + 1);
    }
  }

  #record(key: number): void {
    if (getActiveSub() === undefined) return;
    let version = this.#versions.get(key);
    if (!version) {
      version = signal(0);
      this.#versions.set(key, version);
    }
    version();
  }
}

/** Eight nodes in a row share a record: about an entry of `env` with its name and value. */
const neighbours = 3;
const wholeText = -1;
