import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rules } from '../../../rules/catalogue';
import { checkWorkspace, type Finding } from '../../../rules/findings';
import setIncomplete from '../../../rules/network/netpol-set-incomplete';
import { check, workspaceOf } from '../../fixture';

describe('the set of policies for a namespace without any', () => {
  it('lets the sample deployment work: nothing that it needs is blocked', () => {
    const root = 'examples/production';
    const files = new Map(
      readdirSync(root, { recursive: true, encoding: 'utf8' })
        .filter(path => /\.(?:ya?ml|sh|md)$/.test(path) && !path.endsWith('networkpolicies.yaml'))
        .map(path => [path, readFileSync(join(root, path), 'utf8')]),
    );
    const problems = (): readonly Finding[] =>
      checkWorkspace(workspaceOf(files), rules).filter(
        ({ severity }) => severity === 'error' || severity === 'warning',
      );
    const finding = problems().find(({ rule }) => rule.id === setIncomplete.id);
    const [fix] = finding?.problem.fixes?.() ?? [];
    const [file] = fix?.creates ?? [];
    assert.equal(file?.path, 'infrastructure/04-networking/networkpolicies.yaml');
    assert.equal(fix?.safe, false);
    files.set(file.path, file.text);
    assert.deepEqual(
      problems().map(({ problem }) => problem.message),
      [],
    );
    assert.ok(file.text.split('---').length > 20);
    assert.match(file.text, /^ {2}name: default-deny-all$/m);
  });

  it('is not offered where nothing is known of what is needed', () => {
    const { findings } = check(
      `
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: synapse-main, namespace: matrix}
      spec:
        template:
          metadata: {labels: {app: synapse}}
          spec:
            containers: [{name: synapse, image: "matrixdotorg/synapse:v1.119.0"}]
      `,
      [setIncomplete],
    );
    assert.equal(findings.length, 1);
    assert.deepEqual(findings[0]?.problem.fixes?.(), []);
  });
});
