import type { Value } from '../../manifests/value';

/** A value that has the right type and that the API server refuses all the same. */
export interface Refusal {
  readonly at: Value;
  /** What is wrong with it, as a sentence without an end. */
  readonly what: string;
  readonly advice: string;
  /** What may stand there instead: a text, or a number as it is written. */
  readonly instead?: string | number;
}

/** Text that a person or a tool has yet to fill in; whatever becomes of it is not known. */
export function isUnfinished(text: string): boolean {
  return /[${}<>]|CHANGE|PLACEHOLDER|REPLACE|TODO|YOUR/i.test(text);
}
