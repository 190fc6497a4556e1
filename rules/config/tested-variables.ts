import { maskComments } from '../../analysis/text/comments';

/**
 * Whether a shell script does without a variable that nothing defines: it asks first whether the variable is there, or
 * uses it only in blocks that begin with that question for another one that is not there, `if [ -n "$CERTIFICATE" ]`.
 */
export function isOptionalIn(script: string, name: string, isDefined: (name: string) => boolean): boolean {
  const text = maskComments(script, 'shell');
  if (testOf(name).test(text)) return true;
  let isUsed = false;
  // The variables that the conditions around ask for, innermost last.
  const asked: string[][] = [];
  let conditionFrom: number | undefined;
  for (const match of text.matchAll(steps)) {
    const [, word, variable] = match;
    if (word === 'if' || word === 'elif') {
      if (word === 'elif') asked.pop();
      conditionFrom = match.index + match[0].length;
    } else if (word === 'then' && conditionFrom !== undefined) {
      asked.push([...text.slice(conditionFrom, match.index).matchAll(tests)].flatMap(found => found[1] ?? []));
      conditionFrom = undefined;
    } else if (word === 'else') {
      asked.pop();
      asked.push([]);
    } else if (word === 'fi') asked.pop();
    else if (variable === name) {
      isUsed = true;
      if (!asked.flat().some(one => !isDefined(one))) return false;
    }
  }
  return isUsed;
}

const steps = /(?:^|[\n;&|(]|\b(?:then|else|do)\b)[ \t]*(if|elif|then|else|fi)(?=[\s;]|$)|\$\{?(\w+)/g;
const tests = /-n\s+"?\$\{?(\w+)/g;

/** `[ -n "$NAME" ]` and `${NAME:+…}`. */
function testOf(name: string): RegExp {
  return new RegExp(`-n\\s+"?\\$\\{?${name}\\b|\\$\\{${name}:?\\+`);
}
