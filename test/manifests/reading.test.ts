import assert from 'node:assert/strict';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { readTree as readFiles } from '../../files/disk';
import { ManifestDocument } from '../../manifests/document';
import { rootOf } from '../../manifests/embedded';
import { SourceFile } from '../../manifests/file';
import { recoverTree } from '../../manifests/recover';
import type { Span } from '../../manifests/span';
import { splitDocuments } from '../../manifests/split';
import { isTree, nodeCount, nodeKind, readTree, scalarText, sourceSpan, type Tree } from '../../manifests/tree';

/** Both parsers hide behind the same tree, so the tree must not tell which of them made it. */
describe('the two readers', () => {
  it('agree on generated YAML, in structure, text and places', () => {
    const key = fc.stringMatching(/^[a-z][a-zA-Z0-9./_-]{0,8}$/);
    const scalar = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.constantFrom('a\nb\n', 'yes', '0777', '- x', '# no comment', "it's", 'a: b', '  lead', 'trail  '),
    );
    const { value } = fc.letrec(tie => ({
      value: fc.oneof(
        { maxDepth: 4 },
        scalar,
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(value, fc.constantFrom(0, 1, 2), (data, style) => {
        const text =
          style === 2
            ? JSON.stringify(data, null, 2)
            : stringify(data, { lineWidth: 0, ...(style === 1 ? { defaultStringType: 'QUOTE_DOUBLE' as const } : {}) });
        compare(text);
      }),
      { numRuns: 1500 },
    );
  });

  for (const [name, text] of Object.entries({
    anchors: 'base: &base {a: 1, b: [x, y]}\nother:\n  <<: *base\n  c: *base\n',
    'block scalars':
      'a: |\n  one\n\n    two\n  three\nb: >-\n  folded\n  text\n\n  more\nc: |+\n  keep\n\nd: |2\n    indented\n',
    'flow collections': 'a: [1, {b: c}, "d"] # comment ] }\nb: {x: [], y: {}}\n',
    'empty values': 'a:\nb:\n  - \n  - x\nc: ""\nd: ~\n',
    CRLF: 'a: 1\r\nb:\r\n  - x\r\n  - |\r\n    text\r\n    more\r\n',
    'comments everywhere': '# top\na: # after key\n  # inside\n  b: 1 # after value\n# end\n',
    'multi-line plain and quoted': 'a: one\n  two\nb: "x\n  y"\nc: \'p\n\n  q\'\n',
    tags: 'a: !!str 12\nb: !custom {c: d}\n',
  })) {
    it(`agree on ${name}`, () => compare(text));
  }

  for (const root of ['examples/production', 'examples/broken']) {
    it(`agree on a whole tree (${root})`, () => {
      let documents = 0;
      for (const { path, text } of readFiles(root)) {
        if (!/\.ya?ml$/.test(path)) continue;
        for (const { start, end } of splitDocuments(text)) {
          const piece = text.slice(start, end);
          if (!isTree(readTree(piece))) continue;
          compare(piece);
          documents++;
        }
      }
      assert.ok(documents > 0);
    });
  }
});

describe('splitDocuments', () => {
  const split = (text: string): string[] => splitDocuments(text).map(({ start, end }) => text.slice(start, end));
  it('keeps comments and directives with the document they introduce', () => {
    assert.deepEqual(split('# about a\n---\na: 1\n---\n# about b\nb: 2\n'), [
      '# about a\n---\na: 1\n',
      '---\n# about b\nb: 2\n',
    ]);
    assert.deepEqual(split('%YAML 1.2\n---\na: 1\n'), ['%YAML 1.2\n---\na: 1\n']);
  });
  it('ends a document at its end marker', () =>
    assert.deepEqual(split('a: 1\n...\nb: 2\n'), ['a: 1\n...\n', 'b: 2\n']));
  it('does not split inside an indented block scalar', () =>
    assert.deepEqual(split('a: |\n  ---\n  x\n'), ['a: |\n  ---\n  x\n']));
  it('does not take dashes that go on for a marker', () => assert.deepEqual(split('a: 1\n----\n'), ['a: 1\n----\n']));
  it('covers the text, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('---\n', '...\n', 'a: 1\n', '# c\n', '\n', '--- x\n', '---', '%D\n'), {
          maxLength: 8,
        }),
        parts => {
          assert.equal(split(parts.join('')).join(''), parts.join(''));
        },
      ),
    );
  });
  it('needs time in proportion to the text', () => {
    for (const part of ['---\na: 1\n', 'a: 1\n...\n', '----\n', '---\n# c\n']) {
      const started = performance.now();
      splitDocuments(part.repeat(50_000));
      assert.ok(performance.now() - started < 1000, part);
    }
  });
});

