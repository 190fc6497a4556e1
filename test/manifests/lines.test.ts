import assert from 'node:assert/strict';
import { endOfLine, linesAround, startOfLine, startOfNextLine } from '../../manifests/lines';

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
});
