import assert from 'node:assert/strict';
import { repairedUri } from '../../../rules/turn/uri';

describe('TURN addresses', () => {
  it('are repaired where only their spelling is wrong', () => {
    const repaired = {
      'turn://turn.tessera.test:3478?transport=udp': 'turn:turn.tessera.test:3478?transport=udp',
      'turns://turn.tessera.test/': 'turns:turn.tessera.test',
      'turn.tessera.test': 'turn:turn.tessera.test',
      'turn.tessera.test:3478?transport=tcp': 'turn:turn.tessera.test:3478?transport=tcp',
      'turn:turn.tessera.test:3478;transport=UDP': 'turn:turn.tessera.test:3478?transport=udp',
      'turn:turn.tessera.test:3478/?transport=udp': 'turn:turn.tessera.test:3478?transport=udp',
    };
    for (const [text, expected] of Object.entries(repaired)) assert.equal(repairedUri(text), expected);
  });

  it('are left alone where they tell something else, or are right', () => {
    for (const text of [
      'https://turn.tessera.test',
      'turn:turn.tessera.test',
      'turn:a b',
      'turn:host?transport=sctp',
      '',
    ])
      assert.equal(repairedUri(text), undefined, text);
  });
});
