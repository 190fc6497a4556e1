import assert from 'node:assert/strict';
import pathMissing from '../../../rules/deploy/deploy-path-missing';
import jobMissing from '../../../rules/deploy/deploy-wait-job-missing';
import nameUnknown from '../../../rules/deploy/post-check-name-unknown';
import type { Rule } from '../../../rules/rule';
import { fixed, messages } from '../expect';

/** Commands of a checklist that the tree has outgrown, mended in the Markdown itself. */
describe('commands in a Markdown checklist', () => {
  const tree = `
#- /main-instance/02-element-web/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: element-web, namespace: matrix}
#- /main-instance/03-haproxy/haproxy.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: synapse, namespace: matrix}
spec: {replicas: 2}
---
apiVersion: v1
kind: Service
metadata: {name: synapse-haproxy, namespace: matrix}
---
apiVersion: batch/v1
kind: Job
metadata: {name: key-vault-init-db, namespace: matrix}
`;
  const checklist = (command: string): string => `#- /CHECKLIST.md
- [ ] Do this:
    - [ ] And this:
      ~~~bash
      ${command}
      ~~~
${tree}`;
  const mended = (rule: Rule, command: string): string | undefined =>
    /~~~bash\n +(.*)\n/.exec(fixed(rule, checklist(command))['CHECKLIST.md'] ?? '')?.[1];

  it('get the folder that was renumbered', () => {
    assert.equal(
      mended(pathMissing, 'kubectl apply -f main-instance/07-element-web/'),
      'kubectl apply -f main-instance/02-element-web/',
    );
    assert.equal(
      mended(pathMissing, 'kubectl apply -f ./main-instance/02-haproxy/haproxy.yaml'),
      'kubectl apply -f ./main-instance/03-haproxy/haproxy.yaml',
    );
    assert.equal(
      mended(pathMissing, 'kubectl apply -f element-web/'),
      'kubectl apply -f main-instance/02-element-web/',
    );
  });

  it('get the folder beside it that has a longer name, and never one of another part', () => {
    assert.equal(
      mended(pathMissing, 'kubectl apply -f main-instance/02-element/'),
      'kubectl apply -f main-instance/02-element-web/',
    );
    const li = `#- /li-instance/01-synapse-li/a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n`;
    const withLi = (command: string) => fixed(pathMissing, `${checklist(command)}${li}`)['CHECKLIST.md'] ?? '';
    assert.match(withLi('kubectl apply -f li-instance/03-haproxy/'), /-f li-instance\/03-haproxy\/\n/);
    assert.match(withLi('kubectl apply -f li-instance/02-synapse/'), /-f li-instance\/01-synapse-li\/\n/);
  });

  it('keep a path that nothing resembles', () => {
    assert.equal(mended(pathMissing, 'kubectl apply -f jitsi/'), 'kubectl apply -f jitsi/');
    assert.equal(messages(pathMissing, checklist('kubectl apply -f jitsi/')).length, 1);
  });

  it('get the Job that was renamed', () => {
    assert.equal(
      mended(jobMissing, 'kubectl wait --for=condition=complete job/key-vault-init -n matrix'),
      'kubectl wait --for=condition=complete job/key-vault-init-db -n matrix',
    );
  });

  it('get the pod, Service or workload that there is', () => {
    for (const [wrong, right] of [
      ['kubectl logs synapse-7 -n matrix', 'kubectl logs synapse-1 -n matrix'],
      ['kubectl get pod synaps-0 -n matrix', 'kubectl get pod synapse-0 -n matrix'],
      ['kubectl exec element-web-0 -n matrix -- ls', 'kubectl exec deployment/element-web -n matrix -- ls'],
      ['kubectl get svc synapse-haprox -n matrix', 'kubectl get svc synapse-haproxy -n matrix'],
      ['kubectl get svc haproxy-synapse -n matrix', 'kubectl get svc haproxy-synapse -n matrix'],
      ['kubectl logs deploy/synapse -n matrix', 'kubectl logs statefulset/synapse -n matrix'],
    ] as const) {
      assert.equal(messages(nameUnknown, checklist(wrong)).length, 1, wrong);
      assert.equal(mended(nameUnknown, wrong), right);
    }
  });
});
