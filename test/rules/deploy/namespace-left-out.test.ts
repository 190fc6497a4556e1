import assert from 'node:assert/strict';
import waits from '../../../rules/deploy/deploy-wait-job-missing';
import asks from '../../../rules/deploy/post-check-name-unknown';
import { applyEdits, check } from '../../fixture';

const tree = `
#- /tree.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis, namespace: matrix}
spec:
  replicas: 3
  template: {metadata: {labels: {app: redis}}, spec: {containers: [{name: redis, image: "redis:7"}]}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: init, namespace: matrix}
spec: {template: {spec: {containers: [{name: psql, image: "postgres:16"}]}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: nowhere}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: plain, namespace: default}
`;

describe('commands without a namespace', () => {
  const found = (...lines: readonly string[]): readonly string[] =>
    check(`${tree}#- /deploy.sh\nkubectl apply -f tree.yaml\n${lines.join('\n')}\n`, [waits, asks]).findings.map(
      ({ severity, problem }) => `${severity} ${/looks for the (.*) where/.exec(problem.message)?.[1]}`,
    );
  const named = 'kubectl get pods -n matrix';

  it('are found where the other commands of the file name one', () => {
    assert.deepEqual(found(named, 'kubectl wait --for=condition=complete job/init --timeout=5m'), ['warning Job init']);
    assert.deepEqual(found(named, 'kubectl rollout status statefulset redis'), ['warning StatefulSet redis']);
    assert.deepEqual(found(named, 'kubectl exec redis-1 -- redis-cli ping'), ['warning pod redis-1']);
    assert.deepEqual(found(named, 'kubectl logs job/init'), ['warning Job init']);
    assert.deepEqual(found(named, 'kubectl wait --for=condition=ready pod -l app=redis'), [
      'warning pod with app=redis',
    ]);
  });

  it('are information in a runbook, and get the option', () => {
    const source = `${tree}#- /RUNBOOK.md\n\`\`\`bash\n${named}\nkubectl logs job/init --tail=5\n\`\`\`\n`;
    const { fixture, findings } = check(source, [waits, asks]);
    assert.deepEqual(
      findings.map(one => one.severity),
      ['info'],
    );
    const [fix] = findings[0]?.problem.fixes?.() ?? [];
    assert.ok(fix);
    const texts = applyEdits(fixture.files, fix.edits, fix.creates);
    assert.match(new Map(texts).get('RUNBOOK.md') ?? '', /kubectl logs job\/init -n matrix --tail=5/);
  });

  it('are right where kubectl points there, or nothing tells that it does not', () => {
    const wait = 'kubectl wait --for=condition=complete job/init --timeout=5m';
    assert.deepEqual(found(wait), []);
    assert.deepEqual(found('kubectl get pods -n monitoring', wait), []);
    assert.deepEqual(found('kubectl config set-context --current --namespace=matrix', named, wait), []);
    assert.deepEqual(found('alias kubectl="kubectl -n matrix"', named, wait), []);
    assert.deepEqual(found(named, 'kubectl get configmap plain', 'kubectl get configmap nowhere'), []);
    assert.deepEqual(
      found(named, 'kubectl get pods', 'kubectl get pods -A', 'kubectl get nodes', `${wait} || true`),
      [],
    );
    // What the tree does not have may be anywhere.
    assert.deepEqual(
      found(named, 'kubectl wait --for=condition=ready pod -l app.kubernetes.io/name=ingress-nginx'),
      [],
    );
  });
});
