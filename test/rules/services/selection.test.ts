import assert from 'node:assert/strict';
import selectsNothing from '../../../rules/services/service-selects-nothing';
import selectsSeveral from '../../../rules/services/service-selects-several-workloads';
import targetPort from '../../../rules/services/service-target-port-unexposed';
import selectorMismatch from '../../../rules/services/workload-selector-mismatch';
import selectorsOverlap from '../../../rules/services/workload-selectors-overlap';
import { applyFix, expectMarks, fixed, fixTitles, messages } from '../expect';

const service = (name: string, selector: string, ports = '[{ port: 80 }]', rest = ''): string => `---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: matrix }
spec:
  selector: ${selector}
  ports: ${ports}
${rest}`;

const workload = (
  name: string,
  labels: string,
  options: { kind?: string; ports?: string; image?: string; spec?: string } = {},
): string => `---
apiVersion: apps/v1
kind: ${options.kind ?? 'Deployment'}
metadata: { name: ${name}, namespace: matrix }
spec:
${options.spec ?? ''}  selector:
    matchLabels: ${labels}
  template:
    metadata:
      labels: ${labels}
    spec:
      containers:
        - name: main
          image: ${options.image ?? 'registry.test/app:1'}
          ports: ${options.ports ?? '[]'}
`;

describe('service-selects-nothing', () => {
  const app = workload('app', '{ app: app }');

  it('is silent where pods come from operators, charts, other namespaces or documents that cannot be read', () => {
    expectMarks(selectsNothing, app + service('a', '{ app.kubernetes.io/name: redis, helm.sh/chart: redis-18 }'));
    expectMarks(selectsNothing, app + service('a', '{ postgres-operator.crunchydata.com/cluster: x }'));
    expectMarks(
      selectsNothing,
      app + service('a', '{ app: x }').replace('namespace: matrix', 'namespace: ingress-nginx'),
    );
    expectMarks(
      selectsNothing,
      `#- /a.yaml\n${app}${service('a', '{ app.kubernetes.io/instance: redis-main, app.kubernetes.io/name: redis }')}#- /i.sh\nhelm install redis-main bitnami/redis -n matrix\n`,
    );
    expectMarks(
      selectsNothing,
      `${app}${service('a', '{ app: kafka }')}---\napiVersion: kafka.strimzi.io/v1\nkind: Kafka\nmetadata: { name: kafka, namespace: matrix }\n`,
    );
    expectMarks(
      selectsNothing,
      `${app}${service('a', '{ app: broken }')}---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: broken\nspec: [\n  app: broken\n`,
    );
  });

  it('knows the pods of CloudNativePG, with the role that the operator gives them', () => {
    const cluster =
      '---\napiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: { name: pg, namespace: matrix }\n';
    expectMarks(selectsNothing, app + cluster + service('a', '{ cnpg.io/cluster: pg, role: primary }'));
    expectMarks(selectsNothing, app + cluster + service('a', '{ cnpg.io/cluster: pg, cnpg.io/instanceRole: replica }'));
    assert.match(
      messages(selectsNothing, app + cluster + service('a', '{ cnpg.io/cluster: pq }')).join(),
      /^error: Service a selects no pod: none has cnpg.io\/cluster=pq, but some have cnpg.io\/cluster=pg/,
    );
    assert.equal(messages(selectsNothing, app + cluster + service('a', '{ app: app, role: primary }')).length, 1);
  });

  it('knows the names of the pods of a StatefulSet', () => {
    const redis = workload('redis', '{ app: redis }', { kind: 'StatefulSet', spec: '  replicas: 3\n' });
    expectMarks(selectsNothing, redis + service('a', '{ app: redis, statefulset.kubernetes.io/pod-name: redis-0 }'));
    assert.equal(
      messages(selectsNothing, redis + service('a', '{ statefulset.kubernetes.io/pod-name: cache-0 }')).length,
      1,
    );
  });

  it('counts labels that a script sets on running pods', () => {
    const source = `#- /a.yaml\n${app}${service('a', '{ app: app, redis-role: master }')}`;
    assert.equal(messages(selectsNothing, source).length, 1);
    expectMarks(selectsNothing, `${source}#- /role.sh\nkubectl label pod "$HOSTNAME" redis-role=master --overwrite\n`);
  });

  it('leaves Services without a selector and external names alone', () => {
    expectMarks(
      selectsNothing,
      `${app}---\napiVersion: v1\nkind: Service\nmetadata: { name: a, namespace: matrix }\nspec: { ports: [{ port: 80 }] }\n`,
    );
    expectMarks(
      selectsNothing,
      app + service('a', '{ app: x }', '[]', '  type: ExternalName\n  externalName: x.test\n'),
    );
  });

  it('matches pods that name no namespace', () => {
    expectMarks(
      selectsNothing,
      app.replace('namespace: matrix', 'labels: {}') + service('a', '{ app: app }') + workload('b', '{ app: b }'),
    );
  });

  it('corrects the value, or drops a label that the pods do not have', () => {
    assert.deepEqual(fixTitles(selectsNothing, app + service('a', '{ app: ap }')), ['Select app=app instead']);
    const source = `${app}---
apiVersion: v1
kind: Service
metadata: { name: a, namespace: matrix }
spec:
  selector:
    app: app
    tier: x
`;
    assert.equal(
      applyFix(selectsNothing, source, 'Select without tier')['main.yaml'],
      source.replace('    tier: x\n', ''),
    );
  });
});

