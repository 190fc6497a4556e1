import assert from 'node:assert/strict';
import rule from '../../../rules/postgresql/sql-not-run';
import { messages } from '../expect';

const map = (key: string, labels = ''): string => `
#- /map.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: more-sql, namespace: matrix${labels}}
data: {${key}: "CREATE ROLE bridge LOGIN;"}
`;

const server = (path: string, image = 'postgres:16.4'): string => `
#- /db.yaml
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: matrix}
spec:
  template:
    spec:
      volumes: [{name: init, configMap: {name: more-sql}}]
      containers: [{name: db, image: "${image}", volumeMounts: [{name: init, mountPath: ${path}}]}]
`;

const other = server('/a', 'nginx:1').replace('more-sql', 'other');

describe('sql-not-run', () => {
  const found = (source: string): string => messages(rule, source).join();

  it('tells of scripts that the image does not run', () => {
    const folder = '/docker-entrypoint-initdb.d';
    for (const key of ['a.sql', 'a.sh', 'a.sql.gz']) assert.equal(found(map(key) + server(folder)), '', key);
    assert.match(found(map('a.txt') + server(folder)), /^warning: The image passes over a.txt/);
    for (const path of ['/docker-entrypoint-init.d', '/docker-entrypoint-initdb'])
      assert.match(
        found(map('a.sql') + server(path)),
        /^warning: The image runs what is in \/docker-entrypoint-initdb.d/,
      );
    assert.equal(found(map('a.sql') + server('/sql')), '', 'a command may run it');
    assert.equal(found(map('a.sql') + server('/docker-entrypoint-init.d', 'mysql:8')), '');
  });

  it('tells of a ConfigMap of SQL that nothing refers to', () => {
    assert.match(found(map('a.sql') + other), /^info: Nothing in the tree runs a.sql of ConfigMap more-sql/);
    for (const more of [
      '#- /README.md\nRun more-sql by hand.\n',
      '#- /a.yaml\napiVersion: db.test/v1\nkind: Migration\nmetadata: {name: a, namespace: matrix}\nspec: {map: {name: more-sql}}\n',
    ])
      assert.equal(found(map('a.sql') + other + more), '', more);
    assert.equal(found(map('a.sql', ', labels: {k8s-sidecar: load}') + other), '');
    assert.equal(found(map('queries.yaml') + other), '');
    assert.equal(found(map('a.sql')), '', 'a part of a tree');
  });
});
