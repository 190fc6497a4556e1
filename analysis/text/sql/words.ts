import type { SqlToken } from '../sql-tokens';
import type { SqlName } from './statements';

/** The tokens between the commas of a list; nothing between two commas gives none. */
export function commaSeparated(tokens: readonly SqlToken[]): readonly (readonly SqlToken[])[] {
  const parts: SqlToken[][] = [];
  let current: SqlToken[] = [];
  for (const token of tokens) {
    if (token.text !== ',' || token.kind !== 'mark') current.push(token);
    else {
      parts.push(current);
      current = [];
    }
  }
  return [...parts, current].filter(one => one.length > 0);
}

/** The name or value that a token is; undefined for marks, other than `*`, and for commands. */
export function nameAt(tokens: readonly SqlToken[], at: number): SqlName | undefined {
  const token = tokens[at];
  if (!token || token.kind === 'command' || (token.kind === 'mark' && token.text !== '*')) return undefined;
  if (token.kind === 'variable') return { text: token.text.replace(/[:'"]/g, ''), span: token.span, isVariable: true };
  const span = token.content ? token.content.span(0, token.content.text.length) : token.span;
  return { text: token.text, span, isVariable: false };
}

/** Where the first of some words that follow each other stands, in capitals here; -1 if nowhere. */
export function indexOfWords(tokens: readonly SqlToken[], ...words: readonly string[]): number {
  return tokens.findIndex((_, at) => words.every((word, index) => isWord(tokens[at + index], word)));
}

/** Whether a token is a keyword, which is given in capitals. */
export function isWord(token: SqlToken | undefined, word: string): boolean {
  return token?.kind === 'word' && token.text.length === word.length && token.text.toUpperCase() === word;
}
