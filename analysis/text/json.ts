import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser';
import type { Span } from '../../manifests/span';

/** What keeps a text from being JSON. */
export interface JsonProblem {
  /** In words, as the end of a sentence: `a comma stands before the end of the list`. */
  readonly message: string;
  readonly span: Span;
}

/**
 * The mistakes in a JSON text, in order: RFC 8259, without comments and trailing commas, as `JSON.parse` in a browser
 * and Go's and Python's readers take it.
 */
export function jsonProblems(text: string): readonly JsonProblem[] {
  const errors: ParseError[] = [];
  parse(text, errors, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false });
  return errors.map(error => {
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

const messages: Readonly<Record<string, string>> = {
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
};
