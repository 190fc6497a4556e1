import assert from 'node:assert/strict';
import { rules } from '../../../rules/catalogue';
import { check } from '../../fixture';

/** A patch of a kustomization has only what it changes, so most of what an object must have is not in it. */
describe('patches of a kustomization', () => {
  const tree = (patch: string): string => `
    #- /base/kustomization.yaml
    resources: [redis.yaml]
    #- /base/redis.yaml
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: cache, namespace: tools}
    data: {a: b}
    #- /prod/kustomization.yaml
    resources: [../base]
    patches:
      - path: patch.yaml
    #- /prod/patch.yaml
    apiVersion: apps/v1
    kind: StatefulSet
    metadata: {name: redis}
    spec:
      template:
        spec:
          containers:
            - name: redis
              image: redis:7.4
              env: [{name: REGION, value: ${patch}}]
  `;
  const about = (source: string): readonly string[] =>
    check(source, rules)
      .findings.filter(({ problem }) => problem.at.uri.endsWith('/patch.yaml'))
      .map(({ rule }) => rule.id);

  it('are not taken for objects', () => {
    assert.deepEqual(about(tree('north')), []);
  });

  it('are searched for what is still to be filled in', () => {
    assert.deepEqual(about(tree('CHANGEME')), ['placeholder-config']);
  });

  it('are objects where no kustomization names them', () => {
    assert.ok(
      about(tree('north').replace('- path: patch.yaml', '- path: other.yaml')).includes('workload-selector-mismatch'),
    );
  });
});
