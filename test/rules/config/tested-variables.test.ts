import assert from 'node:assert/strict';
import rule from '../../../rules/config/config-env-undefined';
import { isOptionalIn } from '../../../rules/config/tested-variables';
import { messages } from '../expect';

const isOptional = (script: string, defined: readonly string[] = []): boolean =>
  isOptionalIn(script, 'KEY', name => defined.includes(name));

describe('variables that a script can do without', () => {
  it('are those that it asks for, and those of blocks for another that is not there', () => {
    assert.ok(isOptional('[ -n "$KEY" ] && sed "s|K|$KEY|" a > b'));
    assert.ok(isOptional('if [ -n "${KEY}" ]; then\n  echo "$KEY" > b\nfi'));
    const block = 'if [ -n "$CERT" ]; then\n  if true; then echo x; fi\n  echo "$KEY" > b\nfi';
    assert.ok(isOptional(block));
    assert.ok(!isOptional(block, ['CERT']));
  });

  it('are none outside the block, in its else, and where the script refuses to go on', () => {
    assert.ok(!isOptional('if [ -n "$CERT" ]; then echo x; fi\necho "$KEY" > b'));
    assert.ok(!isOptional('if [ -n "$CERT" ]; then\n  echo x\nelse\n  echo "$KEY" > b\nfi'));
    assert.ok(!isOptional('if [ -z "$KEY" ]; then exit 1; fi\necho "$KEY" > b'));
    assert.ok(!isOptional('if [ ! -f b ]; then echo "$KEY" > b; fi'));
    assert.ok(!isOptional('# if [ -n "$KEY" ]; then\necho "$KEY" > b'));
  });

  it('are not asked for by config-env-undefined', () => {
    const tree = (script: string): string => `
apiVersion: v1
kind: Pod
metadata: {name: turn, namespace: matrix}
spec:
  containers:
    - name: coturn
      image: coturn/coturn:4.6.2
      command: [sh, -c]
      args:
        - |
          ${script.replaceAll('\n', '\n          ')}
          exec turnserver -c /tmp/turnserver.conf
`;
    const write = 'echo "static-auth-secret=$SECRET" > /tmp/turnserver.conf';
    assert.match(messages(rule, tree(write))[0] ?? '', /has no variable SECRET/);
    assert.deepEqual(messages(rule, tree(`if [ -n "$SECRET" ]; then\n  ${write}\nfi`)), []);
  });
});
