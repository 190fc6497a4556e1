import assert from 'node:assert/strict';
import netpolFlowBlocked from '../../../rules/network/netpol-flow-blocked';
import subscriptionInvalid from '../../../rules/sync/sync-subscription-invalid';
import { messages } from '../expect';

const ready = `
#- /tree.yaml
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: matrix-postgresql, namespace: matrix}
spec:
  bootstrap: {initdb: {database: synapse, owner: synapse}}
  managed: {roles: [{name: synapse, login: true, replication: true}]}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: matrix-postgresql-li, namespace: matrix}
spec: {bootstrap: {initdb: {database: synapse_li, owner: synapse_li}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: scripts, namespace: matrix}
data:
  subscription.sql: |
    SELECT format('CREATE SUBSCRIPTION li CONNECTION %L PUBLICATION everything', :'conninfo')
     WHERE NOT EXISTS (SELECT FROM pg_subscription WHERE subname = 'li') \\gexec
---
apiVersion: batch/v1
kind: Job
metadata: {name: publish, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: sync-system}}
    spec:
      containers:
        - name: psql
          image: postgres:16
          command: [psql, -h, matrix-postgresql-rw, -U, postgres, -c, CREATE PUBLICATION everything FOR ALL TABLES]
---
apiVersion: batch/v1
kind: Job
metadata: {name: subscribe, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: subscribe}}
    spec:
      containers:
        - name: psql
          image: postgres:16
          command: [sh, -ec]
          args:
            - |
              psql -v ON_ERROR_STOP=1 -v conninfo="host=$MAIN_HOST dbname=synapse user=synapse password=$MAIN_PASSWORD" -f /scripts/subscription.sql
          env:
            - {name: PGHOST, value: matrix-postgresql-li-rw}
            - {name: PGUSER, value: postgres}
            - {name: MAIN_HOST, value: matrix-postgresql-rw}
            - {name: MAIN_PASSWORD, valueFrom: {secretKeyRef: {name: matrix-postgresql-app, key: password}}}
          volumeMounts: [{name: scripts, mountPath: /scripts}]
      volumes: [{name: scripts, configMap: {name: scripts}}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: subscribe, namespace: matrix}
spec:
  podSelector: {matchLabels: {app: subscribe}}
  policyTypes: [Egress]
  egress: [{to: [{podSelector: {matchLabels: {cnpg.io/cluster: matrix-postgresql-li}}}], ports: [{port: 5432}]}]
`;

const of = (from: string, to: string): readonly string[] => {
  assert.ok(ready.includes(from), from);
  return messages(subscriptionInvalid, ready.replace(from, to));
};

describe('a subscription whose connection is a variable of psql', () => {
  it('is accepted where it fits', () => assert.deepEqual(messages(subscriptionInvalid, ready), []));

  it('is made by the server, which connects, and not by the Job', () => {
    assert.deepEqual(messages(netpolFlowBlocked, ready), []);
    const asked = ready.replace(
      '              psql -v',
      '              pg_isready -h "$MAIN_HOST"\n              psql -v',
    );
    assert.equal(messages(netpolFlowBlocked, asked).length, 1);
  });

  it('is read from the variable', () => {
    assert.deepEqual(of('login: true, replication: true', 'login: true'), [
      'error: The subscription li signs in to Cluster/matrix-postgresql as synapse, which has no REPLICATION, so PostgreSQL refuses it a slot — give it replication: true under managed.roles of the Cluster.',
    ]);
    assert.deepEqual(of('dbname=synapse', 'dbname=matrix'), [
      'error: The subscription li reads the database matrix, but the main instance keeps its data in synapse — name that.',
    ]);
    assert.deepEqual(of('MAIN_HOST, value: matrix-postgresql-rw', 'MAIN_HOST, value: matrix-postgresql-li-ro'), [
      'error: The subscription li connects to matrix-postgresql-li-ro, which is not the main cluster — connect to matrix-postgresql-rw.',
    ]);
  });

  it('asks for a publication that another Job makes', () => {
    assert.deepEqual(of("PUBLICATION everything'", "PUBLICATION all'"), [
      'error: The subscription li asks for the publication all, but everything is created — use the same name.',
    ]);
  });

  it('may not stand in a transaction of psql', () => {
    assert.deepEqual(of('psql -v ON', 'psql -1 -v ON'), [
      'error: CREATE SUBSCRIPTION li stands in psql -1, where PostgreSQL refuses it — make it a statement of its own.',
    ]);
  });
});
