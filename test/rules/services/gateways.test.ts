import assert from 'node:assert/strict';
import issuerMissing from '../../../rules/references/reference-missing-issuer';
import secretMissing from '../../../rules/references/reference-missing-secret';
import fieldValueRefused from '../../../rules/schema/field-value-refused';
import notGranted from '../../../rules/services/gateway-reference-not-granted';
import unattached from '../../../rules/services/gateway-route-unattached';
import backendMissing from '../../../rules/services/ingress-backend-missing';
import classUnknown from '../../../rules/services/ingress-class-unknown';
import { expectMarks, messages } from '../expect';

const gateway = `
      #- /gateway.yaml
      apiVersion: v1
      kind: Namespace
      metadata: {name: matrix, labels: {routes: public}}
      ---
      apiVersion: gateway.networking.k8s.io/v1
      kind: Gateway
      metadata: {name: public, namespace: edge}
      spec:
        gatewayClassName: eg
        listeners:
          - {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
          - name: https
            port: 443
            protocol: HTTPS
            hostname: "*.matrix.test"
            tls: {certificateRefs: [{name: tls}]}
            allowedRoutes: {namespaces: {from: Selector, selector: {matchLabels: {routes: public}}}}
          - {name: own, port: 8080, protocol: HTTP}
          - {name: turn, port: 3478, protocol: UDP, allowedRoutes: {namespaces: {from: All}}}
`;

describe('routes of the Gateway API', () => {
  it('are attached to listeners that take them', () => {
    expectMarks(
      unattached,
      `${gateway}
      #- /routes.yaml
      apiVersion: gateway.networking.k8s.io/v1
      kind: HTTPRoute
      metadata: {name: a, namespace: matrix}
      spec:
        parentRefs:
          - {name: public, namespace: edge, sectionName: https}
          - {name: public, namespace: edge, sectionName: http}
          - {name: public, namespace: edge, port: 443}
          - {name: public, namespace: edge}
          - {group: "", kind: Service, name: synapse, port: 80}
          - {name: internal, namespace: other}
        hostnames: [a.matrix.test, b.a.matrix.test]
      ---
      apiVersion: gateway.networking.k8s.io/v1alpha2
      kind: UDPRoute
      metadata: {name: turn, namespace: coturn}
      spec:
        parentRefs: [{name: public, namespace: edge, sectionName: turn}]
      `,
    );
  });

  it('are refused by what listeners say', () => {
    expectMarks(
      unattached,
      `${gateway}
      #- /routes.yaml
      apiVersion: gateway.networking.k8s.io/v1
      kind: HTTPRoute
      metadata: {name: a, namespace: matrix}
      spec:
        parentRefs:
          - {name: publc, namespace: edge}
      #            ^^^^^ 💡 error: There is no Gateway publc in namespace edge
          - {name: public}
      #            ^^^^^^ error: looks for Gateway public in its own namespace matrix
          - {name: public, namespace: edge, sectionName: own}
      #                                                  ^^^ error: takes routes of its own namespace edge only
          - {name: public, namespace: edge, sectionName: turn}
      #                                                  ^^^^ error: take no HTTPRoute
          - {name: public, namespace: edge, port: 444}
      #                                           ^^^ error: No listener of Gateway public is at port 444
      ---
      apiVersion: gateway.networking.k8s.io/v1
      kind: HTTPRoute
      metadata: {name: b, namespace: matrix}
      spec:
        parentRefs: [{name: public, namespace: edge, sectionName: https}]
        hostnames:
          - a.matrix.test
          - matrix.test
      #     ^^^^^^^^^^^ error: takes the host matrix.test; it is for *.matrix.test
      `,
    );
  });

  it('of a namespace without the label are not taken, unless a script sets it or nobody declares the namespace', () => {
    const route = (namespace: string, mark: string): string => `
      ---
      apiVersion: gateway.networking.k8s.io/v1
      kind: HTTPRoute
      metadata: {name: ${namespace}, namespace: ${namespace}}
      spec:
        parentRefs:
          - {name: public, namespace: edge, sectionName: https}
${mark}`;
    expectMarks(
      unattached,
      `${gateway}
      #- /routes.yaml
      apiVersion: v1
      kind: Namespace
      metadata: {name: bare}
      ---
      apiVersion: v1
      kind: Namespace
      metadata: {name: labelled}
${route('bare', '      #                                                  ^^^^^ error: takes routes of namespaces with routes=public only')}
${route('labelled', '')}
${route('elsewhere', '')}
      #- /deploy.sh
      kubectl label namespace labelled routes=public
      `,
    );
  });

  it('are not judged where the Gateway is in another repository', () => {
    expectMarks(
      unattached,
      `
      #- /routes.yaml
      apiVersion: gateway.networking.k8s.io/v1
      kind: HTTPRoute
      metadata: {name: a, namespace: matrix}
      spec:
        parentRefs:
          - {name: public, namespace: edge, sectionName: https}
          - {name: local}
        hostnames: [a.matrix.test]
      `,
    );
  });

  it('that the solver of an issuer makes need a Gateway', () => {
    expectMarks(
      unattached,
      `${gateway}
      #- /issuer.yaml
      apiVersion: cert-manager.io/v1
      kind: ClusterIssuer
      metadata: {name: letsencrypt}
      spec:
        acme:
          solvers:
            - http01: {gatewayHTTPRoute: {parentRefs: [{name: public, namespace: edge, kind: Gateway}]}}
            - http01: {gatewayHTTPRoute: {parentRefs: [{name: pubic, namespace: edge, kind: Gateway}]}}
      #                                                       ^^^^^ 💡 error: There is no Gateway pubic in namespace edge
      `,
    );
  });

  it('lead to ports of their protocol, also in other namespaces', () => {
    expectMarks(
      backendMissing,
      `
      #- /routes.yaml
      apiVersion: v1
      kind: Service
      metadata: {name: turn, namespace: coturn}
      spec: {selector: {app: turn}, ports: [{name: turn, port: 3478, protocol: UDP}, {name: turns, port: 5349}]}
      ---
      apiVersion: gateway.networking.k8s.io/v1alpha2
      kind: UDPRoute
      metadata: {name: turn, namespace: edge}
      spec:
        rules:
          - backendRefs:
              - {name: turn, namespace: coturn, port: 3478}
              - {name: turn, namespace: coturn, port: 5349}
      #                                               ^^^^ error: is TCP, and UDPRoute turn carries UDP
              - {name: turm, namespace: coturn, port: 3478}
      #                ^^^^ 💡 error: nothing creates in namespace coturn
      ---
      apiVersion: traefik.io/v1alpha1
      kind: IngressRouteTCP
      metadata: {name: turns, namespace: coturn}
      spec:
        routes:
          - services:
              - {name: turn, port: 5349}
              - {name: turn, port: 5350}
      #                            ^^^^ error: has no port 5350
      `,
    );
  });
});

