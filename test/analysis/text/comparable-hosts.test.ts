import assert from 'node:assert/strict';
import { areComparable } from '../../../analysis/text/comparable-hosts';
import rule from '../../../rules/element/element-homeserver-mismatch';
import { messages } from '../../rules/expect';

describe('hosts that are compared', () => {
  it('are real ones, or under the same domain that is still to be replaced', () => {
    assert.ok(areComparable('https://a.tessera.test', 'https://b.tessera.test'));
    assert.ok(areComparable('https://a.example.com', 'https://b.example.com'));
    assert.ok(!areComparable('https://a.example.com', 'https://b.example.org'));
    assert.ok(!areComparable('https://a.example.com', 'https://b.tessera.test'));
    assert.ok(!areComparable('https://a.CHANGEME', 'https://b.CHANGEME'));
  });

  it('let Element be judged before the domain is replaced', () => {
    const marks = /\n +# +\^[^\n]*/g;
    const tree = (element: string, synapse: string): string =>
      rule.examples.good
        .replace(marks, '')
        .replace('"base_url": "https://matrix.tessera.test"', `"base_url": "${element}"`)
        .replace('public_baseurl: https://matrix.tessera.test/', `public_baseurl: ${synapse}`);
    assert.equal(messages(rule, tree('https://matrix.example.com', 'https://li.example.com')).length, 1);
    assert.deepEqual(messages(rule, tree('https://matrix.example.com', 'https://matrix.example.com/')), []);
    assert.deepEqual(messages(rule, tree('https://matrix.tessera.test', 'https://matrix.example.com/')), []);
    assert.equal(messages(rule, tree('http://haproxy.matrix.svc:8008', 'https://matrix.example.com/')).length, 1);
  });
});
