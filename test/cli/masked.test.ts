import assert from 'node:assert/strict';
import { textWithoutSecrets } from '../../cli/formats/masked';
import { prettyFindings } from '../../cli/formats/pretty';
import { namedFindings } from '../../reports/named-findings';
import { rules } from '../../rules/catalogue';
import { checkWorkspace } from '../../rules/findings';
import { workspaceOf } from '../fixture';

/** What a person types into a Secret without the quotes that it needs, or with a slip beside it. */
const slips: readonly string[] = [
  'b: *hunter2',
  'b: !hunter2 x',
  'b: "\\qhunter2"',
  "b: 'x' hunter2",
  'b: a: hunter2',
  'b: [hunter2',
  'b: {hunter2',
  '\tb: hunter2',
  'b: |hunter2\n    x',
  'b: >9hunter2',
  'b: &hunter2',
  'b: @hunter2',
  'b: `hunter2`',
  '- hunter2',
  'hunter2',
  'b: "hunter2',
  '%hunter2',
  'b:hunter2',
  'b: !!binary hunter2',
  'b: {{ hunter2 }}',
  'b: |\n   x\n  hunter2',
  'b: -----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----',
  '<<<<<<< HEAD\n  b: hunter2\n=======\n  b: hunter2\n>>>>>>> theirs',
];

describe('secrets in what is printed', () => {
  for (const key of ['stringData', 'data'])
    for (const slip of slips)
      it(`are neither in messages nor in code frames: ${key}, ${JSON.stringify(slip)}`, () => {
        const text = `apiVersion: v1\nkind: Secret\nmetadata: {name: app}\n${key}:\n  a: x\n  ${slip}\n`;
        assert.doesNotMatch(textWithoutSecrets('secret.yaml', text), /hunter2/);
        const found = checkWorkspace(workspaceOf(new Map([['secret.yaml', text]])), rules);
        assert.doesNotMatch(found.map(({ problem }) => problem.message).join('\n'), /hunter2/);
      });

  it('are hidden by what stands around them, and in the copy that kubectl keeps', () => {
    const text = `apiVersion: v1
kind: Secret
metadata:
  name: app
  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"stringData":{"a":"hunter2"}}'}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: scripts}
data:
  run.sh: |
    psql postgresql://postgres:hunter2@db/synapse -c "ALTER ROLE synapse PASSWORD 'hunter2'"
    redis-cli -h redis -a hunter2 ping
    mc alias set minio http://minio:9000 admin hunter2
    curl -H "Authorization: Bearer hunter2hunter2" http://app
`;
    const shown = textWithoutSecrets('objects.yaml', text);
    assert.doesNotMatch(shown, /hunter2/);
    assert.equal(shown.length, text.length);
    assert.match(shown, /psql postgresql:\/\/postgres:•{7}@db\/synapse -c "ALTER ROLE synapse/);
  });

  it('leave comments, keys and other objects as they are', () => {
    const text = 'kind: Secret\napiVersion: v1\nmetadata: {name: a}\nstringData:\n  user: abc # the user\n';
    assert.equal(textWithoutSecrets('secret.yaml', text), text.replace('abc', '•••'));
  });
});

describe('code frames', () => {
  it('let no text of a file steer the terminal', () => {
    const workspace = workspaceOf(new Map([['\x1b[31mred.yaml', 'a: "\x1b]0;title\x07\u202e\n']]));
    const findings = namedFindings(checkWorkspace(workspace, rules), workspace);
    const shown = prettyFindings({
      version: '1.0.0',
      workspace,
      findings,
      root: 'tree',
      pathPrefix: '',
      milliseconds: 1,
      baseline: undefined,
      color: false,
      fails: () => true,
    });
    assert.match(shown, /red\.yaml:1/);
    assert.doesNotMatch(shown, /[\x00-\x09\x0b-\x1f\u202e]/);
  });
});
