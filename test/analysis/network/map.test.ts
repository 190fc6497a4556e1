import assert from 'node:assert/strict';
import { networkMap } from '../../../analysis/network/map';
import { readFixture, workspaceOf } from '../../fixture';

const tree = `
#- /policies.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: default-deny-all, namespace: matrix }
spec: { podSelector: {}, policyTypes: [Ingress, Egress] }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: allow-within, namespace: matrix }
spec:
  podSelector: { matchLabels: { app: redis } }
  policyTypes: [Ingress]
  ingress:
    - from: [{ podSelector: {} }]
      ports: [{ port: 6379 }]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: app-egress, namespace: matrix }
spec:
  podSelector: { matchExpressions: [{ key: app, operator: In, values: [app, idle] }] }
  policyTypes: [Egress]
  egress:
    - to: [{ podSelector: { matchLabels: { app: redis } } }]
#- /app.yaml
apiVersion: apps/v1
kind: Deployment
metadata: { name: app, namespace: matrix }
spec:
  template:
    metadata: { labels: { app: app } }
    spec:
      containers:
        - name: app
          env:
            - { name: REDIS_HOST, value: redis }
            - { name: DB_HOST, value: db }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: idle, namespace: matrix }
spec:
  template:
    metadata: { labels: { app: idle } }
#- /redis.yaml
apiVersion: v1
kind: Service
metadata: { name: redis, namespace: matrix }
spec: { selector: { app: redis }, ports: [{ port: 6379 }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: redis, namespace: matrix }
spec:
  template:
    metadata: { labels: { app: redis } }
    spec: { containers: [{ name: redis, ports: [{ containerPort: 6379 }] }] }
#- /db.yaml
apiVersion: v1
kind: Service
metadata: { name: db, namespace: matrix }
spec: { selector: { app: db }, ports: [{ port: 5432 }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db, namespace: matrix }
spec:
  template:
    metadata: { labels: { app: db } }
    spec: { containers: [{ name: db, ports: [{ containerPort: 5432 }] }] }
#- /open.yaml
apiVersion: apps/v1
kind: Deployment
metadata: { name: open, namespace: elsewhere }
spec:
  template:
    metadata: { labels: { app: open } }
    spec: { containers: [{ name: open, ports: [{ containerPort: 80 }] }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: beside, namespace: elsewhere }
spec:
  template:
    metadata: { labels: { app: beside } }
`;
const map = networkMap(workspaceOf(readFixture(tree).files));

describe('the map of the network', () => {
  it('has a component for every workload, with its Services, ports and isolation', () => {
    assert.deepEqual(
      map.components.map(({ id }) => id),
      [
        'elsewhere/Deployment/beside',
        'elsewhere/Deployment/open',
        'matrix/Deployment/app',
        'matrix/Deployment/idle',
        'matrix/StatefulSet/db',
        'matrix/StatefulSet/redis',
      ],
    );
    const redis = map.components.find(({ name }) => name === 'redis');
    assert.deepEqual(redis?.services, ['redis']);
    assert.deepEqual(redis?.ports, [{ name: undefined, port: 6379, protocol: 'TCP' }]);
    assert.deepEqual(redis?.isolated, ['Ingress', 'Egress']);
    assert.equal(redis?.instance, 'main');
    assert.deepEqual(map.components.find(({ name }) => name === 'open')?.isolated, []);
  });

  it('tells which needed connections are allowed and which are blocked, and why', () => {
    assert.deepEqual(
      map.flows.map(({ from, to, port, result, why }) => [from, to, port, result, why]),
      [
        ['matrix/Deployment/app', 'matrix/StatefulSet/db', 5432, 'denied', ['variable DB_HOST']],
        ['matrix/Deployment/app', 'matrix/StatefulSet/redis', 6379, 'allowed', ['variable REDIS_HOST']],
      ],
    );
    const [blocked, allowed] = map.flows;
    assert.deepEqual(blocked?.reasons, [
      'Egress of matrix/app blocks it: only default-deny-all and app-egress select it.',
      'Ingress of matrix/db blocks it: only default-deny-all selects it.',
    ]);
    assert.deepEqual(allowed?.reasons, []);
  });

  it('finds what is open and not needed, and says where no policy isolates at all', () => {
    assert.deepEqual(map.unneeded, [
      {
        to: 'elsewhere/Deployment/open',
        port: 80,
        protocol: 'TCP',
        from: ['elsewhere/Deployment/beside'],
        isUnprotected: true,
      },
      {
        to: 'matrix/StatefulSet/redis',
        port: 6379,
        protocol: 'TCP',
        from: ['matrix/Deployment/idle'],
        isUnprotected: false,
      },
    ]);
  });

  it('has the same answers in the matrix', () => {
    const states = map.reach.map(({ from, to, ports }) => `${from} ${to} ${ports.map(one => one.state)}`);
    assert.deepEqual(states, [
      'elsewhere/Deployment/beside elsewhere/Deployment/open open',
      'matrix/Deployment/app matrix/StatefulSet/db blocked',
      'matrix/Deployment/app matrix/StatefulSet/redis needed',
      'matrix/Deployment/idle matrix/StatefulSet/redis open',
    ]);
  });

  it('is empty for an empty tree', () => {
    assert.deepEqual(networkMap(workspaceOf(new Map())), { components: [], flows: [], unneeded: [], reach: [] });
  });
});
