import assert from 'node:assert/strict';
import { orderProposals } from '../../../checklist/steps';
import { planOf, planSources } from '../../../deploy/plan/from-workspace';
import { plannedSteps } from '../../../deploy/plan/plan';
import { Workspace } from '../../../manifests/workspace';
import { tree, workload } from '../tree';

function workspaceOf(files: { readonly [path: string]: string }): Workspace {
  const workspace = new Workspace();
  for (const [path, text] of Object.entries(files)) workspace.update(`file:///${path}`, path, text);
  return workspace;
}

const planned = (settings: string, more: { readonly [path: string]: string } = {}) =>
  planOf(workspaceOf({ ...tree, ...more, 'matrix-preflight.yaml': `plan:\n${settings}` }));
const stepOf = (plan: ReturnType<typeof planned>, id: string) => plannedSteps(plan).find(step => step.id === id);
const ids = (plan: ReturnType<typeof planned>) => plannedSteps(plan).map(step => step.id);

describe('the plan that a tree writes down', () => {
  const plain = planOf(workspaceOf(tree));

  it('is the usual one without settings, and with empty or odd ones', () => {
    for (const settings of ['', '  steps: {}\n', '  own: 3\n  phases: {}\n', '  steps: { redis: nonsense }\n'])
      assert.deepEqual(planned(settings), plain, settings);
  });

  it('refuses proposed changes of the order', () => {
    const plan = planned(`  refused: [${orderProposals.map(({ id }) => id).join(', ')}]\n`);
    assert.deepEqual(plan.changes, []);
    assert.ok(ids(plan).indexOf('haproxy') < ids(plan).indexOf('synapse-workers'));
    assert.ok(!ids(plan).includes('namespaces'));
    assert.notEqual(plan.hash, plain.hash);
  });

  it('names the paths, the title, the phase and the place of a step', () => {
    const plan = planned(
      `  steps:
    element-web: { title: The web client, phase: core, before: synapse-main }
    livekit: { paths: [calls], after: [coturn] }
`,
      { 'calls/sfu.yaml': workload('Deployment', 'livekit', 'livekit', 'livekit/livekit-server:v1.8', 1) },
    );
    const element = stepOf(plan, 'element-web');
    assert.deepEqual([element?.title, element?.phase], ['The web client', 'core']);
    assert.equal(ids(plan).indexOf('element-web') + 1, ids(plan).indexOf('synapse-main'));
    assert.deepEqual(stepOf(plan, 'livekit')?.paths, ['calls']);
    assert.deepEqual(stepOf(plan, 'livekit')?.after, ['redis', 'coturn']);
    assert.deepEqual(
      stepOf(plan, 'livekit')?.blockedBy.map(({ rule }) => rule),
      ['plan-order'],
      'coturn comes later, so this order can never work',
    );
  });

  it('orders phases and adds some', () => {
    const plan = planned(`  phases:
    - id: infrastructure
    - { id: push, title: Push notifications }
  own:
    - { id: sygnal, phase: push, apply: [main-instance/07-sygnal] }
`);
    assert.deepEqual(
      plan.phases.slice(0, 3).map(({ id, title }) => [id, title]),
      [
        ['infrastructure', 'Infrastructure'],
        ['push', 'Push notifications'],
        ['core', 'Core Services'],
      ],
    );
    assert.deepEqual(
      stepOf(plan, 'sygnal')?.objects.map(({ kind, name }) => `${kind}/${name}`),
      ['Deployment/sygnal'],
    );
    assert.deepEqual(
      plan.unclaimed,
      plain.unclaimed.filter(path => path !== 'main-instance/07-sygnal'),
    );
    assert.ok(plain.unclaimed.includes('main-instance/07-sygnal'));
  });

  it('loses no step whose phase only the step names, and has no two steps of one id', () => {
    const plan = planned(`  own:
    - { id: sygnal, phase: push, apply: [main-instance/07-sygnal] }
    - { id: sygnal, phase: core, apply: [antivirus/01-clamav] }
    - { id: redis, apply: [antivirus/01-clamav] }
`);
    assert.deepEqual(
      plan.phases.at(-1)?.steps.map(({ id, phase }) => [id, phase]),
      [['sygnal', 'push']],
    );
    assert.equal(new Set(ids(plan)).size, ids(plan).length);
    assert.deepEqual(stepOf(plan, 'redis')?.paths, ['infrastructure/02-redis']);
  });

  it('puts a step of its own after those it builds on, and takes their files away from no other', () => {
    const plan = planned(`  own:
    - { id: policies-first, phase: core, after: [synapse-main], apply: [infrastructure/04-networking] }
`);
    assert.equal(ids(plan).indexOf('synapse-main') + 1, ids(plan).indexOf('policies-first'));
    assert.equal(stepOf(plan, 'network-policies')?.resolution, 'absent');
    const all = plannedSteps(plan).flatMap(step => step.objects.map(({ kind, name }) => `${kind}/${name}`));
    assert.equal(new Set(all).size, all.length, 'no object is applied twice');
  });

  it('sets deadlines, waits for more, and marks what must not run twice', () => {
    const plan = planned(`  steps:
    redis:
      runOnce: [StatefulSet/redis]
      waits:
        - { kind: StatefulSet, name: redis, timeoutSeconds: 60 }
        - { kind: Deployment, name: redis-exporter, namespace: monitoring }
`);
    const redis = stepOf(plan, 'redis')!;
    assert.deepEqual(
      redis.waits.map(wait => [wait.apiVersion, wait.kind, wait.namespace, wait.name, wait.timeoutSeconds]),
      [
        ['apps/v1', 'StatefulSet', 'matrix', 'redis', 60],
        ['apps/v1', 'Deployment', 'monitoring', 'redis-exporter', 600],
      ],
    );
    assert.deepEqual(
      redis.objects.filter(({ runOnce }) => runOnce).map(({ kind }) => kind),
      ['StatefulSet'],
    );
    assert.ok(redis.runOnce);
    assert.notEqual(plan.hash, plain.hash);
  });

  it('leaves a step out with a reason', () => {
    const coturn = stepOf(planned('  steps: { coturn: { skip: "another team runs it" } }\n'), 'coturn')!;
    assert.deepEqual([coturn.resolution, coturn.reason, coturn.objects], ['absent', 'another team runs it', []]);
  });

  it('hands charts and kustomizations to a person, and never applies what they are built from', () => {
    const plan = planned(
      `  own:
    - id: calls
      phase: auxiliary
      helm: { release: livekit, chart: livekit/livekit-server, version: 1.8.0, values: [values/livekit.yaml] }
      waits: [{ kind: Deployment, name: livekit-server }]
    - id: overlay
      kustomize: overlays/production
      waits: [{ kind: Deployment, name: sygnal }]
`,
      {
        'values/livekit.yaml': 'replicaCount: 2\n',
        'overlays/production/kustomization.yaml': 'resources: [../../base]\n',
        'overlays/production/patches/coturn.yaml': workload('DaemonSet', 'coturn', 'coturn', 'coturn/coturn:4.6', 1),
      },
    );
    const calls = stepOf(plan, 'calls')!;
    assert.equal(
      calls.byHand,
      'helm upgrade --install livekit livekit/livekit-server --namespace=matrix --version=1.8.0 --values=values/livekit.yaml',
    );
    assert.deepEqual([calls.objects, calls.commands], [[], []]);
    assert.deepEqual(
      calls.waits.map(({ kind, name, namespace }) => [kind, name, namespace]),
      [['Deployment', 'livekit-server', 'matrix']],
    );
    assert.match(
      stepOf(plan, 'overlay')!.byHand!,
      /^kubectl kustomize overlays\/production \| kubectl apply --server-side/,
    );
    const files = plannedSteps(plan).flatMap(step => step.objects.map(({ file }) => file));
    assert.deepEqual(
      files.filter(file => /^(values|overlays)\//.test(file)),
      [],
    );
    assert.ok(!plan.unclaimed.some(path => path.startsWith('overlays')));
  });

  it('shows shell characters of names as text', () => {
    const plan = planned(
      `  own: [{ id: x, helm: { release: "a; rm -rf /", chart: $(id) }, waits: [{ kind: Pod, name: x }] }]\n`,
    );
    assert.match(stepOf(plan, 'x')!.byHand!, /--install 'a; rm -rf \/' '\$\(id\)'/);
  });
});

describe('the sources of a plan', () => {
  it('are read again only for a file whose text has changed, lines included', () => {
    const workspace = workspaceOf(tree);
    const before = planSources(workspace);
    const path = 'main-instance/06-coturn/coturn.yaml';
    workspace.update(`file:///${path}`, path, `# A comment moves everything down.\n${tree[path]}`);
    const now = planSources(workspace);
    assert.equal(now.length, before.length);
    const changed = now.filter((source, index) => source !== before[index]);
    assert.deepEqual(
      changed.map(source => [source.path, source.documents[0]?.line]),
      [[path, before.find(source => source.path === path)!.documents[0]!.line + 1]],
    );
  });
});
