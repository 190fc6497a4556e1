import assert from 'node:assert/strict';
import budget from '../../../rules/postgresql/pg-connection-budget-exceeded';
import limitLow from '../../../rules/postgresql/pg-connection-limit-low';
import { messages } from '../expect';

const synapse = (host: string, size: number): string => `
#- /synapse.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: synapse, namespace: matrix}
data:
  homeserver.yaml: |
    database: {name: psycopg2, args: {host: ${host}, user: synapse, dbname: matrix, cp_max: ${size}}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: synapse, namespace: matrix}
spec:
  template:
    spec:
      volumes: [{name: config, configMap: {name: synapse}}]
      containers:
        - name: synapse
          image: matrixdotorg/synapse:v1.139.2
          env: [{name: SYNAPSE_CONFIG_PATH, value: /config/homeserver.yaml}]
          volumeMounts: [{name: config, mountPath: /config}]
`;

const cluster = (managed = '', more = ''): string => `
#- /cluster.yaml
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg, namespace: matrix}
spec:
  instances: 3
  bootstrap: {initdb: {database: matrix, owner: synapse}}
  managed: {roles: [${managed}]}
${more}`;

const pooler = (size: string): string => `---
apiVersion: postgresql.cnpg.io/v1
kind: Pooler
metadata: {name: pooler, namespace: matrix}
spec: {cluster: {name: pg}, instances: 2, pgbouncer: {parameters: {${size}}}}
`;

const job = (sql: string): string => `---
apiVersion: batch/v1
kind: Job
metadata: {name: sql, namespace: matrix}
spec:
  template:
    spec:
      containers: [{name: sql, image: "postgres:16.4", command: [psql, -h, pg-rw, -U, postgres, -c, "${sql}"]}]
`;

const image = (args: string, script = ''): string => `
#- /db.yaml
apiVersion: v1
kind: Service
metadata: {name: db, namespace: matrix}
spec: {selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: init, namespace: matrix}
data: {a.sql: "${script}"}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: db}}
    spec:
      volumes: [{name: init, configMap: {name: init}}]
      containers:
        - name: db
          image: postgres:16.4
          args: [${args}]
          volumeMounts: [{name: init, mountPath: /docker-entrypoint-initdb.d}]
`;

describe('limits of connections', () => {
  const low = (source: string): string => messages(limitLow, source).join();

  it('are held against the pools of those who use the role or the database', () => {
    const role = (rest: string, name = 'synapse'): string =>
      low(cluster(`{name: ${name}, login: true, ${rest}}`) + synapse('pg-rw', 10));
    assert.match(
      role('connectionLimit: 9'),
      /^warning: The role synapse takes 9 connections, .* may open 10 \(1 × 10\)/,
    );
    assert.match(role('connectionLimit: 0'), /^error: The role synapse takes no connection at all/);
    for (const rest of ['connectionLimit: 10', 'connectionLimit: -1', 'replication: true'])
      assert.equal(role(rest), '');
    assert.equal(role('connectionLimit: 1', 'reader'), '');
  });

  it('are set by SQL, unless the operator sets them again', () => {
    const sql = (statement: string, managed = ''): string =>
      low(cluster(managed, job(statement)) + synapse('pg-rw', 10));
    assert.match(sql('ALTER ROLE synapse WITH CONNECTION LIMIT 5'), /takes 5 connections/);
    assert.match(sql('ALTER DATABASE matrix CONNECTION LIMIT 5'), /^warning: The database matrix takes 5 connections/);
    assert.equal(sql('ALTER ROLE synapse CONNECTION LIMIT -1'), '');
    assert.equal(sql('ALTER ROLE synapse CONNECTION LIMIT 5; ALTER ROLE synapse CONNECTION LIMIT 50'), '');
    assert.equal(sql('ALTER ROLE synapse CONNECTION LIMIT 5', '{name: synapse, login: true}'), '');
    assert.match(
      low(image('-c, fsync=on', 'CREATE ROLE synapse LOGIN CONNECTION LIMIT 3;') + synapse('db', 10)),
      /takes 3/,
    );
  });

  it('of a server are those of its arguments, or 100', () => {
    const of = (args: string, size: number, script = ''): string =>
      messages(budget, image(args, script) + synapse('db', size)).join();
    assert.match(
      of('-c, max_connections=8', 10),
      /may open 10 connections to StatefulSet db \(1 × 10\), .* room for 3/,
    );
    assert.match(of('"-cmax_connections=8"', 10), /room for 3/);
    assert.match(of('"--max-connections=8"', 10), /room for 3/);
    assert.match(of('-c, shared_buffers=1GB', 90), /room for 82/);
    assert.equal(of('-c, max_connections=200', 90), '');
    assert.equal(of('-c, config_file=/etc/postgresql.conf', 90), '');
    assert.equal(of('-c, shared_buffers=1GB', 90, 'ALTER SYSTEM SET max_connections = 300;'), '');
  });

  it('are held against what Poolers open', () => {
    const of = (size: string): string => messages(budget, cluster('', pooler(size))).join();
    assert.match(of('default_pool_size: "50"'), /^warning: Pooler pooler may open 100 connections .* which takes 97/);
    assert.equal(of('default_pool_size: "40"'), '');
    assert.equal(of('max_client_conn: "1000"'), '');
  });
});
