import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readTree as readFiles } from '../../files/disk';
import { difference } from '../../manifests/difference';
import { splitDocuments } from '../../manifests/split';
import { isTree, nodeCount, nodeKind, readTree, scalarText, type Tree } from '../../manifests/tree';
import { patchTree } from '../../manifests/tree-patch';

describe('patchTree', () => {
  const block = `kind: ConfigMap # of Synapse
data:
  # Some words.
  short: "a b"
  homeserver.yaml: |
    # First.
    server_name: example.org

    listeners: [8008]
  list:
    - one
    - key: two
  flow: {a: b}
`;

  it('moves what stands behind a value, and says which one is another', () => {
    const patched = patched_(block, 'a b', 'a longer b');
    assert.deepEqual(
      patched?.changed?.map(node => scalarText(patched.tree, node)),
      ['a longer b'],
    );
    assertSame(patched?.tree, block.replace('a b', 'a longer b'));
  });

  it('knows comments, keys, and lines of block scalars', () => {
    for (const [old, now, changed] of [
      ['Some words', 'Words', 0],
      ['ConfigMap', 'Secret', 1],
      ['one', 'one # first', 0],
      ['example.org', 'example.com', 1],
      ['# First.', '# First, and more.', undefined],
      ['short', 'shorter', undefined],
      ['two', '2', 1],
      ['two', '"two"', 1],
      ['one', 'on', 1],
    ] as const) {
      const patched = patched_(block, old, now);
      if (old === '# First.') assert.equal(patched, undefined, 'this line tells the indentation of the block');
      else {
        assertSame(patched?.tree, block.replace(old, now));
        assert.equal(patched?.changed?.length, changed, old);
      }
    }
  });

  it('leaves to the reader what its place alone does not tell', () => {
    for (const [old, now] of [
      ['{a: b}', '{a: c}'],
      ['one', 'one: more'],
      ['"a b"', '"a b'],
      ['kind', '  kind'],
      ['one', ''],
      ['one', '*one'],
      ['one', '&one 1'],
      ['    server_name', '   server_name'],
      ['example.org', 'example\n.org'],
      ['of Synapse', 'of another'],
    ] as const)
      assert.equal(patched_(block, old, now), undefined, `${old} → ${now}`);
  });

  it('gives the tree that reading the whole text gives, wherever a manifest is edited', () => {
    const texts = ['examples/production', 'examples/broken'].flatMap(folder =>
      [...readFiles(folder)]
        .filter(({ path }) => /\.ya?ml$/.test(path))
        .flatMap(({ text }) => splitDocuments(text).map(({ start, end }) => text.slice(start, end))),
    );
    const trees = texts.map(text => readTree(text)).filter(isTree);
    assert.ok(trees.length > 100);
    let patches = 0;
    const written = [
      'x',
      ' ',
      ':',
      ': ',
      '#',
      ' #',
      '- ',
      '"',
      "'",
      '0',
      '{',
      '|',
      '&a ',
      '!!str ',
      '<<',
      'é',
      'longer words',
    ];
    fc.assert(
      fc.property(
        fc.nat(trees.length - 1),
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.constantFrom(...written, ''),
        fc.nat(3),
        (which, where, put, removed) => {
          const tree = trees[which] as Tree;
          const at = where % tree.text.length;
          const text = tree.text.slice(0, at) + put + tree.text.slice(at + removed);
          const patched = patchTree(tree, text, difference(tree.text, text));
          if (!patched) return;
          patches++;
          assertSame(patched.tree, text);
        },
      ),
      { numRuns: 20_000 },
    );
    assert.ok(patches > 5_000, `${patches} edits were followed`);
  });
});

function patched_(before: string, old: string, now: string) {
  assert.ok(before.includes(old));
  const [tree, text] = [readTree(before), before.replace(old, now)];
  assert.ok(isTree(tree));
  return patchTree(tree, text, difference(before, text));
}

function assertSame(patched: Tree | undefined, text: string): void {
  const read = readTree(text);
  assert.ok(patched && isTree(read), 'it can be read');
  assert.equal(patched.text, text);
  assert.deepEqual(patched.nodes, read.nodes);
  assert.deepEqual([patched.tags, patched.targets], [read.tags, read.targets]);
  for (let node = 0; node < nodeCount(read); node++)
    if (nodeKind(read, node) === 'scalar') assert.equal(scalarText(patched, node), scalarText(read, node));
}
