import fieldValueRefused from '../../../rules/schema/field-value-refused';
import ingressBackendMissing from '../../../rules/services/ingress-backend-missing';
import { expectMarks } from '../expect';

describe('routes of the Gateway API and of Traefik', () => {
  it('have to lead to Services and ports that are there', () => {
    expectMarks(
      ingressBackendMissing,
      `
      #- /routes.yaml
      apiVersion: v1
      kind: Service
      metadata: {name: proxy, namespace: chat}
      spec: {selector: {app: proxy}, ports: [{name: http, port: 80}]}
      ---
      apiVersion: gateway.networking.k8s.io/v1
      kind: HTTPRoute
      metadata: {name: matrix, namespace: chat}
      spec:
        rules:
          - backendRefs:
              - {name: proxy, port: 80}
              - {name: prox, port: 80}
      #                ^^^^ 💡 error: HTTPRoute matrix leads to the Service prox
              - {name: other, namespace: elsewhere, port: 80}
              - {name: bucket, group: storage.test, kind: Bucket}
      ---
      apiVersion: traefik.io/v1alpha1
      kind: IngressRoute
      metadata: {name: matrix, namespace: chat}
      spec:
        routes:
          - services:
              - {name: proxy, port: http}
              - {name: api@internal, kind: TraefikService}
              - {name: proxy, port: 8080}
      #                             ^^^^ 💡 error: Service proxy has no port 8080
      `,
    );
  });

  it('go through Middlewares that are there, also in chains', () => {
    expectMarks(
      ingressBackendMissing,
      `
      #- /routes.yaml
      apiVersion: traefik.io/v1alpha1
      kind: Middleware
      metadata: {name: headers, namespace: chat}
      spec: {headers: {stsSeconds: 1}}
      ---
      apiVersion: traefik.io/v1alpha1
      kind: Middleware
      metadata: {name: all, namespace: chat}
      spec: {chain: {middlewares: [{name: headers}, {name: header}, {name: a@file}, {name: b, namespace: traefik}]}}
      #                                                    ^^^^^^ error: Middleware all is a chain with the Middleware header
      ---
      apiVersion: traefik.io/v1alpha1
      kind: IngressRoute
      metadata: {name: matrix, namespace: chat}
      spec:
        routes: [{middlewares: [{name: all}]}]
        tls: {options: {name: modern}}
      #                       ^^^^^^ warning: takes the TLSOption modern
      `,
    );
  });

  it('have rules that Traefik can read', () => {
    expectMarks(
      fieldValueRefused,
      `
      #- /routes.yaml
      apiVersion: traefik.io/v1alpha1
      kind: IngressRoute
      metadata: {name: matrix, namespace: chat}
      spec:
        routes:
          - match: Host(\`a.test\`) && (PathPrefix(\`/_matrix\`) || !Path("/b(c"))
          - match: Host(\`a.test\`, \`b.test\`) && HostRegexp(\`{sub:[a-z]+}.test\`) && ClientIP(\`10.0.0.0/8\`)
          - match: Host(\`a.test\`) && (PathPrefix(\`/_matrix\`)
      #            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error: A parenthesis is not closed
          - match: Host(a.test)
      #            ^^^^^^^^^^^^ error: The argument a.test is not in backticks
          - match: Host(\${HOST})
      `,
    );
  });
});
