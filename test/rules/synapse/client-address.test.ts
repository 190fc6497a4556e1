import assert from 'node:assert/strict';
import clientAddressLost from '../../../rules/synapse/client-address-lost';
import { applyFix, messages } from '../expect';

interface Tree {
  readonly listener?: string;
  readonly names?: string;
  readonly haproxy?: string;
  readonly service?: string;
  readonly ingress?: string;
}

const ingressTo = (service: string): string =>
  `---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: matrix, namespace: matrix}\nspec: {rules: [{host: a.test, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: ${service}, port: {number: 8008}}}}]}}]}`;

function tree({ listener = '', names = 'client', haproxy = '', service = 'ClusterIP', ingress = '' }: Tree): string {
  return `
#- /tree.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: config, namespace: matrix}
data:
  homeserver.yaml: |
    server_name: tessera.test
    listeners:
      - port: 8008
        type: http
        ${listener}
        resources: [{names: [${names}]}]
  haproxy.cfg: |
    defaults
      mode http
    frontend clients
      bind :8008
      ${haproxy}
      acl is_sync path_beg /_matrix/client/v3/sync
      use_backend main if is_sync
      default_backend main
    backend main
      server main synapse:8008
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: synapse, namespace: matrix}
spec:
  template:
    metadata:
      labels: {app: synapse}
    spec:
      containers:
        - name: synapse
          image: matrixdotorg/synapse:v1.139.2
          args: [--config-path=/config/homeserver.yaml]
          ports: [{containerPort: 8008}]
          volumeMounts: [{name: config, mountPath: /config}]
      volumes: [{name: config, configMap: {name: config}}]
---
apiVersion: v1
kind: Service
metadata: {name: synapse, namespace: matrix}
spec: {selector: {app: synapse}, ports: [{port: 8008}]}
---
apiVersion: v1
kind: Service
metadata: {name: haproxy, namespace: matrix}
spec: {type: ${service}, selector: {app: haproxy}, ports: [{port: 8008}]}
${ingress}
`;
}

const proxy = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: haproxy, namespace: matrix}
spec:
  template:
    metadata:
      labels: {app: haproxy}
    spec:
      containers:
        - name: haproxy
          image: haproxy:3.0
          ports: [{containerPort: 8008}]
          volumeMounts: [{name: config, mountPath: /usr/local/etc/haproxy}]
      volumes: [{name: config, configMap: {name: config}}]
`;

const count = (what: Tree): number => messages(clientAddressLost, tree(what)).length;

describe('client-address-lost', () => {
  it('wants listeners that a proxy sends clients to to read the header', () => {
    assert.equal(count({ ingress: ingressTo('synapse') }), 1);
    assert.equal(count({ ingress: ingressTo('synapse'), listener: 'x_forwarded: false' }), 1);
    assert.equal(count({ ingress: ingressTo('synapse'), listener: 'x_forwarded: true' }), 0);
    assert.equal(count({ ingress: ingressTo('haproxy') }), 0);
    assert.match(
      messages(clientAddressLost, tree({ ingress: `${ingressTo('haproxy')}\n${proxy}` })).join(),
      /Deployment\/haproxy/,
    );
    assert.equal(count({}), 0);
    for (const names of ['replication', 'federation', 'metrics', 'health'])
      assert.equal(count({ ingress: ingressTo('synapse'), names }), 0, names);
  });

  it('wants HAProxy to set it where nothing stands before it', () => {
    const listener = 'x_forwarded: true';
    const ingress = proxy;
    assert.equal(count({ listener, ingress, service: 'LoadBalancer' }), 1);
    assert.equal(count({ listener, ingress }), 0);
    assert.equal(count({ listener, ingress: `${ingressTo('haproxy')}\n${proxy}`, service: 'LoadBalancer' }), 0);
    for (const haproxy of [
      'option forwardfor',
      'option forwardfor if-none',
      'http-request set-header X-Forwarded-For %[src]',
      'http-request add-header X-Forwarded-For %[src]',
    ])
      assert.equal(count({ listener, ingress, service: 'LoadBalancer', haproxy }), 0, haproxy);
    assert.equal(count({ listener, ingress, service: 'LoadBalancer', haproxy: 'mode tcp' }), 0);
  });

  it('mends both', () => {
    const synapse = applyFix(clientAddressLost, tree({ ingress: ingressTo('synapse') }), 'Set x_forwarded: true');
    assert.match(synapse['tree.yaml'] ?? '', /^ {8}type: http\n {8}x_forwarded: true$/m);
    const source = tree({ listener: 'x_forwarded: true', ingress: proxy, service: 'LoadBalancer' });
    const haproxy = applyFix(clientAddressLost, source, 'Add option forwardfor');
    assert.match(haproxy['tree.yaml'] ?? '', /frontend clients\n {6}option forwardfor\n {6}bind :8008/);
  });
});
