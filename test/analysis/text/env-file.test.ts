import assert from 'node:assert/strict';
import fc from 'fast-check';
import { envEntry, readEnvFile } from '../../../analysis/text/env-file';
import { assertWords, textOf } from './generate';

describe('readEnvFile', () => {
  const text = `# export MINIO_ROOT_USER="commented"
export MINIO_ROOT_USER="minio-root"
  export MINIO_STORAGE_CLASS_STANDARD='EC:4'
MINIO_BROWSER=on
MINIO_DOMAIN=
MINIO_URL="a=b" # EC:2
MINIO_ODD="
MINIO_BROWSER=off
not an assignment
=x
`;

  it('reads variables as MinIO does', () => {
    for (const sample of [text, text.replaceAll('\n', '\r\n')]) {
      const { entries, malformed } = readEnvFile(sample);
      assert.deepEqual(
        entries.map(one => [one.name.value, one.value.value, one.exported]),
        [
          ['MINIO_ROOT_USER', 'minio-root', true],
          ['MINIO_STORAGE_CLASS_STANDARD', 'EC:4', true],
          ['MINIO_BROWSER', 'on', false],
          ['MINIO_DOMAIN', '', false],
          ['MINIO_URL', '"a=b" # EC:2', false],
          ['MINIO_ODD', '"', false],
          ['MINIO_BROWSER', 'off', false],
        ],
      );
      assert.deepEqual(
        malformed.map(({ start, end }) => sample.slice(start, end)),
        ['not an assignment', '=x'],
      );
    }
  });

  it('knows places', () => {
    const entry = envEntry(readEnvFile(text), 'MINIO_STORAGE_CLASS_STANDARD');
    assert.deepEqual(
      [entry?.name.span, entry?.value.span, entry?.contentSpan, entry?.span].map(span =>
        text.slice(span?.start, span?.end),
      ),
      ['MINIO_STORAGE_CLASS_STANDARD', "'EC:4'", 'EC:4', "export MINIO_STORAGE_CLASS_STANDARD='EC:4'"],
    );
    assert.equal(envEntry(readEnvFile(text), 'MINIO_BROWSER')?.value.value, 'off');
  });

  it('reports places in any text', () => {
    fc.assert(
      fc.property(textOf(['export ', 'A', '=', '"', "'", ' ', '\n', '\r\n', '#', '\t', 'EC:4']), sample => {
        for (const { name, value, contentSpan } of readEnvFile(sample).entries) {
          assertWords(sample, [name]);
          assertWords(sample, [value], /["']/);
          assert.equal(sample.slice(contentSpan.start, contentSpan.end), value.value);
        }
      }),
    );
  });
});
