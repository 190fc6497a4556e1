import type { Place, Span } from './span';

/** A place that is worked out when it is asked for, because the text around it may have moved since. */
export class LazyPlace implements Place {
  readonly #resolve: () => Place;

  constructor(resolve: () => Place) {
    this.#resolve = resolve;
  }

  get uri(): string {
    return this.#resolve().uri;
  }

  get span(): Span {
    return this.#resolve().span;
  }
}
