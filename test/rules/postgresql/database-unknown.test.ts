import assert from 'node:assert/strict';
import rule from '../../../rules/postgresql/pg-database-unknown';
import { applyFix, messages } from '../expect';

const clusters = `
#- /clusters.yaml
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg, namespace: matrix}
spec:
  instances: 3
  bootstrap: {initdb: {database: matrix, owner: synapse}}
  managed: {roles: [{name: reader, login: true}]}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg-li, namespace: matrix}
spec:
  instances: 1
  bootstrap: {initdb: {database: matrix_li, owner: synapse_li}}
`;

const job = (...lines: readonly string[]): string => `
#- /job.yaml
apiVersion: batch/v1
kind: Job
metadata: {name: dump, namespace: matrix}
spec:
  template:
    spec:
      containers:
        - name: dump
          image: postgres:16.4
          command:
            - sh
            - -c
            - |
              ${lines.join('\n              ')}
          env: [{name: DB, value: matrx}]
`;

describe('pg-database-unknown', () => {
  const found = (...lines: readonly string[]): readonly string[] =>
    messages(rule, clusters + job(...lines)).map(one => one.replace(/ —.*/, ''));

  it('judges what psql and pg_dump ask for', () => {
    assert.deepEqual(found('pg_dump -h pg-rw -U synapse matrx'), ['error: Cluster pg has no database matrx']);
    assert.deepEqual(found('psql -h pg-rw -U synapse -d $DB -c "SELECT 1"'), [
      'error: Cluster pg has no database matrx',
    ]);
    assert.deepEqual(found('psql postgresql://synaps@pg-li-ro/matrix_li -c "SELECT 1"'), [
      'error: Cluster pg-li has no role synaps',
    ]);
    assert.deepEqual(found('psql -h pg-li-rw.matrix.svc -U synapse_li -d matrix -c "SELECT 1"'), [
      'error: Cluster pg-li has no database matrix',
    ]);
  });

  it('reads the names that a script makes by variables of its pod', () => {
    const make = 'psql -h pg-rw -U postgres -c "CREATE DATABASE $DB"';
    assert.deepEqual(found(make, 'pg_dump -h pg-rw -U synapse matrx'), []);
    assert.deepEqual(found(make, 'pg_dump -h pg-rw -U synapse vault'), ['error: Cluster pg has no database vault']);
    assert.deepEqual(found(make.replace('$DB', '$OTHER'), 'pg_dump -h pg-rw -U synapse vault'), []);
  });

  it('accepts what is there, what is made, and what nobody can read', () => {
    assert.deepEqual(found('psql -h pg-rw -U postgres -d postgres -c "SELECT 1"'), []);
    assert.deepEqual(found('psql -h pg-rw -U reader -d matrix -c "SELECT 1"'), []);
    assert.deepEqual(found('psql -h elsewhere -U who -d what -c "SELECT 1"'), []);
    assert.deepEqual(found('psql -h pg-rw -d "$UNKNOWN" -c "SELECT 1"'), []);
    assert.deepEqual(found('psql -h pg-rw -U who -d what -c "SELECT 1" || true'), []);
    assert.deepEqual(
      found('psql -h pg-rw -U postgres -c "CREATE DATABASE what OWNER synapse"', 'psql -h pg-rw -d what -c "SELECT 1"'),
      [],
    );
    assert.deepEqual(
      found('psql -h pg-rw -U postgres -c "CREATE DATABASE $NAME"', 'psql -h pg-rw -d what -c "SELECT 1"'),
      [],
    );
    const imported = clusters.replace('{database: matrix, owner: synapse}', '{database: a, import: {type: monolith}}');
    assert.deepEqual(messages(rule, imported + job('psql -h pg-rw -U who -d what -c "SELECT 1"')), []);
    // A tree with the Job alone: its cluster is elsewhere.
    assert.deepEqual(messages(rule, job('psql -h pg-rw -U who -d what -c "SELECT 1"')), []);
  });

  it('leaves a wrong host with the names of another cluster to the rules of logins', () => {
    const signed = (line: string): string =>
      (clusters + job(line)).replace(
        'env: [',
        'env: [{name: PGPASSWORD, valueFrom: {secretKeyRef: {name: pg-li-app, key: password}}}, ',
      );
    assert.deepEqual(messages(rule, signed('psql -h pg-rw -U synapse_li -d matrix_li -c "SELECT 1"')), []);
    assert.equal(messages(rule, signed('psql -h pg-rw -U synapse -d matrix_li -c "SELECT 1"')).length, 1);
  });

  it('reads runbooks, where it informs', () => {
    const runbook = (line: string): string => `${clusters}#- /RUNBOOK.md\n\`\`\`bash\n${line}\n\`\`\`\n`;
    const said = (line: string): readonly string[] => messages(rule, runbook(line)).map(one => one.replace(/ —.*/, ''));
    const wrong = 'kubectl exec -it pg-li-1 -n matrix -- psql -U synapse -d matrix_lii -c "\\l"';
    assert.deepEqual(said(wrong), [
      'info: Cluster pg-li has no role synapse',
      'info: Cluster pg-li has no database matrix_lii',
    ]);
    assert.match(applyFix(rule, runbook(wrong), 'Write synapse_li')['RUNBOOK.md'] ?? '', /-U synapse_li -d matrix_lii/);
    for (const right of [
      'kubectl exec -it pg-1 -n matrix -- psql -U postgres -c "\\l"',
      'kubectl exec -it pg-li-1 -n matrix -- psql -U synapse_li -d matrix_li',
      'kubectl exec -it pg-li-1 -n other -- psql -U who -d what',
      'kubectl exec -it other-1 -n matrix -- psql -U who -d what',
      'kubectl exec -it pg-1 -n matrix -- psql -U <user> -d <database>',
      'kubectl exec -it pg-1 -n matrix -- psql -h other -U who -d what',
      'kubectl exec -it pg-1 -n matrix -- psql "$URL"',
    ])
      assert.deepEqual(said(right), [], right);
  });

  it('judges createdb and pg_restore in a pod, and knows what pages show how to create', () => {
    const page = (...lines: readonly string[]): readonly string[] =>
      messages(rule, `${clusters}\n#- /README.md\n~~~bash\n${lines.join('\n')}\n~~~\n`).map(one =>
        one.replace(/ —.*/, ''),
      );
    const inPod = 'kubectl exec -n matrix pg-1 --';
    assert.deepEqual(page(`${inPod} createdb -U postgres -O matrix_user again`), [
      'info: Cluster pg has no role matrix_user',
    ]);
    assert.deepEqual(page(`${inPod} createdb -O synapse again`, `${inPod} pg_restore -d agan /tmp/a.dump`), [
      'info: Cluster pg has no database agan',
    ]);
    assert.deepEqual(page(`${inPod} createdb -O synapse again`, `${inPod} pg_restore -d again /tmp/a.dump`), []);
    assert.deepEqual(
      page(`${inPod} psql -U postgres -c "CREATE ROLE who LOGIN"`, `${inPod} createdb -O who other`),
      [],
    );
  });
});
