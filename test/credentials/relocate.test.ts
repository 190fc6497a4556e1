import assert from 'node:assert/strict';
import { besides, ignoring, splitFile } from '../../credentials/relocate';

describe('keeping Secrets in another file', () => {
  const first = '# Passwords\nkind: Secret\na: CHANGEME\n';
  const second = '---\nkind: ConfigMap\n';
  const third = '---\nkind: Secret\nb: CHANGEME\n';
  const text = first + second + third;
  const spans = [
    { start: 0, end: first.length },
    { start: first.length + second.length, end: text.length },
  ];
  const [start, at] = [text.indexOf('CHANGEME'), text.lastIndexOf('CHANGEME')];
  const edits = [
    { uri: '', start, end: start + 8, newText: 'one' },
    { uri: '', start: at, end: at + 8, newText: 'another' },
  ];

  it('takes them out of the file, with the values and as they were', () => {
    const { filled, taken, rest } = splitFile(text, spans, edits);
    assert.deepEqual(filled, ['# Passwords\nkind: Secret\na: one\n', 'kind: Secret\nb: another\n']);
    assert.equal(taken, '# Passwords\nkind: Secret\na: CHANGEME\n---\nkind: Secret\nb: CHANGEME\n');
    assert.equal(rest, 'kind: ConfigMap\n');
  });

  it('leaves nothing of a file with nothing else', () => {
    const { rest } = splitFile(
      `${first}${third}# the end\n`,
      [spans[0], { start: first.length, end: first.length + third.length }].flatMap(one => one ?? []),
      [],
    );
    assert.equal(rest, undefined);
  });

  it('names the files and has git ignore them, once', () => {
    assert.equal(besides('file:///a.b/credentials.yaml', 'local'), 'file:///a.b/credentials.local.yaml');
    const ignored = ignoring('dist', '*.local.yaml');
    assert.equal(ignored, 'dist\n*.local.yaml\n');
    assert.equal(ignoring(ignored, '*.local.yaml'), ignored);
  });
});
