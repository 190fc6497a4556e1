import { fewestPods } from '../../analysis/autoscalers';
import { podsOf } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import type { Rule } from '../rule';
import { budgetFix, budgetsFor } from './budgets';

export default {
  id: 'pdb-missing',
  items: [],
  severity: 'info',
  summary: 'A workload with several replicas has no PodDisruptionBudget.',
  why: 'Draining nodes for an upgrade may evict all its replicas at the same time, although they are there to prevent that.',
  remedy: 'Add a PodDisruptionBudget with `maxUnavailable: 1` that selects its pods.',
  traps: [
    'Workloads with one replica gain nothing from a budget, and DaemonSets are not drained.',
    'Element Web is judged by `element-pdb-missing`, because the checklist asks for its budget.',
    'CloudNativePG makes budgets for its clusters itself.',
  ],
  sources: ['Kubernetes documentation, Disruptions, "Pod disruption budgets"'],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: sygnal
      #       ^^^^^^ 💡 info: Deployment sygnal has 2 replicas and no PodDisruptionBudget
        namespace: matrix
      spec:
        replicas: 2
        selector:
          matchLabels:
            app: sygnal
        template:
          metadata:
            labels:
              app: sygnal
    `,
    good: `
      #- /app.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: sygnal
        namespace: matrix
      spec:
        replicas: 2
        selector:
          matchLabels:
            app: sygnal
        template:
          metadata:
            labels:
              app: sygnal
      ---
      apiVersion: policy/v1
      kind: PodDisruptionBudget
      metadata:
        name: sygnal
        namespace: matrix
      spec:
        maxUnavailable: 1
        selector:
          matchLabels:
            app: sygnal
    `,
  },
  kinds: ['Deployment', 'StatefulSet'],
  *check(workload, workspace) {
    const [pods] = podsOf(workload);
    if (!pods || pods.labels.size === 0 || familiesOf(workload).has('element')) return;
    const count = fewestPods(workspace, pods);
    if (count < 2 || budgetsFor(workspace, pods).length > 0) return;
    yield {
      at: workload.root.at('metadata', 'name'),
      message: `${workload.kind} ${workload.name} has ${count} replicas and no PodDisruptionBudget, so a drain may evict all at once — add a budget with maxUnavailable: 1.`,
      fixes: () => budgetFix(workspace, workload, false),
    };
  },
} satisfies Rule;
