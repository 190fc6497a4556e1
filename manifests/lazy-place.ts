import type { Place, Span } from './span';

/** A place that is worked out when it is asked for, because the text around it may have moved since. */
export class LazyPlace implements Place {
  /** What the place is worked out from, so that it can be compared; two places without it are never taken for the same. */
  readonly origin: readonly unknown[] | undefined;
  readonly #resolve: () => Place;
  readonly #within: Place | undefined;

  /** `within` is a place of the same file that tells its uri with less work. */
  constructor(resolve: () => Place, origin?: readonly unknown[], within?: Place) {
    this.#resolve = resolve;
    this.origin = origin;
    this.#within = within;
  }

  /** The place as it is now, worked out once; for many places that are needed at once and not kept. */
  get now(): Place {
    const place = this.#resolve();
    return place instanceof LazyPlace ? place.now : { uri: place.uri, span: place.span };
  }

  get uri(): string {
    return (this.#within ?? this.#resolve()).uri;
  }

  get span(): Span {
    return this.#resolve().span;
  }
}
