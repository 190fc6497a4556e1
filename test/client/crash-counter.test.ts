import * as assert from 'node:assert/strict';
import { createCrashCounter } from '../../client/crash-counter';

describe('crash counter', () => {
  const minute = 60_000;

  it('lets a server start again after each of four crashes, but not after the fifth within three minutes', () => {
    const counter = createCrashCounter();
    assert.deepEqual(
      [0, 1, 2, 3, 4].map(second => counter.mayRestart(second * 1000)),
      [true, true, true, true, false],
    );
  });

  it('does not hold old crashes against a server', () => {
    const counter = createCrashCounter();
    for (const at of [0, 1, 2, 3]) assert.equal(counter.mayRestart(at * minute), true);
    assert.equal(counter.mayRestart(4 * minute), true);
  });

  it('starts over when told to', () => {
    const counter = createCrashCounter();
    for (const at of [0, 1, 2, 3]) counter.mayRestart(at);
    counter.forget();
    assert.equal(counter.mayRestart(4), true);
  });
});
