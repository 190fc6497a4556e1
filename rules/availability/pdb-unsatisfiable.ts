import { fewestPods } from '../../analysis/autoscalers';
import { readSelector } from '../../analysis/labels';
import type { Pods } from '../../analysis/pods';
import { ownersOf, selectPods } from '../../analysis/selection';
import { insertEntry, replaceEntry, replaceValue } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';

export default {
  id: 'pdb-unsatisfiable',
  items: [],
  severity: 'warning',
  summary: 'A PodDisruptionBudget never lets a pod go.',
  why: '`kubectl drain` waits for ever: node upgrades, and the cluster autoscaler, are stuck until somebody deletes the budget.',
  remedy:
    'Let one pod go at a time with `maxUnavailable: 1`. For a single replica that means a short interruption during a drain, which no budget can prevent.',
  traps: [
    'Percentages are rounded up, those of `minAvailable` as well as those of `maxUnavailable`: 50 % of three pods is two.',
    'If a HorizontalPodAutoscaler scales the workload, its `minReplicas` is what counts.',
    'Workloads scaled to zero, DaemonSets, which a drain leaves alone, and Jobs are not judged.',
    '`minAvailable` and `maxUnavailable` together are an error: the API server refuses the budget.',
    'With neither of the two the budget is accepted, and the disruption controller allows nothing.',
  ],
  sources: [
    'Kubernetes documentation, Specifying a Disruption Budget for your Application: "Rounding logic when specifying percentages"; minAvailable of 100% or maxUnavailable of 0 means zero voluntary evictions.',
  ],
  examples: {
    bad: `
      #- /synapse.yaml
      apiVersion: policy/v1
      kind: PodDisruptionBudget
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        minAvailable: 1 # there is only one
      #               ^ 💡 warning: PodDisruptionBudget synapse-main wants 1 of 1 pods of synapse-main available
        selector:
          matchLabels:
            app: synapse
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        replicas: 1
        selector:
          matchLabels:
            app: synapse
        template:
          metadata:
            labels:
              app: synapse
    `,
    good: `
      #- /synapse.yaml
      apiVersion: policy/v1
      kind: PodDisruptionBudget
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        maxUnavailable: 1 # there is only one
        selector:
          matchLabels:
            app: synapse
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        replicas: 1
        selector:
          matchLabels:
            app: synapse
        template:
          metadata:
            labels:
              app: synapse
    `,
  },
  kinds: ['PodDisruptionBudget'],
  *check(budget, workspace) {
    const least = budget.root.at('spec', 'minAvailable');
    const most = budget.root.at('spec', 'maxUnavailable');
    if (least.exists && most.exists) {
      yield {
        at: most.key,
        severity: 'error',
        message: `PodDisruptionBudget ${budget.name} has both minAvailable and maxUnavailable, so the API server refuses it — keep one of them.`,
      };
      return;
    }
    const owners = guarded(budget, workspace);
    if (!least.exists && !most.exists) {
      if (owners.length > 0) yield neither(budget);
      return;
    }
    const written = least.exists ? least : most;
    const total = owners.reduce((sum, pods) => sum + fewestPods(workspace, pods), 0);
    const count = countOf(written, total);
    if (count === undefined || total === 0) return;
    const wanted = least.exists ? count : total - count;
    if (wanted < total) return;
    const [first] = owners;
    const whose = owners.length === 1 ? first?.owner.name : `${owners.length} workloads`;
    yield {
      at: written,
      message: `PodDisruptionBudget ${budget.name} wants ${wanted} of ${total} pods of ${whose} available, so no pod may ever be evicted and draining a node waits for ever — set maxUnavailable: 1.`,
      related: owners.map(({ owner }) => ({
        at: owner.root.at('metadata', 'name'),
        message: `${owner.title} is selected`,
      })),
      fixes: () => letOneGo(written, total === 1),
    };
  },
} satisfies Rule;

/** Without both fields the disruption controller wants no pods, and then allows no disruption (getExpectedPodCount). */
function neither(budget: Resource): Problem {
  const spec = budget.root.at('spec');
  return {
    at: spec.key,
    message: `PodDisruptionBudget ${budget.name} says neither minAvailable nor maxUnavailable, and then no pod may ever be evicted — set maxUnavailable: 1.`,
    fixes: () => {
      const edit = insertEntry(spec, 'maxUnavailable: 1');
      return edit ? [{ title: 'Let one pod go at a time', safe: true, edits: [edit] }] : [];
    },
  };
}

/** The workloads whose pods the eviction API asks the budget about. */
function guarded(budget: Resource, workspace: Workspace): readonly Pods[] {
  const selector = readSelector(budget.root.at('spec', 'selector'));
  if (!selector) return [];
  return ownersOf(selectPods(workspace, budget.namespace, selector).pods).filter(
    ({ owner }) => !['DaemonSet', 'Job', 'CronJob', 'Pod'].includes(owner.kind),
  );
}

/** A number of pods, or a percentage of all, rounded up (disruption controller, GetScaledValueFromIntOrPercent). */
function countOf(value: Value, total: number): number | undefined {
  if (value.number !== undefined) return value.number;
  const percent = /^(\d+)%$/.exec(value.string ?? '')?.[1];
  return percent === undefined ? undefined : Math.ceil((Number(percent) * total) / 100);
}

function letOneGo(written: Value, isSingle: boolean): readonly Fix[] {
  const edit =
    written.name === 'maxUnavailable' ? replaceValue(written, '1') : replaceEntry(written, 'maxUnavailable: 1');
  return edit ? [{ title: 'Let one pod go at a time', safe: isSingle, edits: [edit] }] : [];
}
