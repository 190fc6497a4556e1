import assert from 'node:assert/strict';
import elementPdbMissing from '../../../rules/availability/element-pdb-missing';
import pdbMissing from '../../../rules/availability/pdb-missing';
import pdbOverlap from '../../../rules/availability/pdb-overlap';
import pdbSelectsNothing from '../../../rules/availability/pdb-selects-nothing';
import pdbSelectsSeveral from '../../../rules/availability/pdb-selects-several-workloads';
import pdbUnsatisfiable from '../../../rules/availability/pdb-unsatisfiable';
import { expectMarks, fixed, fixTitles, messages } from '../expect';

const workload = (
  name: string,
  replicas: number | undefined,
  options: { kind?: string; labels?: string; image?: string } = {},
): string => `---
apiVersion: apps/v1
kind: ${options.kind ?? 'Deployment'}
metadata: { name: ${name}, namespace: matrix }
spec:
${replicas === undefined ? '' : `  replicas: ${replicas}\n`}  selector:
    matchLabels: ${options.labels ?? `{ app: ${name} }`}
  template:
    metadata:
      labels: ${options.labels ?? `{ app: ${name} }`}
    spec:
      containers:
        - name: main
          image: ${options.image ?? 'registry.test/app:1'}
`;

const budget = (name: string, spec: string, selector = '{ matchLabels: { app: app } }'): string => `---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: ${name}, namespace: matrix }
spec:
  ${spec}
  selector: ${selector}
`;

const scaler = (name: string, bounds: string): string => `---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: ${name}, namespace: matrix }
spec:
  scaleTargetRef: { kind: Deployment, name: ${name} }
  ${bounds}
`;

describe('pdb-unsatisfiable', () => {
  it('reports a budget that says neither, because the controller then allows no disruption', () => {
    assert.match(
      messages(
        pdbUnsatisfiable,
        `${budget('app', 'unhealthyPodEvictionPolicy: AlwaysAllow')}${workload('app', 3)}`,
      )[0] ?? '',
      /^warning: .* neither minAvailable nor maxUnavailable/,
    );
    assert.deepEqual(
      fixTitles(pdbUnsatisfiable, `${budget('app', 'unhealthyPodEvictionPolicy: AlwaysAllow')}${workload('app', 3)}`),
      ['safe: Let one pod go at a time'],
    );
  });

  it('rounds percentages up', () => {
    const judged: readonly (readonly [number, string, boolean])[] = [
      [2, 'minAvailable: 1', false],
      [2, 'minAvailable: 2', true],
      [2, 'minAvailable: 50%', false],
      [3, 'minAvailable: 67%', true],
      [3, 'minAvailable: 66%', false],
      [1, 'minAvailable: 50%', true],
      [4, 'minAvailable: 100%', true],
      [1, 'maxUnavailable: 1', false],
      [3, 'maxUnavailable: 0', true],
      [3, 'maxUnavailable: 0%', true],
      [3, 'maxUnavailable: 10%', false],
      [1, 'minAvailable: 0', false],
      [0, 'minAvailable: 1', false],
    ];
    for (const [replicas, spec, isWrong] of judged)
      assert.equal(
        messages(pdbUnsatisfiable, workload('app', replicas) + budget('b', spec)).length,
        isWrong ? 1 : 0,
        `${replicas} ${spec}`,
      );
  });

  it('counts what an autoscaler keeps at least, and one where nothing is written', () => {
    expectMarks(
      pdbUnsatisfiable,
      workload('app', 1) + scaler('app', 'minReplicas: 2') + budget('b', 'minAvailable: 1'),
    );
    assert.equal(
      messages(pdbUnsatisfiable, workload('app', 5) + scaler('app', 'maxReplicas: 9') + budget('b', 'minAvailable: 1'))
        .length,
      1,
    );
    assert.equal(messages(pdbUnsatisfiable, workload('app', undefined) + budget('b', 'minAvailable: 1')).length, 1);
  });

  it('leaves DaemonSets alone', () => {
    expectMarks(pdbUnsatisfiable, workload('app', undefined, { kind: 'DaemonSet' }) + budget('b', 'minAvailable: 1'));
  });

  it('counts the servers of a Tenant', () => {
    const tenant =
      '---\napiVersion: minio.min.io/v2\nkind: Tenant\nmetadata: { name: t, namespace: matrix }\nspec: { pools: [{ servers: 4 }] }\n';
    const selector = '{ matchLabels: { v1.min.io/tenant: t } }';
    expectMarks(pdbUnsatisfiable, tenant + budget('b', 'minAvailable: 3', selector));
    assert.equal(messages(pdbUnsatisfiable, tenant + budget('b', 'minAvailable: 4', selector)).length, 1);
  });

  it('is safe to mend for a single pod only', () => {
    assert.deepEqual(fixTitles(pdbUnsatisfiable, workload('app', 1) + budget('b', 'minAvailable: 1')), [
      'safe: Let one pod go at a time',
    ]);
    assert.deepEqual(fixTitles(pdbUnsatisfiable, workload('app', 2) + budget('b', 'minAvailable: 2')), [
      'Let one pod go at a time',
    ]);
    const zero = workload('app', 1) + budget('b', 'maxUnavailable: 0%');
    assert.ok(fixed(pdbUnsatisfiable, zero)['main.yaml']?.includes('  maxUnavailable: 1\n'));
  });

  it('refuses both bounds at once', () => {
    assert.match(
      messages(pdbUnsatisfiable, workload('app', 3) + budget('b', 'minAvailable: 1\n  maxUnavailable: 1')).join(),
      /^error: .*both/,
    );
  });
});

