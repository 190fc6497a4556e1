import assert from 'node:assert/strict';
import { planOf } from '../../../deploy/plan/from-workspace';
import { readFixture, workspaceOf } from '../../fixture';

/** What a kustomization changes has been checked as it is built, so it must never be applied as it is written. */
describe('a plan of a tree with kustomizations', () => {
  const tree = (more: string): string => `
    #- /infrastructure/02-redis/kustomization.yaml
    resources: [redis.yaml]
    #- /infrastructure/02-redis/redis.yaml
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: redis}
    spec:
      replicas: 1
      selector: {matchLabels: {app: redis}}
      template:
        metadata: {labels: {app: redis}}
        spec: {containers: [{name: redis, image: "redis:7.4"}]}
    ${more}`;
  const overlay = `
    #- /overlays/prod/kustomization.yaml
    namespace: matrix
    resources: [../../infrastructure/02-redis]`;
  const redis = (source: string) => {
    const steps = planOf(workspaceOf(readFixture(source).files)).phases.flatMap(phase => phase.steps);
    return steps.filter(({ objects }) => objects.some(({ name }) => name === 'redis'));
  };

  it('applies what stands there just so', () => {
    assert.deepEqual(
      redis(tree('')).map(({ blockedBy }) => blockedBy),
      [[]],
    );
  });

  it('is blocked where an overlay builds something else', () => {
    const [step] = redis(tree(overlay));
    assert.deepEqual(
      step?.blockedBy.map(({ rule, file }) => [rule, file]),
      [['kustomize', 'infrastructure/02-redis/redis.yaml']],
    );
    assert.match(step?.blockedBy[0]?.message ?? '', /overlays\/prod/);
  });

  it('leaves it to the step that has a person build it', () => {
    const own = `
    #- /matrix-preflight.yaml
    plan:
      own:
        - id: all
          phase: core
          kustomize: overlays/prod
          waits: [{kind: StatefulSet, name: redis}]`;
    assert.deepEqual(redis(tree(overlay + own)), []);
  });
});
