import assert from 'node:assert/strict';
import rule from '../../../rules/config/backup-lost';
import { messages } from '../expect';

const found = (script: string, volume = 'persistentVolumeClaim: {claimName: dumps}', more = ''): readonly string[] =>
  messages(
    rule,
    `
#- /dump.yaml
apiVersion: batch/v1
kind: Job
metadata: {name: dump, namespace: matrix}
spec:
  template:
    spec:
      volumes: [{name: dumps, ${volume}}]
      containers:
        - name: dump
          image: postgres:16.4
          env: [{name: FOLDER, value: /backup}]
          volumeMounts: [{name: dumps, mountPath: /dumps}]
          command: [sh, -c, ${JSON.stringify(script)}]
${more}
`,
  ).map(message => message.replace(/, so .*/, ''));

describe('backup-lost', () => {
  it('tells where dumps go that nobody keeps', () => {
    const lost = (what: string, path: string): readonly string[] => [
      `warning: ${what} goes to ${path}, which is on no volume`,
    ];
    assert.deepEqual(found('pg_dump -h pg -f /backup/a.sql a'), lost('The dump', '/backup/a.sql'));
    assert.deepEqual(found('pg_dump -h pg a | gzip > $FOLDER/a-$(date +%u).gz'), lost('The dump', '/backup'));
    assert.deepEqual(found('pg_dumpall -h pg > /tmp/all.sql\nls -l /tmp'), lost('The dump', '/tmp/all.sql'));
    assert.deepEqual(found('pg_basebackup -h pg -D /base -X stream'), lost('The base backup', '/base'));
    assert.deepEqual(found('redis-cli -h redis --rdb /backup/a.rdb'), lost('The dump of Redis', '/backup/a.rdb'));
    assert.deepEqual(
      found('mc alias set s http://minio:9000 a b\nmc mirror s/media /backup'),
      lost('The copy', '/backup'),
    );
    assert.deepEqual(found('pg_dump -h pg -f /dumps/a.sql a', 'emptyDir: {}'), [
      'warning: The dump goes to /dumps/a.sql, which is in the emptyDir dumps',
    ]);
  });

  it('says nothing where it is kept, or may be taken elsewhere', () => {
    for (const script of [
      'pg_dump -h pg -f /dumps/a.sql a',
      'cd /dumps\npg_dump -h pg -f a.sql a',
      'pg_dump -h pg a | psql -h other b',
      'pg_dump -h pg -f /tmp/a.sql a\nrclone copy /tmp/a.sql store:dumps',
      'pg_dump -h pg -f /tmp/a.sql a\ncp /tmp/a.sql /dumps',
      'pg_dump -h pg -f /tmp/a.sql a\n/upload.sh',
      'pg_dump -h pg a > /dev/null',
      'pg_dump -h pg -f "$UNKNOWN/a.sql" a',
      'pg_dump -h pg -s a > /tmp/s.sql\npsql -h other -f /tmp/s.sql',
    ])
      assert.deepEqual(found(script), [], script);
    const uploader =
      '        - {name: upload, image: "rclone/rclone:1.68.2", volumeMounts: [{name: dumps, mountPath: /a}]}';
    assert.deepEqual(found('pg_dump -h pg -f /dumps/a.sql a', 'emptyDir: {}', uploader), []);
  });
});
