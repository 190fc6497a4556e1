import assert from 'node:assert/strict';
import subscription from '../../../rules/sync/sync-subscription-invalid';
import { applyFix, fixTitles } from '../expect';

const clusters = `
  #- /clusters.yaml
  apiVersion: postgresql.cnpg.io/v1
  kind: Cluster
  metadata:
    name: matrix-postgresql
    namespace: matrix
  spec:
    instances: 3
  ---
  apiVersion: postgresql.cnpg.io/v1
  kind: Cluster
  metadata:
    name: matrix-postgresql-li
    namespace: matrix
  spec:
    instances: 1
`;

function job(...lines: readonly string[]): string {
  return `${clusters}
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
`;
}

describe('sync-subscription-invalid', () => {
  it('connects to the main cluster, in the form of the host that is written', () => {
    const source = job(
      `psql -h matrix-postgresql-li-rw -U postgres -c "CREATE SUBSCRIPTION li CONNECTION 'host=matrix-postgresql-li-rw.matrix.svc dbname=matrix' PUBLICATION matrix"`,
    );
    const files = applyFix(subscription, source, 'Use matrix-postgresql-rw.matrix.svc');
    assert.match(
      files['job.yaml'] ?? '',
      /-h matrix-postgresql-li-rw .*'host=matrix-postgresql-rw\.matrix\.svc dbname/,
    );
  });

  it('is created on the LI cluster', () => {
    const source = job(
      `psql -h "matrix-postgresql-rw" -U postgres -c "CREATE SUBSCRIPTION li CONNECTION 'host=matrix-postgresql-rw' PUBLICATION matrix"`,
    );
    const files = applyFix(subscription, source, 'Use matrix-postgresql-li-rw');
    assert.match(files['job.yaml'] ?? '', /psql -h "matrix-postgresql-li-rw" -U/);
  });

  it('subscribes to the publication that is created', () => {
    const source = job(
      'psql -U postgres -c "CREATE PUBLICATION synapse FOR ALL TABLES"',
      `psql -U postgres -c "CREATE SUBSCRIPTION li CONNECTION 'host=matrix-postgresql-rw' PUBLICATION matrix"`,
    );
    const files = applyFix(subscription, source, 'Subscribe to synapse');
    assert.match(files['job.yaml'] ?? '', /PUBLICATION synapse"$/m);
  });

  it('leaves a block that has to be taken apart to a person', () => {
    const source = job(
      "psql -U postgres <<'EOF'",
      'DO $$ BEGIN',
      "CREATE SUBSCRIPTION li CONNECTION 'host=matrix-postgresql-rw' PUBLICATION matrix;",
      'END $$;',
      'EOF',
    );
    assert.deepEqual(fixTitles(subscription, source), []);
  });
});
