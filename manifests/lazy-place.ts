import type { Place, Span } from './span';

/** A place that is worked out when it is asked for, because the text around it may have moved since. */
export class LazyPlace implements Place {
  readonly #resolve: () => Place;

  constructor(resolve: () => Place) {
    this.#resolve = resolve;
  }

  /** The place as it is now, worked out once; for many places that are needed at once and not kept. */
  get now(): Place {
    const place = this.#resolve();
    return place instanceof LazyPlace ? place.now : { uri: place.uri, span: place.span };
  }

  get uri(): string {
    return this.#resolve().uri;
  }

  get span(): Span {
    return this.#resolve().span;
  }
}
