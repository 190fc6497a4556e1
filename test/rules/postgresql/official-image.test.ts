import assert from 'node:assert/strict';
import imageSettingsRefused from '../../../rules/config/image-settings-refused';
import pgImageDataPath from '../../../rules/postgresql/pg-image-data-path';
import pgLocaleNotC from '../../../rules/postgresql/pg-locale-not-c';
import synapseDatabaseMismatch from '../../../rules/postgresql/synapse-database-mismatch';
import type { Rule } from '../../../rules/rule';
import { messages } from '../expect';

interface Parts {
  /** The items of `env` of the server, in flow style. */
  readonly env?: string;
  /** More lines of the container of the server. */
  readonly container?: string;
  /** The arguments of Synapse for its database. */
  readonly args?: string;
  readonly database?: string;
  readonly image?: string;
  readonly script?: string;
}

const usual = '{name: POSTGRES_USER, value: synapse}, {name: POSTGRES_PASSWORD, value: Kq7VmX2kLz9}';
const inC = '{name: POSTGRES_INITDB_ARGS, value: "--encoding=UTF8 --lc-collate=C --lc-ctype=C"}';

const tree = ({
  env = `${usual}, ${inC}`,
  container = '',
  args = '{host: db, user: synapse, password: Kq7VmX2kLz9, dbname: synapse}',
  database = '',
  image = 'postgres:16.4',
  script = 'SELECT 1;',
}: Parts): string => `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: synapse, namespace: matrix}
      data:
        homeserver.yaml: |
          server_name: tessera.test
          database: {name: psycopg2, args: ${args}${database}}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: synapse, namespace: matrix}
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                volumeMounts: [{name: config, mountPath: /config}]
            volumes: [{name: config, configMap: {name: synapse}}]
      #- /database.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: init, namespace: matrix}
      data:
        init.sql: |
          ${script}
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: db, namespace: matrix}
      spec:
        serviceName: db
        selector: {matchLabels: {app: db}}
        template:
          metadata: {labels: {app: db}}
          spec:
            containers:
              - name: postgres
                image: ${image}
                env: [${env}]
${container}
                volumeMounts:
                  - {name: data, mountPath: /var/lib/postgresql/data}
                  - {name: init, mountPath: /docker-entrypoint-initdb.d}
            volumes: [{name: init, configMap: {name: init}}]
        volumeClaimTemplates: [{metadata: {name: data}}]
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: db, namespace: matrix}
      spec: {selector: {app: db}, ports: [{port: 5432}]}
`;

const found = (rule: Rule, parts: Parts): readonly string[] => messages(rule, tree(parts));

