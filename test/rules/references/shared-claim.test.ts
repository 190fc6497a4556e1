import assert from 'node:assert/strict';
import rule from '../../../rules/references/claim-shared-by-replicas';
import { messages } from '../expect';

const { bad } = rule.examples;

describe('claim-shared-by-replicas', () => {
  const found = (source: string): readonly string[] => messages(rule, source).map(one => one.replace(/, so.*/, ''));
  const warning =
    'warning: All 2 pods of Deployment sygnal mount PersistentVolumeClaim sygnal-data, which is ReadWriteOnce';
  const scaler = (least: number): string => `
      ---
      apiVersion: autoscaling/v2
      kind: HorizontalPodAutoscaler
      metadata: {name: sygnal, namespace: matrix}
      spec:
        scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: sygnal}
        minReplicas: ${least}
        maxReplicas: 6
`;

  it('counts what an autoscaler asks for at least', () => {
    assert.deepEqual(found(bad), [warning]);
    assert.deepEqual(found(bad.replace('replicas: 2', 'replicas: 1')), []);
    assert.deepEqual(found(bad.replace('replicas: 2', 'replicas: 1') + scaler(3)), [
      warning.replace('2 pods', '3 pods'),
    ]);
    assert.deepEqual(found(bad + scaler(1)), []);
  });

  it('takes ReadWriteOncePod for an error wherever the pods are', () => {
    const oncePod = bad.replace('[ReadWriteOnce]', '[ReadWriteOncePod]');
    const error = warning.replace('warning', 'error').replace('ReadWriteOnce', 'ReadWriteOncePod');
    assert.deepEqual(found(oncePod), [error]);
    assert.deepEqual(
      found(oncePod.replace('            volumes:', '            nodeName: one\n            volumes:')),
      [error],
    );
  });

  it('accepts modes for several nodes, storage in a node or on the network, and pods of one node', () => {
    assert.deepEqual(found(bad.replace('[ReadWriteOnce]', '[ReadWriteOnce, ReadWriteMany]')), []);
    for (const name of ['local-path', 'nfs-client', 'efs-sc', 'azurefile-csi'])
      assert.deepEqual(found(bad.replace('accessModes:', `storageClassName: ${name}\n        accessModes:`)), []);
    assert.deepEqual(found(bad.replace('accessModes:', 'storageClassName: fast-ssd\n        accessModes:')), [warning]);
    const pinned = '            nodeSelector: {kubernetes.io/hostname: one}\n            volumes:';
    assert.deepEqual(found(bad.replace('            volumes:', pinned)), []);
  });

  it('knows the claims that each pod of a StatefulSet has for itself', () => {
    const own = bad
      .replace('kind: Deployment', 'kind: StatefulSet')
      .replace('replicas: 2', 'replicas: 2\n        volumeClaimTemplates:\n          - metadata: {name: data}');
    assert.deepEqual(found(own), []);
    assert.deepEqual(found(bad.replace('kind: Deployment', 'kind: StatefulSet')), [
      warning.replace('Deployment', 'StatefulSet'),
    ]);
  });
});
