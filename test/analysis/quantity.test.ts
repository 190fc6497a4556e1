import assert from 'node:assert/strict';
import { bytesText, postgresMemory, quantityOf } from '../../analysis/quantity';

describe('quantities', () => {
  it('are read with decimal and binary suffixes', () => {
    for (const [text, value] of [
      ['1', 1],
      ['1000m', 1],
      ['0.5', 0.5],
      ['.5', 0.5],
      ['2Gi', 2 ** 31],
      ['2048Mi', 2 ** 31],
      ['2G', 2e9],
      ['1e3', 1000],
      ['12E-1', 1.2],
      ['1E', 1e18],
      ['50Gi', 50 * 2 ** 30],
    ] as const)
      assert.equal(quantityOf(text), value, text);
  });

  it('are nothing else', () => {
    for (const text of ['', 'Gi', '2GB', '2gi', '1,5', 'one', undefined])
      assert.equal(quantityOf(text), undefined, text);
  });

  it('of PostgreSQL have their own units', () => {
    assert.equal(postgresMemory('4GB'), 4 * 2 ** 30);
    assert.equal(postgresMemory('512 MB'), 512 * 2 ** 20);
    assert.equal(postgresMemory('16384'), 128 * 2 ** 20);
    assert.equal(postgresMemory('4Gi'), undefined);
    assert.equal(postgresMemory('4gb'), undefined);
  });

  it('are said in the largest unit that fits', () => {
    assert.equal(bytesText(2 ** 31), '2Gi');
    assert.equal(bytesText(1.5 * 2 ** 30), '1.5Gi');
    assert.equal(bytesText(500), '500');
  });
});
