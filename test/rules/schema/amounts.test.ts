import assert from 'node:assert/strict';
import withoutUnit from '../../../rules/schema/amount-without-unit';
import { fixTitles, messages } from '../expect';

const pod = (resources: string, more = ''): string =>
  `{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: b, resources: {${resources}}}]${more}}}\n`;
const claim = (storage: string): string =>
  `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {resources: {requests: {storage: ${storage}}}}}\n`;

describe('amount-without-unit', () => {
  it('minds what cannot be meant', () => {
    assert.match(messages(withoutUnit, pod('limits: {memory: 512m}')).join(), /thousandths of a byte .* 512Mi/);
    assert.match(messages(withoutUnit, pod('limits: {memory: 512}')).join(), /512 of memory are bytes/);
    assert.match(messages(withoutUnit, pod('requests: {cpu: 250}')).join(), /did you mean 250m\?/);
    assert.match(messages(withoutUnit, claim('"20"')).join(), /20 of storage are bytes — write the unit, such as 20Gi/);
    assert.deepEqual(fixTitles(withoutUnit, claim('20')), ['Write 20Gi', 'Write 20Mi']);
    assert.match(
      messages(withoutUnit, pod('', ', volumes: [{name: a, emptyDir: {sizeLimit: 2}}]')).join(),
      /2 of storage are bytes/,
    );
    const cluster =
      '{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: a}, spec: {storage: {size: "50"}}}\n';
    assert.match(messages(withoutUnit, cluster).join(), /such as 50Gi/);
  });

  it('takes what can be', () => {
    for (const source of [
      pod('limits: {memory: 1073741824, cpu: 64}, requests: {memory: 128M, cpu: 0.1}'),
      pod('limits: {memory: 0}'),
      pod('', ', volumes: [{name: a, emptyDir: {sizeLimit: 64Ki}}]'),
      claim('1Gi'),
      claim('"${SIZE}"'),
    ])
      assert.deepEqual(messages(withoutUnit, source), [], source);
  });
});
