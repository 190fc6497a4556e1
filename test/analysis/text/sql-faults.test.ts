import assert from 'node:assert/strict';
import { wholeText } from '../../../analysis/text/origin';
import { sqlFaults } from '../../../analysis/text/sql-faults';

describe('what PostgreSQL refuses', () => {
  const faults = (sql: string): readonly string[] =>
    sqlFaults(wholeText(sql)).map(({ span, fault }) => `${sql.slice(span.start, span.end)}: ${fault}`);

  it('is IF NOT EXISTS for databases and roles', () => {
    assert.deepEqual(faults('CREATE DATABASE IF NOT EXISTS vault;'), [
      'IF NOT EXISTS: CREATE DATABASE has no IF NOT EXISTS',
    ]);
    assert.deepEqual(faults("create role if not exists a LOGIN PASSWORD 'b'"), [
      'if not exists: CREATE ROLE has no IF NOT EXISTS',
    ]);
    assert.deepEqual(faults('CREATE TABLE IF NOT EXISTS a (id int); CREATE SCHEMA IF NOT EXISTS b'), []);
    assert.deepEqual(faults('DROP DATABASE IF EXISTS a; CREATE EXTENSION IF NOT EXISTS pg_trgm;'), []);
  });

  it('is a grant without ON, or to nobody', () => {
    assert.deepEqual(faults('GRANT ALL PRIVILEGES DATABASE a TO b'), ['DATABASE: ON is missing before DATABASE']);
    assert.deepEqual(faults('GRANT SELECT ON ALL TABLES IN SCHEMA public'), ['public: TO and a role are missing']);
    assert.deepEqual(faults('REVOKE ALL SCHEMA public FROM PUBLIC'), ['SCHEMA: ON is missing before SCHEMA']);
    assert.deepEqual(faults('GRANT reader TO writer; GRANT ALL ON DATABASE a TO b WITH GRANT OPTION; GRANT $X'), []);
    assert.deepEqual(
      faults('GRANT ${PRIVILEGES} TO b; ALTER DEFAULT PRIVILEGES IN SCHEMA a\nGRANT SELECT ON TABLES TO b'),
      [],
    );
  });

  it('is a publication for all of nothing', () => {
    assert.deepEqual(faults('CREATE PUBLICATION p FOR ALL TABLE'), ['TABLE: FOR ALL is followed by TABLES']);
    assert.deepEqual(faults('CREATE PUBLICATION p FOR TABLES a, b'), ['TABLES: FOR TABLES is followed by IN SCHEMA']);
    assert.deepEqual(
      faults('CREATE PUBLICATION p FOR ALL TABLES; CREATE PUBLICATION q FOR TABLE a, b; CREATE PUBLICATION r'),
      [],
    );
    assert.deepEqual(faults("CREATE PUBLICATION p FOR TABLES IN SCHEMA a WITH (publish = 'insert')"), []);
  });

  it('is a password without quotes', () => {
    assert.deepEqual(faults('CREATE USER a WITH PASSWORD $PASSWORD'), ['$PASSWORD: a password stands in quotes']);
    assert.deepEqual(faults('ALTER ROLE a PASSWORD hunter2'), ['hunter2: a password stands in quotes']);
    assert.deepEqual(faults("CREATE USER a IDENTIFIED BY 'b'"), ['IDENTIFIED: IDENTIFIED BY is MySQL’s']);
    assert.deepEqual(faults("CREATE USER a PASSWORD '$PASSWORD'; ALTER ROLE a PASSWORD NULL"), []);
    assert.deepEqual(faults("ALTER ROLE a PASSWORD :'password'; ALTER ROLE a PASSWORD PASSWORD_PLACEHOLDER"), []);
  });

  it('is a hyphen in a bare name', () => {
    assert.deepEqual(faults('CREATE DATABASE key-vault OWNER key_vault'), [
      'key-vault: key-vault is no name without double quotes',
    ]);
    assert.deepEqual(faults('GRANT CONNECT ON DATABASE a TO key-vault'), [
      'key-vault: key-vault is no name without double quotes',
    ]);
    assert.deepEqual(faults('CREATE DATABASE "key-vault"; SELECT a-b FROM c; CREATE DATABASE $A-$B'), []);
    assert.deepEqual(faults('CREATE ROLE a CONNECTION LIMIT -1'), []);
  });

  it('is a statement that goes on in the next one', () => {
    assert.deepEqual(faults("CREATE ROLE a LOGIN PASSWORD 'b'\nCREATE DATABASE c OWNER a;"), [
      'CREATE: the statement above has no end',
    ]);
    assert.deepEqual(faults('CREATE DATABASE c\nGRANT ALL ON DATABASE c TO a;'), [
      'GRANT: the statement above has no end',
    ]);
    assert.deepEqual(
      faults('GRANT USAGE,\n  CREATE ON SCHEMA public TO a;\nGRANT ALL ON DATABASE a TO b\nWITH GRANT OPTION'),
      [],
    );
    assert.deepEqual(faults('CREATE ROLE a\n  CREATEDB\n  LOGIN;\nCREATE ROLE b'), []);
  });

  it('is a body that is not closed', () => {
    const block = (end: string): string =>
      `DO $$\nDECLARE a text;\nBEGIN\n IF NOT EXISTS (SELECT 1) THEN\n  CREATE ROLE b;\n ELSIF true THEN\n  a := 1;\n END IF;\n FOR r IN SELECT 1 LOOP\n  PERFORM CASE WHEN true THEN 1 ELSE 2 END;\n END LOOP;\n${end}$$;`;
    assert.deepEqual(faults(block('END ')), []);
    assert.deepEqual(faults(block('END;\n')), []);
    assert.deepEqual(faults(block('')), [';: an END is missing in this body']);
    assert.deepEqual(faults('CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$'), []);
    assert.deepEqual(faults('CREATE FUNCTION f() RETURNS int AS $$ BEGIN RETURN 1; $$ LANGUAGE plpgsql'), [
      ';: an END is missing in this body',
    ]);
  });

  it('is found in bodies and in literals that are run', () => {
    assert.deepEqual(faults('DO $$ BEGIN IF true THEN CREATE PUBLICATION p FOR ALL TABLE; END IF; END $$'), [
      'TABLE: FOR ALL is followed by TABLES',
    ]);
    assert.deepEqual(faults("SELECT 'CREATE DATABASE IF NOT EXISTS a' WHERE true \\gexec\n"), [
      'IF NOT EXISTS: CREATE DATABASE has no IF NOT EXISTS',
    ]);
    assert.deepEqual(faults("SELECT 'GRANT ALL DATABASE a TO b';\n-- CREATE DATABASE IF NOT EXISTS a\n"), []);
  });
});
