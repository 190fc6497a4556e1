import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import type { Span } from '../../manifests/span';
import { table } from '../../manifests/table';

/** What keeps a text from being JSON. */
export interface JsonProblem {
  /** In words, as the end of a sentence: `a comma stands before the end of the list`. */
  readonly message: string;
  readonly span: Span;
}

/** `ParseErrorCode.InvalidSymbol`, which is there for the type checker alone. */
const invalidSymbol = 1;

/** What a JSON text says, as far as it can be read: RFC 8259, without comments and trailing commas. */
export function readJson(text: string): { readonly value: unknown; readonly errors: readonly ParseError[] } {
  const tooDeep = placeTooDeep(text);
  if (tooDeep !== undefined)
    return { value: undefined, errors: [{ error: invalidSymbol, offset: tooDeep, length: 1 }] };
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { disallowComments: true, allowTrailingComma: false });
  return { value, errors };
}

/** Where brackets are open inside each other as nobody writes them; the parser would run out of stack. */
function placeTooDeep(text: string): number | undefined {
  let depth = 0;
  for (const { 0: one, index } of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]/gs)) {
    if (one === '[' || one === '{') depth++;
    else if (one === ']' || one === '}') depth--;
    if (depth > 500) return index;
  }
  return undefined;
}

/**
 * The mistakes in a JSON text, in order: RFC 8259, without comments and trailing commas, as `JSON.parse` in a browser
 * and Go's and Python's readers take it.
 */
export function jsonProblems(text: string): readonly JsonProblem[] {
  return readJson(text).errors.map(error => {
    const start = Math.min(error.offset, text.length);
    const before = text.slice(0, start).trimEnd();
    // A trailing comma is noticed at the bracket behind it.
    const isTrailing = before.endsWith(',') && /[}\]]/.test(text.charAt(start));
    return isTrailing
      ? { message: 'a comma before the closing bracket', span: { start: before.length - 1, end: before.length } }
      : {
          message: messages[printParseErrorCode(error.error)] ?? 'not JSON',
          span: { start, end: Math.min(text.length, start + Math.max(1, error.length)) },
        };
  });
}

const messages = table<string>({
  InvalidSymbol: 'a word that is no JSON value',
  InvalidNumberFormat: 'a number that JSON does not know',
  PropertyNameExpected: 'a key in double quotes is missing',
  ValueExpected: 'a value is missing',
  ColonExpected: 'a colon is missing',
  CommaExpected: 'a comma is missing',
  CloseBraceExpected: 'a closing brace is missing',
  CloseBracketExpected: 'a closing bracket is missing',
  EndOfFileExpected: 'something stands behind the end',
  InvalidCommentToken: 'a comment, which JSON does not have',
  UnexpectedEndOfComment: 'a comment, which JSON does not have',
  UnexpectedEndOfString: 'a text without its closing quote',
  UnexpectedEndOfNumber: 'a number that is cut off',
  InvalidUnicode: 'an escape that JSON does not know',
  InvalidEscapeCharacter: 'an escape that JSON does not know',
  InvalidCharacter: 'a character that JSON does not allow in a text',
});
