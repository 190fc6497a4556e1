import assert from 'node:assert/strict';
import { signal } from 'alien-signals';
import { cached, settled } from '../../manifests/derived';

describe('settled', () => {
  it('keeps what is computed meanwhile for good, and records again afterwards', () => {
    const source = signal(1);
    const kept = settled(() => cached(() => source() * 10));
    const live = cached(() => source() * 10);
    assert.deepEqual([kept(), live()], [10, 10]);
    source(2);
    assert.deepEqual([kept(), live()], [10, 20]);
  });

  it('records again after an error', () => {
    assert.throws(() =>
      settled(() => {
        throw new Error('no');
      }),
    );
    const source = signal(1);
    const live = cached(() => source());
    live();
    source(2);
    assert.equal(live(), 2);
  });
});
