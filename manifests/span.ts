/** A half-open range of UTF-16 code units in some text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Anything that can be underlined or replaced: a range of a file's text. */
export interface Place {
  readonly uri: string;
  readonly span: Span;
}

/** One replacement in one file. An empty span inserts. */
export interface TextEdit {
  readonly at: Place;
  readonly newText: string;
}

/** Whether two places are the same letters of the same file, whoever has read them. */
export function isSamePlace(a: Place, b: Place): boolean {
  const [one, other] = [a.span, b.span];
  return a.uri === b.uri && one.start === other.start && one.end === other.end;
}

/** What was found in a text, in order and without what overlaps something before it; of two that begin together the longer. */
export function withoutOverlaps<T extends { readonly span: Span }>(found: readonly T[]): readonly T[] {
  let end = 0;
  return [...found]
    .sort((one, other) => one.span.start - other.span.start || other.span.end - one.span.end)
    .filter(({ span }) => {
      if (span.start < end) return false;
      end = span.end;
      return true;
    });
}
