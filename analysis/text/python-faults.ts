import type { Span } from '../../manifests/span';
import { type PythonToken, pythonTokens } from './python-tokens';

/** A place at which Python stops reading a program. */
export interface PythonFault {
  readonly span: Span;
  /** As the end of a sentence. */
  readonly message: string;
}

/**
 * The first thing in a program that Python cannot read: brackets, strings and indentation
 * (https://docs.python.org/3/reference/lexical_analysis.html). Where tabs indent, only the rest is judged.
 */
export function pythonFault(text: string): PythonFault | undefined {
  const tokens = pythonTokens(text);
  return bracketFault(tokens) ?? (/^ *\t/m.test(text) ? undefined : indentFault(tokens, text));
}

const closing: ReadonlyMap<string, string> = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
]);

function bracketFault(tokens: readonly PythonToken[]): PythonFault | undefined {
  const open: PythonToken[] = [];
  for (const token of tokens) {
    if (token.kind === 'string' && token.contentEnd === token.end)
      return { span: { start: token.start, end: token.end }, message: 'a string that is not closed' };
    if (token.kind !== 'mark') continue;
    if (closing.has(token.text)) open.push(token);
    else if (/^[)\]}]$/.test(token.text)) {
      const last = open.pop();
      if (!last) return { span: spanOf(token), message: `a ${token.text} that closes nothing` };
      if (closing.get(last.text) !== token.text)
        return { span: spanOf(last), message: `a ${last.text} that is closed by ${token.text}` };
    }
  }
  const [first] = open;
  return first && { span: spanOf(first), message: `a ${first.text} that is not closed` };
}

function indentFault(tokens: readonly PythonToken[], text: string): PythonFault | undefined {
  const levels = [0];
  let opens = false;
  let line: PythonToken[] = [];
  for (const token of tokens) {
    if (token.kind !== 'break') {
      line.push(token);
      continue;
    }
    const [first] = line;
    const last = line.at(-1);
    line = [];
    if (!first || !last) continue;
    const column = first.start - (text.lastIndexOf('\n', first.start - 1) + 1);
    const level = levels.at(-1) ?? 0;
    if (opens && column <= level) return { span: spanOf(first), message: 'a line that has to be indented' };
    if (!opens && column > level) return { span: spanOf(first), message: 'a line that is indented too far' };
    if (opens) levels.push(column);
    while (column < (levels.at(-1) ?? 0)) levels.pop();
    if (column !== levels.at(-1)) return { span: spanOf(first), message: 'a line that is indented like none above it' };
    opens = last.kind === 'mark' && last.text === ':';
  }
  return undefined;
}

function spanOf({ start, end }: PythonToken): Span {
  return { start, end };
}
