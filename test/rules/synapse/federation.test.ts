import assert from 'node:assert/strict';
import federationUndiscoverable from '../../../rules/synapse/federation-undiscoverable';
import { applyFix, fixTitles, messages } from '../expect';

interface Tree {
  readonly homeserver?: string;
  readonly names?: string;
  readonly path?: string;
  readonly pathType?: string;
  readonly host?: string;
  readonly rest?: string;
}

function tree({
  homeserver = '',
  names = 'client, federation',
  path = '/',
  pathType = 'Prefix',
  host = 'tessera.test',
  rest = '',
}: Tree): string {
  return `
#- /synapse.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: synapse, namespace: matrix}
data:
  homeserver.yaml: |
    server_name: tessera.test
    listeners:
      - port: 8008
        type: http
        resources: [{names: [${names}]}]
    ${homeserver}
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
          volumeMounts: [{name: config, mountPath: /config}]
      volumes: [{name: config, configMap: {name: synapse}}]
---
apiVersion: v1
kind: Service
metadata: {name: synapse, namespace: matrix}
spec:
  selector: {app: synapse}
  ports: [{port: 8008}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: matrix, namespace: matrix}
spec:
  rules:
    - host: ${host}
      http:
        paths:
          - path: ${path}
            pathType: ${pathType}
            backend: {service: {name: synapse, port: {number: 8008}}}
${rest}
`;
}

const count = (what: Tree): number => messages(federationUndiscoverable, tree(what)).length;
const port = (type: string): string =>
  `---\napiVersion: v1\nkind: Service\nmetadata: {name: federation, namespace: matrix}\nspec: {type: ${type}, ports: [{port: 8448}]}\n`;

describe('federation-undiscoverable', () => {
  it('warns where nothing tells other servers where to connect', () => {
    assert.equal(count({}), 1);
    assert.equal(count({ homeserver: 'serve_server_wellknown: false' }), 1);
    assert.equal(count({ host: '"*.test"' }), 1);
    assert.equal(count({ rest: port('ClusterIP') }), 1);
    assert.equal(count({ rest: '# /.well-known/matrix/server is to be served, or 8448\n' }), 1);
    assert.equal(count({ rest: '#- /check.sh\ncurl -f https://tessera.test/.well-known/matrix/server\n' }), 1);
    assert.equal(
      count({
        rest: '#- /site.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {nginx.conf: "location /.well-known/matrix/client {}"}\n',
      }),
      1,
    );
  });

  it('wants the question to get to Synapse', () => {
    const homeserver = 'serve_server_wellknown: true';
    assert.equal(count({ homeserver }), 0);
    for (const path of ['/_matrix', '/.well-known/matrix/client', '/.well-known/matrix/ser'])
      assert.equal(count({ homeserver, path }), 1, path);
    for (const path of ['/.well-known', '/.well-known/matrix', '/.well-known/matrix/server'])
      assert.equal(count({ homeserver, path }), 0, path);
    assert.equal(count({ homeserver, path: '/.well-known', pathType: 'Exact' }), 1);
    assert.equal(count({ homeserver, path: '/(_matrix|.well-known)', pathType: 'ImplementationSpecific' }), 0);
  });

  it('accepts every other way to tell', () => {
    for (const rest of [
      port('LoadBalancer'),
      port('NodePort'),
      '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: tcp-services, namespace: ingress-nginx}\ndata: {"8448": matrix/haproxy:8448}\n',
      '---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {listeners: [{name: f, port: 8448}]}\n',
      '#- /values/ingress-nginx.yaml\ntcp:\n  8448: matrix/haproxy:8448\n',
      '#- /nginx.conf\nlocation = /.well-known/matrix/server { return 200 "x"; }\n',
      '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: site}\ndata: {server: \'{"m.server": "matrix.tessera.test:443"}\'}\n',
      '---\napiVersion: externaldns.k8s.io/v1alpha1\nkind: DNSEndpoint\nmetadata: {name: srv}\nspec: {endpoints: [{dnsName: _matrix-fed._tcp.tessera.test}]}\n',
      '---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec: {hostnames: [tessera.test]}\n',
    ])
      assert.equal(count({ rest }), 0, rest);
  });

  it('is silent where something else takes the question', () => {
    const other = (image: string): string =>
      `---\napiVersion: v1\nkind: Pod\nmetadata: {name: site, namespace: matrix, labels: {app: site}}\nspec: {containers: [{name: site, image: "${image}"}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: site, namespace: matrix}\nspec: {selector: {app: site}, ports: [{port: 80}]}\n`;
    const toSite = (source: string): string =>
      source.replace('{name: synapse, port: {number: 8008}}', '{name: site, port: {number: 80}}');
    const found = (rest: string): number => messages(federationUndiscoverable, toSite(tree({ rest }))).length;
    assert.equal(found(''), 0);
    assert.equal(found(other('nginx:1.27')), 0);
    assert.equal(found(other('vectorim/element-web:v1.11.90')), 1);
  });

  it('is silent where no federation is wanted, or the name is hosted elsewhere', () => {
    assert.equal(count({ homeserver: 'federation_domain_whitelist: []' }), 0);
    assert.equal(count({ names: 'client' }), 0);
    assert.equal(count({ host: 'matrix.tessera.test' }), 0);
    assert.equal(count({ homeserver: 'federation_domain_whitelist: [a.test]' }), 1);
  });

  it('lets Synapse answer, where it is asked', () => {
    assert.deepEqual(fixTitles(federationUndiscoverable, tree({ path: '/_matrix' })), []);
    const files = applyFix(federationUndiscoverable, tree({ homeserver: 'serve_server_wellknown: false' }), /Answer/);
    assert.match(files['synapse.yaml'] ?? '', /^ {4}serve_server_wellknown: true$/m);
  });
});
