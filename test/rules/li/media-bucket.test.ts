import assert from 'node:assert/strict';
import rule from '../../../rules/li/li-media-bucket-shared';
import { messages } from '../expect';

const { bad } = rule.examples;

describe('li-media-bucket-shared', () => {
  /** The tree with a change in what the LI instance is configured with. */
  function withLi(from: string, to: string): readonly string[] {
    const at = bad.indexOf('/synapse-li.yaml');
    const changed = bad.slice(at).replace(from, to);
    assert.notEqual(changed, bad.slice(at));
    return messages(rule, bad.slice(0, at) + changed);
  }

  it('accepts a folder of its own, another store, and an instance that only reads', () => {
    assert.equal(messages(rule, bad).length, 1);
    assert.deepEqual(withLi('bucket: synapse-media', 'prefix: li\n                bucket: synapse-media'), []);
    assert.deepEqual(withLi('http://minio.matrix.svc.cluster.local', 'https://s3.tessera.test'), []);
    assert.deepEqual(withLi('store_local: true', 'store_local: false'), []);
    assert.deepEqual(withLi('bucket: synapse-media', 'bucket: MEDIA_BUCKET_PLACEHOLDER'), []);
  });

  it('knows other ways to write the same endpoint', () => {
    assert.equal(withLi('http://minio.matrix.svc.cluster.local', 'http://minio:9000/').length, 1);
    assert.equal(withLi('bucket: synapse-media', 'prefix: /\n                bucket: synapse-media').length, 1);
  });
});
