import assert from 'node:assert/strict';
import { nearest } from '../../analysis/nearest';

describe('nearest', () => {
  it('finds the one name that is at most two edits away, among others', () => {
    assert.equal(nearest('pasword', ['user', 'password', 'host']), 'password');
    assert.equal(nearest('app-conf', ['config', 'app-config', 'other']), 'app-config');
  });

  it('does not guess between two that are as near, nor far', () => {
    assert.equal(nearest('synapse-x', ['synapse-a', 'synapse-b']), undefined);
    assert.equal(nearest('redis', ['postgres', 'minio']), undefined);
  });

  it('does not take a short name for another', () => {
    assert.equal(nearest('ab', ['cd']), undefined);
    assert.equal(nearest('same', ['same']), undefined);
  });
});
