import { fewestPods } from '../../analysis/autoscalers';
import { followsChecklist } from '../../analysis/checklist-signs';
import { podsOf } from '../../analysis/pods';
import { familiesOf, isLi } from '../../analysis/roles';
import type { Rule } from '../rule';
import { budgetFix, budgetsFor } from './budgets';

export default {
  id: 'element-pdb-missing',
  items: ['4.2.a.2'],
  severity: 'error',
  summary: 'Element Web has no PodDisruptionBudget.',
  why: 'Draining nodes may evict all its replicas at the same time, and nobody can load the client until one is back.',
  remedy: 'Add a PodDisruptionBudget with `maxUnavailable: 1` that selects the pods of Element Web.',
  traps: [
    'It is an error only in a tree that follows the checklist, by `matrix-preflight.yaml`, key_vault or an LI instance.',
    'Any budget that selects the pods counts, wherever it stands and whatever its name.',
    'With a single replica it is a warning: the checklist asks for the budget, but it cannot prevent the interruption.',
    'The Element of the LI instance, which the checklist does not name, is information only.',
    'A budget that selects nothing does not count, and `pdb-selects-nothing` says what is wrong with it.',
  ],
  sources: ['Kubernetes documentation, Disruptions, "Pod disruption budgets"'],
  examples: {
    bad: `
      #- /element.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web
      #       ^^^^^^^^^^^ 💡 warning: No PodDisruptionBudget selects the pods of Element Web (Deployment/element-web)
        namespace: matrix
      spec:
        replicas: 2
        selector:
          matchLabels:
            app: element-web
        template:
          metadata:
            labels:
              app: element-web
          spec:
            containers:
              - name: element
                image: vectorim/element-web:v1.11.86
    `,
    good: `
      #- /element.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web
        namespace: matrix
      spec:
        replicas: 2
        selector:
          matchLabels:
            app: element-web
        template:
          metadata:
            labels:
              app: element-web
          spec:
            containers:
              - name: element
                image: vectorim/element-web:v1.11.86
      ---
      apiVersion: policy/v1
      kind: PodDisruptionBudget
      metadata:
        name: element-web
        namespace: matrix
      spec:
        maxUnavailable: 1
        selector:
          matchLabels:
            app: element-web
    `,
  },
  kinds: ['Deployment', 'StatefulSet', 'ReplicaSet'],
  *check(workload, workspace) {
    if (!familiesOf(workload).has('element')) return;
    const [pods] = podsOf(workload);
    if (!pods || budgetsFor(workspace, pods).length > 0) return;
    const count = fewestPods(workspace, pods);
    if (count === 0) return;
    yield {
      at: workload.root.at('metadata', 'name'),
      severity: isLi(workspace, workload) ? 'info' : count > 1 && followsChecklist(workspace) ? 'error' : 'warning',
      message: `No PodDisruptionBudget selects the pods of Element Web (${workload.title}), of which there ${count === 1 ? 'is 1' : `are ${count}`} — add one with maxUnavailable: 1.`,
      fixes: () => budgetFix(workspace, workload, true),
    };
  },
} satisfies Rule;
