import assert from 'node:assert/strict';
import { labelsOfNamespace, matchesSelector, selectorMatch } from '../../../analysis/network/labels';
import { type SelectorJson, selectorFromJson } from './manifest';

describe('label selectors', () => {
  const selector = (json: SelectorJson) => selectorFromJson(json, 's');
  const expression = (operator: string, ...values: string[]) =>
    selector({ matchExpressions: [{ key: 'env', operator, values }] });
  const labels = (record: Record<string, string>) => new Map(Object.entries(record));

  // Columns: the label env is prod, is dev, is absent, may or may not be there.
  const table: readonly (readonly [string, ReturnType<typeof selector>, string, string, string, string])[] = [
    ['empty selector', selector({}), 'yes', 'yes', 'yes', 'yes'],
    ['matchLabels env=prod', selector({ matchLabels: { env: 'prod' } }), 'yes', 'no', 'no', 'unknown'],
    ['In (prod)', expression('In', 'prod'), 'yes', 'no', 'no', 'unknown'],
    ['In (prod, dev)', expression('In', 'prod', 'dev'), 'yes', 'yes', 'no', 'unknown'],
    ['In ()', expression('In'), 'no', 'no', 'no', 'no'],
    ['NotIn (prod)', expression('NotIn', 'prod'), 'no', 'yes', 'yes', 'unknown'],
    ['NotIn (prod, dev)', expression('NotIn', 'prod', 'dev'), 'no', 'no', 'yes', 'unknown'],
    ['NotIn ()', expression('NotIn'), 'yes', 'yes', 'yes', 'yes'],
    ['Exists', expression('Exists'), 'yes', 'yes', 'no', 'unknown'],
    ['DoesNotExist', expression('DoesNotExist'), 'no', 'no', 'yes', 'unknown'],
    ['an operator that does not exist', expression('Matches', 'prod'), 'no', 'no', 'no', 'no'],
  ];
  for (const [name, tested, prod, dev, absent, open] of table) {
    it(`${name}: prod ${prod}, dev ${dev}, absent ${absent}, open ${open}`, () => {
      const match = (record: Record<string, string>, complete: boolean) =>
        selectorMatch(tested, { labels: labels(record), complete }).match;
      assert.deepEqual(
        [match({ env: 'prod' }, true), match({ env: 'dev' }, true), match({}, true), match({}, false)],
        [prod, dev, absent, open],
      );
      // What is listed is known even when the list is not complete.
      assert.equal(match({ env: 'prod' }, false), prod);
      assert.equal(matchesSelector(tested, labels({ env: 'dev' })), dev === 'yes');
    });
  }

  it('wants all entries of matchLabels and matchExpressions', () => {
    const both = selector({
      matchLabels: { app: 'web', tier: 'front' },
      matchExpressions: [{ key: 'canary', operator: 'DoesNotExist' }],
    });
    assert.equal(matchesSelector(both, labels({ app: 'web', tier: 'front', other: 'x' })), true);
    assert.equal(matchesSelector(both, labels({ app: 'web' })), false);
    assert.equal(matchesSelector(both, labels({ app: 'web', tier: 'front', canary: '' })), false);
  });

  it('matches everything without a selector', () => {
    assert.equal(matchesSelector(undefined, labels({})), true);
  });

  it('names the first entry that fails, before one that is only unknown', () => {
    const match = selectorMatch(selector({ matchLabels: { unseen: 'x', app: 'web' } }), {
      labels: labels({ app: 'db' }),
      complete: false,
    });
    assert.deepEqual(match, {
      match: 'no',
      because: {
        key: 'app',
        operator: 'In',
        values: ['web'],
        actual: 'db',
        unknown: false,
        source: 's.matchLabels.app',
      },
    });
  });

  it('gives every namespace its name as a label, declared or not, whatever the manifest claims', () => {
    const declared = new Map([['matrix', labels({ team: 'chat', 'kubernetes.io/metadata.name': 'lie' })]]);
    assert.deepEqual(labelsOfNamespace('matrix', declared), {
      labels: labels({ team: 'chat', 'kubernetes.io/metadata.name': 'matrix' }),
      complete: true,
    });
    assert.deepEqual(labelsOfNamespace('kube-system', declared), {
      labels: labels({ 'kubernetes.io/metadata.name': 'kube-system' }),
      complete: false,
    });
  });
});
