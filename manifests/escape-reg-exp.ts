/** A text as a part of a regular expression that matches it alone, as RegExp.escape does where there is one. */
export function escapeRegExp(literal: string): string {
  return literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
