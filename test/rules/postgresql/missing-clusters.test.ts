import liMissing from '../../../rules/postgresql/pg-li-cluster-missing';
import mainMissing from '../../../rules/postgresql/pg-main-cluster-missing';
import { expecting } from '../monitoring/expect';

const expectMarks = expecting(mainMissing, liMissing);

const namespace = `
    apiVersion: v1
    kind: Namespace
    metadata:
      name: matrix
    #       ^^^^^^ 💡 warning: There is no CloudNativePG Cluster for the main database
`;

describe('missing PostgreSQL clusters', () => {
  it('are told at the namespace if nothing nearer wants them, and only the main one', () => {
    expectMarks(namespace);
  });

  it('are none of the business of a tree that is no Matrix deployment', () => {
    expectMarks(`
    apiVersion: v1
    kind: Namespace
    metadata:
      name: shop
    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata:
      name: shop
      namespace: shop
    `);
  });

  it('are not asked for where the settings say so', () => {
    for (const how of ['auto', 'off'])
      expectMarks(`${namespace.replace(/ {4}# .*\n/, '')}
    #- /matrix-preflight.yaml
    components:
      main: ${how}
    `);
  });

  it('may be in a broken document or in a template', () => {
    expectMarks(`${namespace.replace(/ {4}# .*\n/, '')}
    ---
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: matrix-postgresql
    spec: {instances: [}
    `);
    expectMarks(`${namespace.replace(/ {4}# .*\n/, '')}
    ---
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: {{ .Release.Name }}-postgresql
    `);
  });

  it('may be run in another way, which is a warning', () => {
    expectMarks(`${namespace.replace(/ {4}# .*\n/, '')}
    ---
    apiVersion: apps/v1
    kind: StatefulSet
    metadata:
      name: postgres
    #       ^^^^^^^^ warning: StatefulSet/postgres is no CloudNativePG Cluster
      namespace: matrix
    spec:
      template:
        spec:
          containers:
            - name: postgres
              image: docker.io/library/postgres:16
    ---
    apiVersion: batch/v1
    kind: Job
    metadata: {name: init-db, namespace: matrix}
    spec:
      template:
        spec:
          containers: [{name: psql, image: "postgres:16"}]
    `);
  });

  it('are told at the database host of the LI instance, unless that leads to the main cluster', () => {
    const tree = (host: string, mark: string, mainMark = ''): string => `
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: matrix-postgresql
${mainMark}      namespace: matrix
    spec: {instances: 3}
    ---
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: synapse-li, namespace: matrix}
    data:
      homeserver.yaml: |
        database:
          name: psycopg2
          args:
            host: ${host}
${mark}    ---
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: synapse-li, namespace: matrix}
    spec:
      template:
        metadata: {labels: {matrix.instance: li}}
        spec:
          containers:
            - name: synapse
              image: matrixdotorg/synapse:v1.119.0
              env: [{name: SYNAPSE_CONFIG_PATH, value: /config/homeserver.yaml}]
              volumeMounts: [{name: config, mountPath: /config}]
          volumes: [{name: config, configMap: {name: synapse-li}}]
    `;
    expectMarks(
      tree(
        'matrix-postgresql-li-rw',
        '    #             ^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: so the host matrix-postgresql-li-rw will not exist\n',
      ),
    );
    expectMarks(
      tree(
        'matrix-postgresql-rw',
        '',
        '    #       ^^^^^^^^^^^^^^^^^ 💡 error: no CloudNativePG Cluster for the LI instance beside matrix-postgresql\n',
      ),
    );
  });
});
