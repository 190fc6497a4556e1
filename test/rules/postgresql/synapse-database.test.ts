import assert from 'node:assert/strict';
import connectionBudget from '../../../rules/postgresql/pg-connection-budget-exceeded';
import literalCopy from '../../../rules/postgresql/pg-literal-copy-of-generated-password';
import databaseMismatch from '../../../rules/postgresql/synapse-database-mismatch';
import { check } from '../../fixture';
import { expecting, fixedBy } from '../monitoring/expect';

const cluster = (spec: string): string => `
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata: {name: matrix-postgresql, namespace: matrix}
    spec:
      instances: 3
${spec}
    ---`;
const initdb = '      bootstrap: {initdb: {database: matrix, owner: synapse}}';
const synapse = (database: string, workload = ''): string => `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: synapse, namespace: matrix}
    data:
      homeserver.yaml: |
        database:
${database}
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: synapse-main, namespace: matrix}
    spec:
${workload}      template:
        spec:
          containers:
            - name: synapse
              image: matrixdotorg/synapse:v1.119.0
              env: [{name: SYNAPSE_CONFIG_PATH, value: /config/homeserver.yaml}]
              volumeMounts: [{name: config, mountPath: /config}]
          volumes: [{name: config, configMap: {name: synapse}}]
`;

describe("Synapse's database", () => {
  const expectMarks = expecting(databaseMismatch);
  const args = (body: string): string =>
    `          name: psycopg2\n          args:\n            host: matrix-postgresql-rw.matrix.svc.cluster.local\n${body}`;

  it('may be one that anything in the tree creates', () => {
    const own = args('            dbname: synapse_data\n            user: synapse_user\n');
    const made = [
      cluster(`${initdb}\n      managed: {roles: [{name: synapse_user, login: true}]}`) +
        '\n    apiVersion: postgresql.cnpg.io/v1\n    kind: Database\n    metadata: {name: data, namespace: matrix}\n    spec: {name: synapse_data, owner: synapse_user, cluster: {name: matrix-postgresql}}\n    ---',
      cluster(
        `      bootstrap:\n        initdb:\n          database: matrix\n          postInitSQL:\n            - CREATE USER synapse_user;\n            - CREATE DATABASE synapse_data OWNER synapse_user;`,
      ),
      cluster(`      bootstrap: {recovery: {source: backup}}`),
    ];
    for (const tree of made) expectMarks(`${tree}${synapse(own)}`);
    expectMarks(`${cluster(initdb)}${synapse(own)}
    #- /init.sql
    CREATE ROLE "synapse_user" LOGIN;
    create database if not exists synapse_data;
    `);
  });

  it('is named wrongly otherwise', () => {
    expectMarks(
      `${cluster(initdb)}${synapse(args('            database: matrx\n    #                 ^^^^^ 💡 error: has no database matrx; it is bootstrapped with matrix\n            user: synaps\n    #             ^^^^^^ 💡 error: has no role synaps\n'))}`,
    );
  });

  it('is that of the cluster behind a Pooler', () => {
    const pooler = (name: string, type = 'rw'): string => `
    apiVersion: postgresql.cnpg.io/v1
    kind: Pooler
    metadata: {name: pooler, namespace: matrix}
    spec: {cluster: {name: ${name}}, type: ${type}, pgbouncer: {poolMode: session}}
    ---`;
    const through = (body: string): string =>
      synapse(args(body).replace('matrix-postgresql-rw.matrix.svc.cluster.local', 'pooler.matrix'));
    const right = through('            database: matrix\n            user: synapse\n');
    expectMarks(`${cluster(initdb)}${pooler('matrix-postgresql')}${right}`);
    const found = (tree: string): readonly string[] =>
      check(tree, [databaseMismatch]).findings.map(({ problem }) => problem.message);
    assert.match(found(`${cluster(initdb)}${pooler('matrix-postgresql', 'ro')}${right}`).join(), /cannot write/);
    assert.match(
      found(
        `${cluster(initdb)}${pooler('matrix-postgresql')}${right.replace('database: matrix', 'database: matrx')}`,
      ).join(),
      /has no database matrx/,
    );
    assert.match(
      found(`${cluster(initdb)}${pooler('matrix-postgres')}${right}`).join(),
      /waits for a Cluster matrix-postgres that is not there — did you mean matrix-postgresql\?$/,
    );
    // All clusters may be elsewhere.
    assert.deepEqual(found(`${pooler('matrix-postgres')}${right}`), []);
  });

  it('belongs to its owner, so that another role is a warning', () => {
    expectMarks(
      `${cluster(`${initdb}\n      managed: {roles: [{name: reader, login: true}]}`)}${synapse(args('            database: matrix\n            user: reader\n    #             ^^^^^^ 💡 warning: does not own the database matrix'))}`,
    );
  });

  it('has the default names where the cluster says none', () => {
    expectMarks(`${cluster('')}${synapse(args('            database: app\n            user: app\n'))}`);
    expectMarks(
      `${cluster('      bootstrap: {initdb: {database: matrix}}')}${synapse(args('            database: matrix\n            user: matrix\n'))}`,
    );
  });

  it('may be filled in by a script, reached through a Pooler, or used as postgres', () => {
    expectMarks(
      `${cluster(initdb)}${synapse(args('            database: ${DB_NAME}\n            user: DB_USER_PLACEHOLDER\n'))}`,
    );
    expectMarks(
      `${cluster(initdb)}${synapse('          name: psycopg2\n          args: {host: pooler-rw, database: other, user: other}')}`,
    );
    expectMarks(
      `${cluster(`${initdb}\n      enableSuperuserAccess: true`)}${synapse(args('            user: postgres\n'))}`,
    );
  });

  it('is not SQLite beside a cluster', () => {
    expectMarks(
      `${cluster(initdb)}${synapse('          name: sqlite3\n    #           ^^^^^^^ error: keep its data in SQLite, although Cluster matrix-postgresql is there\n')}`,
    );
    expectMarks(synapse('          name: sqlite3\n'));
  });
});

