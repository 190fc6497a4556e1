import assert from 'node:assert/strict';
import rule from '../../../rules/sync/li-default-read-only';
import { messages } from '../expect';
import { configMap, synapse } from '../synapse/tree';

const job = (sql: string): string => `---
apiVersion: batch/v1
kind: Job
metadata: {name: settings, namespace: matrix}
spec:
  template:
    spec:
      containers:
        - name: psql
          image: postgres:16.4
          command:
            - sh
            - -c
            - |
              psql -h pg-rw -U postgres -d matrix_li <<'SQL'
              ${sql}
              SQL
`;

describe('li-default-read-only in scripts', () => {
  const processes = `${configMap('synapse-config', {
    'homeserver.yaml':
      'server_name: tessera.test\ndatabase: {name: psycopg2, args: {host: pg-rw, dbname: matrix_li, user: synapse_li}}',
  })}${synapse('synapse-li')}`;
  const found = (sql: string, rest = processes): readonly string[] =>
    messages(rule, rest + job(sql)).map(one => one.replace(/ is then.*/, ''));

  it('finds a database and a role that Synapse uses', () => {
    for (const sql of [
      'ALTER DATABASE matrix_li SET default_transaction_read_only = on;',
      "alter database matrix_li set default_transaction_read_only to 'on';",
    ])
      assert.deepEqual(found(sql), ['warning: The database matrix_li'], sql);
    assert.deepEqual(found('ALTER ROLE synapse_li SET default_transaction_read_only TO true;'), [
      'warning: The role synapse_li',
    ]);
    assert.deepEqual(found('ALTER USER synapse_li IN DATABASE matrix_li SET default_transaction_read_only TO on;'), [
      'warning: The role synapse_li',
    ]);
  });

  it('leaves readers, other databases and settings that are taken back alone', () => {
    for (const sql of [
      'ALTER ROLE auditor SET default_transaction_read_only TO on;',
      'ALTER DATABASE reports SET default_transaction_read_only = on;',
      'ALTER DATABASE matrix_li SET default_transaction_read_only = off;',
      'ALTER DATABASE matrix_li SET statement_timeout = 1000;',
      'ALTER DATABASE matrix_li SET default_transaction_read_only = on; ALTER DATABASE matrix_li SET default_transaction_read_only = off;',
    ])
      assert.deepEqual(found(sql), [], sql);
    // The Job alone: what uses the database is elsewhere.
    assert.deepEqual(found('ALTER DATABASE matrix_li SET default_transaction_read_only = on;', ''), []);
  });
});
