import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { takeLease } from '../../../deploy/cluster/lease';
import type { Kubectl } from '../../../deploy/kubectl/kubectl';
import { inProcessKubectl } from '../api-server/in-process';
import { type Bench, openBench } from '../run/bench';

describe('the Lease in the cluster', () => {
  let bench: Bench;
  let kubectl: Kubectl;
  beforeEach(async () => {
    bench = await openBench({ readyMilliseconds: 5 }, 'test');
    kubectl = inProcessKubectl(bench.server, 'test');
    bench.planOptions = { steps: ['namespaces'] };
  });
  afterEach(() => bench.close());

  const start = Date.parse('2026-01-01T00:00:00Z');
  const me = { user: 'ann', host: 'one', run: 'r1' };
  const other = { user: 'bob', host: 'two', run: 'r2' };
  const never = async (): Promise<boolean> => assert.fail('nobody is to be asked');
  const live = (): { holderIdentity: string; renewTime: string; leaseTransitions: number } => {
    const lease = bench.server.get('Lease', 'default', 'matrix-preflight');
    assert.ok(lease, 'the Lease is there');
    return lease.spec as ReturnType<typeof live>;
  };
  const holder = () => live().holderIdentity;
  const take = (who: typeof me, seconds: number, confirm: (name: string) => Promise<boolean> = never) =>
    takeLease(kubectl, who, () => start + seconds * 1000, confirm);

  it('is held by one, renewed, given up, and then taken by another', async () => {
    const taken = await take(me, 0);
    assert.ok(taken.type === 'held');
    assert.equal(holder(), 'ann@one/r1');
    const refused = await take(other, 30);
    assert.equal(refused.type, 'taken');
    assert.match('text' in refused ? refused.text : '', /^ann@one\/r1 is deploying to this cluster/);
    assert.equal(await taken.lease.renew(), true);
    await taken.lease.release();
    assert.equal(holder(), '');
    assert.equal((await take(other, 31)).type, 'held');
    assert.equal(holder(), 'bob@two/r2');
    assert.equal(live().leaseTransitions, 1);
  });

  it('is taken over only when it has expired, and only if a person agrees', async () => {
    const first = await take(me, 0);
    assert.ok(first.type === 'held');
    assert.equal((await take(other, 59)).type, 'taken');
    const asked: string[] = [];
    const answer = (agrees: boolean) => async (name: string) => {
      asked.push(name);
      return agrees;
    };
    assert.equal((await take(other, 61, answer(false))).type, 'taken');
    assert.equal(holder(), 'ann@one/r1');
    assert.equal((await take(other, 62, answer(true))).type, 'held');
    assert.deepEqual(asked, ['ann@one/r1', 'ann@one/r1']);
    assert.equal(await first.lease.renew(), false, 'the former holder learns of it');
    await first.lease.release();
    assert.equal(holder(), 'bob@two/r2', 'and does not give up what is not its own');
  });

  it('is gone on with by the same run, and after its time by the same person on the same machine', async () => {
    await take(me, 0);
    assert.equal((await take(me, 1)).type, 'held');
    assert.equal((await take({ ...me, run: 'r9' }, 2)).type, 'taken');
    assert.equal((await take({ ...me, run: 'r9' }, 90)).type, 'held');
  });

  it('goes to one of two who want it at the same moment', async () => {
    const outcomes = await Promise.all([take(me, 0), take(other, 0)]);
    assert.deepEqual(outcomes.map(outcome => outcome.type).sort(), ['held', 'taken']);
    const late = await Promise.all([
      take({ ...me, user: 'eve' }, 100, async () => true),
      take({ ...other, user: 'dan' }, 100, async () => true),
    ]);
    assert.deepEqual(late.map(outcome => outcome.type).sort(), ['held', 'taken']);
  });

  it('that was edited into nonsense is respected', async () => {
    await take(me, 0);
    live().renewTime = 'soon';
    assert.equal((await take(other, 1000)).type, 'taken');
  });

  describe('and a run', () => {
    it('holds it until its end', async () => {
      const seen: string[] = [];
      const result = await bench.deploy({
        confirmStep: async () => {
          seen.push(holder());
          return { decision: 'apply' };
        },
      });
      assert.equal(result.outcome, 'completed');
      assert.deepEqual(seen, [`tester@${hostname()}/${result.run}`]);
      assert.equal(holder(), '');
      assert.match(bench.journal(result.run), /"lease":"held"/);
    });

    it('is refused while somebody else deploys, and changes nothing', async () => {
      await takeLease(kubectl, other, Date.now, never);
      const result = await bench.deploy();
      assert.equal(result.outcome, 'refused');
      assert.match(result.text, /^bob@two\/r2 is deploying/);
      assert.equal(bench.server.requests.filter(request => request.startsWith('PATCH')).length, 0);
      assert.equal(holder(), 'bob@two/r2');
      const again = await bench.deploy({ confirmTakeOver: async () => true }, { resume: result.run });
      assert.equal(again.outcome, 'refused', 'it has not expired');
    });

    it('takes an expired one over when told to', async () => {
      await takeLease(kubectl, other, () => Date.now() - 120_000, never);
      assert.equal((await bench.deploy()).outcome, 'refused');
      const result = await bench.deploy({ confirmTakeOver: async ({ holder: name }) => name === 'bob@two/r2' });
      assert.equal(result.outcome, 'completed');
    });

    it('goes on without one where that is forbidden, and says so', async () => {
      const path = /\/leases/;
      bench.server.fault({ path, status: 403, reason: 'Forbidden', message: 'leases is forbidden: no' });
      const result = await bench.deploy();
      assert.equal(result.outcome, 'completed');
      assert.ok(
        bench.events.some(event => event.type === 'log' && /make sure that nobody else deploys/.test(event.text)),
      );
      assert.match(bench.journal(result.run), /"lease":"unavailable"/);
    });

    it('does not begin when nobody can tell whether another deploys', async () => {
      bench.server.fault({ path: /\/leases/, status: 500, reason: 'InternalError', message: 'etcdserver: no leader' });
      const result = await bench.deploy();
      assert.deepEqual([result.outcome, result.reason], ['paused', 'lease-lost']);
      assert.equal(bench.server.requests.filter(request => request.startsWith('PATCH')).length, 0);
      bench.server.clearFaults();
      assert.equal((await bench.deploy({}, { resume: result.run })).outcome, 'completed');
    });
  });
});
