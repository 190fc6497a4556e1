import assert from 'node:assert/strict';
import fc from 'fast-check';
import { distinguishingLabels } from '../../../analysis/network/distinguishing-labels';
import type { Endpoint, PodEndpoint } from '../../../analysis/network/model';
import { pod } from './manifest';

const name = 'app.kubernetes.io/name';
const component = 'app.kubernetes.io/component';

describe('distinguishing labels', () => {
  const main = pod('m/main', {
    [name]: 'synapse',
    [component]: 'homeserver',
    'matrix.instance': 'main',
    tier: 'main-only',
  });
  const worker = pod('m/worker', { [name]: 'synapse', [component]: 'worker', 'matrix.instance': 'main' });
  const li = pod('m/li', { [name]: 'synapse', [component]: 'homeserver', 'matrix.instance': 'li' });
  const redis = pod('m/redis', { [name]: 'redis' });
  const all: readonly Endpoint[] = [main, worker, li, redis];
  const find = (targets: readonly PodEndpoint[], among = all) => {
    const found = distinguishingLabels(targets, among);
    return found && [Object.fromEntries(found.labels), found.alsoSelects.map(({ id }) => id)];
  };

  it('takes the smallest set that selects exactly the targets', () => {
    assert.deepEqual(find([redis]), [{ [name]: 'redis' }, []]);
    assert.deepEqual(find([worker]), [{ [component]: 'worker' }, []]);
    assert.deepEqual(find([li]), [{ 'matrix.instance': 'li' }, []]);
    assert.deepEqual(find([main, worker]), [{ 'matrix.instance': 'main' }, []]);
    assert.deepEqual(find([main, worker, li]), [{ [name]: 'synapse' }, []]);
  });

  it('prefers labels that say what a pod is, even if it takes two', () => {
    assert.deepEqual(find([main]), [{ [component]: 'homeserver', 'matrix.instance': 'main' }, []]);
    const twin = pod('m/twin', { [name]: 'synapse', [component]: 'homeserver', 'matrix.instance': 'main' });
    assert.deepEqual(find([main], [...all, twin]), [{ tier: 'main-only' }, []]);
  });

  it('says which other pods cannot be told apart', () => {
    const twin = pod('m/twin', { ...Object.fromEntries(worker.labels), extra: 'x' });
    assert.deepEqual(find([worker], [...all, twin]), [{ [component]: 'worker' }, ['m/twin']]);
    assert.deepEqual(find([twin], [...all, twin]), [{ extra: 'x' }, []]);
  });

  it('looks at the targets’ namespace only, and not at pods on the host network', () => {
    const elsewhere = pod('other/redis', { [name]: 'redis' });
    const host = pod('m/host', { [name]: 'redis' }, { hostNetwork: true });
    assert.deepEqual(find([redis], [...all, elsewhere, host]), [{ [name]: 'redis' }, []]);
  });

  it('never uses labels that change, and finds nothing without others', () => {
    const job = pod('m/job', { 'controller-uid': 'abc', 'pod-template-hash': 'x', 'helm.sh/chart': 'c-1.2' });
    assert.equal(find([job], [...all, job]), undefined);
    assert.equal(find([pod('m/bare')], all), undefined);
    assert.equal(find([redis, worker], all), undefined);
    assert.equal(find([], all), undefined);
  });

  it('selects all targets, and no set of labels selects fewer others', () => {
    const labels = fc.dictionary(fc.constantFrom(name, component, 'app', 'x', 'y'), fc.constantFrom('1', '2'), {
      maxKeys: 5,
    });
    fc.assert(
      fc.property(fc.array(labels, { minLength: 2, maxLength: 8 }), fc.integer({ min: 1, max: 2 }), (list, count) => {
        const pods = list.map((own, n) => pod(`m/p${n}`, own));
        const targets = pods.slice(0, count);
        const found = distinguishingLabels(targets, pods);
        const selected = (wanted: ReadonlyMap<string, string>) =>
          pods.filter(one => [...wanted].every(([key, value]) => one.labels.get(key) === value));
        const shared = [...targets[0]!.labels].filter(([key, value]) =>
          targets.every(one => one.labels.get(key) === value),
        );
        if (shared.length === 0) return assert.equal(found, undefined);
        const best = selected(new Map(shared));
        assert.ok(found && found.labels.size > 0);
        assert.deepEqual(selected(found.labels), best);
        assert.deepEqual(
          [...targets, ...found.alsoSelects].map(({ id }) => id).sort(),
          best.map(({ id }) => id).sort(),
        );
        // Dropping any of them would select more.
        for (const key of found.labels.keys()) {
          const fewer = new Map([...found.labels].filter(([other]) => other !== key));
          assert.ok(selected(fewer).length > best.length || fewer.size === 0);
        }
      }),
      { seed: 11, numRuns: 1000 },
    );
  });
});
