import assert from 'node:assert/strict';
import drives from '../../../rules/minio/minio-drive-count';
import parity from '../../../rules/minio/minio-erasure-parity';
import { check } from '../../fixture';

describe('MinIO without its operator', () => {
  it('has the drives that the operands of minio server name', () => {
    assert.deepEqual(found('args: [server, "http://minio-{0...3}.minio/data{1...2}", --console-address, ":9001"]'), []);
    assert.match(
      found('args: [server, "http://minio-{0...3}.minio/data"]')[0] ?? '',
      /^4 servers × 1 drive = 4 drives/,
    );
    assert.match(
      found('command: [sh, -c, "minio server /data > /tmp/log"]')[0] ?? '',
      /^1 server × 1 drive = 1 drive,/,
    );
    const list = ['http://a/d1', 'http://a/d2', 'http://b/d1', 'http://b/d2'].join(', ');
    assert.match(found(`args: [server, ${list}]`)[0] ?? '', /^2 servers × 2 drives = 4 drives/);
  });
  it('waits for pods that do not run', () => {
    const args = 'args: [server, "http://minio-{0...3}.minio/data{1...2}"]';
    const missing = (replicas: string, operands = args): readonly string[] =>
      found(operands, undefined, `replicas: ${replicas}`);
    assert.deepEqual(missing('4'), []);
    assert.deepEqual(missing('2'), [
      'MinIO is told of 4 servers, but StatefulSet/minio runs 2 pods, so it waits for the others and never starts — run 4.',
    ]);
    assert.deepEqual(missing('2', args.replace('minio-{', 'other-{')), [
      'MinIO looks for servers as other-{0...3}.minio, but there is no StatefulSet other, so it waits for them and never starts — write minio-{0...3}.minio.',
    ]);
    assert.deepEqual(missing('0'), []);
  });
  it('has them from MINIO_VOLUMES', () => {
    const volumes = (text: string): string => `env: [{name: MINIO_VOLUMES, value: "${text}"}, ${standard}]`;
    assert.deepEqual(found(`args: [server]\n          ${volumes('http://minio-{0...3}.minio/data{1...2}')}`, ''), []);
    assert.match(found(`args: [server]\n          ${volumes('/data{1...4}')}`, '')[0] ?? '', /^1 server × 4 drives/);
  });
  it('is left alone where a variable hides the operands', () => {
    assert.deepEqual(found('args: [server, "$(VOLUMES)"]'), []);
  });
});

const standard = '{name: MINIO_STORAGE_CLASS_STANDARD, value: "EC:4"}';

/** The messages about drives; those about parity follow from them. */
function found(container: string, env = `env: [${standard}]`, replicas = ''): readonly string[] {
  const source = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: minio, namespace: matrix}
spec:
  serviceName: minio
  ${replicas}
  selector: {matchLabels: {app: minio}}
  template:
    metadata: {labels: {app: minio}}
    spec:
      containers:
        - name: minio
          image: quay.io/minio/minio:RELEASE.2024-11-07T00-52-20Z
          ${container}
          ${env}
`;
  const all = check(source, [drives, parity]).findings;
  return all.filter(({ rule }) => rule.id === drives.id).map(({ problem }) => problem.message);
}
