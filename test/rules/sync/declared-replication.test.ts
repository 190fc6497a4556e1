import assert from 'node:assert/strict';
import credentialsPassword from '../../../rules/sync/sync-credentials-password';
import credentialsUser from '../../../rules/sync/sync-credentials-user';
import subscriptionInvalid from '../../../rules/sync/sync-subscription-invalid';
import { messages } from '../expect';

const tree = `
#- /tree.yaml
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: matrix-postgresql, namespace: matrix}
spec:
  bootstrap: {initdb: {database: matrix, owner: synapse, secret: {name: main-owner}}}
  managed: {roles: [{name: synapse, login: true, replication: true}]}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: matrix-postgresql-li, namespace: matrix}
spec:
  bootstrap: {initdb: {database: matrix_li, owner: synapse_li, secret: {name: li-owner}}}
  externalClusters:
    - name: main
      connectionParameters: {host: matrix-postgresql-rw.matrix.svc, dbname: matrix, user: synapse}
      password: {name: main-owner, key: password}
---
apiVersion: postgresql.cnpg.io/v1
kind: Publication
metadata: {name: matrix, namespace: matrix}
spec: {cluster: {name: matrix-postgresql}, dbname: matrix, name: all_tables, target: {allTables: true}}
---
apiVersion: postgresql.cnpg.io/v1
kind: Subscription
metadata: {name: li, namespace: matrix}
spec: {cluster: {name: matrix-postgresql-li}, dbname: matrix_li, name: li, publicationName: all_tables, externalClusterName: main}
`;

describe('the Publication and Subscription of CloudNativePG', () => {
  it('are accepted where they fit', () => {
    for (const rule of [subscriptionInvalid, credentialsUser, credentialsPassword])
      assert.deepEqual(messages(rule, tree), []);
  });

  const wrong: readonly (readonly [from: string, to: string, message: string])[] = [
    [
      'publicationName: all_tables',
      'publicationName: all',
      'error: Subscription/li asks for the publication all, but all_tables is created — use the same name.',
    ],
    [
      'externalClusterName: main',
      'externalClusterName: mein',
      'error: Cluster/matrix-postgresql-li has no external cluster mein — did you mean main?',
    ],
    [
      'cluster: {name: matrix-postgresql-li}',
      'cluster: {name: matrix-postgresql}',
      'error: Subscription/li is created in Cluster/matrix-postgresql, which is the main cluster — create it in matrix-postgresql-li.',
    ],
    [
      'dbname: matrix_li, name',
      'dbname: matrix, name',
      'error: Subscription/li writes into the database matrix, but the data of Synapse is in matrix_li — name that.',
    ],
    [
      'dbname: matrix, name: all',
      'dbname: key_vault, name: all',
      'error: Publication/matrix publishes the database key_vault, but the data of Synapse is in matrix — name that.',
    ],
    [
      'dbname: matrix, user',
      'dbname: synapse, user',
      'error: Subscription/li reads the database synapse, but the main instance keeps its data in matrix — name that.',
    ],
    [
      'matrix-postgresql-rw',
      'matrix-postgresql-r',
      'error: Subscription/li connects to matrix-postgresql-r.matrix.svc, behind which the instances change, but its slot is on one of them — connect to matrix-postgresql-rw.',
    ],
    [
      'matrix-postgresql-rw',
      'matrix-postgresql-li-rw',
      'error: Subscription/li connects to matrix-postgresql-li-rw.matrix.svc, which is not the main cluster — connect to matrix-postgresql-rw.',
    ],
    [
      'login: true, replication: true',
      'login: true',
      'error: Subscription/li signs in to Cluster/matrix-postgresql as synapse, which has no REPLICATION, so PostgreSQL refuses it a slot — give it replication: true under managed.roles of the Cluster.',
    ],
  ];
  for (const [from, to, message] of wrong)
    it(`are reported with ${to}`, () => {
      assert.ok(tree.includes(from));
      assert.deepEqual(messages(subscriptionInvalid, tree.replace(from, to)), [message]);
    });

  it('sign in as the owner, with the password of the owner', () => {
    assert.deepEqual(messages(credentialsUser, tree.replace('user: synapse}', 'user: replicator}')), [
      'error: Subscription/li connects as replicator and not as synapse, the user that owns the main database — use synapse, with REPLICATION under managed.roles.',
    ]);
    assert.deepEqual(
      messages(credentialsPassword, tree.replace('password: {name: main-owner', 'password: {name: li-owner')),
      [
        'error: Subscription/li signs in with Secret li-owner, but the password of synapse on Cluster matrix-postgresql is password of Secret main-owner — read it from there.',
      ],
    );
    assert.deepEqual(
      messages(credentialsPassword, tree.replace('password: {name: main-owner', 'password: {name: copy')),
      [],
    );
  });
});
