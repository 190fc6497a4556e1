import assert from 'node:assert/strict';
import rule from '../../../rules/postgresql/sql-catalog-column-unknown';
import { messages } from '../expect';

const job = (sql: string): string => `
apiVersion: v1
kind: ConfigMap
metadata: {name: sql, namespace: matrix}
data:
  lag.sql: |
${sql.replace(/^/gm, '    ')}
---
apiVersion: batch/v1
kind: Job
metadata: {name: lag, namespace: matrix}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: lag
          image: postgres:16
          command: [sh, -c, "psql -h li-rw -f /sql/lag.sql"]
          volumeMounts: [{name: sql, mountPath: /sql}]
      volumes: [{name: sql, configMap: {name: sql}}]
`;

describe('sql-catalog-column-unknown', () => {
  it('finds columns of another catalog, and names that none has', () => {
    for (const [sql, said] of [
      ['SELECT s.subname, s.latest_end_lsn FROM pg_subscription s;', /pg_subscription has no column latest_end_lsn/],
      [
        'SELECT subname, srsubstate\nFROM pg_subscription_rel\nJOIN pg_subscription ON subrelid = srrelid;',
        /pg_subscription_rel and pg_subscription have no column subrelid/,
      ],
      [
        'SELECT slot_name, replay_lag FROM pg_catalog.pg_replication_slots',
        /no column replay_lag, .* — ask pg_stat_replication\./,
      ],
    ] as const) {
      const [message, ...others] = messages(rule, job(sql));
      assert.match(message ?? '', said);
      assert.deepEqual(others, []);
    }
  });

  it('accepts queries that PostgreSQL answers, and leaves alone what it cannot judge', () => {
    for (const sql of [
      'SELECT subname, pg_size_pretty(pg_wal_lsn_diff(latest_end_lsn, received_lsn)) AS lag FROM pg_stat_subscription;',
      'SELECT s.subname, r.srsubstate FROM pg_subscription s JOIN pg_subscription_rel r ON r.srsubid = s.oid;',
      "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_publication WHERE pubname = 'received_lsn') THEN NULL; END IF; END $$;",
      'SELECT count(*) AS received_lsn FROM pg_subscription; -- received_lsn',
      'SELECT subname, received_lsn FROM pg_subscription JOIN lag USING (subname);',
      'SELECT received_lsn FROM pg_subscription, (SELECT 1) AS one;',
      'SELECT slot_name, active, restart_lsn FROM pg_replication_slots WHERE slot_type = $1;',
    ])
      assert.deepEqual(messages(rule, job(sql)), [], sql);
  });
});
