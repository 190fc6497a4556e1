import assert from 'node:assert/strict';
import rule from '../../../rules/key-vault/key-vault-package-missing';
import { messages } from '../expect';

describe('key-vault-package-missing', () => {
  // Without the mark, which covers a line of the script.
  const bad = rule.examples.bad.replace(/\n {6}#.*\^.*(?=\n)/, '');

  it('judges pods of images that bring no packages', () => {
    assert.match(messages(rule, bad).join(), /Nothing installs psycopg2-binary/);
    const own = bad.replace(
      '- name: key-vault\n                image: python:3.12',
      '- name: key-vault\n                image: registry.test/key-vault:4',
    );
    assert.notEqual(own, bad);
    assert.deepEqual(messages(rule, own), []);
  });
});
