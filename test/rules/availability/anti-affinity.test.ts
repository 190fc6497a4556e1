import assert from 'node:assert/strict';
import rule from '../../../rules/availability/anti-affinity-selects-nothing';
import { messages } from '../expect';

describe('anti-affinity-selects-nothing', () => {
  const { bad } = rule.examples;
  const found = (source: string): readonly string[] => messages(rule, source);

  it('judges workloads of several pods that no term spreads', () => {
    assert.equal(found(bad).length, 1);
    assert.deepEqual(found(bad.replace('replicas: 3', 'replicas: 1')), []);
    assert.deepEqual(found(bad.replace('matchLabels: {app: cache}', 'matchLabels: {team: cache}')), []);
    const own =
      '                  - topologyKey: zone\n                    labelSelector: {matchLabels: {app: redis}}\n';
    const both = bad.replace('IgnoredDuringExecution:\n', `IgnoredDuringExecution:\n${own}`);
    assert.notEqual(both, bad);
    assert.deepEqual(found(both), []);
    const elsewhere = bad.replace('- topologyKey:', '- namespaces: [other]\n                    topologyKey:');
    assert.deepEqual(found(elsewhere), []);
  });

  it('reads preferred terms', () => {
    const term = (app: string): string =>
      bad.replace(
        /requiredDuring[\s\S]*?matchLabels: \{app: cache\}/,
        `preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: a, labelSelector: {matchLabels: {app: ${app}}}}}]`,
      );
    assert.equal(found(term('cache')).length, 1);
    assert.deepEqual(found(term('redis')), []);
  });
});
