import serviceSelectsNothing from '../../../rules/services/service-selects-nothing';
import { expectMarks } from '../expect';

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
