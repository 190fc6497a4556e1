import { matches, readSelector } from '../../analysis/labels';
import type { Pods } from '../../analysis/pods';
import { clusterKind } from '../../analysis/roles';
import { ownersOf, selectPods } from '../../analysis/selection';
import type { Resource } from '../../manifests/resource';
import type { Rule } from '../rule';
import { budgetsFor } from './budgets';

export default {
  id: 'pdb-overlap',
  items: [],
  severity: 'warning',
  summary: 'Two PodDisruptionBudgets select the same pods.',
  why: 'The eviction API refuses such pods altogether ("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support"), so draining their nodes waits for ever.',
  remedy: 'Keep one budget for each workload.',
  traps: [
    'CloudNativePG makes budgets for the instances of its clusters (unless `enablePDB: false`), so one written by hand is one too many.',
    'The later of two budgets is reported.',
  ],
  sources: [
    'Kubernetes documentation, Specifying a Disruption Budget for your Application: budgets with overlapping selectors; pkg/registry/core/pod/storage/eviction.go.',
    'CloudNativePG documentation, Kubernetes Upgrade and Maintenance, "Pod Disruption Budgets"',
  ],
  examples: {
    bad: `
      #- /postgresql.yaml
      apiVersion: policy/v1
      kind: PodDisruptionBudget
      metadata:
        name: postgresql
        namespace: matrix
      spec:
        minAvailable: 2
        selector:
      # ^^^^^^^^ warning: PodDisruptionBudget postgresql selects the pods of Cluster/matrix-postgresql, for which CloudNativePG makes a budget itself
          matchLabels:
            cnpg.io/cluster: matrix-postgresql
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        instances: 3
    `,
    good: `
      #- /postgresql.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        instances: 3
    `,
  },
  kinds: ['PodDisruptionBudget'],
  *check(budget, workspace) {
    const written = budget.root.at('spec', 'selector');
    const selector = readSelector(written);
    if (!selector) return;
    for (const pods of ownersOf(selectPods(workspace, budget.namespace, selector).pods)) {
      // Labels that single pods get later may keep the two apart.
      if (!matches(selector, pods.labels)) continue;
      const [first] = budgetsFor(workspace, pods);
      const isFirst = !first || (first.name === budget.name && first.namespace === budget.namespace);
      if (isFirst && !hasOwnBudget(pods)) continue;
      yield {
        at: written.key,
        message: `PodDisruptionBudget ${budget.name} selects the pods of ${pods.owner.title}, ${isFirst ? 'for which CloudNativePG makes a budget itself' : `which PodDisruptionBudget ${first.name} selects too`}, and pods with two budgets cannot be evicted — keep one.`,
        related: related(isFirst ? pods.owner : first, pods.owner),
      };
    }
  },
} satisfies Rule;

function hasOwnBudget({ owner, replicas }: Pods): boolean {
  return owner.qualifiedKind === clusterKind && replicas > 1 && owner.root.at('spec', 'enablePDB').boolean !== false;
}

function related(other: Resource, owner: Resource) {
  return [...new Set([other, owner])].map(one => ({ at: one.root.at('metadata', 'name'), message: one.title }));
}
