import assert from 'node:assert/strict';
import { type Bench, openBench } from './bench';

describe('a run against the API server', () => {
  let bench: Bench;
  before(async () => {
    bench = await openBench({ readyMilliseconds: 10 });
    bench.kubectl = context => bench.sandbox.kubectl(context);
  });
  after(() => bench.close());

  it('deploys the whole tree in order and proves it is up', async () => {
    const result = await bench.deploy();
    assert.equal(result.text, 'All 19 steps are done.');
    assert.equal(result.outcome, 'completed-with-waivers');
  });
});
