import assert from 'node:assert/strict';
import { yamlCursor } from '../../../analysis/completion/position';

/** `role path [list=…] "prefix" span`, for the cursor at `$0`; the path with dots, as no key here has any. */
function at(source: string): string | undefined {
  const offset = source.indexOf('$0');
  assert.notEqual(offset, -1);
  const text = source.replace('$0', '');
  const cursor = yamlCursor(text, offset);
  if (!cursor) return undefined;
  if (cursor.kind === 'block') return `block ${cursor.path.join('.')} ${cursor.indent}`;
  const list = cursor.list ? ` list=${cursor.list.join('.')}` : '';
  const { start, end } = cursor.span;
  return `${cursor.role} ${cursor.path.join('.')}${list} "${cursor.prefix}" [${text.slice(start, end)}]`;
}

describe('position of a cursor in YAML', () => {
  const cases: readonly (readonly [what: string, source: string, expected: string | undefined])[] = [
    ['an empty document', '$0', 'key  "" []'],
    ['a word at the top', 'meta$0', 'key  "meta" [meta]'],
    ['a value that is not there yet', 'a:\n  b: $0', 'value a.b "" []'],
    ['a value right behind the colon', 'a:\n  b:$0', 'value a.b "" []'],
    ['a value that is half typed', 'a:\n  b: fo$0o', 'value a.b "fo" [foo]'],
    ['a key of an entry', 'a:\n  b$0ar: foo', 'key a "b" [bar]'],
    ['a word below a key without a value', 'a:\n  fo$0', 'either a list=a "fo" [fo]'],
    ['an empty line below a key without a value', 'a:\n  $0\nb: 1', 'either a list=a "" []'],
    ['an empty line beside entries', 'a:\n  b: 1\n  $0\n', 'key a "" []'],
    ['an empty line further out', 'a:\n  b:\n    c: 1\n  $0\n', 'key a "" []'],
    ['an empty line at the top', 'a:\n  b: 1\n$0', 'key  "" []'],
    ['a line between others', 'a:\n  b: 1\n  $0\n  c: 2\n', 'key a "" []'],
    ['a dangling dash', 'a:\n  - $0', 'either a.0 "" []'],
    ['a dash without a blank', 'a:\n  -$0', 'either a.0 "" []'],
    ['a word behind a dash', 'a:\n  - b: 1\n  - na$0', 'either a.1 "na" [na]'],
    ['a key behind a dash', 'a:\n  - na$0me: x', 'key a.0 "na" [name]'],
    ['a value behind a dash and a key', 'a:\n  - name: $0', 'value a.0.name "" []'],
    ['a further key of an item', 'a:\n  - name: x\n    $0', 'key a.0 "" []'],
    ['a list at the column of its key', 'a:\n- name: x\n- $0', 'either a.1 "" []'],
    ['a line at the column of a list and its key', 'a:\n- name: x\n$0', 'key  list=a "" []'],
    ['a line at the column of a list', 'a:\n  - name: x\n  $0', 'item a list=a "" []'],
    ['lists in lists', 'a:\n  - - x\n    - $0', 'either a.0.1 "" []'],
    ['double quotes', 'a: "fo$0o"', 'value a "fo" [foo]'],
    ['single quotes', "a: 'fo$0'", 'value a "fo" [fo]'],
    ['a quote that is not closed', 'a: "fo$0\nb: 1', 'value a "fo" [fo]'],
    ['a quoted key', 'a:\n  "b$0c": 1', 'key a "b" [bc]'],
    ['a key with slashes and dots in it', 'a:\n  x.io/y: $0', 'value a.x.io/y "" []'],
    ['a flow mapping', 'a: {b: $0}', 'value a.b "" []'],
    ['a key of a flow mapping', 'a: {b: 1, $0}', 'key a "" []'],
    ['a half-typed value of a flow mapping', 'a: {b: fo$0o, c: 1}', 'value a.b "fo" [foo]'],
    ['a flow mapping that is not closed', 'a: {b: $0\nc: 1', 'value a.b "" []'],
    ['a flow sequence', 'a: [x, $0]', 'either a.1 "" []'],
    ['mappings in flow sequences', 'a: [{b: 1}, {b: "$0"}]', 'value a.1.b "" []'],
    ['a flow mapping over several lines', 'a: {\n  b: 1,\n  c: $0\n}', 'value a.c "" []'],
    ['behind a flow mapping that was left open', 'a: {b: 1\nc:\n  d: $0', 'value c.d "" []'],
    ['a comment', 'a: b # $0', undefined],
    ['a comment of its own line', 'a: b\n# foo$0\n', undefined],
    ['behind a finished value', 'a: b $0', undefined],
    ['the middle of a quoted text of several lines', 'a: "b\n  c$0\n  d"', undefined],
    ['below a quoted text of several lines', 'a: "b\n  c"\nd: $0', 'value d "" []'],
    ['an alias', 'a: *fo$0o', undefined],
    ['a value with an anchor', 'a: &x $0', 'value a "" []'],
    ['Windows line ends', 'a:\r\n  b: fo$0\r\n  c: 1\r\n', 'value a.b "fo" [fo]'],
    ['an empty line with Windows line ends', 'a:\r\n  b: 1\r\n  $0\r\n  c: 1\r\n', 'key a "" []'],
    ['a document marker above', '---\na:\n  $0', 'either a list=a "" []'],
    ['a key that is indented too far', 'a:\n  b: 1\n    c$0', 'key a "c" [c]'],
    ['a column between two levels', 'a:\n    b: 1\n  $0', 'key a "" []'],
    ['a literal block', 'a:\n  b.yaml: |\n    x: $0\n  c: 1', 'block a.b.yaml 4'],
    ['a folded block', 'a: >-\n  x $0', 'block a 2'],
    ['an empty line in a block', 'a: |\n  x\n\n  $0\n  y\n', 'block a 2'],
    ['the end of a block', 'a:\n  b: |\n    x\n    $0', 'block a.b 4'],
    ['below a block', 'a:\n  b: |\n    x\n  $0', 'key a "" []'],
    ['a block in an item', 'a:\n  - |\n    x\n    y$0\n', 'block a.0 4'],
    ['a block with a number', 'a: |2\n    x$0\n', 'block a 2'],
    ['below a block of broken YAML', 'a: |\n  {x: [\nb: $0', 'value b "" []'],
    ['the line of a block header', 'a: |$0\n  x', undefined],
    ['the indentation before a key', 'a:\n $0 b: 1', undefined],
  ];
  for (const [what, source, expected] of cases) it(what, () => assert.equal(at(source), expected));

  it('is told for every offset of a text with everything in it, whole or cut off', () => {
    const text =
      '---\na: &x {b: [1, \'c\'], "d": e}\nf:\n- - g: |\n      h\n  - i: >\n     j\nk: "l\n  m"\nn: *x # o\n? p\n: q\n\t r: !t s\n';
    let found = 0;
    for (let offset = 0; offset <= text.length; offset++) {
      if (yamlCursor(text, offset)) found++;
      yamlCursor(text.slice(0, offset), offset);
      yamlCursor(text.slice(offset), 0);
    }
    assert.ok(found > 20, `${found} places were found`);
  });
});
