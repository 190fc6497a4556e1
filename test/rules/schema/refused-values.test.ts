import assert from 'node:assert/strict';
import configInvalid from '../../../rules/redis/redis-config-invalid';
import valueRefused from '../../../rules/schema/field-value-refused';
import { messages } from '../expect';

const object = (kind: string, apiVersion: string, spec: string): string =>
  `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: app, namespace: matrix}, spec: {${spec}}}\n`;
const pod = (spec: string): string => object('Pod', 'v1', spec);
const cluster = (parameters: string): string =>
  object('Cluster', 'postgresql.cnpg.io/v1', `storage: {size: 1Gi}, postgresql: {parameters: {${parameters}}}`);

function judge(cases: readonly (readonly [string, RegExp?])[]): void {
  for (const [source, expected] of cases) {
    const found = messages(valueRefused, source);
    if (!expected) assert.deepEqual(found, [], source);
    else {
      assert.equal(found.length, 1, `${source}${found.join('\n')}`);
      assert.match(found[0] ?? '', expected, source);
    }
  }
}

describe('values that are refused', () => {
  it('are sizes, times and names that PostgreSQL does not know', () => {
    judge([
      [cluster('shared_buffers: 1GB, work_mem: "8192", max_wal_size: 2 GB, statement_timeout: 5min')],
      [cluster('shared_buffers: 512Mi'), /knows no 512Mi as a value of shared_buffers — write 512MB/],
      [cluster('work_mem: 8Gi'), /write 8GB/],
      [cluster('statement_timeout: 5m'), /a number with us, ms, s, min, h or d/],
      [cluster('log_min_duration_statement: "-1"')],
      [cluster('max_conections: "200"'), /no parameter max_conections — did you mean max_connections\?/],
      [cluster('an_extension.setting: "1", something_of_version_19: "1"')],
      [cluster('wal_keep_size: "${WAL}"')],
    ]);
  });

  it('are media, counts and expressions that Kubernetes does not know', () => {
    const expression = (rest: string): string =>
      pod(
        `affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: a, ${rest}}]}]}}}`,
      );
    const selector = (rest: string): string =>
      pod(
        `affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: a, labelSelector: {matchExpressions: [{key: a, ${rest}}]}}]}}`,
      );
    judge([
      [pod('volumes: [{name: a, emptyDir: {medium: Memory}}]')],
      [pod('volumes: [{name: a, emptyDir: {medium: memory}}]'), /knows no medium memory — write Memory/],
      [pod('securityContext: {runAsGroup: -1}'), /runAsGroup cannot be -1/],
      [
        object('Job', 'batch/v1', 'backoffLimit: -1, template: {spec: {restartPolicy: Never}}'),
        /backoffLimit cannot be -1/,
      ],
      [pod('containers: [{name: a, livenessProbe: {grpc: {}}}]'), /asks by gRPC without a port/],
      [expression('operator: In, values: [b]')],
      [expression('operator: In'), /The operator In needs values/],
      [expression('operator: gt, values: ["1"]'), /Kubernetes knows no operator gt — write Gt/],
      [selector('operator: in, values: [a]'), /Kubernetes knows no operator in — write In/],
      [selector('operator: Gt, values: [a]'), /no operator Gt — write In, NotIn, Exists or DoesNotExist/],
      [selector('operator: ${OPERATOR}, values: [a]')],
      [expression('operator: Exists, values: [b]'), /The operator Exists takes no values/],
      [expression('operator: Gt, values: ["1", "2"]'), /The operator Gt takes one value/],
    ]);
  });

  it('are sizes and times of Redis', () => {
    const redis = (line: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: redis, namespace: matrix}
data:
  redis.conf: |
    ${line}
---
${pod('containers: [{name: redis, image: "redis:7.4", command: [redis-server, /conf/redis.conf], volumeMounts: [{name: c, mountPath: /conf}]}], volumes: [{name: c, configMap: {name: redis}}]')}`;
    for (const line of ['maxmemory 256mb', 'maxmemory 1000000', 'save ""', 'save 900 1', 'save "900 1 300 10"'])
      assert.deepEqual(messages(configInvalid, redis(line)), [], line);
    assert.match(
      messages(configInvalid, redis('maxmemory 256Mi')).join(),
      /maxmemory cannot be 256Mi, so Redis does not start — write 256mb/,
    );
    assert.match(messages(configInvalid, redis('save 900')).join(), /save takes seconds and a number of changes/);
    assert.match(messages(configInvalid, redis('dir /redis')).join(), /There is no folder \/redis in container redis/);
    assert.deepEqual(messages(configInvalid, redis('dir /conf')), []);
  });
});
