import assert from 'node:assert/strict';
import { type PsqlCall, psqlCalls } from '../../../analysis/text/psql-calls';
import { readShell } from '../../../analysis/text/shell';
import { textOfPieces } from '../../../analysis/text/shell-values';

describe('psqlCalls', () => {
  it('reads the connection and where the password comes from', () => {
    const script = 'PGPASSWORD="$PW" psql -h "$DB_HOST" -p 5433 -U postgres -d matrix -tAc "SELECT 1"';
    const [call] = psqlCalls(readShell(script));
    assert.ok(call);
    assert.deepEqual(
      settings(call),
      'user postgres (option), host ${DB_HOST} (option), port 5433 (option), database matrix (option), password ${PW} (environment)',
    );
    assert.equal(at(script, call.user?.value.span), 'postgres');
    assert.deepEqual(sql(call), ['option: SELECT 1']);
  });

  const connections: Record<string, string> = {
    'export PGUSER=u PGHOST=h; psql d': 'user u (environment), host h (environment), database d (operand)',
    'PGUSER=u psql -U v d w': 'user v (option), database d (operand)',
    'PGUSER=u psql d w': 'user w (operand), database d (operand)',
    'psql "postgresql://u:$P@h:5432/d?sslmode=require"':
      'user u (connection-string), host h (connection-string), port 5432 (connection-string), database d (connection-string), password ${P} (connection-string)',
    "psql -d 'host=h dbname=d user=u'":
      'user u (connection-string), host h (connection-string), database d (connection-string)',
    'psql --username=u --host h --dbname d': 'user u (option), host h (option), database d (option)',
    psql: '',
  };
  for (const [script, expected] of Object.entries(connections)) {
    it(`reads ${script}`, () => {
      const [call] = psqlCalls(readShell(script));
      assert.equal(call && settings(call), expected);
    });
  }

  it('finds the SQL in options, files, here-documents and pipes', () => {
    const inputs: Record<string, readonly string[]> = {
      'psql -c "CREATE DATABASE $DB" -f /a.sql': ['option: CREATE DATABASE ${DB}', 'file: /a.sql'],
      "psql <<'EOF'\nSELECT '$1';\nEOF\n": ["stdin: SELECT '$1';\n"],
      'psql -v n="$X" <<< "SELECT :n"': ['stdin: SELECT :n\n'],
      'echo "SELECT $A" | psql': ['stdin: SELECT ${A}\n'],
      'psql < a.sql': ['file: a.sql'],
      'cat a.sql b.sql | psql -f -': ['file: a.sql', 'file: b.sql'],
      'sed "s/A/$A/" a.sql | envsubst | psql': ['file: a.sql through sed, envsubst'],
      'echo no | psql -c "SELECT 1"': ['option: SELECT 1'],
      'kubectl exec -i p -- psql -U u <<EOF\nSELECT 2\nEOF\n': ['stdin: SELECT 2\n'],
    };
    for (const [script, expected] of Object.entries(inputs)) {
      const [call] = psqlCalls(readShell(script));
      assert.deepEqual(call && sql(call), expected, script);
    }
  });

  it('reads flags and variables', () => {
    const [call] = psqlCalls(readShell('psql -v ON_ERROR_STOP=1 -1 --set=db="$DB" -f a.sql || true'));
    assert.ok(call);
    assert.deepEqual(
      [call.stopsOnError, call.singleTransaction, call.errorsIgnored, call.remote],
      [true, true, true, false],
    );
    assert.deepEqual(
      call.variables.map(one => `${one.name}=${one.value.value}`),
      ['ON_ERROR_STOP=1', 'db=${DB}'],
    );
  });

  it('reads createdb and createuser', () => {
    const [database, user] = psqlCalls(
      readShell('createdb -U postgres -O owner -h h name; createuser -U postgres new'),
    );
    assert.deepEqual(
      [database?.program, database?.owner?.value, database?.operand?.value, database?.host?.value.value],
      ['createdb', 'owner', 'name', 'h'],
    );
    assert.deepEqual([user?.program, user?.user?.value.value, user?.operand?.value], ['createuser', 'postgres', 'new']);
  });
});

function settings(call: PsqlCall): string {
  return (['user', 'host', 'port', 'database', 'password'] as const)
    .flatMap(name => {
      const setting = call[name];
      return setting ? [`${name} ${setting.value.value} (${setting.from})`] : [];
    })
    .join(', ');
}

function sql(call: PsqlCall): readonly string[] {
  return call.sql.map(input => {
    if (input.kind === 'text') return `${input.from}: ${textOfPieces(input.content, input.span).text}`;
    const filters = input.filters.map(filter => filter.kind).join(', ');
    return `file: ${input.path.path}${filters && ` through ${filters}`}`;
  });
}

function at(text: string, span: { start: number; end: number } | undefined): string {
  return span ? text.slice(span.start, span.end) : 'no place';
}
