import assert from 'node:assert/strict';
import rule from '../../../rules/sync/sync-restores-into-main';
import { messages } from '../expect';

const { bad } = rule.examples;
const script = bad.slice(bad.indexOf('pg_dump'), bad.lastIndexOf('#   '));

describe('sync-restores-into-main', () => {
  /** The tree of the example with other commands. */
  function running(...lines: readonly string[]): readonly string[] {
    const changed = bad.replace(script, `${lines.join('\n                    ')}\n      `);
    assert.notEqual(changed, bad);
    return messages(rule, changed);
  }
  const main = '-h matrix-postgresql-rw.matrix.svc.cluster.local -U synapse -d matrix';
  const li = '-h matrix-postgresql-li-rw -U synapse_li -d matrix_li';

  it('finds restores through a pipe, by pg_restore, and with the two swapped', () => {
    assert.match(
      running(`pg_dump ${main} | psql ${main}`)[0] ?? '',
      /^error: psql restores a dump of Cluster\/matrix-postgresql /,
    );
    assert.match(running(`pg_dump ${li} | psql ${main}`)[0] ?? '', /of Cluster\/matrix-postgresql-li into the main/);
    assert.match(
      running(`pg_dump ${main} -Fc -f /tmp/a.dump`, `pg_restore ${main} /tmp/a.dump`)[0] ?? '',
      /^error: pg_restore restores/,
    );
    assert.equal(running(`pg_dump ${main} > /tmp/a.sql`, `psql ${main} < /tmp/a.sql`).length, 1);
  });

  it('accepts restores into the LI database, and what psql does on the main one beside', () => {
    assert.deepEqual(running(`pg_dump ${main} | psql ${li}`), []);
    assert.deepEqual(running(`pg_dump ${main} -Fc -f /tmp/a`, `pg_restore ${li} /tmp/a`), []);
    assert.deepEqual(
      running(`pg_dump ${main} > /tmp/a.sql`, `psql ${main} -f /sql/publication.sql`, `psql ${li} -f /tmp/a.sql`),
      [],
    );
    assert.deepEqual(running(`psql ${main} -c "SELECT 1"`), []);
    assert.deepEqual(running(`pg_dump ${main} -Fc -f /tmp/a`, `pg_restore -l /tmp/a`), []);
    assert.deepEqual(running(`pg_dump ${main} | psql -h "$TARGET" -U synapse -d matrix`), []);
  });
});
