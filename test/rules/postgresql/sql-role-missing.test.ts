import assert from 'node:assert/strict';
import rule from '../../../rules/postgresql/sql-role-missing';
import { messages } from '../expect';

const cluster = (initdb: string, more = ''): string => `
#- /cluster.yaml
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg, namespace: matrix}
spec:
  instances: 3
  bootstrap:
    initdb:
      database: matrix
      owner: synapse
      ${initdb}
${more}
`;

const job = (...lines: readonly string[]): string => `
#- /job.yaml
apiVersion: batch/v1
kind: Job
metadata: {name: vault-db, namespace: matrix}
spec:
  template:
    spec:
      containers:
        - name: create
          image: postgres:16.4
          command:
            - sh
            - -c
            - |
              ${lines.join('\n              ')}
          env: [{name: DB_USER, value: vault}]
`;

describe('sql-role-missing', () => {
  it('knows who is there when a Cluster is bootstrapped', () => {
    const found = (statement: string, initdb = '', more = ''): number =>
      messages(rule, cluster(`postInitSQL: ["${statement}"]\n      ${initdb}`, more)).length;
    assert.equal(found('CREATE DATABASE vault OWNER vault'), 1);
    assert.equal(found('GRANT CONNECT ON DATABASE matrix TO reader'), 1);
    assert.equal(found('CREATE DATABASE vault OWNER vault', '', '  managed: {roles: [{name: vault}]}'), 1);
    for (const right of [
      'CREATE DATABASE vault OWNER Synapse',
      'CREATE DATABASE vault',
      'CREATE USER Vault; CREATE DATABASE vault OWNER vault',
      'GRANT pg_monitor TO CURRENT_USER',
      'REVOKE ALL ON DATABASE matrix FROM PUBLIC',
      'DO $$ BEGIN CREATE ROLE vault; END $$; CREATE DATABASE vault OWNER vault',
    ])
      assert.equal(found(right), 0, right);
    assert.equal(found('CREATE DATABASE vault OWNER vault', 'postInitSQLRefs: {secretRefs: [{name: a, key: b}]}'), 0);
    assert.equal(
      messages(
        rule,
        cluster(
          'postInitSQL: [CREATE ROLE vault]\n      postInitApplicationSQL: [GRANT USAGE ON SCHEMA public TO vault]',
        ),
      ).length,
      0,
    );
  });

  const psql = 'psql -h pg-rw -U postgres -c';
  const found = (...lines: readonly string[]): readonly string[] =>
    messages(rule, cluster('', '  managed: {roles: [{name: managed}]}') + job(...lines)).map(one =>
      one.replace(/ on Cluster.*|, so.*/, ''),
    );

  it('asks that a script creates a role before it names it', () => {
    const [create, own] = [`${psql} "CREATE USER $DB_USER"`, `${psql} "CREATE DATABASE v OWNER $DB_USER"`];
    assert.deepEqual(found(own, create), ['error: vault is no role yet when this runs']);
    assert.deepEqual(found(create, own), []);
    assert.deepEqual(found(own), ['error: Nothing creates the role vault']);
    assert.deepEqual(found(`${psql} "GRANT CONNECT ON DATABASE matrix TO reader"`), [
      'error: Nothing creates the role reader',
    ]);
    assert.deepEqual(
      found(
        'psql -h pg-rw -U postgres <<SQL',
        "SELECT 'CREATE DATABASE v OWNER vault' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'v')\\gexec",
        'SQL',
      ),
      ['error: Nothing creates the role vault'],
    );
  });

  it('leaves alone what may be there', () => {
    for (const lines of [
      [`${psql} "CREATE DATABASE v OWNER synapse"`],
      [`${psql} "CREATE DATABASE v OWNER managed"`],
      [`${psql} "CREATE DATABASE v OWNER $SOMEBODY"`],
      [`${psql} "CREATE DATABASE v OWNER vault" || true`],
      ['psql -h db.tessera.test -U postgres -c "CREATE DATABASE v OWNER vault"'],
      ['createuser -h pg-rw -U postgres vault', `${psql} "CREATE DATABASE v OWNER vault"`],
      [
        `${psql} "DO \\$\\$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'a') THEN GRANT CONNECT ON DATABASE matrix TO a; END IF; END \\$\\$"`,
      ],
    ])
      assert.deepEqual(found(...lines), [], lines.join('\n'));
    const elsewhere = `#- /roles.sql\nCREATE ROLE vault;\n`;
    const tree = cluster('') + job(`${psql} "CREATE DATABASE v OWNER vault"`) + elsewhere;
    assert.deepEqual(messages(rule, tree), []);
    assert.deepEqual(messages(rule, job(`${psql} "CREATE DATABASE v OWNER vault"`)), []);
  });

  it('leaves alone what PostgreSQL and other commands have', () => {
    const sql = (statement: string): readonly string[] =>
      messages(rule, cluster('') + job(`psql -h pg-rw -U postgres -d matrix -c "${statement}"`));
    assert.equal(sql('GRANT SELECT ON ALL TABLES IN SCHEMA public TO synaps').length, 1);
    for (const statement of [
      'GRANT USAGE ON SCHEMA public TO PUBLIC',
      'GRANT pg_read_all_data TO synapse; GRANT synapse TO CURRENT_USER',
      'CREATE ROLE auditor; GRANT synapse TO auditor',
      'GRANT synapse TO $WHO',
      'REVOKE ALL ON SCHEMA public FROM public',
    ])
      assert.deepEqual(sql(statement), [], statement);
  });
});
