import assert from 'node:assert/strict';
import rule from '../../../rules/config/config-env-undefined';
import { fixTitles, messages } from '../expect';

const pod = (script: string, env = '', image = 'postgres:16-alpine', more = ''): string => `
apiVersion: batch/v1
kind: Job
metadata: {name: init, namespace: matrix}
spec:
  template:
    spec:
      restartPolicy: Never
      containers:
        - name: init
          image: ${image}
          command: [sh, -c]
          args:
            - |
${script
  .split('\n')
  .map(line => `              ${line}`)
  .join('\n')}
          env: [${env}]${more}
`;

const value = (name: string): string => `{name: ${name}, value: x}`;
const named = (source: string): readonly (string | undefined)[] =>
  messages(rule, source).map(message => /no variable (\w+), so (?:psql|redis-cli|createdb)/.exec(message)?.[1]);

describe('config-env-undefined, in commands', () => {
  it('finds a password, host, user, database and a part of the SQL that no variable holds', () => {
    const script = 'PGPASSWORD="$SUPER" psql -h "$DB_HOST" -U "${DB_USER}" -d $DB_NAME -c "CREATE USER $NEW_USER"';
    assert.deepEqual([...named(pod(script))].sort(), ['DB_HOST', 'DB_NAME', 'DB_USER', 'NEW_USER', 'SUPER']);
    const all = ['DB_HOST', 'DB_NAME', 'DB_USER', 'NEW_USER', 'SUPER'].map(value).join(', ');
    assert.deepEqual(named(pod(script, all)), []);
  });

  it('finds what an exported password and a here-document need', () => {
    assert.deepEqual(named(pod('export PGPASSWORD=$SUPER\npsql -h pg -c "SELECT 1"')), ['SUPER']);
    assert.deepEqual(named(pod('psql -h pg <<EOF\nCREATE DATABASE $NAME;\nEOF')), ['NAME']);
    assert.deepEqual(named(pod("psql -h pg <<'EOF'\nDO $$ BEGIN PERFORM 1; END $$;\nEOF")), []);
  });

  it('looks at probes and hooks as well', () => {
    const probe = (variable: string): string =>
      pod('exec redis-server', '', 'redis:7.2-alpine', '').replace(
        'env: []',
        `livenessProbe: {exec: {command: [sh, -c, 'redis-cli -a "$${variable}" ping | grep PONG']}}\n          env: [${value('REDIS_PASSWORD')}]`,
      );
    assert.deepEqual(named(probe('REDIS_PASS')), ['REDIS_PASS']);
    assert.deepEqual(named(probe('REDIS_PASSWORD')), []);
  });

  it('accepts what the script, the image, Kubernetes or somebody unknown may define', () => {
    for (const script of [
      'NAME=synapse\npsql -h pg -d "$NAME"',
      'psql -h pg -d "${NAME:-synapse}"',
      'for NAME in a b; do createdb -h pg "$NAME"; done',
      'if [ -n "$NAME" ]; then psql -h pg -d "$NAME"; fi',
      '. /scripts/env.sh\npsql -h pg -d "$NAME"',
      'set -a; . ./env; psql -h pg -d "$NAME"',
      'psql -h "$POSTGRES_SERVICE_HOST" -p "$PG_PORT" -d synapse',
      'kubectl exec pg-1 -- psql -d "$NAME"',
      'echo "psql -d $NAME"',
      'psql -h pg -v name="$1" -c "SELECT :name"',
    ])
      assert.deepEqual(messages(rule, pod(script)), [], script);
    assert.deepEqual(messages(rule, pod('psql -h pg -d "$NAME"', '', 'registry.test/tools:1')), []);
    const open = pod('psql -h pg -d "$NAME"').replace('env: []', 'envFrom: [{secretRef: {name: elsewhere}}]');
    assert.deepEqual(messages(rule, open), []);
  });

  it('offers the key of a Secret that the container uses already', () => {
    const secret = `
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: matrix}
stringData: {DB_HOST: pg, DB_NAME: synapse}
---`;
    const host = `env:
            - name: DB_HOST
              valueFrom:
                secretKeyRef:
                  name: db
                  key: DB_HOST`;
    const source = secret + pod('psql -h "$DB_HOST" -d "$DB_NAME" -c "SELECT 1"').replace('env: []', host);
    assert.deepEqual(named(source), ['DB_NAME']);
    assert.deepEqual(fixTitles(rule, source), ['Take DB_NAME from the Secret db']);
  });

  it('leaves the connection of a sync system’s subscription to the rule for it', () => {
    const sql = "psql -h li <<EOF\nCREATE SUBSCRIPTION li CONNECTION 'host=$MAIN_HOST' PUBLICATION matrix;\nEOF";
    const sync = (name: string): string => pod(sql).replace('name: init, namespace', `name: ${name}, namespace`);
    assert.deepEqual(named(sync('sync-system-setup')), []);
    assert.deepEqual(named(sync('sync-system-setup').replace('-h li', '-h "$LI"')), ['LI']);
  });
});
