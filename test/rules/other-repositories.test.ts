import assert from 'node:assert/strict';
import haproxyHealthcheckMissing from '../../rules/haproxy/haproxy-healthcheck-missing';
import unknownService from '../../rules/network/config-host-unknown-service';
import namespaceLabel from '../../rules/network/netpol-namespace-selector-label';
import missingConfigMap from '../../rules/references/reference-missing-configmap';
import missingSecret from '../../rules/references/reference-missing-secret';
import missingServiceAccount from '../../rules/references/reference-missing-serviceaccount';
import type { Rule } from '../../rules/rule';
import emptyValue from '../../rules/secrets/secret-empty-value';
import notGranted from '../../rules/services/gateway-reference-not-granted';
import nodePortOutOfRange from '../../rules/services/nodeport-out-of-range';
import { messages } from './expect';

const severities = (rule: Rule, source: string): readonly string[] =>
  messages(rule, source).map(one => one.replace(/:.*/s, ''));

const pod = (rest: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: app, namespace: shop}\nspec:\n  containers:\n    - {name: app, image: "registry.test/app:1", ${rest}}\n---\n`;
const checklist = '#- /matrix-preflight.yaml\nprovided: []\n';

describe('what another repository or somebody by hand may bring', () => {
  const service = (name: string, port: number, namespace = 'shop'): string =>
    `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: {selector: {app: a}, ports: [{port: ${port}}]}\n---\n`;

  it('is a Service that nothing of the tree resembles', () => {
    const asks = pod('env: [{name: REDIS_URL, value: "redis://cache:6379/0"}]');
    const of = (other: string): readonly string[] => severities(unknownService, asks + other);
    assert.deepEqual(of(service('web', 80)), ['warning']);
    assert.deepEqual(of(service('web', 80) + checklist), ['error']);
    // One of almost the same name, one of that name elsewhere, and one for the same thing.
    assert.deepEqual(of(service('cach', 80)), ['error']);
    assert.deepEqual(of(service('web', 80) + service('cache', 6379, 'data')), ['error']);
    assert.deepEqual(of(service('shop-redis-master', 6379)), ['error']);
    const web = pod('env: [{name: API_URL, value: "http://backend:8080"}]');
    assert.deepEqual(severities(unknownService, web + service('frontend', 8080)), ['warning']);
  });

  it('are Secrets, and ConfigMaps and ServiceAccounts where the tree makes none', () => {
    const object = (kind: string, name: string, namespace = 'shop'): string =>
      `apiVersion: v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: ${namespace}}\n---\n`;
    const from = (field: string): string => pod(`envFrom: [{${field}: {name: aws-credentials}}]`);
    for (const [rule, kind, needs] of [
      [missingSecret, 'Secret', from('secretRef')],
      [missingConfigMap, 'ConfigMap', from('configMapRef')],
      [
        missingServiceAccount,
        'ServiceAccount',
        pod('').replace('spec:', 'spec:\n  serviceAccountName: aws-credentials'),
      ],
    ] as const) {
      assert.deepEqual(severities(rule, needs), ['warning'], kind);
      assert.deepEqual(severities(rule, needs + object(kind, 'database') + checklist), ['error'], kind);
      assert.deepEqual(severities(rule, needs + object(kind, 'aws-credential')), ['error'], kind);
      assert.deepEqual(severities(rule, needs + object(kind, 'aws-credentials', 'other')), ['error'], kind);
      const isSecret = kind === 'Secret';
      assert.deepEqual(severities(rule, needs + object(kind, 'database')), [isSecret ? 'warning' : 'error'], kind);
    }
  });

  it('is a label that somebody gave a namespace of another application', () => {
    const policy = (name: string): string => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: app, namespace: shop}
spec:
  podSelector: {}
  ingress: [{from: [{namespaceSelector: {matchLabels: {name: ${name}}}}]}]
---
`;
    assert.deepEqual(severities(namespaceLabel, policy('ingress-nginx')), ['warning']);
    assert.deepEqual(severities(namespaceLabel, policy('ingress-nginx') + checklist), ['error']);
    assert.deepEqual(severities(namespaceLabel, policy('kube-system')), ['error']);
    const own = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: ingress-nginx}\n';
    assert.deepEqual(severities(namespaceLabel, policy('ingress-nginx') + own), ['error']);
  });

  it('is a Redis without a password', () => {
    const secret = (key: string): string =>
      `apiVersion: v1\nkind: Secret\nmetadata: {name: app, namespace: shop}\nstringData: {${key}: ""}\n`;
    assert.deepEqual(severities(emptyValue, secret('REDIS_PASSWORD')), ['warning']);
    assert.deepEqual(severities(emptyValue, secret('REDIS_PASSWORD') + checklist), ['error']);
    for (const key of ['POSTGRES_PASSWORD', 'JWT_SECRET', 'MINIO_ROOT_PASSWORD'])
      assert.deepEqual(severities(emptyValue, secret(key)), ['error'], key);
  });

  it('is a range of node ports of its own', () => {
    const node =
      'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: NodePort, ports: [{port: 80, nodePort: 80}]}\n';
    assert.deepEqual(severities(nodePortOutOfRange, node), ['error']);
    const config = '#- /k3s.yaml\nkube-apiserver-arg: ["service-node-port-range=80-32767"]\n';
    assert.deepEqual(severities(nodePortOutOfRange, node + config), ['warning']);
    const script = '#- /up.sh\nk3s server --service-node-port-range 1-65535\n';
    assert.deepEqual(severities(nodePortOutOfRange, node + script), ['warning']);
  });

  it('are the servers of a program of which nothing is known', () => {
    const source = (image: string): string => `apiVersion: v1
kind: ConfigMap
metadata: {name: haproxy, namespace: shop}
data:
  haproxy.cfg: |
    backend app
      mode http
      server one app:8008
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: haproxy, namespace: shop}
spec:
  template:
    metadata: {labels: {app: haproxy}}
    spec:
      containers: [{name: haproxy, image: "haproxy:3.0.6", volumeMounts: [{name: c, mountPath: /usr/local/etc/haproxy}]}]
      volumes: [{name: c, configMap: {name: haproxy}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: shop}
spec:
  template:
    metadata: {labels: {app: app}}
    spec: {containers: [{name: app, image: "${image}", ports: [{containerPort: 8008}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: app, namespace: shop}
spec: {selector: {app: app}, ports: [{port: 8008}]}
`;
    const severity = (image: string): readonly string[] =>
      severities(
        haproxyHealthcheckMissing,
        `#- /matrix-preflight.yaml\nscale: {ccu: 100}\n#- /main.yaml\n${source(image)}`,
      );
    assert.deepEqual(severity('registry.test/app:1'), ['warning']);
    assert.deepEqual(severity('matrixdotorg/synapse:v1.139.2'), ['error']);
  });

  it('is an implementation of the Gateway API that asks for no grants', () => {
    const route = (controller: string): string => `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: turn}
spec: {controllerName: ${controller}}
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: UDPRoute
metadata: {name: media, namespace: turn}
spec:
  parentRefs: [{name: turn}]
  rules: [{backendRefs: [{name: sfu, namespace: shop, port: 7882}]}]
---
${service('sfu', 7882)}`;
    assert.deepEqual(severities(notGranted, route('stunner.l7mp.io/gateway-operator')), []);
    assert.deepEqual(severities(notGranted, route('gateway.envoyproxy.io/gatewayclass-controller')), ['error']);
  });
});
