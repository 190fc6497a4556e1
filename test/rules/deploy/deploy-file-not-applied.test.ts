import assert from 'node:assert/strict';
import { rules } from '../../../rules/catalogue';
import { check, compareMarks, marksOf } from '../../fixture';

const fileNotApplied = rules.filter(rule => rule.id === 'deploy-file-not-applied');

const manifests = `
#- /a/one.yaml
apiVersion: v1
kind: Service
metadata:
  name: one
#- /b/two.yaml
apiVersion: v1
kind: Service
metadata:
  name: two
`;
const findsTwo = `${manifests}#       ^^^ info: No script applies b/two.yaml\n`;

describe('deploy-file-not-applied', () => {
  it('finds what is left out, by any script', () => {
    expect(`
#- /deploy.sh
kubectl apply -f a/
${findsTwo}`);
    expect(`
#- /one.sh
kubectl apply -f a/
#- /two.sh
if [ -n "$WITH_TWO" ]; then kubectl create -f b/two.yaml; fi
${manifests}`);
  });

  it('takes neither trials nor deletions nor pages for applying', () => {
    expect(`
#- /deploy.sh
kubectl apply -f a/
kubectl apply --dry-run=client -f b/
kubectl delete -f b/
#- /README.md
~~~bash
kubectl apply -f b/
~~~
${findsTwo}`);
  });

  it('says nothing without scripts, or where it cannot be known what they apply', () => {
    expect(manifests);
    for (const unclear of [
      'kubectl apply -f "$FOLDER/"',
      'kubectl apply -f b/*.yaml',
      'kubectl apply -k b/',
      'kubectl apply -f gone/',
    ])
      expect(`
#- /deploy.sh
kubectl apply -f a/
${unclear}
${manifests}`);
  });

  it('says nothing of files without objects', () => {
    expect(`
#- /deploy.sh
kubectl apply -f a/
kubectl apply -f b/
#- /values.yaml
replicas: 1
#- /overlays/kustomization.yaml
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
metadata:
  name: all
${manifests}`);
  });
});

function expect(source: string): void {
  const { fixture, workspace, findings } = check(source, fileNotApplied);
  const { expected, found } = compareMarks(fixture.marks, marksOf(workspace, findings));
  assert.deepEqual(found, expected);
}
