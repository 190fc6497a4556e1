import assert from 'node:assert/strict';
import runsNoPod from '../../../rules/availability/workload-runs-no-pod';
import { messages } from '../expect';

const web = (replicas: number): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: matrix}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "registry.test/web:1", ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: matrix}
spec: {selector: {app: web}, ports: [{port: 80}]}
`;
const ingress = `---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: matrix}
spec: {rules: [{host: web.test, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
`;
const object = (kind: string, apiVersion: string, spec: string, metadata = ''): string =>
  `{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: a, namespace: matrix${metadata}}, spec: {${spec}}}\n`;

describe('workload-runs-no-pod', () => {
  it('minds no replicas where somebody connects', () => {
    assert.match(messages(runsNoPod, web(0) + ingress).join(), /^error: Deployment\/web has no pods, and Ingress\/web/);
    assert.deepEqual(messages(runsNoPod, web(0)), []);
    assert.deepEqual(messages(runsNoPod, web(1) + ingress), []);
  });

  it('leaves to scripts and KEDA what they scale', () => {
    const scaled = `---\n${object('ScaledObject', 'keda.sh/v1alpha1', 'scaleTargetRef: {name: web}')}`;
    assert.deepEqual(messages(runsNoPod, web(0) + ingress + scaled), []);
    const script = '#- /up.sh\nkubectl scale deployment web -n matrix --replicas=2\n';
    assert.deepEqual(messages(runsNoPod, `#- /web.yaml\n${web(0)}${ingress}${script}`), []);
  });

  it('minds Jobs and databases that are told to rest', () => {
    const pods = 'template: {spec: {restartPolicy: Never}}';
    const job = (spec: string, metadata = ''): string => object('Job', 'batch/v1', `${spec}, ${pods}`, metadata);
    assert.match(messages(runsNoPod, job('suspend: true')).join(), /^warning: Job a is suspended/);
    assert.match(messages(runsNoPod, job('parallelism: 0')).join(), /^error: Job a runs with parallelism 0/);
    assert.deepEqual(messages(runsNoPod, job('suspend: true', ', labels: {kueue.x-k8s.io/queue-name: q}')), []);
    assert.match(
      messages(runsNoPod, object('CronJob', 'batch/v1', 'suspend: true, schedule: "@daily"')).join(),
      /^info: CronJob a is suspended/,
    );
    const cluster = (annotation: string): string =>
      object('Cluster', 'postgresql.cnpg.io/v1', 'instances: 3', `, annotations: {${annotation}}`);
    assert.match(messages(runsNoPod, cluster('cnpg.io/hibernation: "on"')).join(), /^error: Cluster a is hibernated/);
    assert.deepEqual(messages(runsNoPod, cluster('cnpg.io/hibernation: "off"')), []);
    assert.match(messages(runsNoPod, cluster(`cnpg.io/fencedInstances: '["*"]'`)).join(), /are fenced/);
    assert.deepEqual(messages(runsNoPod, cluster(`cnpg.io/fencedInstances: '[]'`)), []);
  });
});
