import assert from 'node:assert/strict';
import ingressBackendMissing from '../../../rules/services/ingress-backend-missing';
import { messages } from '../expect';

const route = (namespace: string, ...known: readonly string[]): string =>
  `apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: synapse, namespace: matrix}
spec:
  routes:
    - match: Host(\`matrix.tessera.test\`)
      kind: Rule
      middlewares: [{name: headers${namespace}}]
      services: [{name: synapse, port: 8008}]
---
apiVersion: v1
kind: Service
metadata: {name: synapse, namespace: matrix}
spec: {ports: [{port: 8008}]}
${known.map(where => `---\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: other, namespace: ${where}}\n`).join('')}`;

describe('ingress-backend-missing', () => {
  it('leaves Middlewares to other namespaces of which the tree has none', () => {
    const count = (source: string): number => messages(ingressBackendMissing, source).length;
    assert.equal(count(route('')), 1);
    assert.equal(count(route(', namespace: matrix')), 1);
    assert.equal(count(route(', namespace: traefik')), 0);
    assert.equal(count(route(', namespace: traefik', 'matrix')), 0);
    assert.equal(count(route(', namespace: traefik', 'traefik')), 1);
  });
});
