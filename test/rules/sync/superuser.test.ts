import assert from 'node:assert/strict';
import publication from '../../../rules/sync/sync-publication-not-superuser';
import { applyFix, fixTitles } from '../expect';

/** A replication Job whose container has the password of the application, and the clusters if `superuser` is known. */
function job(lines: readonly string[], superuser = true): string {
  return `
  #- /main.yaml
  apiVersion: postgresql.cnpg.io/v1
  kind: Cluster
  metadata:
    name: main
    namespace: matrix
  spec:
    enableSuperuserAccess: ${superuser}
  #- /job.yaml
  apiVersion: batch/v1
  kind: Job
  metadata:
    name: setup-replication
    namespace: matrix
  spec:
    template:
      metadata:
        labels: {app.kubernetes.io/name: sync-system}
      spec:
        restartPolicy: Never
        containers:
          - name: setup
            image: postgres:16
            command: [sh, -c]
            args:
              - |
${lines.map(line => `                ${line}`).join('\n')}
            env:
              - {name: DB_USER, value: synapse}
              - {name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: main-app, key: password}}}
`;
}

describe('signing in as the superuser', () => {
  const publish = '-c "CREATE PUBLICATION matrix FOR ALL TABLES"';

  it('changes one call and no other', () => {
    const source = job([
      'export PGPASSWORD="$DB_PASSWORD"',
      `psql -h main-rw -U "$DB_USER" ${publish}`,
      'psql -h main-rw -U "$DB_USER" -c "SELECT 1"',
    ]);
    const text = applyFix(publication, source, 'Sign in as postgres here')['job.yaml'] ?? '';
    assert.match(text, /PGPASSWORD=\$SUPERUSER_PASSWORD psql -h main-rw -U "?postgres"? -c "CREATE/);
    assert.match(text, /psql -h main-rw -U "\$DB_USER" -c "SELECT 1"/);
    assert.match(text, /export PGPASSWORD="\$DB_PASSWORD"/);
    assert.match(
      text,
      /name: SUPERUSER_PASSWORD\n +valueFrom:\n +secretKeyRef:\n +name: main-superuser\n +key: password/,
    );
  });

  it('replaces the password that stands before the call', () => {
    const source = job([`PGPASSWORD="$DB_PASSWORD" psql -h main-rw -U synapse ${publish}`]);
    const text = applyFix(publication, source, 'Sign in as postgres here')['job.yaml'] ?? '';
    assert.match(text, /PGPASSWORD="?\$SUPERUSER_PASSWORD"? psql -h main-rw -U postgres -c/);
  });

  it('is not offered where there is no such Secret', () => {
    const source = job([`PGPASSWORD="$DB_PASSWORD" psql -h main-rw -U synapse ${publish}`], false);
    assert.deepEqual(fixTitles(publication, source), []);
  });

  it('is not offered for a connection string', () => {
    const source = job([`psql "postgresql://synapse:$DB_PASSWORD@main-rw/matrix" ${publish}`]);
    assert.deepEqual(fixTitles(publication, source), []);
  });
});
