import assert from 'node:assert/strict';
import { planOf } from '../../../deploy/plan/from-workspace';
import type { DeployPlan, PlanOptions } from '../../../deploy/plan/plan';
import { readFixture, workspaceOf } from '../../fixture';

/** Of directories that hold one deployment in several ways, a run takes one. */
describe('a plan of a tree with alternatives', () => {
  const cache = (directory: string): string => `
    #- /${directory}/namespace.yaml
    apiVersion: v1
    kind: Namespace
    metadata: {name: matrix}
    #- /${directory}/redis/redis.yaml
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: redis}
    spec:
      replicas: 1
      selector: {matchLabels: {app: redis}}
      template:
        metadata: {labels: {app: redis}}
        spec: {containers: [{name: redis, image: "redis:7.4"}]}
    #- /${directory}/element/element.yaml
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: element}
    spec:
      selector: {matchLabels: {app: element}}
      template:
        metadata: {labels: {app: element}}
        spec: {containers: [{name: element, image: "vectorim/element-web:v1.11.86"}]}
    `;
  const plan = (options: PlanOptions = {}, settings = ''): DeployPlan =>
    planOf(workspaceOf(readFixture(cache('production') + cache('staging') + settings).files), [], options);
  const steps = (of: DeployPlan) => of.phases.flatMap(phase => phase.steps);
  const blockers = (of: DeployPlan): readonly string[] =>
    steps(of).flatMap(({ blockedBy }) => blockedBy.map(({ rule, file }) => `${rule} ${file}`));
  const files = (of: DeployPlan): readonly string[] =>
    steps(of).flatMap(({ objects }) => objects.filter(({ kind }) => kind !== 'Namespace').map(({ file }) => file));

  it('chooses none of them by itself', () => {
    assert.deepEqual(files(plan()), []);
    assert.deepEqual(blockers(plan()), []);
  });

  it('takes what is chosen of one', () => {
    const chosen = plan({ choices: { redis: ['staging/redis'], 'element-web': ['staging/element'] } });
    assert.deepEqual([...files(chosen)].sort(), ['staging/element/element.yaml', 'staging/redis/redis.yaml']);
    assert.deepEqual(blockers(chosen), []);
  });

  it('is blocked where it takes from both', () => {
    const mixed = plan({ choices: { redis: ['staging/redis'], 'element-web': ['production/element'] } });
    assert.deepEqual(
      blockers(mixed)
        .filter(one => one.startsWith('deployments-mixed'))
        .sort(),
      ['deployments-mixed production/element/element.yaml', 'deployments-mixed staging/redis/redis.yaml'],
    );
    const [blocker] = steps(mixed).flatMap(({ blockedBy }) => blockedBy);
    assert.match(blocker?.message ?? '', /production and staging hold the same deployment/);
  });
});