describe('the connection budget', () => {
  const expectMarks = expecting(connectionBudget);
  const args = (body: string): string =>
    `          name: psycopg2\n          args:\n            host: matrix-postgresql-rw\n${body}`;

  it('counts what autoscalers may start', () => {
    const hpa = `
    ---
    apiVersion: autoscaling/v2
    kind: HorizontalPodAutoscaler
    metadata: {name: synapse, namespace: matrix}
    spec:
      maxReplicas: 10
      scaleTargetRef: {apiVersion: apps/v1, kind: StatefulSet, name: synapse-main}
    `;
    expectMarks(`${cluster('')}${synapse(args('            cp_max: 10\n'), '      replicas: 2\n')}`);
    expectMarks(
      `${cluster('')}${synapse(args('            cp_max: 10\n    #               ^^ 💡 warning: 100 connections to Cluster matrix-postgresql (10 × 10), which has room for 82 — lower cp_max to 8\n'), '      replicas: 2\n')}${hpa}`,
    );
  });

  it('takes the default of Twisted where no pool is written', () => {
    expectMarks(`${cluster('')}${synapse(args(''), '      replicas: 16\n')}`);
    expectMarks(
      `${cluster(`      postgresql:\n        parameters:\n          max_connections: "90"\n    #                      ^^^^ warning: (17 × 5), which has room for 73`)}${synapse(args(''), '      replicas: 17\n')}`,
    );
  });

  it('is no budget for a Pooler or for numbers that cannot be read', () => {
    expectMarks(`${cluster('')}${synapse('          name: psycopg2\n          args: {host: pooler-rw, cp_max: 500}')}`);
    expectMarks(
      `${cluster('      postgresql: {parameters: {max_connections: many}}')}${synapse(args('            cp_max: 500\n'))}`,
    );
  });
});

describe('a copy of a generated password', () => {
  const expectMarks = expecting(literalCopy);
  const secret = (mark = ''): string => `
    apiVersion: v1
    kind: Secret
    metadata: {name: synapse-secrets, namespace: matrix}
    stringData:
      DB_PASSWORD: correct-horse
${mark}      OTHER: value
    ---`;
  const tree = (user = 'synapse'): string => `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: synapse, namespace: matrix}
    data:
      homeserver.yaml: |
        database:
          name: psycopg2
          args: {host: matrix-postgresql-rw, user: ${user}, password: "DB_PASSWORD_PLACEHOLDER"}
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: synapse-main, namespace: matrix}
    spec:
      template:
        spec:
          initContainers:
            - name: render
              image: busybox
              command:
                - sh
                - -c
                - sed "s|DB_PASSWORD_PLACEHOLDER|$DB_PASSWORD|" /template/homeserver.yaml > /config/homeserver.yaml
              env:
                - name: DB_PASSWORD
                  valueFrom: {secretKeyRef: {name: synapse-secrets, key: DB_PASSWORD}}
              volumeMounts: [{name: template, mountPath: /template}, {name: config, mountPath: /config}]
          containers:
            - name: synapse
              image: matrixdotorg/synapse:v1.119.0
              env: [{name: SYNAPSE_CONFIG_PATH, value: /config/homeserver.yaml}]
              volumeMounts: [{name: config, mountPath: /config}]
          volumes: [{name: template, configMap: {name: synapse}}, {name: config, emptyDir: {}}]
    `;

  it('is an error where the configuration uses it', () => {
    const source = `${cluster(initdb)}${secret('    # ^^^^^^^^^^^ 💡 error: used as the password of synapse on Cluster matrix-postgresql, but CloudNativePG generates that one into Secret matrix-postgresql-app\n')}${tree()}`;
    expectMarks(source);
    assert.match(fixedBy(source, literalCopy), /secretKeyRef: \{name: matrix-postgresql-app, key: password\}/);
  });

  it('is right where the cluster takes the password from a Secret, or the role has its own', () => {
    expectMarks(
      `${cluster('      bootstrap: {initdb: {database: matrix, owner: synapse, secret: {name: owner}}}')}${secret()}${tree()}`,
    );
    expectMarks(
      `${cluster(`${initdb}\n      managed: {roles: [{name: synapse, passwordSecret: {name: owner}}]}`)}${secret()}${tree()}`,
    );
    expectMarks(`${cluster(initdb)}${secret()}${tree('other')}`);
  });

  it('never shows the password', () => {
    const { findings } = check(`${cluster(initdb)}${secret()}${tree()}`, [literalCopy]);
    assert.equal(findings.length, 1);
    const { message, related = [], fixes } = findings[0]?.problem ?? { message: '' };
    assert.doesNotMatch(
      [message, ...related.map(one => one.message), ...(fixes?.() ?? []).map(fix => fix.title)].join(' '),
      /correct-horse/,
    );
  });
});
