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
});
