import assert from 'node:assert/strict';
import fc from 'fast-check';
import { iniEntry, readIni } from '../../../analysis/text/ini';
import { assertWords, textOf } from './generate';

describe('readIni', () => {
  const text = `stray = 1
# [commented]
[ minio-main ]
type = s3
; secret = commented
secret_access_key = a;b#c "d"
endpoint: http://minio:9000
token = {"a": "b=c"}
quoted = \`x y\`
empty =
not an entry

[minio-li]
type = s3
type = local
[half
`;

  it('reads sections and entries as rclone does', () => {
    for (const sample of [text, text.replaceAll('\n', '\r\n')]) {
      assert.deepEqual(
        readIni(sample).map(({ name, entries }) => [name?.value, entries.map(one => [one.key.value, one.value.value])]),
        [
          [undefined, [['stray', '1']]],
          [
            'minio-main',
            [
              ['type', 's3'],
              ['secret_access_key', 'a;b#c "d"'],
              ['endpoint', 'http://minio:9000'],
              ['token', '{"a": "b=c"}'],
              ['quoted', 'x y'],
              ['empty', ''],
            ],
          ],
          [
            'minio-li',
            [
              ['type', 's3'],
              ['type', 'local'],
            ],
          ],
        ],
      );
    }
  });

  it('knows places', () => {
    const sections = readIni(text);
    const entry = iniEntry(sections, 'minio-main', 'quoted');
    assert.deepEqual(
      [sections[1]?.name?.span, entry?.key.span, entry?.value.span, entry?.span].map(span =>
        text.slice(span?.start, span?.end),
      ),
      ['minio-main', 'quoted', '`x y`', 'quoted = `x y`'],
    );
    assert.equal(iniEntry(sections, 'minio-li', 'type')?.value.value, 'local');
  });

  it('reports places in any text', () => {
    fc.assert(
      fc.property(textOf(['[', ']', 'a', '=', ':', ' ', '\n', '\r\n', '#', ';', '`', '"""', '${X}']), sample => {
        for (const { name, entries } of readIni(sample)) {
          if (name) assertWords(sample, [name]);
          for (const { key, value } of entries) {
            assertWords(sample, [key]);
            assertWords(sample, [value], /`|"""/);
          }
        }
      }),
    );
  });
});