describe('service-selects-several-workloads', () => {
  const main = workload('synapse-main', '{ app: synapse, instance: main }', { image: 'matrixdotorg/synapse:v1.119.0' });
  const li = workload('synapse-li', '{ app: synapse, instance: li }', { image: 'matrixdotorg/synapse:v1.119.0' });

  it('is an error for different instances, and clear for the one the Service is named after', () => {
    const source = main + li + service('synapse-client', '{ app: synapse }');
    assert.match(
      messages(selectsSeveral, source).join(),
      /^error: .* Deployment\/synapse-main and Deployment\/synapse-li/,
    );
    assert.ok(fixed(selectsSeveral, source)['main.yaml']?.includes('{ app: synapse, instance: main }\n  ports'));
    assert.deepEqual(fixTitles(selectsSeveral, main + li + service('synapse-li', '{ app: synapse }')), [
      'safe: Select instance=li too, so that only synapse-li gets traffic',
    ]);
  });

  it('is an error for different programs, and a warning for a canary', () => {
    const redis = workload('redis', '{ app: synapse, tier: cache }', { image: 'redis:7' });
    assert.match(messages(selectsSeveral, main + redis + service('a', '{ app: synapse }')).join(), /^error/);
    const canary = workload('synapse-canary', '{ app: synapse, instance: canary }', {
      image: 'matrixdotorg/synapse:v1.120.0',
    });
    assert.match(messages(selectsSeveral, main + canary + service('a', '{ app: synapse }')).join(), /^warning/);
  });

  it('leaves Services for metrics alone', () => {
    expectMarks(selectsSeveral, main + li + service('synapse-metrics', '{ app: synapse }'));
    expectMarks(selectsSeveral, main + li + service('a', '{ app: synapse }', '[{ name: metrics, port: 9090 }]'));
  });

  it('leaves the headless Service that names the pods of several StatefulSets alone, but not across instances', () => {
    const set = (name: string, instance: string) =>
      workload(name, `{ app: synapse, instance: ${instance}, set: ${name} }`, {
        kind: 'StatefulSet',
        spec: '  serviceName: synapse\n',
      });
    const headless = service('synapse', '{ app: synapse }', '[{ port: 80 }]', '  clusterIP: None\n');
    expectMarks(selectsSeveral, set('a', 'x') + set('b', 'x') + headless);
    assert.equal(messages(selectsSeveral, set('a', 'x') + set('b-li', 'li') + headless).length, 1);
  });

  it('counts only pods that have the named port', () => {
    const named = (name: string, ports: string) => workload(name, `{ app: x, name: ${name} }`, { ports });
    const source =
      named('a', '[{ name: http, containerPort: 80 }]') + named('b', '[{ name: admin, containerPort: 81 }]');
    expectMarks(selectsSeveral, source + service('s', '{ app: x }', '[{ port: 80, targetPort: http }]'));
    assert.equal(messages(selectsSeveral, source + service('s', '{ app: x }', '[{ port: 80 }]')).length, 1);
  });

  it('only warns of Jobs, and takes two manifests of one workload for one', () => {
    const job = `---\napiVersion: batch/v1\nkind: Job\nmetadata: { name: init, namespace: matrix }\nspec: { template: { metadata: { labels: { app: synapse } } } }\n`;
    assert.match(messages(selectsSeveral, main + job + service('a', '{ app: synapse }')).join(), /^warning/);
    expectMarks(selectsSeveral, main + main + service('a', '{ app: synapse }'));
  });

  it('lets a person choose where it is not clear which workload is meant', () => {
    const source =
      workload('a', '{ app: x, name: a }') + workload('b', '{ app: x, name: b }') + service('s', '{ app: x }');
    assert.deepEqual(fixTitles(selectsSeveral, source), [
      'Select name=a too, so that only a gets traffic',
      'Select name=b too, so that only b gets traffic',
    ]);
  });
});

