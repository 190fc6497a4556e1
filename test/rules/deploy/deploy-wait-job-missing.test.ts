import assert from 'node:assert/strict';
import { rules } from '../../../rules/catalogue';
import { check, compareMarks, marksOf } from '../../fixture';

const waits = rules.filter(rule => rule.id === 'deploy-wait-job-missing' || rule.id === 'deploy-selector-empty');

const tree = `
#- /tree.yaml
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: matrix-postgresql, namespace: matrix}
spec: {instances: 3}
---
apiVersion: minio.min.io/v2
kind: Tenant
metadata: {name: matrix-minio, namespace: matrix}
spec: {pools: [{name: pool-0, servers: 4, volumesPerServer: 2}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: key-vault-init-db, namespace: matrix}
spec: {template: {spec: {containers: [{name: psql, image: "postgres:16"}]}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis, namespace: matrix}
spec:
  replicas: 3
  template: {metadata: {labels: {app: redis}}, spec: {containers: [{name: redis, image: "redis:7"}]}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: matrix, annotations: {cert-manager.io/cluster-issuer: ca}}
spec: {tls: [{secretName: web-tls, hosts: [chat.tessera.test]}]}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: turn, namespace: matrix}
spec: {secretName: turn-tls}
`;

describe('deploy-wait-job-missing', () => {
  it('knows custom resources by each of their names, and what operators and charts bring', () => {
    expect(`
#- /deploy.sh
kubectl wait --for=condition=Ready cluster/matrix-postgresql -n matrix
kubectl wait --for=condition=Ready clusters.postgresql.cnpg.io matrix-postgresql -n matrix
kubectl wait --for=condition=Ready certificate/web-tls cert/turn -n matrix
kubectl wait --for=condition=Ready pod/redis-2 pod/matrix-postgresql-1 -n matrix
kubectl wait --for=condition=Established crd/clusters.postgresql.cnpg.io
kubectl wait --for=condition=Available deployment/cert-manager-webhook -n cert-manager
kubectl rollout status deployment/minio-operator -n minio-operator
kubectl rollout status statefulset/matrix-minio-pool-0 -n matrix
${tree}`);
  });

  it('finds names of custom resources and pods that nothing makes, and other namespaces', () => {
    expect(`
#- /deploy.sh
kubectl wait --for=condition=Ready cluster/matrix-postgres -n matrix
#                                  ^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: There is no Cluster matrix-postgres in the tree for namespace matrix — did you mean matrix-postgresql?
kubectl wait --for=jsonpath={.status.currentState}=Initialized tenant/minio -n matrix
#                                                              ^^^^^^^^^^^^ error: There is no Tenant minio
kubectl wait --for=condition=Ready certificate/turn-cert -n matrix
#                                  ^^^^^^^^^^^^^^^^^^^^^ 💡 error: did you mean turn?
kubectl wait --for=condition=Ready pod/redis-3 -n matrix
#                                  ^^^^^^^^^^^ 💡 error: its pods are redis-0 to redis-2
kubectl wait --for=condition=complete job/key-vault-init-db -n monitoring
#                                     ^^^^^^^^^^^^^^^^^^^^^ error: it is in namespace matrix
kubectl wait --for=condition=complete job/sync -n matrix || true
#                                     ^^^^^^^^ info: There is no Job sync
${tree}`);
  });

  it('does not count what an operator makes only Secrets of', () => {
    expect(`
#- /deploy.sh
kubectl wait --for=condition=complete job/key-vault-initdb -n matrix
#                                     ^^^^^^^^^^^^^^^^^^^^ 💡 error: There is no Job key-vault-initdb
#- /secret.yaml
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: key-vault, namespace: matrix}
${tree}`);
  });

  it('counts what a script writes out itself', () => {
    expect(`
#- /deploy.sh
kubectl apply -n matrix -f - <<EOF
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
spec:
  template: {spec: {containers: [{name: a, image: $IMAGE}]}}
EOF
kubectl wait --for=condition=complete job/migrate -n matrix
${tree}`);
  });
});

describe('deploy-selector-empty', () => {
  it('judges labels that the pods of a namespace have, unless a chart may bring others', () => {
    expect(`
#- /deploy.sh
kubectl wait --for=condition=Ready pod -l cnpg.io/cluster=matrix-postgres -n matrix
#                                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ warning: No pod of the tree carries
kubectl wait --for=condition=Ready pod -l cnpg.io/cluster=matrix-postgresql -n matrix
kubectl wait --for=condition=Ready pod -l tier=unknown -n matrix
kubectl wait --for=condition=Ready pod -l app=webhook -n cert-manager
${tree}`);
  });
});

function expect(source: string): void {
  const { fixture, workspace, findings } = check(source, waits);
  const { expected, found } = compareMarks(fixture.marks, marksOf(workspace, findings));
  assert.deepEqual(found, expected);
}
