import assert from 'node:assert/strict';
import rule from '../../../rules/deploy/deploy-order';
import { messages } from '../expect';

const manifests = `
    #- /namespace.yaml
    apiVersion: v1
    kind: Namespace
    metadata: {name: matrix}
    #- /redis/redis.yaml
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: redis, namespace: matrix}
    #- /synapse/synapse.yaml
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: synapse, namespace: matrix}
`;

/** A runbook with a step for each command; the heading of a step is made of its number. */
function runbook(
  commands: readonly string[],
  heading = (number: number): string => `## ${number}. Step`,
): readonly string[] {
  const steps = commands.map((command, index) => `${heading(index + 1)}\n\n\`\`\`sh\n${command}\n\`\`\`\n`).join('\n');
  return messages(rule, `${manifests}    #- /README.md\n${steps.replace(/^/gm, '    ')}`);
}

const apply = (path: string): string => `kubectl apply -f ${path}`;

describe('the order of a runbook', () => {
  it('is judged where its steps are numbered', () => {
    const wrong = ['redis/', 'synapse/', 'namespace.yaml'].map(apply);
    const found = runbook(wrong);
    assert.equal(found.length, 2);
    assert.match(
      found[0] ?? '',
      /^warning: redis is applied before namespace.yaml, but ConfigMap redis needs Namespace/,
    );
    assert.equal(runbook(wrong, number => `### Step ${number}: do it`).length, 2);
    assert.deepEqual(
      runbook(wrong, () => '## Apply'),
      [],
      'without numbers',
    );
    assert.deepEqual(
      runbook(wrong, number => `## ${9 - number}. Step`),
      [],
      'numbers that fall',
    );
    assert.deepEqual(runbook(['namespace.yaml', 'redis/', 'synapse/'].map(apply)), []);
    assert.deepEqual(runbook(['redis/', 'namespace.yaml'].map(apply)), [], 'two steps are no runbook');
  });

  it('knows namespaces that a command has made', () => {
    const rest = ['redis/', 'synapse/', 'namespace.yaml'].map(apply);
    assert.deepEqual(runbook(['kubectl create namespace matrix', ...rest]), []);
    assert.deepEqual(runbook(['helm install a a/a --namespace matrix --create-namespace', ...rest]), []);
    const script = (first: string): readonly string[] =>
      messages(rule, `${manifests}    #- /deploy.sh\n${[first, ...rest].join('\n').replace(/^/gm, '    ')}\n`);
    assert.deepEqual(script('kubectl create namespace matrix'), []);
    assert.match(script('echo').join(), /^error: redis is applied before namespace.yaml/);
  });
});
