import { describe, readSelector } from '../../analysis/labels';
import { podsElsewhere, selectPods } from '../../analysis/selection';
import type { Rule } from '../rule';
import { correctLabel, mistakenLabel, selectorPlace } from '../services/mistaken-label';

export default {
  id: 'pdb-selects-nothing',
  items: [],
  severity: 'error',
  summary: 'A PodDisruptionBudget selects no pod.',
  why: 'It protects nothing: draining nodes or upgrading the cluster may take all replicas down at once.',
  remedy: 'Select labels that the pod template has.',
  traps: [
    'Pods of Helm charts the tree tells of, of custom resources of unknown operators, of namespaces without workloads of the tree and of documents that cannot be read are not called missing.',
    'In policy/v1 an empty selector `{}` selects every pod of the namespace; no selector at all selects none.',
  ],
  sources: [
    'Kubernetes documentation, Specifying a Disruption Budget for your Application, "Specifying a PodDisruptionBudget"',
  ],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: policy/v1
      kind: PodDisruptionBudget
      metadata:
        name: app
        namespace: matrix
      spec:
        maxUnavailable: 1
        selector:
          matchLabels:
            app: ap
      #     ^^^^^^^ 💡 error: PodDisruptionBudget app selects no pod
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: app
        namespace: matrix
      spec:
        replicas: 2
        selector:
          matchLabels:
            app: app
        template:
          metadata:
            labels:
              app: app
    `,
    good: `
      #- /app.yaml
      apiVersion: policy/v1
      kind: PodDisruptionBudget
      metadata:
        name: app
        namespace: matrix
      spec:
        maxUnavailable: 1
        selector:
          matchLabels:
            app: app
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: app
        namespace: matrix
      spec:
        replicas: 2
        selector:
          matchLabels:
            app: app
        template:
          metadata:
            labels:
              app: app
    `,
  },
  kinds: ['PodDisruptionBudget'],
  *check(budget, workspace) {
    const written = budget.root.at('spec', 'selector');
    const selector = readSelector(written);
    if (!selector) {
      yield {
        at: written.key,
        message: `PodDisruptionBudget ${budget.name} has no selector, so it selects no pod — select the labels of the pods it is to protect.`,
      };
      return;
    }
    const { pods, isOpen } = selectPods(workspace, budget.namespace, selector);
    if (pods.length > 0 || isOpen) return;
    const mistaken = mistakenLabel(workspace, budget.namespace, selector);
    const [elsewhere] = mistaken ? [] : podsElsewhere(workspace, budget.namespace, selector);
    if (elsewhere) {
      yield {
        at: budget.root.at('metadata', 'namespace'),
        message: `PodDisruptionBudget ${budget.name} selects no pod: those with ${describe(selector)} are in namespace ${elsewhere.namespace}, and a budget selects in its own — move it there.`,
        related: [
          { at: elsewhere.owner.root.at('metadata', 'name'), message: `${elsewhere.owner.title} may be meant` },
        ],
      };
      return;
    }
    const meant =
      mistaken?.actual === undefined ? '' : `, but some have ${mistaken.requirement.key}=${mistaken.actual}`;
    yield {
      at: selectorPlace(selector, mistaken),
      message: `PodDisruptionBudget ${budget.name} selects no pod: none in the namespace has ${describe(selector)}${meant} — correct the selector.`,
      related: (mistaken?.pods ?? []).slice(0, 5).map(({ owner }) => ({
        at: owner.root.at('metadata', 'name'),
        message: `${owner.title} may be meant`,
      })),
      fixes: () => correctLabel(mistaken),
    };
  },
} satisfies Rule;
