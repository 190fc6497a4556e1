import assert from 'node:assert/strict';
import rule from '../../../rules/sync/sync-media-reversed';
import { messages } from '../expect';

const { bad } = rule.examples;

describe('sync-media-reversed', () => {
  /** The tree of the example with another source and target. */
  function copying(from: string, to: string): readonly string[] {
    const changed = bad
      .replace('- store:synapse-media-li', `- ${from}`)
      .replace('- store:synapse-media\n', `- ${to}\n`);
    assert.notEqual(changed, bad);
    return messages(rule, changed);
  }

  it('finds a bucket that is copied onto itself', () => {
    assert.match(
      copying('store:synapse-media', 'store:synapse-media')[0] ?? '',
      /copies the bucket synapse-media onto itself/,
    );
  });

  it('accepts backups, folders beside the media, and other stores', () => {
    assert.deepEqual(copying('store:synapse-media', 'store:backup'), []);
    assert.deepEqual(copying('store:backup', 'store:synapse-media'), []);
    assert.deepEqual(copying('store:synapse-media-li', 'store:synapse-media/from-li'), []);
    assert.deepEqual(copying('store:synapse-media', 'store:synapse-media/old'), []);
    assert.deepEqual(copying('other:synapse-media', 'store:synapse-media'), []);
  });
});
