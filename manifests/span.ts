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