describe('SourceFile', () => {
  it('keeps the documents that an edit leaves alone', () => {
    const file = new SourceFile('file:///a.yaml', 'a.yaml', 'a: 1\n---\nb: 2\n---\nc: 3\n');
    const [a, b, c] = file.documents;
    const change = file.update('a: 1\n---\nb: 2\nd: 4\n---\nc: 3\n');
    assert.deepEqual([change.removed, change.edited, change.added], [[], [b], []]);
    assert.equal(file.documents[0], a);
    assert.equal(file.documents[2], c);
    assert.equal(file.text.slice(c?.offset), '---\nc: 3\n');
  });
  it('keeps a document of which only values change', () => {
    const file = new SourceFile('file:///a.yaml', 'a.yaml', 'a: 1\n---\nb: [2, "3"]\n');
    const edited = file.documents[1];
    const value = edited?.root.at('b', 1);
    assert.deepEqual(file.update('a: 1\n---\nb: [2, "30"]\n'), { removed: [], edited: [edited], added: [] });
    assert.equal(value?.text, '30');
  });
  it('makes a new document when what it is called changes, or where nodes cannot be told apart', () => {
    const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\ndata: {c: d}\n';
    const changes: readonly (readonly [string, string, number])[] = [
      ['d}', 'e}', 0],
      ['d}', '"d"}', 0],
      ['c:', 'f:', 0],
      ['name: a', 'name: x', 1],
      ['namespace: b', 'namespace: x', 1],
      ['namespace: b', 'labels: {}', 1],
      ['ConfigMap', 'Secret', 1],
      ['ConfigMap', 'ConfigMapList', 1],
      ['d}', 'd, e: f}', 0],
      ['d}', 'd, c: f}', 1],
      ['d}', '&x d, e: *x}', 1],
      ['\ndata', '\n{{ .Values.x }}\ndata', 1],
    ];
    for (const [from, to, added] of changes) {
      const file = new SourceFile('file:///a.yaml', 'a.yaml', manifest);
      assert.equal(file.update(manifest.replace(from, to)).added.length, added, `${from} → ${to}`);
    }
  });
  it('keeps the values of a document whose structure changes, each on its path', () => {
    const text = 'a:\n  b: 1\n  list: [x, {y: 2}]\nz: last\n';
    const file = new SourceFile('file:///a.yaml', 'a.yaml', text);
    const { root } = file.documents[0] ?? assert.fail();
    const [b, y, z, gone] = [root.at('a', 'b'), root.at('a', 'list', 1, 'y'), root.at('z'), root.at('a', 'list', 0)];
    file.update('new: {n: 0}\na:\n  c: 3\n  list:\n    - k: v\n    - {w: 1, y: 20}\n  b: 10\nz: last\n');
    assert.deepEqual([b.number, y.number, z.text], [10, 20, 'last']);
    assert.deepEqual([gone.kind, gone.text, gone.at('k').text], ['mapping', undefined, 'v']);
    assert.equal(file.text.slice(z.span.start, z.span.end), 'last');
    assert.deepEqual(root.keys(), ['new', 'a', 'z']);
    assert.equal(root.at('new', 'n').number, 0);
    file.update('a:\n  c: 3\n');
    assert.deepEqual([b.exists, b.text, z.kind, y.path], [false, undefined, 'missing', ['a', 'list', 1, 'y']]);
    file.update(text);
    assert.equal(root.at('a', 'b').number, 1);
    assert.ok(!root.at('a', 'b').isAt(b));
  });
  it('keeps a document whose comments or indentation change', () => {
    const file = new SourceFile('file:///a.yaml', 'a.yaml', 'a:\n  b: 1\n');
    const [document] = file.documents;
    assert.deepEqual(file.update('# new\na:\n    b: 1 # one\n'), { removed: [], edited: [], added: [] });
    const value = document?.root.at('a', 'b');
    assert.equal(value?.number, 1);
    assert.equal(file.text.slice(value?.span.start, value?.span.end), '1');
  });
  it('goes on saying what a manifest said before, while it cannot be read', () => {
    const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  c: d\n  e: f\n';
    const file = new SourceFile('file:///a.yaml', 'a.yaml', text);
    const document = file.documents[0] ?? assert.fail();
    const [c, e] = [document.root.at('data', 'c'), document.root.at('data', 'e')];
    const typed = text.replace('c: d', 'c: d\n  ne');
    assert.deepEqual(file.update(typed), { removed: [], edited: [], added: [] });
    assert.equal(document.problems.length, 1);
    assert.deepEqual([document.text, document.writtenText], [text, typed]);
    assert.deepEqual([c.text, e.text], ['d', 'f']);
    const written = ({ span }: { span: Span }): string => typed.slice(span.start, span.end);
    assert.deepEqual([written(c), written(e), written(e.key)], ['d', 'f', 'e']);
    assert.equal(written({ span: document.unsure ?? assert.fail() }), 'ne\n  ');
    assert.equal(document.offsetAt(typed.indexOf('e: f')), text.indexOf('e: f'));
    file.update(typed.replace('ne', 'ne: w'));
    assert.equal(file.documents[0], document);
    assert.deepEqual(document.problems, []);
    assert.deepEqual(document.root.at('data').keys(), ['c', 'ne', 'e']);
    assert.equal(document.unsure, undefined);
  });
  it('takes another type of a value for another value', () => {
    const file = new SourceFile('file:///a.yaml', 'a.yaml', 'a: "1"\n');
    const value = file.documents[0]?.root.at('a');
    assert.equal(file.update('a: 1\n').edited.length, 1);
    assert.equal(value?.scalar, 1);
  });
});

