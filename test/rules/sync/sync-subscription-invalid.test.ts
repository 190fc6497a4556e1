import assert from 'node:assert/strict';
import subscription from '../../../rules/sync/sync-subscription-invalid';
import { applyFix, fixTitles, messages } from '../expect';

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

const li = `
  #- /li.yaml
  apiVersion: apps/v1
  kind: StatefulSet
  metadata:
    name: synapse-li
    namespace: matrix
    labels: {matrix.instance: li}
  spec:
    template:
      metadata:
        labels: {app: synapse, matrix.instance: li}
      spec:
        containers:
          - name: synapse
            image: matrixdotorg/synapse:v1.139.2
`;

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

  it('is created in the database that the LI instance reads', () => {
    const source = (database: string): string =>
      job(
        'psql -h matrix-postgresql-rw -U postgres -d matrix -c "CREATE PUBLICATION p FOR ALL TABLES"',
        `DB=${database}`,
        'psql -h matrix-postgresql-li-rw -U postgres -d "$LI_DB" -c "CREATE SUBSCRIPTION s CONNECTION \'host=matrix-postgresql-rw dbname=matrix user=postgres\' PUBLICATION p"',
      )
        .replace('            args:', `            env: [{name: LI_DB, value: ${database}}]\n            args:`)
        .replace('    instances: 3', '    instances: 3\n    bootstrap: {initdb: {database: matrix, owner: synapse}}')
        .replace(
          '    instances: 1',
          '    instances: 1\n    bootstrap: {initdb: {database: matrix_li, owner: synapse_li}}',
        );
    assert.match(
      messages(subscription, source('matrix')).join(),
      /is created in the database matrix, but .* matrix_li/,
    );
    assert.deepEqual(messages(subscription, source('matrix_li')), []);
  });

  it('is missed where nothing else may fill the LI cluster', () => {
    const tree = clusters.replace('    instances: 1', '    instances: 1').concat(li);
    assert.match(
      messages(subscription, tree).join(),
      /^warning: Nothing in the tree brings the data of Cluster\/matrix-postgresql into/,
    );
    const cron =
      '\n  #- /copy.yaml\n  apiVersion: batch/v1\n  kind: CronJob\n  metadata: {name: li-sync, namespace: matrix}\n';
    assert.deepEqual(messages(subscription, tree + cron), []);
    assert.deepEqual(
      messages(subscription, tree.replace('instances: 1', 'instances: 1\n    replica: {enabled: true, source: a}')),
      [],
    );
    assert.deepEqual(messages(subscription, clusters), [], 'without an LI instance');
  });
});
