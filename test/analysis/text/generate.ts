import assert from 'node:assert/strict';
import fc from 'fast-check';

/** Text made of the given fragments and of random characters: near enough to a language to reach its reader's corners. */
export function textOf(fragments: readonly string[]): fc.Arbitrary<string> {
  const fragment = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...fragments) },
    { weight: 1, arbitrary: fc.string({ maxLength: 4 }) },
  );
  return fc.array(fragment, { maxLength: 40 }).map(parts => parts.join(''));
}

export const shellText = textOf([
  ...[
    'cp ',
    'sed ',
    '-i ',
    '-e ',
    'cat ',
    'echo ',
    'printf ',
    'envsubst ',
    'tee ',
    '-a ',
    'sh -c ',
    'eval ',
    'kubectl exec p -- ',
  ],
  ...[
    'a ',
    '/b/c ',
    'X=',
    'Y=1 ',
    '$X',
    '${X}',
    '${X:-',
    '${X%',
    '$(',
    '`',
    ')',
    '}',
    '"',
    "'",
    '\\',
    '\\\n',
    '\n',
    '\r\n',
    ' ',
  ],
  ...[
    '<<EOF',
    "<<'EOF'",
    '<<-EOF',
    '\nEOF\n',
    '> ',
    '>> ',
    '< ',
    '2>&1 ',
    '| ',
    '&& ',
    '|| ',
    '; ',
    '& ',
    '{ ',
    '; } ',
    '( ',
    ') ',
  ],
  ...[
    'if ',
    'then ',
    'else ',
    'fi ',
    'for f in ',
    'while ',
    'until ',
    'do ',
    'done ',
    'case ',
    ' in ',
    ';; ',
    'esac ',
    'f() { ',
    'f ',
  ],
  ...[
    '# x',
    's/a/$X/g ',
    '[[ ',
    ' ]] ',
    '$((',
    '))',
    '*',
    '{a,b}',
    '~',
    'export ',
    'local ',
    'trap ',
    'find . -exec ',
    '\t',
    '!',
    '=',
    '[@]',
  ],
]);

/**
 * Asserts that words stand in a text, and that each says there what its value is. A word whose text matches `escaped` is
 * written otherwise than it reads.
 */
export function assertWords(
  text: string,
  words: readonly { readonly value: string; readonly span: { readonly start: number; readonly end: number } }[],
  escaped?: RegExp,
): void {
  for (const { value, span } of words) {
    assert.ok(0 <= span.start && span.start <= span.end && span.end <= text.length);
    const written = text.slice(span.start, span.end);
    if (!escaped?.test(written)) assert.equal(written, value);
  }
}
