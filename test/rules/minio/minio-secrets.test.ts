import assert from 'node:assert/strict';
import dualFormat from '../../../rules/minio/minio-secret-dual-format';
import pairsDiffer from '../../../rules/minio/minio-secret-pairs-differ';
import { check, compareMarks, fixAll, marksOf, readFixture } from '../../fixture';

const rules = [dualFormat, pairsDiffer];

function expectMarks(source: string): void {
  const { fixture, workspace, findings } = check(source, rules);
  const { expected, found } = compareMarks(fixture.marks, marksOf(workspace, findings));
  assert.deepEqual(found, expected);
}

const tenant = `
    ---
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata:
      name: matrix-minio
      namespace: matrix
    spec:
      users:
        - name: minio-credentials`;

describe('the Secret of the S3 user', () => {
  it('is judged after base64 decoding', () => {
    expectMarks(`
    apiVersion: v1
    kind: Secret
    metadata:
      name: minio-credentials
      namespace: matrix
    data:
      CONSOLE_ACCESS_KEY: c3luYXBzZQ==
      CONSOLE_SECRET_KEY: c2VjcmV0LXZhbHVl
    stringData:
      access-key: synapse
      secret-key: secret-value${tenant}
    `);
  });

  it('may be one of several users, of which one has both formats', () => {
    expectMarks(`
    apiVersion: v1
    kind: Secret
    metadata:
      name: minio-credentials
      namespace: matrix
    stringData:
      CONSOLE_ACCESS_KEY: synapse
      CONSOLE_SECRET_KEY: secret-value
      access-key: synapse
      secret-key: secret-value
    ---
    apiVersion: v1
    kind: Secret
    metadata:
      name: grafana-user
      namespace: matrix
    stringData:
      CONSOLE_ACCESS_KEY: grafana
      CONSOLE_SECRET_KEY: other-value${tenant}
        - name: grafana-user
    `);
  });

  it('may be split into two Secrets of the same values', () => {
    expectMarks(`
    apiVersion: v1
    kind: Secret
    metadata:
      name: minio-credentials
      namespace: matrix
    stringData:
    #^^^^^^^^^ 💡 info: another Secret holds access-key and secret-key
      CONSOLE_ACCESS_KEY: synapse
      CONSOLE_SECRET_KEY: secret-value
    ---
    apiVersion: v1
    kind: Secret
    metadata:
      name: s3-credentials
      namespace: matrix
    stringData:
      access-key: synapse
      secret-key: secret-value${tenant}
    `);
  });

  it('is wrong when the two Secrets hold different values', () => {
    const source = `
    apiVersion: v1
    kind: Secret
    metadata:
      name: minio-credentials
      namespace: matrix
    stringData:
    #^^^^^^^^^ 💡 info: another Secret
      CONSOLE_ACCESS_KEY: synapse
      CONSOLE_SECRET_KEY: secret-value
    ---
    apiVersion: v1
    kind: Secret
    metadata:
      name: s3-credentials
      namespace: matrix
    stringData:
      access-key: synapse
      secret-key: old-value
    #             ^^^^^^^^^ 💡 error: secret-key of Secret s3-credentials and CONSOLE_SECRET_KEY of Secret minio-credentials differ${tenant}
    `;
    expectMarks(source);
  });

  it('works with other key names that the backups name, which is a warning', () => {
    expectMarks(`
    apiVersion: v1
    kind: Secret
    metadata:
      name: minio-credentials
      namespace: matrix
    stringData:
    #^^^^^^^^^ 💡 warning: the names the checklist asks for
      CONSOLE_ACCESS_KEY: synapse
      CONSOLE_SECRET_KEY: secret-value
      ACCESS_KEY_ID: synapse
      ACCESS_SECRET_KEY: secret-value${tenant}
    ---
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: matrix-postgresql
      namespace: matrix
    spec:
      backup:
        barmanObjectStore:
          endpointURL: http://matrix-minio-hl.matrix.svc:9000
          s3Credentials:
            accessKeyId:
              name: minio-credentials
              key: ACCESS_KEY_ID
            secretAccessKey:
              name: minio-credentials
              key: ACCESS_SECRET_KEY
    `);
  });

  it('lacks the format of the operator', () => {
    expectMarks(`
    apiVersion: v1
    kind: Secret
    metadata:
      name: minio-credentials
      namespace: matrix
    data:
    #^^^ 💡 error: lacks CONSOLE_ACCESS_KEY and CONSOLE_SECRET_KEY, which the MinIO Operator makes the user from
      access-key: c3luYXBzZQ==
      secret-key: c2VjcmV0LXZhbHVl${tenant}
    `);
  });

  it('is judged by the backups when the Tenant has no users', () => {
    expectMarks(`
    apiVersion: v1
    kind: Secret
    metadata:
      name: backup-credentials
      namespace: matrix
    stringData:
    #^^^^^^^^^ 💡 error: lacks CONSOLE_ACCESS_KEY and CONSOLE_SECRET_KEY
      access-key: synapse
      secret-key: secret-value
    ---
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata:
      name: matrix-minio
      namespace: matrix
    spec:
      requestAutoCert: false
    ---
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: matrix-postgresql
      namespace: matrix
    spec:
      backup:
        barmanObjectStore:
          endpointURL: http://minio.matrix.svc.cluster.local
          s3Credentials:
            accessKeyId: {name: backup-credentials, key: access-key}
            secretAccessKey: {name: backup-credentials, key: secret-key}
    `);
  });

  it('is missing altogether', () => {
    expectMarks(`
    apiVersion: minio.min.io/v2
    kind: Tenant
    metadata:
      name: matrix-minio
    #       ^^^^^^^^^^^^ warning: has no users
      namespace: matrix
    spec:
      requestAutoCert: false
    `);
  });

  it('is left alone where the tree does not show its keys, and judged where an ExternalSecret shows them', () => {
    const external = (keys: string): string => `
    apiVersion: external-secrets.io/v1
    kind: ExternalSecret
    metadata:
      name: minio-credentials
      namespace: matrix
    spec:
      ${keys}`;
    expectMarks(`${external('dataFrom: [{extract: {key: minio}}]')}${tenant}`);
    expectMarks(`${external('data: [{secretKey: CONSOLE_ACCESS_KEY}, {secretKey: CONSOLE_SECRET_KEY}]')}${tenant}
    #           ^^^^^^^^^^^^^^^^^ warning: lacks access-key and secret-key
    `);
  });

  it('is not the Secret of the old console, nor any Secret with access-key', () => {
    expectMarks(`
    apiVersion: v1
    kind: Secret
    metadata:
      name: console-secret
      namespace: matrix
    stringData:
      CONSOLE_PBKDF_PASSPHRASE: one-value
      CONSOLE_PBKDF_SALT: two-value
      CONSOLE_ACCESS_KEY: console
      CONSOLE_SECRET_KEY: console-value
    ---
    apiVersion: v1
    kind: Secret
    metadata:
      name: other-storage
      namespace: matrix
    stringData:
      access-key: synapse
      secret-key: secret-value
    `);
  });

  it('says that a line break makes the difference, and takes it away', () => {
    const source = `
    apiVersion: v1
    kind: Secret
    metadata:
      name: minio-credentials
      namespace: matrix
    data:
      access-key: c3luYXBzZQ==
      secret-key: c2VjcmV0LXZhbHVlCg==
    #             ^^^^^^^^^^^^^^^^^^^^ 💡 error: differ by the white space at the end of secret-key
      CONSOLE_ACCESS_KEY: c3luYXBzZQ==
      CONSOLE_SECRET_KEY: c2VjcmV0LXZhbHVl
    `;
    expectMarks(source);
    const fixed = fixAll(readFixture(source).files, rules);
    assert.match(fixed.get('main.yaml') ?? '', /secret-key: c2VjcmV0LXZhbHVl\n/);
  });

  it('never shows a value', () => {
    const { findings } = check(
      `
    apiVersion: v1
    kind: Secret
    metadata:
      name: minio-credentials
      namespace: matrix
    stringData:
      CONSOLE_ACCESS_KEY: one-user
      CONSOLE_SECRET_KEY: one-secret
      access-key: other-user
      secret-key: other-secret
    `,
      rules,
    );
    assert.equal(findings.length, 2);
    for (const { problem } of findings) {
      const said = [
        problem.message,
        ...(problem.related ?? []).map(one => one.message),
        ...(problem.fixes?.() ?? []).map(fix => fix.title),
      ];
      assert.doesNotMatch(said.join(' '), /one-|other-/);
      assert.deepEqual(
        (problem.fixes?.() ?? []).map(fix => fix.safe),
        [false, false],
      );
    }
  });

  it('may still be a placeholder on both sides', () => {
    expectMarks(`
    apiVersion: v1
    kind: Secret
    metadata:
      name: minio-credentials
      namespace: matrix
    stringData:
      CONSOLE_ACCESS_KEY: synapse
      CONSOLE_SECRET_KEY: CHANGE_ME_GENERATE_PASSWORD
      access-key: synapse
      secret-key: CHANGEME_SECRET
    `);
  });

  it('keeps CRLF when a pair is added', () => {
    const text = [
      'apiVersion: v1',
      'kind: Secret',
      'metadata:',
      '  name: matrix-minio',
      'stringData:',
      '  CONSOLE_ACCESS_KEY: u # the user',
      '  CONSOLE_SECRET_KEY: s',
      '',
    ].join('\r\n');
    const fixed = fixAll(new Map([['main.yaml', text]]), rules).get('main.yaml') ?? '';
    assert.equal(fixed, `${text.slice(0, -2)}\r\n  access-key: u\r\n  secret-key: s\r\n`);
  });
});
