import type { Place, Span } from './span';

/** A place that is worked out when it is asked for, because the text around it may have moved since. */
export class LazyPlace implements Place {
  /** What the place is worked out from, so that it can be compared; two places without it are never taken for the same. */
  readonly origin: readonly unknown[] | undefined;
  readonly #resolve: () => Place;

  constructor(resolve: () => Place, origin?: readonly unknown[]) {
    this.#resolve = resolve;
    this.origin = origin;
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