describe('pdb-selects-nothing', () => {
  it('knows what an empty selector and none mean', () => {
    expectMarks(pdbSelectsNothing, workload('app', 2) + budget('b', 'maxUnavailable: 1', '{}'));
    assert.match(
      messages(pdbSelectsNothing, workload('app', 2) + budget('b', 'maxUnavailable: 1', '')).join(),
      /^error: .* has no selector/,
    );
  });

  it('is silent about pods that no manifest describes', () => {
    expectMarks(pdbSelectsNothing, budget('b', 'maxUnavailable: 1'));
    expectMarks(
      pdbSelectsNothing,
      workload('x', 1) + budget('b', 'maxUnavailable: 1', '{ matchLabels: { strimzi.io/cluster: k } }'),
    );
  });

  it('understands expressions', () => {
    const selector = '{ matchExpressions: [{ key: app, operator: In, values: [app, b] }] }';
    expectMarks(pdbSelectsNothing, workload('app', 2) + budget('b', 'maxUnavailable: 1', selector));
    assert.equal(messages(pdbSelectsNothing, workload('x', 2) + budget('b', 'maxUnavailable: 1', selector)).length, 1);
  });
});

describe('pdb-selects-several-workloads', () => {
  const two = workload('a', 2, { labels: '{ app: app, n: a }' }) + workload('b', 2, { labels: '{ app: app, n: b }' });

  it('leaves maxUnavailable and Jobs alone', () => {
    expectMarks(pdbSelectsSeveral, two + budget('b', 'maxUnavailable: 1'));
    const job =
      '---\napiVersion: batch/v1\nkind: Job\nmetadata: { name: j, namespace: matrix }\nspec: { template: { metadata: { labels: { app: app } } } }\n';
    expectMarks(pdbSelectsSeveral, workload('app', 2) + job + budget('b', 'minAvailable: 1'));
    assert.equal(messages(pdbSelectsSeveral, two + budget('b', 'minAvailable: 1')).length, 1);
  });
});

describe('pdb-overlap', () => {
  it('reports the later of two budgets, and accepts a cluster without its own', () => {
    assert.match(
      messages(
        pdbOverlap,
        workload('app', 2) + budget('one', 'maxUnavailable: 1') + budget('two', 'maxUnavailable: 1'),
      ).join(),
      /^warning: PodDisruptionBudget two selects .* which PodDisruptionBudget one selects too/,
    );
    const cluster = (spec: string): string =>
      `---\napiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: { name: pg, namespace: matrix }\nspec: { ${spec} }\n`;
    const own = budget('pg', 'minAvailable: 1', '{ matchLabels: { cnpg.io/cluster: pg } }');
    expectMarks(pdbOverlap, cluster('instances: 3, enablePDB: false') + own);
    assert.equal(messages(pdbOverlap, cluster('instances: 3') + own).length, 1);
  });
});

describe('missing budgets', () => {
  it('are those of workloads with two replicas or more', () => {
    expectMarks(pdbMissing, workload('app', 1));
    expectMarks(pdbMissing, workload('app', 3, { kind: 'DaemonSet' }));
    expectMarks(pdbMissing, workload('app', 2) + budget('b', 'minAvailable: 1'));
    assert.equal(messages(pdbMissing, workload('app', 1) + scaler('app', 'minReplicas: 2')).length, 1);
    assert.equal(messages(pdbMissing, workload('app', 3, { kind: 'StatefulSet' })).length, 1);
  });

  it('are judged by their selector, in their own namespace', () => {
    const other = budget('b', 'minAvailable: 1').replace('namespace: matrix', 'namespace: other');
    assert.equal(messages(pdbMissing, workload('app', 2) + other).length, 1);
  });

  it('gives a new budget a name of its own', () => {
    const source = `${workload('element', 2, { image: 'vectorim/element-web:v1.11.96' })}${budget('element', 'minAvailable: 1')}`;
    const [text = ''] = Object.values(fixed(elementPdbMissing, source));
    assert.match(text, /name: element-pdb\n/);
  });

  it('of Element weigh more with more replicas, and less for the LI instance', () => {
    const element = (name: string, replicas: number, labels?: string): string =>
      workload(name, replicas, { image: 'vectorim/element-web:v1.11.86', ...(labels ? { labels } : {}) });
    const settings = '\n#- /matrix-preflight.yaml\nscale: {ccu: 100}\n';
    assert.match(messages(elementPdbMissing, element('element-web', 2) + settings).join(), /^error/);
    assert.match(messages(elementPdbMissing, element('element-web', 2)).join(), /^warning/);
    assert.match(messages(elementPdbMissing, element('element-web', 1)).join(), /^warning/);
    assert.match(messages(elementPdbMissing, element('element-web-li', 2)).join(), /^info/);
    expectMarks(
      elementPdbMissing,
      element('element-web', 2) + budget('any', 'minAvailable: 1', '{ matchLabels: { app: element-web } }'),
    );
    expectMarks(pdbMissing, element('element-web', 2));
    assert.equal(
      messages(
        elementPdbMissing,
        element('element-web', 2) + budget('any', 'minAvailable: 1', '{ matchLabels: { app: x } }'),
      ).length,
      1,
    );
  });
});
