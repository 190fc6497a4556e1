import assert from 'node:assert/strict';
import { endOfLine, LineIndex, linesAround, startOfLine, startOfNextLine } from '../../manifests/lines';

describe('lines of a text', () => {
  const text = '\none\r\ntwo';

  it('begin after a newline, also where the text begins with one', () => {
    assert.deepEqual(
      [0, 1, 3, 6].map(offset => startOfLine(text, offset)),
      [0, 1, 1, 6],
    );
  });

  it('end before their newline, or with the text', () => {
    assert.deepEqual(
      [0, 1, 6, 9].map(offset => endOfLine(text, offset)),
      [0, 5, 9, 9],
    );
    assert.deepEqual(
      [0, 1, 6].map(offset => startOfNextLine(text, offset)),
      [1, 6, 9],
    );
  });

  it('are told as a whole', () => {
    assert.equal(linesAround(text, 2), 'one\r');
    assert.equal(linesAround(text, 2, 7), 'one\r\ntwo');
  });

  it('take positions behind the end of a line or of the text for that end', () => {
    const lines = new LineIndex('one\n\ntwo');
    const offset = (line: number, character: number): number => lines.offset({ line, character });
    assert.deepEqual([offset(0, 9), offset(1, 3), offset(2, 1), offset(2, 9), offset(7, 0)], [3, 4, 6, 8, 8]);
    assert.equal(new LineIndex('').offset({ line: 3, character: 6 }), 0);
  });
});
