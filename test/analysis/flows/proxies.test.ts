import assert from 'node:assert/strict';
import rule from '../../../rules/network/netpol-ingress-access';
import { messages } from '../../rules/expect';

/** One backend, closed but for what a policy admits, behind a route. */
function tree(from: string, route: string, install = ''): string {
  return `
#- /web.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: matrix}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: vectorim/element-web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: matrix}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: matrix}
spec: {podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress], ingress: [{from: [${from}], ports: [{port: 8080}]}]}
---
${route}
#- /install.sh
${install}
`;
}

function gateway(controllerName: string): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: class}
spec: {controllerName: ${controllerName}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: edge}
spec: {gatewayClassName: class, listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: matrix}
spec: {parentRefs: [{name: public, namespace: edge}], hostnames: [a.test, b.test], rules: [{backendRefs: [{name: web, port: 80}]}]}
`;
}

const ingressRoute = `apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: web, namespace: matrix}
spec: {routes: [{match: 'Host(\`a.test\`)', services: [{name: web, port: 80}]}]}
`;

const inNamespace = (name: string, pods = ''): string =>
  `{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ${name}}}${pods && `, podSelector: {matchLabels: {${pods}}}`}}`;

describe('the proxies that serve routes', () => {
  const found = (source: string): readonly string[] => messages(rule, source).map(one => one.replace(/, but .*/, ''));

  it('run beside their Gateway for Istio', () => {
    const istio = gateway('istio.io/gateway-controller');
    const label = 'gateway.networking.k8s.io/gateway-name';
    assert.deepEqual(found(tree(inNamespace('istio-system'), istio)), [
      'error: The proxy of Gateway public has to reach web:8080 for HTTPRoute web',
    ]);
    assert.deepEqual(found(tree(inNamespace('edge'), istio)), []);
    assert.deepEqual(found(tree(inNamespace('edge', `${label}: public`), istio)), []);
    assert.equal(found(tree(inNamespace('edge', `${label}: other`), istio)).length, 1);
    const manual = istio.replace(
      'listeners:',
      'addresses: [{value: gw.edge.svc.cluster.local, type: Hostname}], listeners:',
    );
    assert.deepEqual(found(tree(inNamespace('istio-system'), manual)), []);
  });

  it('run beside the controller for Envoy Gateway, unless it is told otherwise', () => {
    const envoy = gateway('gateway.envoyproxy.io/gatewayclass-controller');
    const install = 'helm install eg oci://docker.io/envoyproxy/gateway-helm -n envoy-gateway-system';
    assert.equal(found(tree(inNamespace('edge'), envoy, install)).length, 1);
    assert.deepEqual(found(tree(inNamespace('envoy-gateway-system'), envoy, install)), []);
    assert.deepEqual(found(tree(inNamespace('edge'), envoy)), []);
    const beside = `${install} --set config.envoyGateway.provider.kubernetes.deploy.type=GatewayNamespace`;
    assert.deepEqual(found(tree(inNamespace('edge'), envoy, beside)), []);
  });

  it('are Traefik for its routes, and not known for other implementations', () => {
    const install = 'helm install traefik traefik/traefik -n traefik';
    assert.equal(found(tree(inNamespace('ingress'), ingressRoute, install)).length, 1);
    assert.deepEqual(found(tree(inNamespace('traefik', 'app.kubernetes.io/name: traefik'), ingressRoute, install)), []);
    assert.deepEqual(found(tree(inNamespace('ingress'), ingressRoute)), []);
    assert.deepEqual(found(tree(inNamespace('kube-system'), gateway('io.cilium/gateway-controller'))), []);
  });
});
