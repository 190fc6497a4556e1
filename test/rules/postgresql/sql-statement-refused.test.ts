import rule from '../../../rules/postgresql/sql-statement-refused';
import { expectMarks } from '../expect';

describe('sql-statement-refused', () => {
  it('reads what a Cluster runs at its bootstrap, and what the official image finds', () => {
    expectMarks(
      rule,
      `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: {name: pg, namespace: matrix}
      spec:
        instances: 1
        bootstrap:
          initdb:
            postInitSQL:
              - CREATE DATABASE IF NOT EXISTS vault
      #                         ^^^^^^^^^^^^^ error: CREATE DATABASE has no IF NOT EXISTS
              - CREATE DATABASE "key-vault"
      #- /db.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: init, namespace: matrix}
      data:
        roles.sql: |
          CREATE DATABASE key-vault;
      #                   ^^^^^^^^^ error: key-vault is no name without double quotes — write "key-vault".
        readme.txt: |
          CREATE DATABASE IF NOT EXISTS a
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: {name: db, namespace: matrix}
      spec:
        template:
          spec:
            containers:
              - name: db
                image: postgres:16.4
                volumeMounts: [{name: init, mountPath: /docker-entrypoint-initdb.d}]
            volumes: [{name: init, configMap: {name: init}}]
      `,
    );
  });

  it('leaves other servers and what is hidden alone', () => {
    expectMarks(
      rule,
      `
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata: {name: other, namespace: matrix}
      spec:
        template:
          spec:
            containers:
              - name: mysql
                image: mysql:8
                command: [sh, -c, "mysql -e \\"CREATE DATABASE IF NOT EXISTS a; CREATE USER b IDENTIFIED BY 'c'\\""]
              - name: hidden
                image: postgres:16
                command: [sh, -c, "psql -f /sql/elsewhere.sql"]
      `,
    );
  });
});
