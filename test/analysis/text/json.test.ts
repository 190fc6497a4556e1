import assert from 'node:assert/strict';
import { jsonProblems } from '../../../analysis/text/json';

describe('JSON texts', () => {
  it('are read as far as anybody nests brackets', () => {
    assert.deepEqual(jsonProblems(`${'['.repeat(400)}"[[["${']'.repeat(400)}`), []);
    assert.equal(jsonProblems('['.repeat(100_000)).length, 1);
    assert.equal(jsonProblems('{"a":'.repeat(100_000)).length, 1);
  });
});
