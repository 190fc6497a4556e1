import assert from 'node:assert/strict';
import database from '../../../rules/li/li-database-not-li-cluster';
import federation from '../../../rules/li/li-federation-enabled';
import registration from '../../../rules/li/li-registration-enabled';
import roomList from '../../../rules/li/li-room-list-search-enabled';
import type { Rule } from '../../../rules/rule';
import { check } from '../../fixture';
import { fixed } from '../expect';
import { configMap, found, synapse } from '../synapse/tree';

const labels = 'matrix.instance: li';

function li(text: string, options: Parameters<typeof synapse>[1] = {}): string {
  return (
    configMap('synapse-config', { 'homeserver.yaml': `server_name: tessera.test\n${text}` }) +
    synapse('synapse-li', { labels, ...options })
  );
}

const of = (rule: Rule, text: string): readonly string[] => found(rule, li(text));

describe('the database of the LI instance in scripts', () => {
  it('finds the main database where an init container waits for it', () => {
    const cluster = (name: string, database: string): string =>
      `---\napiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: ${name}, namespace: matrix}\nspec: {instances: 3, bootstrap: {initdb: {database: ${database}, owner: synapse}}}\n`;
    const tree = (host: string): string =>
      cluster('matrix-db', 'matrix') +
      cluster('matrix-db-li', 'matrix_li') +
      configMap('main-config', {
        'homeserver.yaml':
          'server_name: tessera.test\ndatabase: {name: psycopg2, args: {host: matrix-db-rw, dbname: matrix}}',
      }) +
      synapse('synapse-main', { config: 'main-config' }) +
      li('database: {name: psycopg2, args: {host: matrix-db-li-rw, dbname: matrix_li}}', {
        init: `- name: wait\n  image: postgres:16\n  command: [sh, -c, "until pg_isready -h ${host} -p 5432; do sleep 2; done"]`,
      });
    assert.deepEqual(found(database, tree('matrix-db-rw')), ['error matrix-db-rw']);
    assert.deepEqual(found(database, tree('matrix-db-li-rw')), []);
  });
});

describe('li-registration-enabled', () => {
  it('reads the value as Synapse does', () => {
    assert.deepEqual(of(registration, 'enable_registration: false'), []);
    assert.deepEqual(of(registration, 'enable_registration: "false"'), []);
    assert.deepEqual(of(registration, 'enable_registration: no'), []);
    assert.deepEqual(of(registration, 'enable_registration: yes'), ['error yes']);
    assert.deepEqual(of(registration, 'enable_registration: "True"'), ['error "True"']);
    assert.deepEqual(of(registration, 'report_stats: false'), ['warning server_name']);
  });

  it('leaves the main instance, LI workers and unseen files alone', () => {
    const main =
      configMap('synapse-config', { 'homeserver.yaml': 'enable_registration: true' }) + synapse('synapse-main');
    assert.deepEqual(found(registration, main), []);
    const worker =
      configMap('synapse-config', {
        'homeserver.yaml': 'enable_registration: true',
        'worker.yaml': 'worker_app: synapse.app.generic_worker\nworker_name: a',
      }) + synapse('synapse-li-a', { labels, worker: true });
    assert.deepEqual(found(registration, worker), []);
    assert.deepEqual(
      found(registration, li('report_stats: false', { paths: ['/config/homeserver.yaml', '/other/li.yaml'] })),
      [],
    );
  });

  it('takes the last file that says something', () => {
    const tree =
      configMap('synapse-config', {
        'homeserver.yaml': 'server_name: x\nenable_registration: true',
        'li.yaml': 'enable_registration: false',
      }) + synapse('synapse-li', { labels, paths: ['/config/homeserver.yaml', '/config/li.yaml'] });
    assert.deepEqual(found(registration, tree), []);
  });
});