describe('workload selectors', () => {
  it('may be narrower than the labels, and reject what does not match', () => {
    expectMarks(
      selectorMismatch,
      workload('a', '{ app: a }').replace('labels: { app: a }', 'labels: { app: a, more: b }'),
    );
    const different = workload('a', '{ app: a }').replace('labels: { app: a }', 'labels: { app: b }');
    assert.deepEqual(fixTitles(selectorMismatch, different), ['Give the pods the label app=a', 'Select app=b']);
  });

  it('are required, except in patches', () => {
    const without = workload('a', '{ app: a }').replace(
      '  selector:\n    matchLabels: { app: a }\n',
      '  replicas: 1\n',
    );
    assert.deepEqual(fixTitles(selectorMismatch, without), ['Select the labels of the pod template']);
    expectMarks(selectorMismatch, fixed(selectorMismatch, without)['main.yaml'] ?? '');
    expectMarks(selectorMismatch, `#- /kustomization.yaml\npatches: [{ path: a.yaml }]\n#- /a.yaml\n${without}`);
    expectMarks(
      selectorMismatch,
      '---\napiVersion: apps/v1\nkind: Deployment\nmetadata: { name: a, namespace: matrix }\nspec: { replicas: 3 }\n',
    );
  });

  it('understand matchExpressions', () => {
    const expression = (values: string): string =>
      workload('a', '{ app: a }').replace(
        'matchLabels: { app: a }',
        `matchExpressions: [{ key: app, operator: In, values: ${values} }]`,
      );
    expectMarks(selectorMismatch, expression('[a, b]'));
    assert.equal(messages(selectorMismatch, expression('[b]')).length, 1);
  });

  it('may overlap in name only when the namespaces differ', () => {
    expectMarks(
      selectorsOverlap,
      workload('a', '{ app: x }') + workload('b', '{ app: x }').replaceAll('namespace: matrix', 'namespace: other'),
    );
    assert.equal(messages(selectorsOverlap, workload('a', '{ app: x }') + workload('b', '{ app: x }')).length, 2);
  });
});

describe('service-target-port-unexposed', () => {
  const app = (ports: string) => workload('app', '{ app: app }', { ports });

  it('judges the protocol', () => {
    const pods = app('[{ name: turn, containerPort: 3478 }]');
    assert.match(
      messages(
        targetPort,
        pods + service('a', '{ app: app }', '[{ port: 3478, targetPort: turn, protocol: UDP }]'),
      ).join(),
      /^error: .*port turn over UDP, but the pods declare it as TCP/,
    );
    assert.match(
      messages(targetPort, pods + service('a', '{ app: app }', '[{ port: 3478, protocol: UDP }]')).join(),
      /^warning: .*3478\/UDP, which no selected pod declares/,
    );
    expectMarks(targetPort, pods + service('a', '{ app: app }', '[{ port: 3478, targetPort: turn }]'));
  });

  it('only mentions a number where the pods declare no ports at all', () => {
    assert.match(messages(targetPort, app('[]') + service('a', '{ app: app }')).join(), /^info/);
  });

  it('does not judge ports that operators do not name, but their names', () => {
    const cluster =
      '---\napiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: { name: pg, namespace: matrix }\n';
    expectMarks(targetPort, cluster + service('a', '{ cnpg.io/cluster: pg }', '[{ port: 1234 }]'));
    expectMarks(targetPort, cluster + service('a', '{ cnpg.io/cluster: pg }', '[{ port: 9187, targetPort: metrics }]'));
    assert.equal(
      messages(targetPort, cluster + service('a', '{ cnpg.io/cluster: pg }', '[{ port: 1, targetPort: metric }]'))
        .length,
      1,
    );
  });

  it('accepts a port that one of several workloads has, also in a sidecar', () => {
    const sidecar = app('[]').replace(
      '      containers:',
      '      initContainers:\n        - name: exporter\n          restartPolicy: Always\n          ports: [{ name: metrics, containerPort: 9121 }]\n      containers:',
    );
    expectMarks(targetPort, sidecar + service('a', '{ app: app }', '[{ port: 9121, targetPort: metrics }]'));
  });

  it('suggests the port of nearly the same name', () => {
    assert.deepEqual(
      fixTitles(
        targetPort,
        app('[{ name: http, containerPort: 1 }, { name: other, containerPort: 2 }]') +
          service('a', '{ app: app }', '[{ port: 80, targetPort: htp }]'),
      ),
      ['Lead to the port http'],
    );
    assert.deepEqual(
      fixTitles(targetPort, app('[{ name: rtp, containerPort: 1 }]') + service('a', '{ app: app }', '[{ port: 80 }]')),
      [],
    );
  });
});