describe('ManifestDocument', () => {
  const read = (text: string): ManifestDocument =>
    new ManifestDocument(new SourceFile('file:///a.yaml', 'a.yaml', ''), text, 0, 0);
  it('unfolds lists', () => {
    const document = read(
      'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: a}}\n- {apiVersion: v1, kind: Secret, metadata: {name: b}}\n',
    );
    assert.deepEqual(
      document.resources.map(resource => resource.title),
      ['Secret/a', 'Secret/b'],
    );
  });
  it('leaves Helm values and templates alone', () => {
    assert.deepEqual(read('kind: DaemonSet\nreplicaCount: 2\n').resources, []);
    const template = read(
      'apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ .Release.Name }}\n{{- if .Values.x }}\ndata: {}\n{{- end }}\n',
    );
    assert.ok(template.isTemplate);
    assert.deepEqual(template.problems, []);
  });
  it('does not take expressions in text for a template', () => {
    const rule = read(
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  x: "{{ $labels.pod }}"\n  y: |\n    {{ define "z" }}\n    key: {{ .x }}\n',
    );
    assert.ok(!rule.isTemplate);
    assert.equal(rule.resources.length, 1);
  });
  it('means the last of two equal keys, as kubectl does', () => {
    const [document] = new SourceFile('file:///a.yaml', 'a.yaml', 'a: {x: 1, y: 2, x: 3}\na:\n  x: 4\n').documents;
    assert.equal(document?.root.at('a', 'x').number, 4);
    assert.equal(document?.root.at('a', 'y').exists, false);
    assert.deepEqual(document?.root.keys(), ['a', 'a'], 'both are there');
  });
  it('remembers what a broken document declares', () => {
    const broken = read(
      'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  # named\n  labels:\n    a: b\n  name: settings\ndata:\n  x: [\n',
    );
    assert.notEqual(broken.problems.length, 0);
    assert.deepEqual(broken.declared, [{ kind: 'ConfigMap', name: 'settings' }]);
  });
  it('survives alias bombs and deep nesting', () => {
    const bomb = `a: &a [x]\n${'bcdefghij'
      .split('')
      .map((name, index) => `${name}: &${name} [${`*${'abcdefghi'[index]},`.repeat(9)}]`)
      .join('\n')}\n`;
    assert.equal(read(bomb).problems.length, 0);
    assert.ok([...read(bomb).root.scalars()].length < 200);
    assert.notEqual(read(`${'['.repeat(5000)}`).problems.length, 0);
  });
  it('does not merge a mapping with what it stands in', () => {
    for (const text of ['a: &x\n  b: 1\n  <<: *x\n', '&x[<<: *x\n<<: *x\n', '&x\n- {a: 1, <<: *x}\n- {b: 2, <<: *x}\n'])
      assert.ok([...read(text).root.scalars()].length <= 3, text);
  });
  it('never throws, whatever is typed', () => {
    const piece = fc.constantFrom(
      'a:',
      ' ',
      '\n',
      '- ',
      '"',
      "'",
      '{',
      '}',
      '[',
      ']',
      '|',
      '>',
      '#',
      '&x',
      '*x',
      '!t',
      ': ',
      '\t',
      'kind: Secret\n',
      '  ',
      '<<: *x\n',
      '%',
      '@',
      '\r\n',
      '---',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), parts => {
        const document = read(parts.join(''));
        for (const value of document.root.scalars()) assert.ok(value.span.end >= value.span.start);
      }),
      { numRuns: 2000 },
    );
  });
});