describe('li-room-list-search-enabled', () => {
  it('takes any text for true', () => {
    assert.deepEqual(of(roomList, 'enable_room_list_search: false'), []);
    assert.deepEqual(of(roomList, 'enable_room_list_search: off'), []);
    assert.deepEqual(of(roomList, 'enable_room_list_search: "false"'), ['error "false"']);
    // PyYAML has no boolean n.
    assert.deepEqual(of(roomList, 'enable_room_list_search: n'), ['error n']);
    assert.deepEqual(of(roomList, 'enable_room_list_search: true'), ['error true']);
    const [text = ''] = Object.values(fixed(roomList, li("enable_room_list_search: 'false' # off")));
    assert.ok(text.includes('enable_room_list_search: false # off\n'));
  });

  it('writes the option below the one it belongs with', () => {
    const [text = ''] = Object.values(fixed(roomList, li('enable_registration: false # closed\nreport_stats: false')));
    assert.ok(
      text.includes(
        '    enable_registration: false # closed\n    enable_room_list_search: false\n    report_stats: false\n',
      ),
    );
  });
});

describe('li-federation-enabled', () => {
  it('accepts the empty list, and no sending without a listener', () => {
    assert.deepEqual(of(federation, 'federation_domain_whitelist: []'), []);
    assert.deepEqual(
      of(
        federation,
        'send_federation: false\nlisteners:\n  - {port: 8008, type: http, resources: [{names: [client]}]}',
      ),
      [],
    );
    assert.deepEqual(
      of(
        federation,
        'send_federation: false\nlisteners:\n  - {port: 8008, type: http, resources: [{names: [client, federation]}]}',
      ),
      ['warning send_federation'],
    );
    assert.deepEqual(of(federation, 'federation_domain_whitelist:\n  - friends.test'), [
      'warning federation_domain_whitelist',
    ]);
    assert.deepEqual(of(federation, 'report_stats: false'), ['warning server_name']);
  });
});

describe('li-database-not-li-cluster', () => {
  const clusters = ['matrix-postgresql', 'matrix-postgresql-li']
    .map(
      name =>
        `---\napiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata:\n  name: ${name}\n  namespace: matrix\n`,
    )
    .join('');
  const host = (name: string, more = ''): readonly string[] =>
    found(database, li(`database:\n  name: psycopg2\n  args:\n    host: ${name}`) + clusters + more);

  it('tells the clusters’ Services apart', () => {
    assert.deepEqual(host('matrix-postgresql-li-rw'), []);
    assert.deepEqual(host('matrix-postgresql-li-rw.matrix.svc.cluster.local'), []);
    assert.deepEqual(host('matrix-postgresql-rw.matrix.svc'), ['error matrix-postgresql-rw.matrix.svc']);
    assert.deepEqual(host('matrix-postgresql-li-ro'), ['warning matrix-postgresql-li-ro']);
    assert.deepEqual(host('db.tessera.test'), ['warning db.tessera.test']);
  });

  it('accepts a Pooler of the LI cluster, not one of the main cluster', () => {
    const pooler = (cluster: string): string =>
      `---\napiVersion: postgresql.cnpg.io/v1\nkind: Pooler\nmetadata:\n  name: pool\n  namespace: matrix\nspec:\n  cluster:\n    name: ${cluster}\n`;
    assert.deepEqual(host('pool', pooler('matrix-postgresql-li')), []);
    assert.deepEqual(host('pool', pooler('matrix-postgresql')), ['error pool']);
  });

  it('is silent without an LI cluster', () => {
    assert.deepEqual(found(database, li('database:\n  args:\n    host: matrix-postgresql-rw')), []);
  });

  it('finds the main cluster’s password', () => {
    const init = `- name: render
  image: nginx:1.27
  command: [sh, -c, "envsubst < /template/homeserver.yaml > /out/homeserver.yaml"]
  env:
    - name: DB_PASSWORD
      valueFrom:
        secretKeyRef: {name: matrix-postgresql-app, key: password}
  volumeMounts: [{name: config, mountPath: /template}, {name: out, mountPath: /out}]`;
    const tree =
      configMap('synapse-config', {
        'homeserver.yaml': 'database:\n  args:\n    host: matrix-postgresql-li-rw\n    password: ${DB_PASSWORD}',
      }) +
      synapse('synapse-li', {
        labels,
        init,
        paths: ['/out/homeserver.yaml'],
        mounts: '- {name: out, mountPath: /out}',
        volumes: '- name: out\n  emptyDir: {}',
      }) +
      clusters;
    assert.deepEqual(found(database, tree), ['error matrix-postgresql-app']);
    const [text = ''] = Object.values(fixed(database, tree));
    assert.ok(text.includes('{name: matrix-postgresql-li-app, key: password}'));
    assert.deepEqual(check(text, [database]).findings, []);
  });
});
