import assert from 'node:assert/strict';
import fc from 'fast-check';
import { wholeText } from '../../../analysis/text/origin';
import { psqlCalls } from '../../../analysis/text/psql-calls';
import { readShell } from '../../../analysis/text/shell';
import { textOfPieces } from '../../../analysis/text/shell-values';
import { readSql, readSqlFrom, type SqlStatement } from '../../../analysis/text/sql';
import { sqlTokens } from '../../../analysis/text/sql-tokens';
import { textOf } from './generate';

describe('readSql', () => {
  it('reads publications and subscriptions', () => {
    const text = `
      -- CREATE PUBLICATION no FOR ALL TABLES;
      CREATE PUBLICATION "pub" FOR ALL TABLES;
      CREATE PUBLICATION some FOR TABLE a, b;
      CREATE SUBSCRIPTION sub
        CONNECTION 'host=pg-rw.matrix.svc port=5432 dbname=matrix user=synapse password=''it''s'''
        PUBLICATION pub, other WITH (create_slot = false, copy_data);
    `;
    const [all, some, subscription] = readSql(text).statements;
    assert.ok(
      all?.kind === 'create-publication' &&
        some?.kind === 'create-publication' &&
        subscription?.kind === 'create-subscription',
    );
    assert.deepEqual([all.name.text, all.allTables, some.name.text, some.allTables], ['pub', true, 'some', false]);
    const { connection } = subscription;
    assert.deepEqual(
      [connection?.host, connection?.port, connection?.database, connection?.user].map(one => [
        one?.text,
        at(text, one?.span),
      ]),
      [
        ['pg-rw.matrix.svc', 'pg-rw.matrix.svc'],
        ['5432', '5432'],
        ['matrix', 'matrix'],
        ['synapse', 'synapse'],
      ],
    );
    assert.deepEqual(
      subscription.publications.map(one => one.text),
      ['pub', 'other'],
    );
    assert.deepEqual(
      subscription.options.map(one => [one.name, one.value]),
      [
        ['create_slot', 'false'],
        ['copy_data', 'true'],
      ],
    );
  });

  it('reads a connection URI', () => {
    const text = "CREATE SUBSCRIPTION s CONNECTION 'postgresql://u:p@h:1/d?sslmode=require' PUBLICATION p";
    const [subscription] = readSql(text).statements;
    assert.ok(subscription?.kind === 'create-subscription');
    const { connection } = subscription;
    assert.deepEqual(
      [connection?.user, connection?.password, connection?.host, connection?.port, connection?.database].map(one =>
        at(text, one?.span),
      ),
      ['u', 'p', 'h', '1', 'd'],
    );
  });

  it('looks into DO and function bodies', () => {
    const text = `
      DO $$
      DECLARE x text;
      BEGIN
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'replicator') THEN
          CREATE USER replicator WITH REPLICATION PASSWORD 'pw';
          GRANT SELECT ON ALL TABLES IN SCHEMA public TO replicator;
        END IF;
        CREATE PUBLICATION p FOR ALL TABLES;
      END $$;
      CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $body$ BEGIN DROP ROLE r; END $body$;
      CREATE ROLE later;
    `;
    assert.deepEqual(readSql(text).statements.map(summary), [
      'do',
      'role create user replicator REPLICATION (in do, conditional)',
      'grant SELECT on ALL TABLES IN SCHEMA public to replicator (in do, conditional)',
      'create-publication p (in do)',
      'other CREATE FUNCTION F',
      'role drop role r (in do)',
      'role create role later',
    ]);
  });

  it('follows SQL that is built and executed', () => {
    const text = `DO $$
      DECLARE conn text;
      BEGIN
        conn := format('host=%s user=%s password=%s', 'pg-rw', 'postgres', '\${PW}');
        EXECUTE format('CREATE SUBSCRIPTION sub CONNECTION %L PUBLICATION pub', conn);
        EXECUTE 'CREATE ROLE ' || quote_ident(name) || ' LOGIN';
      END $$;`;
    const [, subscription, role] = readSql(text).statements;
    assert.ok(subscription?.kind === 'create-subscription' && role?.kind === 'role');
    assert.deepEqual([subscription.inDo, subscription.dynamic], [true, 'execute']);
    assert.equal(at(text, subscription.connection?.host?.span), 'pg-rw');
    assert.equal(at(text, subscription.connection?.user?.span), 'postgres');
    assert.equal(at(text, subscription.connection?.password?.span), '${PW}');
    assert.deepEqual([role.name.text, role.options], ['name', ['LOGIN']]);
  });

  it('runs what \\gexec runs, outside a transaction', () => {
    const text = `SELECT 'CREATE DATABASE key_vault OWNER kv' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'key_vault')\\gexec
      SELECT format('CREATE USER %I', 'u') \\gexec
      \\connect key_vault`;
    const { statements } = readSql(text);
    assert.deepEqual(statements.map(summary), [
      'other SELECT WHERE',
      'database create key_vault owner kv (conditional, gexec)',
      'other SELECT FORMAT',
      'role create user u (gexec)',
      'psql \\connect key_vault',
    ]);
    const [, database] = statements;
    assert.ok(database?.kind === 'database');
    assert.equal(at(text, database.name.span), 'key_vault');
  });

  it('knows what is in a transaction', () => {
    assert.deepEqual(
      readSql('BEGIN; CREATE ROLE a; COMMIT; CREATE ROLE b; START TRANSACTION; CREATE ROLE c').statements.map(summary),
      [
        'begin',
        'role create role a (in transaction)',
        'commit (in transaction)',
        'role create role b',
        'begin',
        'role create role c (in transaction)',
      ],
    );
  });

  it('reads databases, roles and grants', () => {
    const text = `CREATE DATABASE "key vault" WITH OWNER = kv; ALTER DATABASE d OWNER TO o; ALTER ROLE synapse REPLICATION LOGIN;
      GRANT ALL PRIVILEGES ON DATABASE d TO a, "b"; GRANT pg_monitor TO c WITH ADMIN OPTION; REVOKE CREATE ON SCHEMA public FROM PUBLIC;
      CREATE USER IF NOT EXISTS u; ALTER SYSTEM SET wal_level = logical`;
    assert.deepEqual(readSql(text).statements.map(summary), [
      'database create key vault owner kv',
      'database alter d owner o',
      'role alter role synapse REPLICATION LOGIN',
      'grant ALL PRIVILEGES on DATABASE d to a b',
      'grant pg_monitor to c',
      'revoke CREATE on SCHEMA public to PUBLIC',
      'role create user u',
      'other ALTER SYSTEM SET',
    ]);
  });

  it('takes expansions for parts of names, and knows the variables of psql', () => {
    const script = readSql(
      `CREATE DATABASE \${DB}_x; CREATE USER $U PASSWORD :'pw'; CREATE ROLE :name; SELECT '1'::int, a[1:2];`,
    );
    const [database, user, role] = script.statements;
    assert.ok(database?.kind === 'database' && user?.kind === 'role' && role?.kind === 'role');
    assert.equal(database.name.text, '${DB}_x');
    assert.equal(user.name.text, '$U');
    assert.deepEqual([user.password?.text, user.password?.isVariable], ['pw', true]);
    assert.deepEqual([role.name.text, role.name.isVariable], ['name', true]);
    assert.deepEqual(
      script.variables.map(one => one.name),
      ['pw', 'name'],
    );
  });

  it('keeps comments, strings and dollar quotes apart', () => {
    const text = "SELECT 'a;b--', E'c\\';d', $q$e;f$q$, \"g;h\" /* i; /* j; */ k; */; -- l;\nSELECT 2";
    assert.equal(readSql(text).statements.length, 2);
  });

  it('keeps the places of SQL that a script gives to psql', () => {
    const script = 'psql <<EOF\nCREATE DATABASE $DB_NAME OWNER \\"x\\";\nEOF\n';
    const [input] = psqlCalls(readShell(script))[0]?.sql ?? [];
    assert.ok(input?.kind === 'text');
    const [database] = readSqlFrom(textOfPieces(input.content, input.span)).statements;
    assert.ok(database?.kind === 'database');
    assert.equal(database.name.text, '${DB_NAME}');
    assert.equal(at(script, database.name.span), '$DB_NAME');
  });

  it('never throws, and every place lies in the text', () => {
    const sql = textOf([
      ...[
        'CREATE ',
        'USER ',
        'DATABASE ',
        'SUBSCRIPTION ',
        's ',
        'CONNECTION ',
        "'",
        "''",
        "E'",
        '"',
        '$$',
        '$a$',
        'DO ',
        'BEGIN ',
        'IF ',
        'THEN ',
      ],
      ...[
        'END ',
        ';',
        '\n',
        '--',
        '/*',
        '*/',
        '\\gexec',
        '\\c x\n',
        ':x',
        ":'y'",
        ' := ',
        'EXECUTE ',
        'format(',
        '%L',
        '%s',
        ',',
        ')',
        '||',
        '${A}',
        '$B',
      ],
      ...['host=a ', 'user = b', 'GRANT ', 'ON ', 'TO ', 'WITH (', '=', 'true', 'SELECT ', 'WHERE ', '\\'],
    ]);
    fc.assert(
      fc.property(sql, text => {
        for (const statement of readSql(text).statements) {
          assertInside(text, statement.span);
          if ('name' in statement) assertInside(text, statement.name.span);
          if (statement.kind === 'create-subscription' && statement.connection)
            assertInside(text, statement.connection.span);
        }
        let end = 0;
        for (const token of sqlTokens(wholeText(text))) {
          assert.ok(token.start >= end && token.end > token.start);
          end = token.end;
          if (!token.content) assert.equal(at(text, token.span), token.text);
        }
      }),
      { numRuns: 400 },
    );
  });
});

