import assert from 'node:assert/strict';
import { rules } from '../../../rules/catalogue';
import { check, compareMarks, marksOf } from '../../fixture';

const deployOrder = rules.filter(rule => rule.id === 'deploy-order');

const namespace = `
#- /namespace.yaml
apiVersion: v1
kind: Namespace
metadata: {name: matrix}
`;
const database = `
#- /database/cluster.yaml
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: matrix-postgresql, namespace: matrix}
spec: {instances: 3}
`;
const synapse = `
#- /synapse/synapse.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: synapse-main, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: synapse}}
    spec:
      containers:
        - {name: synapse, image: "matrixdotorg/synapse:v1.119.0"}
#- /synapse/secret.yaml
apiVersion: v1
kind: Secret
metadata: {name: synapse, namespace: matrix}
`;
const job = `
#- /job/job.yaml
apiVersion: batch/v1
kind: Job
metadata: {name: key-vault-init-db, namespace: matrix}
`;

describe('deploy-order', () => {
  it('finds a namespace that comes after its objects, which are then refused', () => {
    expect(`
#- /deploy.sh
kubectl apply -f database/
#                ^^^^^^^^^ error: database is applied before namespace.yaml, but Cluster matrix-postgresql needs Namespace matrix
kubectl apply -f namespace.yaml
${namespace}${database}`);
  });

  it('accepts the right order, and what is applied again', () => {
    expect(`
#- /deploy.sh
kubectl apply -f namespace.yaml
kubectl apply -f database/
kubectl apply -f synapse/
kubectl apply -f database/
kubectl apply -f namespace.yaml
${namespace}${database}${synapse}`);
  });

  it('finds Synapse before its database, as a warning', () => {
    expect(`
#- /deploy.sh
kubectl apply -f synapse/synapse.yaml
#                ^^^^^^^^^^^^^^^^^^^^ warning: synapse/synapse.yaml is applied before database, but StatefulSet synapse-main needs Cluster matrix-postgresql
kubectl apply -f database
${database}${synapse}`);
  });

  it('finds workers before their main process', () => {
    expect(`
#- /deploy.sh
kubectl apply -f workers/
#                ^^^^^^^^ warning: workers is applied before synapse, but StatefulSet synapse-generic needs StatefulSet synapse-main
kubectl apply -f synapse/
${synapse}
#- /workers/generic.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: synapse-generic, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: generic}}
    spec:
      containers:
        - {name: synapse, image: "matrixdotorg/synapse:v1.119.0", command: [python, -m, synapse.app.generic_worker]}
`);
  });

  it('accepts Secrets after the pods that read them', () => {
    expect(`
#- /deploy.sh
kubectl apply -f database/
kubectl apply -f synapse/synapse.yaml
kubectl apply -f synapse/secret.yaml
${database}${synapse}`);
  });

  it('finds a definition and a chart that come after objects of their kind', () => {
    expect(`
#- /deploy.sh
kubectl apply -f database/
#                ^^^^^^^^^ error: database is applied before the chart cloudnative-pg is installed, but the kind of Cluster matrix-postgresql comes with it
helm upgrade --install cnpg cnpg/cloudnative-pg -n cnpg-system
${database}`);
    expect(`
#- /deploy.sh
kubectl apply -f database/
#                ^^^^^^^^^ error: but Cluster matrix-postgresql needs CustomResourceDefinition clusters.postgresql.cnpg.io
kubectl apply -f crd.yaml
#- /crd.yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: clusters.postgresql.cnpg.io}
spec: {group: postgresql.cnpg.io, names: {kind: Cluster}}
${database}`);
    expect(`
#- /deploy.sh
helm upgrade --install cnpg cnpg/cloudnative-pg -n cnpg-system
kubectl apply -f database/
${database}`);
  });

  it('finds a wait for a Job before the Job is applied', () => {
    const findings = expect(`
#- /deploy.sh
kubectl wait --for=condition=complete job/key-vault-init-db -n matrix --timeout=5m
#                                     ^^^^^^^^^^^^^^^^^^^^^ error: Job key-vault-init-db is waited for before job is applied
kubectl apply -f job/
${job}`);
    assert.deepEqual(findings[0]?.problem.items, ['B.8w']);
    expect(`
#- /deploy.sh
kubectl apply -f job/
kubectl wait --for=condition=complete job/key-vault-init-db -n matrix --timeout=5m
kubectl wait --for=condition=complete job/of-another-script -n matrix
${job}`);
  });

  it('does not judge branches, trials, other scripts, and pages', () => {
    expect(`
#- /deploy.sh
if [ "$1" = synapse ]; then
  kubectl apply -f synapse/
fi
kubectl apply -f database/
#- /synapse.sh
kubectl apply --dry-run=server -f synapse/
kubectl apply -f database/
#- /one.sh
kubectl apply -f synapse/
#- /README.md
~~~bash
kubectl apply -f synapse/
kubectl apply -f database/
~~~
${database}${synapse}`);
  });
});

function expect(source: string) {
  const { fixture, workspace, findings } = check(source, deployOrder);
  const { expected, found } = compareMarks(fixture.marks, marksOf(workspace, findings));
  assert.deepEqual(found, expected);
  return findings;
}