describe('a database of the official image of PostgreSQL', () => {
  it('has the database, the user and the password that its variables say', () => {
    assert.deepEqual(found(synapseDatabaseMismatch, {}), []);
    const of = (args: string, more: Parts = {}): readonly string[] =>
      found(synapseDatabaseMismatch, { args: `{host: db.matrix.svc, ${args}}`, ...more });
    assert.deepEqual(of('user: synapse, password: Kq7VmX2kLz9, dbname: matrix'), [
      'error: StatefulSet/db has no database matrix; its image makes synapse — use that, or set POSTGRES_DB.',
    ]);
    assert.deepEqual(of('user: matrix, password: Kq7VmX2kLz9, dbname: synapse'), [
      'error: StatefulSet/db has no role matrix; its image makes synapse — use that, or set POSTGRES_USER.',
    ]);
    assert.deepEqual(of('user: synapse, password: other, dbname: synapse'), [
      'error: The password of synapse is not the one that StatefulSet/db gets as POSTGRES_PASSWORD — write the same in both.',
    ]);
    const script = 'CREATE USER matrix; CREATE DATABASE matrix OWNER matrix;';
    assert.deepEqual(of('user: matrix, password: other, dbname: matrix', { script }), []);
    // Whoever follows Synapse's documentation makes role and database by hand where the image's own one has another locale.
    assert.deepEqual(
      of('user: matrix, password: Kq7VmX2kLz9, dbname: matrix', { env: usual }).map(one => one.split(' ')[0]),
      ['warning:', 'warning:'],
    );
    assert.match(
      of('user: matrix, dbname: synapse', { env: usual }).join(),
      /^error: StatefulSet\/db has no role matrix/,
    );
    // Variables that a Secret outside of the tree may bring, and databases elsewhere, are not known.
    const container = '                envFrom: [{secretRef: {name: elsewhere}}]';
    assert.deepEqual(of('user: matrix, dbname: matrix', { env: '', container }), []);
    assert.deepEqual(of('user: matrix, dbname: matrix', { image: 'registry.test/postgres-ha:16' }), []);
  });

  it('has the locale C where Synapse uses it', () => {
    assert.deepEqual(found(pgLocaleNotC, {}), []);
    assert.match(found(pgLocaleNotC, { env: usual }).join(), /^error: StatefulSet\/db makes the database synapse with/);
    for (const value of ['--locale=C', '-E UTF8 --no-locale', '--lc-collate C --lc-ctype=C'])
      assert.deepEqual(found(pgLocaleNotC, { env: `${usual}, {name: POSTGRES_INITDB_ARGS, value: "${value}"}` }), []);
    assert.equal(
      found(pgLocaleNotC, { env: `${usual}, {name: POSTGRES_INITDB_ARGS, value: "--lc-collate=C"}` }).length,
      1,
    );
    assert.deepEqual(found(pgLocaleNotC, { env: usual, database: ', allow_unsafe_locale: true' }), []);
    assert.deepEqual(found(pgLocaleNotC, { env: `${usual}, {name: LANG, value: C}` }), []);
    const other = { env: usual, args: '{host: elsewhere.test, user: synapse, dbname: synapse}' };
    assert.deepEqual(found(pgLocaleNotC, other), []);
    const script = "CREATE DATABASE synapse LC_COLLATE='de_DE.utf8' LC_CTYPE 'C' TEMPLATE template0;";
    assert.deepEqual(found(pgLocaleNotC, { script }), [
      'error: LC_COLLATE of the database synapse is de_DE.utf8, and Synapse refuses such a database — set C before it is made.',
    ]);
    assert.deepEqual(found(pgLocaleNotC, { env: usual, script: script.replace('de_DE.utf8', 'C') }), []);
    const made = (options: string, env = usual): string => {
      const messages = found(pgLocaleNotC, { env, script: `CREATE DATABASE synapse OWNER synapse ${options};` });
      return messages.map(message => message.replace(/ — .*/, '')).join();
    };
    assert.match(made(''), /^error: The database synapse takes its locale from the server, which is not C, and/);
    assert.match(made("LC_COLLATE 'C' TEMPLATE template0"), /takes a part of its locale from the server/);
    assert.match(made("LC_COLLATE 'C' LC_CTYPE 'C'"), /is to have the locale C, and template1, which .* refuses/);
    assert.match(made("LOCALE 'C' ENCODING 'LATIN1' TEMPLATE template0"), /^error: The encoding of the database/);
    assert.equal(made("LOCALE = 'C' TEMPLATE = template0"), '');
    assert.equal(made('TEMPLATE of_ours'), '', 'another template may have any locale');
    assert.equal(made('', `${usual}, {name: POSTGRES_INITDB_ARGS, value: "--locale=C"}`), '', 'as the server');
    assert.equal(made('', `${usual}, {name: LC_ALL, value: "C.UTF-8"}`), '', 'which nobody knows');
  });

  it('keeps its data where a volume is', () => {
    const of = (path: string): readonly string[] =>
      found(pgImageDataPath, { env: `${usual}, {name: PGDATA, value: ${path}}` });
    assert.deepEqual(of('/var/lib/postgresql/data/pgdata'), []);
    assert.match(
      of('/pgdata').join(),
      /^error: PostgreSQL 16.4 keeps its data in \/pgdata, where no volume is mounted/,
    );
  });

  it('starts with a password only', () => {
    const of = (env: string, container = ''): readonly string[] => found(imageSettingsRefused, { env, container });
    assert.deepEqual(of(usual), []);
    assert.equal(of('{name: POSTGRES_USER, value: synapse}').length, 1);
    assert.deepEqual(of('{name: POSTGRES_PASSWORD_FILE, value: /run/password}'), []);
    assert.deepEqual(of('{name: POSTGRES_HOST_AUTH_METHOD, value: trust}'), []);
    assert.deepEqual(of('{name: POSTGRES_PASSWORD, valueFrom: {secretKeyRef: {name: elsewhere, key: a}}}'), []);
    assert.deepEqual(of('', '                envFrom: [{secretRef: {name: elsewhere}}]'), []);
    assert.deepEqual(of('', '                command: [postgres, -D, /data]'), []);
  });
});

describe('a server of MinIO', () => {
  const minio = (env: string, more = ''): readonly string[] =>
    messages(
      imageSettingsRefused,
      `
      #- /minio.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: minio, namespace: matrix}
      spec:
        template:
          spec:
            containers:
              - name: minio
                image: quay.io/minio/minio:RELEASE.2024-10-13T13-34-11Z
                args: [server, /data]
                env: [${env}]
${more}
      `,
    );

  it('starts with both a root user and a root password', () => {
    const user = '{name: MINIO_ROOT_USER, value: storage}';
    const password = '{name: MINIO_ROOT_PASSWORD, value: correct-horse}';
    assert.deepEqual(minio(`${user}, ${password}`), []);
    assert.deepEqual(minio(''), []);
    assert.equal(minio(user).length, 1);
    assert.deepEqual(minio(user, '                envFrom: [{secretRef: {name: elsewhere}}]'), []);
    assert.deepEqual(minio(`${user}, {name: MINIO_ROOT_PASSWORD_FILE, value: /run/a}`), []);
    assert.equal(minio(`{name: MINIO_ROOT_USER, value: ab}, ${password}`).length, 1);
    assert.equal(minio(`${user}, {name: MINIO_ROOT_PASSWORD, value: short}`).length, 1);
  });
});