function summary(statement: SqlStatement): string {
  const { kind, inTransaction, inDo, conditional, dynamic } = statement;
  const notes = [inTransaction && 'in transaction', inDo && 'in do', conditional && 'conditional', dynamic].filter(
    Boolean,
  );
  const context = notes.length > 0 ? ` (${notes.join(', ')})` : '';
  switch (statement.kind) {
    case 'role':
      return [kind, statement.action, statement.type, statement.name.text, ...statement.options].join(' ') + context;
    case 'database':
      return `${kind} ${statement.action} ${statement.name.text} owner ${statement.owner?.text}${context}`;
    case 'grant':
    case 'revoke': {
      const objects =
        statement.on === undefined ? '' : ` on ${statement.on} ${statement.objects.map(one => one.text).join(' ')}`;
      return `${kind} ${statement.privileges.join(' ')}${objects} to ${statement.roles.map(one => one.text).join(' ')}${context}`;
    }
    case 'create-publication':
    case 'create-subscription':
      return `${kind} ${statement.name.text}${context}`;
    case 'psql':
      return `psql ${statement.command} ${statement.arguments}${context}`;
    case 'other':
      return `other ${statement.keywords}${context}`;
    default:
      return kind + context;
  }
}

function assertInside(text: string, { start, end }: { start: number; end: number }): void {
  assert.ok(0 <= start && start <= end && end <= text.length, `${start}-${end} of ${text.length}`);
}

function at(text: string, span: { start: number; end: number } | undefined): string {
  return span ? text.slice(span.start, span.end) : 'no place';
}