describe('references of the Gateway API into other namespaces', () => {
  it('need a ReferenceGrant there', () => {
    expectMarks(
      notGranted,
      `
      #- /edge.yaml
      apiVersion: gateway.networking.k8s.io/v1
      kind: Gateway
      metadata: {name: public, namespace: edge}
      spec:
        listeners:
          - {name: a, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: own}, {name: tls, namespace: matrix}]}}
          - {name: b, port: 444, protocol: HTTPS, tls: {certificateRefs: [{name: other, namespace: matrix}]}}
      #                                                                                            ^^^^^^ 💡 error: lets a Gateway of edge use the Secret other
          - {name: c, port: 445, protocol: HTTPS, tls: {certificateRefs: [{name: tls, namespace: vault}]}}
      ---
      apiVersion: gateway.networking.k8s.io/v1beta1
      kind: ReferenceGrant
      metadata: {name: tls, namespace: matrix}
      spec:
        from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: edge}]
        to: [{group: "", kind: Secret, name: tls}]
      ---
      apiVersion: v1
      kind: Secret
      metadata: {name: other, namespace: matrix}
      `,
    );
  });

  it('are not judged where neither object nor grant is in the tree', () => {
    expectMarks(
      notGranted,
      `
      #- /edge.yaml
      apiVersion: gateway.networking.k8s.io/v1
      kind: HTTPRoute
      metadata: {name: a, namespace: edge}
      spec: {rules: [{backendRefs: [{name: synapse, namespace: matrix, port: 8008}]}]}
      `,
    );
  });
});

