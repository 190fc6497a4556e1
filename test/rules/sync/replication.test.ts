import assert from 'node:assert/strict';
import createsRole from '../../../rules/sync/sync-creates-role';
import publication from '../../../rules/sync/sync-publication-not-superuser';
import subscription from '../../../rules/sync/sync-subscription-invalid';
import { applyFix, messages } from '../expect';

const managed = `
    managed:
      roles:
        - name: synapse
          replication: true`;

/** The clusters, a Job that sets replication up by a script, and whatever else is in the tree. */
function tree(lines: readonly string[], { roles = managed, more = '' } = {}): string {
  return `
  #- /clusters.yaml
  apiVersion: postgresql.cnpg.io/v1
  kind: Cluster
  metadata:
    name: matrix-postgresql
    namespace: matrix
  spec:
    bootstrap:
      initdb:
        database: matrix
        owner: synapse${roles}
  ---
  apiVersion: postgresql.cnpg.io/v1
  kind: Cluster
  metadata:
    name: matrix-postgresql-li
    namespace: matrix
  spec:
    instances: 1
  #- /job.yaml
  apiVersion: batch/v1
  kind: Job
  metadata:
    name: setup-replication
    namespace: matrix
  spec:
    template:
      metadata:
        labels: {app.kubernetes.io/name: sync-system}
      spec:
        restartPolicy: Never
        containers:
          - name: setup
            image: postgres:16
            command: [sh, -c]
            args:
              - |
${lines.map(line => `                ${line}`).join('\n')}
            env:
              - {name: MAIN_DB_USER, value: synapse}
${more}
`;
}

const publish = 'psql -h matrix-postgresql-rw -U postgres -d matrix -c "CREATE PUBLICATION li FOR ALL TABLES"';
const subscribe = (connection: string, delimiter = 'SQL'): readonly string[] => [
  `psql -h matrix-postgresql-li-rw -U postgres -d matrix_li <<${delimiter}`,
  `CREATE SUBSCRIPTION li CONNECTION '${connection}' PUBLICATION li;`,
  'SQL',
];
const right = 'host=matrix-postgresql-rw dbname=matrix user=${MAIN_DB_USER}';

const said = (source: string): readonly string[] => messages(subscription, source).map(one => one.replace(/ — .*/, ''));

describe('the connection of a subscription', () => {
  it('is accepted when the main database lets the user replicate', () => {
    assert.deepEqual(said(tree([publish, ...subscribe(right)])), []);
    const without = { roles: '' };
    const byHand = "psql -h matrix-postgresql-rw -U postgres -c 'ALTER ROLE synapse WITH LOGIN REPLICATION'";
    assert.deepEqual(said(tree([byHand, publish, ...subscribe(right)], without)), []);
    const page = '  #- /README.md\n  Run `ALTER USER synapse REPLICATION;` on the main database first.';
    assert.deepEqual(said(tree([publish, ...subscribe(right)], { roles: '', more: page })), []);
    const inCluster = '\n        postInitSQL:\n          - ALTER ROLE synapse REPLICATION';
    assert.deepEqual(said(tree([publish, ...subscribe(right)], { roles: inCluster })), []);
    assert.deepEqual(said(tree([publish, ...subscribe(right.replace('${MAIN_DB_USER}', 'postgres'))], without)), []);
  });

  it('needs a role with REPLICATION, which managed.roles gives', () => {
    const source = tree([publish, ...subscribe(right)], { roles: '' });
    assert.deepEqual(said(source), [
      'error: The subscription li signs in to Cluster/matrix-postgresql as synapse, which has no REPLICATION, so PostgreSQL refuses it a slot',
    ]);
    const text = applyFix(subscription, source, /REPLICATION/)['clusters.yaml'] ?? '';
    assert.match(
      text,
      /managed:\n +roles:\n +- name: synapse\n +ensure: present\n +login: true\n +replication: true\n/,
    );
  });

  it('names the primary and the database of the main instance', () => {
    assert.deepEqual(said(tree([publish, ...subscribe('host=matrix-postgresql-ro.matrix dbname=matrix')])), [
      'error: The subscription li connects to matrix-postgresql-ro.matrix, behind which the instances change, but its slot is on one of them',
    ]);
    assert.deepEqual(said(tree([publish, ...subscribe('host=matrix-postgresql-rw dbname=synapse')])), [
      'error: The subscription li reads the database synapse, but the main instance keeps its data in matrix',
    ]);
  });

  it('has its variables filled in', () => {
    assert.deepEqual(said(tree([publish, ...subscribe(right, "'SQL'")])), [
      'error: psql does not expand ${MAIN_DB_USER}, and no shell does so here, so the subscription li gets it as it stands',
    ]);
    assert.deepEqual(said(tree([publish, ...subscribe('host=matrix-postgresql-rw port=${MAIN_DB_PORT}')])), [
      'error: Container setup has no variable MAIN_DB_PORT, so it is missing in the connection of the subscription li',
    ]);
    const port = 'MAIN_DB_PORT=5432';
    assert.deepEqual(said(tree([port, publish, ...subscribe('host=matrix-postgresql-rw port=${MAIN_DB_PORT}')])), []);
    assert.deepEqual(said(tree(['. /run/env', publish, ...subscribe('host=matrix-postgresql-rw port=$PORT')])), []);
  });
});

describe('replication', () => {
  it('is read from a script that the Job mounts, whatever its labels say', () => {
    const lines = [publish, ...subscribe(right)];
    const inline = tree(lines, { roles: '' });
    const mounted = tree(['sh /scripts/setup.sh'], { roles: '' })
      .replace('labels: {app.kubernetes.io/name: sync-system}', 'labels: {app: replicate}')
      .replace(
        '            env:\n',
        `            volumeMounts: [{name: scripts, mountPath: /scripts}]
            env:
`,
      )
      .concat(`
        volumes: [{name: scripts, configMap: {name: scripts}}]
  #- /scripts.yaml
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: scripts, namespace: matrix}
  data:
    setup.sh: |
${lines.map(line => `      ${line}`).join('\n')}
`);
    assert.equal(said(inline).length, 1);
    assert.deepEqual(said(mounted), said(inline));
  });

  it('takes a publication and a subscription', () => {
    assert.deepEqual(said(tree([publish])), ['error: Nothing subscribes to this publication']);
    const [missing = ''] = messages(publication, tree(subscribe(right)));
    assert.match(missing, /^error: Nothing creates the publication li that the subscription li asks for/);
    const byOperator = `  ---
  apiVersion: postgresql.cnpg.io/v1
  kind: Publication
  metadata: {name: li, namespace: matrix}`;
    assert.deepEqual(messages(publication, tree(subscribe(right), { more: byOperator })), []);
    const elsewhere = '  #- /setup.sh\n  psql -c "CREATE SUBSCRIPTION li CONNECTION \'host=x\' PUBLICATION li"';
    assert.deepEqual(said(tree([publish], { more: elsewhere })), []);
  });

  it('makes no role, by createuser neither', () => {
    const source = tree(['createuser -h matrix-postgresql-rw -U postgres --replication replicator', publish]);
    const [made = ''] = messages(createsRole, source);
    assert.match(made, /^error: This creates the role replicator/);
  });
});
