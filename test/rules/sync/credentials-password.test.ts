import assert from 'node:assert/strict';
import rule from '../../../rules/sync/sync-credentials-password';
import { fixed, messages } from '../expect';

/** The good example with another way to the password. */
const withPassword = (entry: string, rest = ''): string =>
  rule.examples.good.replace(/valueFrom:\n\s+secretKeyRef:\n\s+name: main-app\n\s+key: password/, entry) + rest;

describe('sync-credentials-password', () => {
  it('knows that what is written out is no generated password', () => {
    const [message, ...others] = messages(rule, withPassword('value: hunter2'));
    assert.match(message ?? '', /^error: MAIN_DB_PASSWORD is written out, .* is password of Secret main-app/);
    assert.doesNotMatch(message ?? '', /hunter2/);
    assert.deepEqual(others, []);
    assert.deepEqual(
      Object.values(fixed(rule, withPassword('value: hunter2'))),
      Object.values(fixed(rule, rule.examples.good)),
    );
  });

  it('compares it with one that the tree has, and leaves placeholders and other variables alone', () => {
    const secret = `
      #- /secret.yaml
      apiVersion: v1
      kind: Secret
      metadata:
        name: main-app
        namespace: matrix
      stringData:
        password: hunter2
    `;
    assert.deepEqual(messages(rule, withPassword('value: hunter2', secret)), []);
    assert.equal(messages(rule, withPassword('value: hunter3', secret)).length, 1);
    for (const value of ['CHANGEME', '$(OTHER)', '""'])
      assert.deepEqual(messages(rule, withPassword(`value: ${value}`)), []);
  });
});
