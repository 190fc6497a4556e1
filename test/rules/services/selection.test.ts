import assert from 'node:assert/strict';
import serviceSelectsNothing from '../../../rules/services/service-selects-nothing';
import serviceSelectsSeveral from '../../../rules/services/service-selects-several-workloads';
import { expectMarks, messages } from '../expect';

describe('workloads that one Service selects', () => {
  it('are one where two files declare it, for a cluster and for a laptop', () => {
    const deployment = (metadata: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {${metadata}}
spec:
  selector: {matchLabels: {app: matrix}}
  template:
    metadata: {labels: {app: matrix}}
    spec: {containers: [{name: matrix, image: "registry.test/matrix:1"}]}
`;
    const of = (local: string): number =>
      messages(
        serviceSelectsSeveral,
        `#- /deploy.yaml${deployment('name: matrix, namespace: matrix')}#- /local.yaml${deployment(local)}#- /service.yaml
apiVersion: v1
kind: Service
metadata: {name: matrix}
spec: {selector: {app: matrix}, ports: [{port: 80}]}
`,
      ).length;
    assert.equal(of('name: matrix'), 0);
    assert.equal(of('name: other'), 1);
  });
});

describe('pods that no manifest describes', () => {
  const service = (mark: string): string => `
      apiVersion: v1
      kind: Service
      metadata: {name: cache, namespace: chat}
      spec:
        selector: {app: cache}
${mark}
        ports: [{port: 6379}]
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: other, namespace: chat, labels: {app: other}}
      spec: {containers: [{name: other, image: other:1}]}
      ---`;

  it('are not expected in a namespace without pods if they run in another', () => {
    const tree = (labels: string, mark: string): string => `
      apiVersion: v1
      kind: Service
      metadata:
        name: web
        namespace: monitoring
${mark}
      spec:
        selector: {app: web}
      ---
      apiVersion: v1
      kind: Pod
      metadata: {name: web, namespace: chat, labels: {${labels}}}
      spec: {containers: [{name: web, image: web:1}]}
      `;
    const mark = '        #          ^^^^^^^^^^ error: those with app=web are in namespace chat';
    expectMarks(serviceSelectsNothing, tree('app: web', mark));
    expectMarks(serviceSelectsNothing, tree('app: other', ''));
  });

  it('may come from a custom resource of the same name', () => {
    expectMarks(
      serviceSelectsNothing,
      `
      #- /tree.yaml
      ${service('').trimStart()}
      apiVersion: caches.test/v1
      kind: Cache
      metadata: {name: cache, namespace: chat}
      `,
    );
  });

  it('do not come from a monitor of the same name', () => {
    expectMarks(
      serviceSelectsNothing,
      `
      #- /tree.yaml
      ${service('      # ^^^^^^^^ error: Service cache selects no pod').trimStart()}
      apiVersion: monitoring.coreos.com/v1
      kind: ServiceMonitor
      metadata: {name: cache, namespace: chat}
      `,
    );
  });
});