describe('Gateways', () => {
  it('are of a class that the tree has, if it has any', () => {
    const of = (name: string): string => `
      apiVersion: gateway.networking.k8s.io/v1
      kind: Gateway
      metadata: {name: public, namespace: edge}
      spec:
        gatewayClassName: ${name}`;
    const known = `
      ---
      apiVersion: gateway.networking.k8s.io/v1
      kind: GatewayClass
      metadata: {name: public-envoy}
      spec: {controllerName: gateway.envoyproxy.io/gatewayclass-controller}`;
    expectMarks(
      classUnknown,
      `
      #- /a.yaml${of('whatever')}`,
    );
    expectMarks(
      classUnknown,
      `
      #- /a.yaml${of('public-envoy')}${known}`,
    );
    expectMarks(
      classUnknown,
      `
      #- /a.yaml${of('cilium')}${known}`,
    );
    expectMarks(
      classUnknown,
      `
      #- /a.yaml${of('public-envy')}
      #                   ^^^^^^^^^^^ 💡 error: No controller serves the class public-envy of Gateway public${known}`,
    );
  });

  it('get certificates of issuers that are there, for listeners with a host', () => {
    const tree = `
      #- /a.yaml
      apiVersion: cert-manager.io/v1
      kind: ClusterIssuer
      metadata: {name: letsencrypt}
      ---
      apiVersion: gateway.networking.k8s.io/v1
      kind: Gateway
      metadata:
        name: public
        namespace: edge
        annotations:
          cert-manager.io/cluster-issuer: letsencript
      #                                   ^^^^^^^^^^^ 💡 error: Nothing creates the ClusterIssuer letsencript, which the Gateway needs
      spec:
        listeners:
          - {name: a, port: 443, protocol: HTTPS, hostname: a.test, tls: {certificateRefs: [{name: a-tls}]}}
          - {name: b, port: 444, protocol: HTTPS, tls: {certificateRefs: [{name: b-tls}]}}
      `;
    expectMarks(issuerMissing, tree);
    expectMarks(
      secretMissing,
      `${tree.replace(/\n *#.*\^.*/, '').trimEnd()}
      #                                                                          ^^^^^ 💡 warning: Nothing creates the Secret b-tls in namespace edge`,
    );
  });

  it('and routes have fields that the API server takes', () => {
    expectMarks(
      fieldValueRefused,
      `
      #- /a.yaml
      apiVersion: gateway.networking.k8s.io/v1
      kind: Gateway
      metadata: {name: public, namespace: edge}
      spec:
        listeners:
          - {name: a, port: 80, protocol: HTTP}
          - {name: a, port: 81, protocol: HTTP}
      #            ^ error: Two listeners of Gateway public have the name a
          - {name: b, port: 80, protocol: HTTP, tls: {certificateRefs: [{name: x}]}}
      #                     ^^ error: have the port 80, the protocol HTTP and no host
      #                                         ^^^ error: Listener b of protocol HTTP cannot have tls
          - {name: c, port: 443, protocol: HTTPS, hostname: a.test, tls: {mode: Passthrough}}
      #                                                                         ^^^^^^^^^^^ 💡 error: cannot pass TLS through
          - {name: d, port: 443, protocol: HTTPS, hostname: b.test, tls: {certificateRefs: [{name: x}]}}
          - {name: e, port: 444, protocol: TLS, tls: {mode: Passthrough}}
          - {name: f, port: 25, protocol: TCP, hostname: a.test}
      #                                                  ^^^^^^ error: cannot have a hostname
          - {name: g, port: 82, protocol: HTTP, allowedRoutes: {namespaces: {from: Selector}}}
      #                                                                            ^^^^^^^^ error: takes routes by a selector and has none
      ---
      apiVersion: gateway.networking.k8s.io/v1
      kind: HTTPRoute
      metadata: {name: a, namespace: matrix}
      spec:
        rules:
          - matches: [{path: {type: PathPrefix, value: /_matrix}}, {path: {type: Prefix, value: /}}]
      #                                                                          ^^^^^^ 💡 error: Prefix is no type of path
            backendRefs: [{name: a, port: 80}, {kind: Bucket, group: storage.test, name: b}]
          - matches: [{path: {value: _matrix}}, {path: {type: RegularExpression, value: "_m.*"}}]
      #                              ^^^^^^^ 💡 error: does not begin with a slash
            backendRefs: [{name: a}]
      #                          ^ error: The Service a is named without a port
          - filters: [{type: RequestRedirect}]
      #                      ^^^^^^^^^^^^^^^ error: A rule that redirects cannot have backendRefs
            backendRefs: [{name: a, port: 80}]
      `,
    );
  });

  it('send requests to backends with a weight', () => {
    const route = (...weights: readonly number[]): string => `
#- /route.yaml
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: matrix}
spec: {rules: [{backendRefs: [${weights.map(weight => `{name: web, port: 80, weight: ${weight}}`).join(', ')}]}]}
`;
    assert.equal(messages(backendMissing, route(0, 0)).length, 1);
    assert.deepEqual(messages(backendMissing, route(0, 1)), []);
    assert.deepEqual(messages(backendMissing, route()), []);
  });
});
