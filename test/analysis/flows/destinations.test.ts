import assert from 'node:assert/strict';
import { type Destination, podPorts, resolveHost } from '../../../analysis/flows/destinations';
import { readFixture, workspaceOf } from '../../fixture';

const tree = workspaceOf(
  readFixture(`
    apiVersion: v1
    kind: Service
    metadata: {name: element-web, namespace: matrix}
    spec:
      selector: {app: element-web}
      ports:
        - {name: http, port: 80, targetPort: web}
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: element-web, namespace: matrix}
    spec:
      template:
        metadata: {labels: {app: element-web}}
        spec:
          containers:
            - name: web
              ports: [{name: web, containerPort: 8080}]
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: redis-headless, namespace: matrix}
    spec:
      clusterIP: None
      selector: {app: redis}
      ports: [{port: 6379}]
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: redis, namespace: matrix}
    spec:
      serviceName: redis-headless
      replicas: 2
      template:
        metadata: {labels: {app: redis}}
    ---
    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata: {name: workers, namespace: matrix}
    spec:
      scaleTargetRef: {kind: StatefulSet, name: workers}
      maxReplicas: 9
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: workers, namespace: matrix}
    spec:
      clusterIP: None
      selector: {app: workers}
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: workers, namespace: matrix}
    spec:
      serviceName: workers
      template:
        metadata: {labels: {app: workers}}
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: storage, namespace: matrix}
    spec:
      type: ExternalName
      externalName: matrix-minio-hl.matrix.svc.cluster.local
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: mail, namespace: matrix}
    spec:
      type: ExternalName
      externalName: smtp.tessera.test
    ---
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata: {name: matrix-minio, namespace: matrix}
    spec:
      requestAutoCert: false
      pools: [{name: pool-0, servers: 4, volumesPerServer: 2}]
    ---
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata: {name: db, namespace: data}
    spec: {instances: 3}
  `).files,
);

function resolve(host: string, namespace = 'matrix'): Destination {
  return resolveHost(tree, namespace, host);
}

function ends(host: string, port: number, namespace = 'matrix'): readonly string[] {
  return podPorts(resolve(host, namespace), port).map(({ pods, port: own }) => `${pods.owner.name}:${own}`);
}

describe('host names inside the cluster', () => {
  it('lead to a Service, with or without namespace and domain, and its port is translated', () => {
    for (const host of [
      'element-web',
      'element-web.matrix',
      'element-web.matrix.svc',
      'element-web.matrix.svc.cluster.local',
      'element-web.matrix.svc.cluster.local.',
    ])
      assert.deepEqual(ends(host, 80), ['element-web:8080'], host);
    assert.deepEqual(ends('element-web.matrix', 80, 'data'), ['element-web:8080']);
    assert.equal(resolve('element-web', 'data').kind, 'no-service');
  });

  it('lead to the port of the pods that was meant where the Service has none of that number', () => {
    assert.deepEqual(ends('element-web', 8080), ['element-web:8080']);
    assert.deepEqual(ends('element-web', 9999), []);
  });

  it('lead to the pods themselves behind a headless Service', () => {
    assert.deepEqual(ends('redis-headless', 26379), ['redis:26379']);
    assert.deepEqual(ends('redis-1.redis-headless.matrix.svc.cluster.local', 6379), ['redis:6379']);
    assert.deepEqual(ends('redis-1.redis-headless', 6379), ['redis:6379']);
  });

  it('name a pod that is not there if the number is too high or the name another', () => {
    assert.equal(resolve('redis-2.redis-headless.matrix.svc').kind, 'no-pod');
    assert.equal(resolve('valkey-0.redis-headless.matrix.svc').kind, 'no-pod');
    assert.equal(resolve('workers-8.workers.matrix.svc').kind, 'pod', 'an autoscaler may make nine pods');
    assert.equal(resolve('workers-9.workers.matrix.svc').kind, 'no-pod');
    assert.equal(resolve('10-1-2-3.redis-headless.matrix.svc').kind, 'service', 'the address of a pod');
  });

  it('lead to what operators make', () => {
    assert.deepEqual(ends('db-rw.data', 5432), ['db:5432']);
    assert.deepEqual(ends('db-rw', 5432), [], 'the cluster is in another namespace');
    assert.deepEqual(ends('minio', 80), ['matrix-minio:9000']);
    assert.deepEqual(ends('matrix-minio-pool-0-0.matrix-minio-hl.matrix.svc', 9000), ['matrix-minio:9000']);
  });

  it('go through ExternalName Services, whatever the port', () => {
    assert.deepEqual(ends('storage', 9000), ['matrix-minio:9000']);
    assert.equal(resolve('mail').kind, 'outside');
  });

  it('are outside if the tree knows nothing of the namespace', () => {
    for (const host of [
      'matrix.org',
      'smtp.tessera.test',
      'localhost',
      '10.1.2.3',
      'loki.monitoring',
      'a.b.c.example.net',
    ])
      assert.equal(resolve(host).kind, 'outside', host);
    // With `svc` in it a name belongs to the cluster, although nothing of that namespace is here.
    assert.equal(resolve('loki.monitoring.svc.cluster.local').kind, 'no-service');
  });
});
