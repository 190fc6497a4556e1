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

  describe('of copies', () => {
    const [tenant = ''] = bad.split('\n      ---');
    const remote = '{name: RCLONE_CONFIG_STORE_ENDPOINT, value: "http://minio.matrix.svc.cluster.local"}';
    const job = (container: string): string => `${tenant}
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata: {name: copy, namespace: matrix}
      spec: {template: {spec: {containers: [{name: copy, ${container}}]}}}
`;
    const rclone = (...words: readonly string[]): readonly string[] =>
      found(job(`image: "rclone/rclone:1.68.2", args: [${words.join(', ')}], env: [${remote}]`));
    const mc = (line: string): readonly string[] =>
      found(
        job(
          `image: "minio/mc:1", command: [sh, -c, 'mc alias set store http://minio.matrix.svc.cluster.local "$A" "$B"; ${line}']`,
        ),
      );

    it('finds what is read from a bucket that nothing makes', () => {
      assert.deepEqual(rclone('sync', 'store:postgres-backup/a', '/tmp/a', '--transfers', '4'), [
        'error: Nothing makes the bucket postgres-backup',
      ]);
      assert.deepEqual(rclone('copy', 'store:archive', '/tmp/a'), ['warning: Nothing makes the bucket archive']);
      assert.deepEqual(mc('mc mirror --overwrite store/postgres-backup /tmp/a'), [
        'error: Nothing makes the bucket postgres-backup',
      ]);
      assert.deepEqual(mc('mc cp --recursive /tmp/a store/archive/b'), ['warning: Nothing makes the bucket archive']);
    });

    it('knows that rclone makes what it copies into', () => {
      assert.deepEqual(rclone('copy', 'store:postgres-backups', 'store:archive'), []);
      assert.match(
        messages(
          rule,
          job(
            `image: "rclone/rclone:1.68.2", args: [copy, "store:postgres-backups", "store:postgres-backup"], env: [${remote}]`,
          ),
        ).join(''),
        /^warning: Tenant matrix-minio has no bucket postgres-backup, so rclone makes a new one/,
      );
    });

    it('leaves other stores, names that are filled in, and commands that it does not understand', () => {
      assert.deepEqual(rclone('sync', 'other:postgres-backup', '/tmp/a'), []);
      assert.deepEqual(rclone('sync', '"store:$(BUCKET)"', '/tmp/a'), []);
      assert.deepEqual(rclone('lsf', 'store:postgres-backup'), []);
      assert.deepEqual(mc('mc mirror "store/$BUCKET" /tmp/a'), []);
      assert.deepEqual(mc('mc mb store/archive && mc mirror /tmp/a store/archive'), []);
      assert.deepEqual(mc('mc mirror other/archive /tmp/a'), []);
    });
  });
});
