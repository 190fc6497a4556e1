import { readSelector } from '../../analysis/labels';
import { ownersOf, selectPods } from '../../analysis/selection';
import { few } from '../../analysis/wording';
import type { Rule } from '../rule';

export default {
  id: 'pdb-selects-several-workloads',
  items: [],
  severity: 'warning',
  summary: 'A PodDisruptionBudget counts the pods of several workloads together.',
  why: '`minAvailable` is met by the pods of either workload, so all pods of one of them may be evicted at once while those of the other stand in for them on paper only.',
  remedy: 'Give each workload a budget of its own whose selector matches its pods only.',
  traps: [
    'A budget with a small `maxUnavailable` over several workloads is only stricter than needed and is left alone.',
    'Jobs do not count.',
  ],
  sources: [
    'Kubernetes documentation, Specifying a Disruption Budget for your Application, "Identify an application to protect"',
  ],
  examples: {
    bad: `
      #- /element.yaml
      apiVersion: policy/v1
      kind: PodDisruptionBudget
      metadata:
        name: element
        namespace: matrix
      spec:
        minAvailable: 1
        selector:
      # ^^^^^^^^ warning: PodDisruptionBudget element counts the pods of element-web and element-web-li together
          matchLabels:
            app: element
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web
        namespace: matrix
      spec:
        replicas: 2
        template:
          metadata:
            labels:
              app: element
              instance: main
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web-li
        namespace: matrix
      spec:
        replicas: 2
        template:
          metadata:
            labels:
              app: element
              instance: li
    `,
    good: `
      #- /element.yaml
      apiVersion: policy/v1
      kind: PodDisruptionBudget
      metadata:
        name: element
        namespace: matrix
      spec:
        minAvailable: 1
        selector:
          matchLabels:
            app: element
            instance: main
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web
        namespace: matrix
      spec:
        replicas: 2
        template:
          metadata:
            labels:
              app: element
              instance: main
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web-li
        namespace: matrix
      spec:
        replicas: 2
        template:
          metadata:
            labels:
              app: element
              instance: li
    `,
  },
  kinds: ['PodDisruptionBudget'],
  *check(budget, workspace) {
    const written = budget.root.at('spec', 'selector');
    const selector = readSelector(written);
    if (!selector || !budget.root.at('spec', 'minAvailable').exists) return;
    const owners = ownersOf(selectPods(workspace, budget.namespace, selector).pods)
      .map(({ owner }) => owner)
      .filter(({ kind }) => kind !== 'Job' && kind !== 'CronJob');
    if (owners.length < 2) return;
    const names = owners.map(({ name }) => name);
    yield {
      at: written.key,
      message: `PodDisruptionBudget ${budget.name} counts the pods of ${few(names, 4)} together, so all pods of one may go at once — give each workload a budget of its own.`,
      related: owners.map(owner => ({ at: owner.root.at('metadata', 'name'), message: `${owner.title} is selected` })),
    };
  },
} satisfies Rule;
