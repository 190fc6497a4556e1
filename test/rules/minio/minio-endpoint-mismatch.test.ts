import assert from 'node:assert/strict';
import generatedNameTaken from '../../../rules/minio/generated-name-taken';
import endpointMismatch from '../../../rules/minio/minio-endpoint-mismatch';
import { check, fixAll, readFixture } from '../../fixture';
import { expecting } from '../monitoring/expect';

const expectMarks = expecting(endpointMismatch);

const tenant = (spec = 'requestAutoCert: false'): string => `
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata:
      name: matrix-minio
      namespace: matrix
    spec:
      ${spec}
      pools: [{servers: 4, volumesPerServer: 2}]
    ---`;
const backup = (endpoint: string): string => `
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata: {name: matrix-postgresql, namespace: matrix}
    spec:
      backup:
        barmanObjectStore:
          endpointURL: ${endpoint}
`;

describe('endpoints of MinIO', () => {
  it('fit the Services that the operator makes', () => {
    for (const endpoint of [
      'http://matrix-minio-hl.matrix.svc.cluster.local:9000',
      'http://minio.matrix.svc',
      'http://minio:80',
      'http://matrix-minio-hl.matrix:9000/bucket',
    ])
      expectMarks(`${tenant()}${backup(endpoint)}`);
    for (const endpoint of [
      'https://minio.matrix.svc.cluster.local',
      'https://minio:443',
      'https://matrix-minio-hl.matrix.svc:9000',
    ])
      expectMarks(`${tenant('image: minio/minio')}${backup(endpoint)}`);
  });

  it('have a port of their own, and TLS unless it is switched off', () => {
    expectMarks(
      `${tenant()}${backup('http://minio:9000\n    #                  ^^^^^^^^^^^^^^^^^ 💡 error: serves http on port 80, not port 9000')}`,
    );
    expectMarks(
      `${tenant()}${backup('https://matrix-minio-hl.matrix.svc:9000\n    #                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: serves http on port 9000, not https')}`,
    );
    expectMarks(
      `${tenant('image: minio/minio')}${backup('http://matrix-minio-hl:9000\n    #                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: serves https on port 9000, not http')}`,
    );
  });

  it('may be those of another namespace or of another store', () => {
    expectMarks(`${tenant()}${backup('http://minio.other.svc.cluster.local:9000')}`);
    expectMarks(`${tenant()}${backup('https://minio.storage.test:9000')}`);
    expectMarks(`${tenant()}${backup('http://minio-gateway:9000')}`);
  });

  it('may lead through a Service of the tree under its own name', () => {
    const service = (name: string, port: number): string => `
    ---
    apiVersion: v1
    kind: Service
    metadata: {name: ${name}, namespace: matrix}
    spec:
      selector: {v1.min.io/tenant: matrix-minio}
      ports: [{name: api, port: ${port}, targetPort: 9000}]
    `;
    expectMarks(`${tenant()}${backup('http://store:9000')}${service('store', 9000)}`);
    expectMarks(
      `${tenant()}${backup('http://store:9001\n    #                  ^^^^^^^^^^^^^^^^^ 💡 error: Service store of Tenant matrix-minio serves http on port 9000, not port 9001')}${service('store', 9000)}`,
    );
    expectMarks(`${tenant()}${backup('http://minio:9000')}${service('minio', 9000)}`);
  });

  it('are found in configuration files, but not in their comments', () => {
    expectMarks(`${tenant()}
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: config, namespace: matrix}
    data:
      homeserver.yaml: |
        # endpoint_url: http://minio:9000
        media_storage_providers:
          - module: s3_storage_provider.S3StorageProviderBackend
            config:
              endpoint_url: http://minio.matrix.svc.cluster.local:9000
    #                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: not port 9000
    `);
  });

  it('are told once for each object, and mended in all places with the switch of the Tenant', () => {
    const source = `
    #- /a.yaml${tenant('requestAutoCert: true')}${backup('http://minio:9000')}
    #- /b.yaml
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: rclone, namespace: matrix}
    data:
      rclone.conf: |
        [main]
        endpoint = http://minio.matrix.svc:9000
        [li]
        endpoint = http://minio.matrix.svc:9000
    `;
    const { findings } = check(source, [endpointMismatch]);
    assert.equal(findings.length, 2);
    const fixed = fixAll(readFixture(source).files, [endpointMismatch]);
    assert.match(fixed.get('a.yaml') ?? '', /requestAutoCert: false/);
    assert.match(fixed.get('a.yaml') ?? '', /endpointURL: http:\/\/matrix-minio-hl:9000/);
    assert.equal((fixed.get('b.yaml') ?? '').match(/http:\/\/matrix-minio-hl\.matrix\.svc:9000/g)?.length, 2);
  });
});

describe('names of generated Services', () => {
  it('may be used in another namespace', () => {
    expecting(generatedNameTaken)(`${tenant()}
    apiVersion: v1
    kind: Service
    metadata: {name: minio, namespace: other}
    spec: {ports: [{port: 9000}]}
    `);
  });

  it('are taken also of a database', () => {
    expecting(generatedNameTaken)(`
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata: {name: matrix-postgresql, namespace: matrix}
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: matrix-postgresql-rw
    #       ^^^^^^^^^^^^^^^^^^^^ warning: is made from Cluster matrix-postgresql
      namespace: matrix
    spec: {ports: [{port: 5432}]}
    `);
  });
});
