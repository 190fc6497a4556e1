import assert from 'node:assert/strict';
import { effect, endBatch, startBatch } from 'alien-signals';
import { SourceFile } from '../../manifests/file';

describe('searches of a document', () => {
  const text = `apiVersion: v1
kind: ConfigMap
metadata:
  name: one
data:
  # Made with kubectl label ns matrix a=b.
  url: http://synapse:8008
  plain: text
  list: [x, http://redis:6379]
`;
  const isUrl = (one: string) => one.includes('://');
  const kubectl = /kubectl/;

  /** How often each of three readers runs again for an edit. */
  function runs(old: string, now: string): { urls: readonly string[]; lines: number; text: number; scalars: number } {
    const file = new SourceFile('file:///a.yaml', 'a.yaml', text);
    const document = file.documents[0]!;
    const counts = { lines: 0, text: 0, scalars: 0 };
    let urls: readonly string[] = [];
    const stop = [
      effect(() => {
        counts.lines++;
        document.linesThat(kubectl);
      }),
      effect(() => {
        counts.text++;
        document.textWith(/helm/);
      }),
      effect(() => {
        counts.scalars++;
        urls = [...document.root.scalars(isUrl)].map(value => `${value.path.join('.')} ${value.text}`);
      }),
    ];
    assert.ok(text.includes(old));
    startBatch();
    file.update(text.replace(old, now));
    endBatch();
    assert.equal(file.documents[0], document, 'the document is followed');
    for (const one of stop) one();
    return { urls, lines: counts.lines - 1, text: counts.text - 1, scalars: counts.scalars - 1 };
  }
  const [url, listed] = ['data.url http://synapse:8008', 'data.list.1 http://redis:6379'];

  it('find the same again without running, where an edit touches nothing of it', () => {
    assert.deepEqual(runs('plain: text', 'plain: other'), { urls: [url, listed], lines: 0, text: 0, scalars: 0 });
    assert.deepEqual(runs('  plain: text\n', ''), { urls: [url, listed], lines: 0, text: 0, scalars: 0 });
  });

  it('run again for what an edit makes or takes away', () => {
    assert.deepEqual(runs('plain: text', 'plain: tcp://x'), {
      urls: [url, 'data.plain tcp://x', listed],
      lines: 0,
      text: 0,
      scalars: 1,
    });
    assert.deepEqual(runs('[x, http://redis:6379]', '[x]').urls, [url]);
    assert.deepEqual(runs('with kubectl', 'with helm and kubectl'), {
      urls: [url, listed],
      lines: 1,
      text: 1,
      scalars: 0,
    });
    assert.equal(runs('with kubectl', 'by').lines, 1);
  });

  it('run again for another text of what is found', () => {
    assert.deepEqual(runs('synapse:8008', 'synapse:8009').urls, ['data.url http://synapse:8009', listed]);
  });
});