function compare(text: string): void {
  const fast = readTree(text);
  assert.ok(isTree(fast), `the fast reader refuses ${JSON.stringify(text)}`);
  const { tree, problems } = recoverTree(text);
  assert.deepEqual(problems, []);
  assert.deepEqual(rows(tree), rows(fast), JSON.stringify(text));
}

function rows(tree: Tree): unknown[] {
  rootOf({ tree, place: (start, end) => ({ uri: '', span: { start, end } }), linePrefix: '' });
  return Array.from({ length: nodeCount(tree) }, (_, node) => {
    const kind = nodeKind(tree, node);
    const { start, end } = sourceSpan(tree, node);
    // Where a block ends is seen differently by the two: what matters is where it begins and what it says.
    const block = kind === 'scalar' && /^[|>]/.test(tree.text.slice(start, start + 1));
    return [
      kind,
      start,
      block || kind === 'mapping' || kind === 'sequence' ? undefined : end,
      kind === 'scalar' ? scalarText(tree, node) : undefined,
    ];
  });
}

describe('lists of objects', () => {
  it('are not followed where an alias leads back to them', () => {
    const source = `apiVersion: v1
kind: List
items: &all
  - {apiVersion: v1, kind: Service, metadata: {name: one}}
  - {apiVersion: v1, kind: List, items: *all}
  - {apiVersion: v1, kind: List, items: *all}
`;
    const [document] = new SourceFile('file:///list.yaml', 'list.yaml', source).documents;
    assert.deepEqual(
      document?.resources.map(({ name }) => name),
      ['one'],
    );
  });
});
