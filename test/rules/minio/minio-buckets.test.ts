import assert from 'node:assert/strict';
import rule from '../../../rules/minio/minio-bucket-missing';
import { fixTitles, messages } from '../expect';

const { bad } = rule.examples;

describe('minio-bucket-missing', () => {
  const found = (source: string): readonly string[] =>
    messages(rule, source).map(one => one.replace(/ in Tenant.*/, ''));

  it('warns of a name that is like none, which may be added to the Tenant', () => {
    const other = bad.replace('s3://postgres-backup/main', 's3://archive');
    assert.deepEqual(found(other), ['warning: Nothing makes the bucket archive']);
    assert.deepEqual(fixTitles(rule, other), ['Add archive to the buckets of matrix-minio']);
  });

  it('knows buckets that scripts and other operators make, and stores outside of the tree', () => {
    assert.equal(found(bad).length, 1);
    const job = (line: string): string => `${bad}
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata: {name: buckets, namespace: matrix}
      spec: {template: {spec: {containers: [{name: mc, image: "minio/mc:1", command: [sh, -c, '${line}']}]}}}
`;
    assert.deepEqual(found(job('mc mb --ignore-existing store/postgres-backup')), []);
    assert.deepEqual(found(job('for one in $BUCKETS; do mc mb store/$one; done')), []);
    assert.equal(found(job('mc mb store/another')).length, 1);
    assert.deepEqual(found(bad.replace('http://minio.matrix.svc.cluster.local', 'https://s3.tessera.test')), []);
    const claim =
      '\n      ---\n      apiVersion: objectbucket.io/v1alpha1\n      kind: ObjectBucketClaim\n      metadata: {name: one, namespace: matrix}\n';
    assert.deepEqual(found(bad + claim), []);
  });
});
