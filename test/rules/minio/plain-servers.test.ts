import assert from 'node:assert/strict';
import minioBucketMissing from '../../../rules/minio/minio-bucket-missing';
import minioDriveCount from '../../../rules/minio/minio-drive-count';
import minioMetricsRefused from '../../../rules/monitoring/minio-metrics-refused';
import type { Rule } from '../../../rules/rule';
import portNotListenedOn from '../../../rules/services/port-not-listened-on';
import { messages } from '../expect';

interface Parts {
  readonly servers?: string;
  readonly options?: string;
  readonly env?: string;
  readonly script?: string;
  readonly endpoint?: string;
  readonly more?: string;
}

const tree = ({
  servers = 'http://minio-{0...3}.minio-peers.matrix.svc.cluster.local:9000/data{1...2}',
  options = '--console-address, ":9001"',
  env = '{name: MINIO_PROMETHEUS_AUTH_TYPE, value: public}',
  script = 'for b in media backups; do mc mb --ignore-existing "s/$b"; done',
  endpoint = '{port: api, path: /minio/v2/metrics/cluster}',
  more = '',
}: Parts): string => `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: synapse, namespace: matrix}
      data:
        homeserver.yaml: |
          server_name: tessera.test
          media_storage_providers:
            - module: s3_storage_provider.S3StorageProviderBackend
              config: {bucket: media, endpoint_url: "http://minio.matrix.svc:9000"}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: synapse, namespace: matrix}
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts: [{name: config, mountPath: /config}]
            volumes: [{name: config, configMap: {name: synapse}}]
      #- /minio.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: minio, namespace: matrix}
      spec:
        serviceName: minio-peers
        replicas: 4
        selector: {matchLabels: {app: minio}}
        template:
          metadata: {labels: {app: minio}}
          spec:
            containers:
              - name: minio
                image: minio/minio:RELEASE.2024-10-13T13-34-11Z
                args: [server, "${servers}", ${options}]
                env: [${env}]
                ports: [{name: api, containerPort: 9000}, {name: console, containerPort: 9001}]
                volumeMounts: [{name: d1, mountPath: /data1}, {name: d2, mountPath: /data2}]
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: minio-peers, namespace: matrix}
      spec: {clusterIP: None, selector: {app: minio}, ports: [{name: api, port: 9000}]}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: minio, namespace: matrix, labels: {app: minio}}
      spec: {selector: {app: minio}, ports: [{name: api, port: 9000}, {name: console, port: 9001}]}
      ---
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata: {name: minio, namespace: matrix}
      spec: {selector: {matchLabels: {app: minio}}, endpoints: [${endpoint}]}
      ---
      apiVersion: batch/v1
      kind: Job
      metadata: {name: buckets, namespace: matrix}
      spec:
        template:
          spec:
            containers:
              - name: mc
                image: minio/mc:RELEASE.2024-10-08T09-37-26Z
                command:
                  - sh
                  - -c
                  - |
                    mc alias set s http://minio:9000 a b
                    ${script}
${more}
`;

const found = (rule: Rule, parts: Parts): readonly string[] => messages(rule, tree(parts));

describe('servers of MinIO without its operator', () => {
  it('find each other by the names of their pods', () => {
    assert.deepEqual(found(minioDriveCount, {}), []);
    const of = (servers: string): string => found(minioDriveCount, { servers }).join('\n');
    assert.equal(of('http://minio-{0...3}.minio-peers/data{1...2}'), '');
    assert.match(
      of('http://minio-{1...4}.minio-peers/data{1...2}'),
      /^error: .* are counted from 0, .* write minio-\{0\.\.\.3\}\.minio-peers\.$/,
    );
    assert.match(of('http://minio-{0...3}.minio/data{1...2}'), /^error: .* have names in Service minio-peers only/);
    assert.match(of('http://minio-{0...3}.minio-peers.other.svc/data{1...2}'), /^error: .* is in namespace matrix/);
    assert.match(of('http://store-{0...3}.minio-peers/data{1...2}'), /^error: .* there is no StatefulSet store/);
  });

  it('keep their drives on volumes', () => {
    const of = (servers: string): string => found(minioDriveCount, { servers }).join('\n');
    assert.match(
      of('http://minio-{0...3}.minio-peers/disk{1...2}'),
      /^error: No volume is mounted at \/disk1, \/disk2/,
    );
    assert.match(of('http://minio-{0...3}.minio-peers/data{2...3}'), /^error: No volume is mounted at \/data3, /);
  });

  it('have a console only where they are told', () => {
    assert.deepEqual(found(portNotListenedOn, {}), []);
    assert.match(
      found(portNotListenedOn, { options: '--console-address, ":9090"' }).join(),
      /^warning: MinIO does not listen on port 9001/,
    );
    assert.match(
      found(portNotListenedOn, { options: '--quiet' }).join(),
      /^warning: MinIO does not listen on port 9001/,
    );
    assert.deepEqual(
      found(portNotListenedOn, { options: '--quiet', env: '{name: MINIO_CONSOLE_ADDRESS, value: ":9001"}' }),
      [],
    );
    assert.deepEqual(found(portNotListenedOn, { options: '--console-address, ":$(PORT)"' }), []);
  });

  it('give metrics to those with a token, or to all', () => {
    assert.deepEqual(found(minioMetricsRefused, {}), []);
    assert.match(found(minioMetricsRefused, { env: '' }).join(), /^error: MinIO asks for a token here/);
    const endpoint = '{port: api, path: /minio/v2/metrics/cluster, bearerTokenSecret: {name: a, key: b}}';
    assert.deepEqual(found(minioMetricsRefused, { env: '', endpoint }), []);
    assert.deepEqual(
      found(minioMetricsRefused, { endpoint: '{port: api, path: /minio/metrics/v3/cluster/health}' }),
      [],
    );
    assert.match(
      found(minioMetricsRefused, { endpoint: '{port: api, path: /minio/metrics}' }).join(),
      /^error: MinIO has no metrics at/,
    );
    const elsewhere = '{name: MINIO_PROMETHEUS_AUTH_TYPE, valueFrom: {configMapKeyRef: {name: elsewhere, key: a}}}';
    assert.deepEqual(found(minioMetricsRefused, { env: elsewhere }), []);
  });

  it('have the buckets that scripts make', () => {
    assert.deepEqual(found(minioBucketMissing, {}), []);
    const of = (script: string, more = ''): string => found(minioBucketMissing, { script, more }).join('\n');
    assert.match(
      of('for b in medias backups; do mc mb "s/$b"; done'),
      /^error: Nothing makes the bucket media .* did you mean medias\?$/,
    );
    assert.match(
      of('mc mb -p s/uploads s/backups'),
      /^warning: Nothing makes the bucket media .* scripts make uploads, backups/,
    );
    assert.equal(of('mc mb -p s/backups s/media'), '');
    // Names that the script does not tell, scripts that a person runs, and trees where nothing makes buckets.
    assert.equal(of('mc mb s/backups "s/$BUCKET"'), '');
    assert.equal(of('true'), '');
    assert.equal(of('mc mb s/backups', '      #- /setup.sh\n      mc mb store/media\n'), '');
  });
});
