import rule from '../../../rules/services/ingress-other-instance';
import { expectMarks } from '../expect';

const workload = (name: string, image: string, labels: string): string => `
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: ${name}, namespace: matrix}
      spec: {selector: {app: ${name}}, ports: [{port: 80}]}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: ${name}, namespace: matrix}
      spec:
        template:
          metadata: {labels: {app: ${name}${labels}}}
          spec: {containers: [{name: app, image: "${image}", ports: [{containerPort: 80}]}]}`;

const ingress = (service: string): string => `
      #- /tree.yaml
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata: {name: element, namespace: matrix, labels: {matrix.instance: li}}
      spec:
        rules:
          - host: li.tessera.test
            http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: ${service}, port: {number: 80}}}}]}`;

describe('ingress-other-instance', () => {
  const element = 'vectorim/element-web:v1.11.96';

  it('leaves what both instances share, and trees without one of them, alone', () => {
    expectMarks(
      rule,
      ingress('auth') + workload('auth', 'registry.test/auth:1', '') + workload('auth-li', 'registry.test/auth:1', ''),
    );
    expectMarks(rule, ingress('element') + workload('element', element, ''));
    expectMarks(rule, ingress('elsewhere') + workload('element-li', element, ''));
    expectMarks(
      rule,
      ingress('investigators') +
        workload('investigators', element, ', matrix.instance: li') +
        workload('element', element, ''),
    );
  });
});
