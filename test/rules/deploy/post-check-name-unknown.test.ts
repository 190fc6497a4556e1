import assert from 'node:assert/strict';
import { rules } from '../../../rules/catalogue';
import { check, compareMarks, marksOf } from '../../fixture';

const postCheck = rules.filter(rule => rule.id === 'post-check-name-unknown');

const tree = `
#- /tree.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: redis, namespace: matrix}
spec:
  replicas: 3
  template: {metadata: {labels: {app: redis}}, spec: {containers: [{name: redis, image: "redis:7"}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: haproxy, namespace: matrix}
spec:
  template: {metadata: {labels: {app: haproxy}}, spec: {containers: [{name: haproxy, image: "haproxy:3.0"}]}}
---
apiVersion: v1
kind: Service
metadata: {name: haproxy, namespace: matrix}
spec: {selector: {app: haproxy}, ports: [{port: 80}]}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: matrix-postgresql, namespace: matrix}
spec: {instances: 3}
---
apiVersion: minio.min.io/v2
kind: Tenant
metadata: {name: matrix-minio, namespace: matrix}
spec: {pools: [{name: pool-0, servers: 4, volumesPerServer: 2}]}
`;

describe('post-check-name-unknown', () => {
  it('accepts names that the tree or its operators make', () => {
    expect(`
#- /README.md
~~~bash
kubectl exec -n matrix redis-2 -- redis-cli ping
kubectl exec -n matrix matrix-postgresql-1 -c postgres -- psql
kubectl exec -n matrix matrix-postgresql-7 -- psql
kubectl logs -n matrix haproxy-6d4cf56db6-x2x9q
kubectl logs -n matrix deploy/haproxy
kubectl logs -n matrix statefulset/redis
kubectl get svc haproxy matrix-postgresql-rw -n matrix
kubectl get pod matrix-minio-pool-0-0 -n matrix
kubectl port-forward -n matrix svc/matrix-minio-console 9443
~~~
${tree}`);
  });

  it('finds ordinals that are too high, and ordinals of a Deployment', () => {
    expect(`
#- /check.sh
kubectl exec -n matrix redis-3 -- redis-cli ping
#                      ^^^^^^^ 💡 info: The tree makes no pod redis-3 in namespace matrix — its pods are redis-0 to redis-2.
kubectl logs haproxy-0
#            ^^^^^^^^^ 💡 info: The tree makes no pod haproxy-0 — the pods of Deployment haproxy have generated names; ask for deployment/haproxy.
kubectl logs -n matrix redis
#                      ^^^^^ 💡 info: The tree makes no pod redis in namespace matrix — ask for statefulset/redis
kubectl exec -n matrix reddis-0 -- true
#                      ^^^^^^^^ 💡 info: did you mean redis-0?
${tree}`);
  });

  it('finds wrong kinds and Services', () => {
    expect(`
#- /check.sh
kubectl logs -n matrix deployment/redis
#                      ^^^^^^^^^^^^^^^^ 💡 info: The tree makes no Deployment redis in namespace matrix — it is a StatefulSet.
kubectl port-forward -n matrix svc/haprox 8080:80
#                              ^^^^^^^^^^ 💡 info: The tree makes no Service haprox in namespace matrix — did you mean haproxy?
${tree}`);
  });

  it('leaves placeholders, variables, other namespaces, handled failures and what is started by hand alone', () => {
    expect(`
#- /README.md
~~~bash
kubectl logs -n matrix <pod-name>
kubectl logs -n matrix synapse-xxxxx
kubectl logs -n matrix $POD
kubectl logs -n kube-system coredns-0
kubectl run test-pod -n matrix --image=busybox
kubectl logs -n matrix test-pod
kubectl get svc kubernetes
kubectl get pods -n matrix
kubectl get pod gone-0 -n matrix || true
~~~
${tree}`);
  });
});

function expect(source: string): void {
  const { fixture, workspace, findings } = check(source, postCheck);
  const { expected, found } = compareMarks(fixture.marks, marksOf(workspace, findings));
  assert.deepEqual(found, expected);
}

describe('post-check-name-unknown, more commands', () => {
  it('reads both sides of kubectl cp', () => {
    expect(`
#- /README.md
~~~bash
kubectl cp matrix/redis-7:/data/dump.rdb ./dump.rdb
#                 ^^^^^^^ 💡 info: The tree makes no pod redis-7 in namespace matrix
kubectl cp ./a.sql pg-main-1:/tmp/a.sql -n matrix -c postgres
#                  ^^^^^^^^^ info: The tree makes no pod pg-main-1 in namespace matrix
kubectl cp a.sql matrix/matrix-postgresql-1:/tmp/a.sql
kubectl cp a.sql b.sql
~~~
${tree}`);
  });

  it('takes only what is nearly a name of the tree for a mistake of kubectl delete', () => {
    expect(`
#- /README.md
~~~bash
kubectl delete deployment haprox -n matrix
#                         ^^^^^^ 💡 info: did you mean haproxy?
kubectl delete deployment haprox -n matrix --ignore-not-found
kubectl delete deployment nginx-from-2023 -n matrix
kubectl delete pod redis-1 -n matrix
~~~
${tree}`);
  });

  it('knows the containers of a Cluster, unless plugins bring others', () => {
    const page = (container: string): string => `
#- /README.md
~~~bash
kubectl exec -n matrix matrix-postgresql-1 -c ${container}
~~~
`;
    expect(
      `${page('postgresql -- psql\n#                                             ^^^^^^^^^^ info: Cluster matrix-postgresql has no container postgresql')}${tree}`,
    );
    expect(`${page('postgres -- psql')}${tree}`);
    expect(
      `${page('plugin-barman-cloud -- ls')}${tree.replace('spec: {instances: 3}', 'spec: {instances: 3, plugins: [{name: barman}]}')}`,
    );
  });
});
