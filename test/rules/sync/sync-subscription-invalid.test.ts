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

  it('is not created on standbys', () => {
    const source = job(
      `psql -h matrix-postgresql-li-ro -U postgres -c "CREATE SUBSCRIPTION li CONNECTION 'host=matrix-postgresql-rw' PUBLICATION matrix"`,
    );
    assert.match(messages(subscription, source).join(), /behind which standbys answer/);
    assert.match(
      applyFix(subscription, source, 'Use matrix-postgresql-li-rw')['job.yaml'] ?? '',
      /-h matrix-postgresql-li-rw /,
    );
  });

  it('finds the slot that it does not make', () => {
    const found = (options: string, ...before: readonly string[]): string =>
      messages(
        subscription,
        job(
          ...before,
          `psql -h matrix-postgresql-li-rw -U postgres -c "CREATE SUBSCRIPTION li CONNECTION 'host=matrix-postgresql-rw' PUBLICATION matrix WITH (${options})"`,
        ),
      ).join();
    assert.match(found("create_slot = false, slot_name = 'li_slot'"), /nothing in the tree makes li_slot/);
    assert.match(found('create_slot = false'), /nothing in the tree makes li on/);
    const makes = `psql -h matrix-postgresql-rw -U postgres -c "SELECT pg_create_logical_replication_slot('li_slot', 'pgoutput')"`;
    assert.equal(found("create_slot = false, slot_name = 'li_slot'", makes), '');
    assert.equal(found('connect = false, create_slot = false'), '');
    assert.equal(found('create_slot = true'), '');
  });

  it('gets the tables that Synapse cannot do without', () => {
    const found = (what: string, ...more: readonly string[]): string =>
      messages(subscription, `${job(`psql -U postgres -c "CREATE PUBLICATION matrix FOR ${what}"`, ...more)}`).join();
    const all =
      'events, event_json, rooms, users, room_memberships, current_state_events, event_to_state_groups, state_groups, state_groups_state';
    const subscribes = `psql -h matrix-postgresql-li-rw -U postgres -c "CREATE SUBSCRIPTION li CONNECTION 'host=matrix-postgresql-rw' PUBLICATION matrix"`;
    assert.match(
      found('TABLE public.events, ONLY rooms (room_id)', subscribes),
      /leaves out event_json, users, room_memberships and 4 more/,
    );
    assert.match(found(`TABLE ${all.replace(', users', '')}`, subscribes), /leaves out users, and Synapse/);
    for (const what of ['ALL TABLES', 'TABLES IN SCHEMA public', `TABLE ${all}`, 'TABLE orders, customers'])
      assert.equal(found(what, subscribes), '', what);
    assert.equal(
      found('TABLE events', subscribes, 'psql -U postgres -c "ALTER PUBLICATION matrix ADD TABLE rooms"'),
      '',
    );
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
