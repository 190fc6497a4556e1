import assert from 'node:assert/strict';
import { type DeployPlan, objectContent, planDeployment, plannedSteps } from '../../../deploy/plan/plan';
import { at } from '../../../deploy/plan/source';
import type { DeployPlan as WirePlan } from '../../../protocol/messages';
import { sourcesOf } from '../sources';
import { service, tree, workload } from '../tree';

describe('deployment plan', () => {
  const plan = planDeployment(sourcesOf(tree));

  it('finds every step that the tree has, by content where the path has moved', () => {
    const outcomes = Object.fromEntries(plannedSteps(plan).map(step => [step.id, [step.resolution, ...step.paths]]));
    assert.deepEqual(outcomes, {
      namespaces: ['exact', 'namespace.yaml'],
      postgresql: ['exact', 'infrastructure/01-postgresql'],
      redis: ['exact', 'infrastructure/02-redis'],
      minio: ['exact', 'infrastructure/03-minio'],
      'network-policies': ['exact', 'infrastructure/04-networking/networkpolicies.yaml'],
      'synapse-main': ['exact', 'main-instance/01-synapse'],
      'synapse-workers': ['moved', 'main-instance/02-workers'],
      haproxy: ['moved', 'main-instance/03-haproxy'],
      'key-vault': ['exact', 'main-instance/08-key-vault'],
      clamav: ['exact', 'antivirus/01-clamav'],
      'content-scanner': ['exact', 'antivirus/02-scan-workers'],
      livekit: ['exact', 'main-instance/04-livekit'],
      'element-web': ['moved', 'main-instance/02-element-web'],
      coturn: ['moved', 'main-instance/06-coturn'],
      'sync-system': ['exact', 'li-instance/04-sync-system'],
      'synapse-li': ['moved', 'li-instance/01-synapse-li'],
      'synapse-li-workers': ['absent'],
      prometheus: ['exact', 'monitoring/01-prometheus'],
      grafana: ['exact', 'monitoring/02-grafana'],
    });
  });

  it('has the shape that crosses the wire', () => {
    const wire: WirePlan = plan;
    assert.equal(wire.version, 1);
    assert.deepEqual(
      wire.phases.map(phase => phase.id),
      ['infrastructure', 'core', 'auxiliary', 'li', 'monitoring'],
    );
  });

  it('lists what no step applies, as a directory or as single files', () => {
    assert.deepEqual(plan.unclaimed, ['infrastructure/04-networking/issuer.yaml', 'main-instance/07-sygnal']);
  });

  it('orders the objects of a step by kind, with the database Job of key_vault before its Deployment', () => {
    assert.deepEqual(kinds(plan, 'redis'), ['Secret', 'Service', 'StatefulSet']);
    assert.deepEqual(kinds(plan, 'key-vault'), ['Secret', 'Job', 'Deployment']);
    assert.deepEqual(kinds(plan, 'synapse-main'), ['Secret', 'ConfigMap', 'Service', 'StatefulSet', 'ServiceMonitor']);
  });

  it('follows the order of the checklist where proposals are refused', () => {
    const refused = [
      'namespaces-first',
      'workers-before-haproxy',
      'init-job-before-workload',
      'sync-before-li-synapse',
    ];
    const literal = planDeployment(sourcesOf(tree), [], { refused });
    const ids = plannedSteps(literal).map(step => step.id);
    assert.equal(ids[0], 'postgresql');
    assert.ok(ids.indexOf('haproxy') < ids.indexOf('synapse-workers'));
    assert.ok(ids.indexOf('synapse-li') < ids.indexOf('sync-system'));
    assert.deepEqual(kinds(literal, 'key-vault'), ['Secret', 'Deployment', 'Job']);
    assert.ok(literal.unclaimed.includes('namespace.yaml'));
    assert.deepEqual(
      literal.changes.map(change => change.id),
      ['monitors-last'],
    );
    assert.notEqual(literal.hash, plan.hash);
  });

  it('marks Jobs as run-once and says what is waited for', () => {
    const step = stepOf(plan, 'sync-system');
    assert.equal(step.runOnce, true);
    assert.deepEqual(
      step.waits.map(wait => `${wait.kind}/${wait.name} ${wait.timeoutSeconds}`),
      ['Job/sync-system-setup-replication 600'],
    );
    assert.equal(stepOf(plan, 'redis').runOnce, false);
  });

  it('shows commands that name no path and ask for no force', () => {
    const [first] = stepOf(plan, 'postgresql').commands;
    assert.equal(
      first,
      'kubectl apply --server-side --field-manager=matrix-preflight --namespace=matrix --filename=-' +
        '  # Cluster/matrix-postgresql-li of infrastructure/01-postgresql/li-cluster.yaml:1',
    );
    for (const command of plannedSteps(plan).flatMap(step => step.commands))
      assert.doesNotMatch(command, /--force|--validate|--prune|delete/);
  });

  it('hands blockers to the step that has their file', () => {
    const blocker = { rule: 'placeholder-secret', file: 'infrastructure/02-redis/redis.yaml', line: 6 };
    const blocked = planDeployment(sourcesOf(tree), [
      blocker,
      { rule: 'x', file: 'main-instance/07-sygnal/sygnal.yaml', line: 1 },
    ]);
    assert.deepEqual(stepOf(blocked, 'redis').blockedBy, [blocker]);
    assert.deepEqual(
      plannedSteps(blocked).flatMap(step => step.blockedBy),
      [blocker],
    );
    assert.equal(blocked.hash, plan.hash);
  });

  it('blocks a step with a file that cannot be read', () => {
    const broken = {
      ...tree,
      'antivirus/02-scan-workers/scanner.yaml':
        'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: content-scanner\n bad: {\n',
    };
    const step = stepOf(planDeployment(sourcesOf(broken)), 'content-scanner');
    assert.equal(step.resolution, 'broken');
    assert.deepEqual(step.objects, []);
    assert.deepEqual(
      step.blockedBy.map(b => [b.rule, b.file]),
      [['yaml-syntax', 'antivirus/02-scan-workers/scanner.yaml']],
    );
  });

  it('blocks two objects of one name that differ, and drops the second if they are the same', () => {
    const twice = { ...tree, 'infrastructure/02-redis/again.yaml': service('redis', 'redis', 6380) };
    const different = stepOf(planDeployment(sourcesOf(twice)), 'redis');
    assert.deepEqual(
      different.blockedBy.map(b => [b.rule, b.file, b.line]),
      [['duplicate-resource', 'infrastructure/02-redis/redis.yaml', 8]],
    );
    const copied = { ...tree, 'infrastructure/02-redis/again.yaml': service('redis', 'redis', 6379) };
    const same = stepOf(planDeployment(sourcesOf(copied)), 'redis');
    assert.deepEqual(same.blockedBy, []);
    assert.equal(same.objects.filter(object => object.kind === 'Service').length, 1);
  });

  it('asks when two directories fit equally well, and takes the answer', () => {
    const twice = renamed({ 'main-instance/06-coturn/coturn.yaml': 'main-instance/turn-a/coturn.yaml' });
    twice['main-instance/turn-b/coturn.yaml'] = workload('DaemonSet', 'coturn-b', 'coturn', 'coturn/coturn:4.6', 1);
    const step = stepOf(planDeployment(sourcesOf(twice)), 'coturn');
    assert.equal(step.resolution, 'ambiguous');
    assert.deepEqual(step.objects, []);
    assert.deepEqual(step.alternatives, ['main-instance/turn-a', 'main-instance/turn-b']);
    const chosen = planDeployment(sourcesOf(twice), [], { choices: { coturn: ['main-instance/turn-b/'] } });
    assert.deepEqual(stepOf(chosen, 'coturn').paths, ['main-instance/turn-b']);
    assert.deepEqual(
      stepOf(chosen, 'coturn').objects.map(object => object.name),
      ['coturn-b'],
    );
  });

  it('never takes a directory of the other instance without asking', () => {
    const moved = renamed({ 'main-instance/08-key-vault/key-vault.yaml': 'li-instance/05-key-vault/key-vault.yaml' });
    const step = stepOf(planDeployment(sourcesOf(moved)), 'key-vault');
    assert.equal(step.resolution, 'ambiguous');
    assert.deepEqual(step.alternatives, ['li-instance/05-key-vault']);
    assert.match(step.reason, /other instance/);
  });

  it('does not take a directory only because its name fits', () => {
    const without = { ...tree };
    delete without['infrastructure/04-networking/networkpolicies.yaml'];
    const step = stepOf(planDeployment(sourcesOf(without)), 'network-policies');
    assert.equal(step.resolution, 'absent');
    assert.match(step.reason, /Nothing in the tree/);
  });

  it('splits one flat directory between the steps so that each object is applied once', () => {
    const flat = Object.fromEntries(Object.entries(tree).map(([path, text]) => [path.replaceAll('/', '-'), text]));
    const split = planDeployment(sourcesOf(flat));
    const applied = plannedSteps(split).flatMap(step => step.objects.map(object => `${object.kind}/${object.name}`));
    assert.equal(new Set(applied).size, applied.length);
    assert.deepEqual(kinds(split, 'redis'), ['Secret', 'Service', 'StatefulSet']);
    assert.deepEqual(kinds(split, 'clamav'), ['Service', 'DaemonSet']);
    assert.deepEqual(kinds(split, 'synapse-workers'), ['Deployment']);
    assert.deepEqual(kinds(split, 'key-vault'), ['Secret', 'Job', 'Deployment']);
  });

  it('leaves monitors to the monitoring phase where the cluster does not know them', () => {
    const deferred = planDeployment(sourcesOf(tree), [], { servedGroups: new Set(['apps']) });
    assert.ok(!kinds(deferred, 'synapse-main').includes('ServiceMonitor'));
    assert.deepEqual(
      stepOf(deferred, 'prometheus').objects.map(object => object.name),
      ['haproxy', 'synapse'],
    );
  });

  it('deploys an unclaimed directory only when asked', () => {
    const more = planDeployment(sourcesOf(tree), [], { extras: ['main-instance/07-sygnal'] });
    const step = stepOf(more, 'extra-main-instance-sygnal');
    assert.deepEqual(
      step.objects.map(object => object.name),
      ['sygnal'],
    );
    assert.deepEqual(more.unclaimed, ['infrastructure/04-networking/issuer.yaml']);
  });

  it('limits the plan to phases or steps', () => {
    const part = planDeployment(sourcesOf(tree), [], { phases: ['monitoring'], steps: ['redis'] });
    assert.deepEqual(
      plannedSteps(part).map(step => step.id),
      ['redis', 'prometheus', 'grafana'],
    );
  });

  it('gives an object without a namespace the one of the plan, and a cluster-scoped object none', () => {
    const sources = sourcesOf({
      ...tree,
      'monitoring/02-grafana/more.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: grafana-dashboard-x }\n',
    });
    const withDefault = planDeployment(sources);
    const object = stepOf(withDefault, 'grafana').objects.find(candidate => candidate.name === 'grafana-dashboard-x')!;
    assert.equal(object.namespace, 'matrix');
    assert.equal(at(objectContent(object, sources), 'metadata', 'namespace'), 'matrix');
    assert.ok(!('namespace' in stepOf(withDefault, 'namespaces').objects[0]!));
  });

  it('has a hash that changes with contents and mapping, but not with comments or secret values', () => {
    const path = 'infrastructure/02-redis/redis.yaml';
    const hashWith = (text: string) => planDeployment(sourcesOf({ ...tree, [path]: text })).hash;
    const text = tree[path]!;
    assert.equal(hashWith(`# a comment\n${text}`), plan.hash);
    assert.equal(hashWith(text.replace('canary-redis-password', 'another')), plan.hash);
    assert.notEqual(hashWith(text.replace('password:', 'pass:')), plan.hash);
    assert.notEqual(hashWith(text.replace('replicas: 3', 'replicas: 5')), plan.hash);
    assert.match(plan.hash, /^[0-9a-f]{64}$/);
  });

  it('contains no secret value', () => {
    assert.doesNotMatch(JSON.stringify(plan), /canary/);
  });

  it('finds the content of an object again, and nothing when the file has changed', () => {
    const sources = sourcesOf(tree);
    const object = stepOf(plan, 'redis').objects[0]!;
    assert.equal(at(objectContent(object, sources), 'stringData', 'password'), 'canary-redis-password');
    assert.equal(objectContent({ ...object, line: 2 }, sources), undefined);
  });

  it('survives an empty tree and documents of the wrong shape', () => {
    assert.deepEqual(
      plannedSteps(planDeployment([])).map(step => step.resolution),
      Array(18).fill('absent'),
    );
    const odd = sourcesOf({
      'a.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: []\n---\n- 1\n---\napiVersion: v1\nkind: Service\n',
    });
    assert.deepEqual(planDeployment(odd).unclaimed, ['a.yaml']);
  });
});

function stepOf(plan: DeployPlan, id: string) {
  const step = plannedSteps(plan).find(candidate => candidate.id === id);
  assert.ok(step, `the plan has a step ${id}`);
  return step;
}

function kinds(plan: DeployPlan, id: string): string[] {
  return stepOf(plan, id).objects.map(object => object.kind);
}

function renamed(paths: { readonly [from: string]: string }): { [path: string]: string } {
  return Object.fromEntries(Object.entries(tree).map(([path, text]) => [paths[path] ?? path, text]));
}
