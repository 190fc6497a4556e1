import { matches, readSelector, type Selector } from '../../analysis/labels';
import { type Pods, podsSelectedBy } from '../../analysis/pods';
import { insertEntry, quoted } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Fix, Rule } from '../rule';

export default {
  id: 'workload-selectors-overlap',
  items: [],
  severity: 'warning',
  summary: 'The selector of a workload also matches the pods of another.',
  why: 'What works by the selector counts the wrong pods: HorizontalPodAutoscalers average over both workloads, `kubectl logs deployment/…` and `kubectl rollout` show the other one, and a pod that loses its owner is taken over.',
  remedy:
    'Give the selector a label that only the own pods have. A selector cannot be changed after creation, so an existing workload has to be deleted and created again.',
  traps: [
    'Two workloads of one name are one object, which `duplicate-resource` reports.',
    'Jobs get a selector of their own from Kubernetes and are left alone.',
  ],
  sources: [
    'Kubernetes documentation, Deployments, "Selector": do not create other pods whose labels match; the selector is immutable in apps/v1.',
  ],
  examples: {
    bad: `
      #- /element.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web
        namespace: matrix
      spec:
        selector:
          matchLabels:
      #   ^^^^^^^^^^^ 💡 warning: Deployment element-web selects by app=element, which the pods of Deployment/element-web-li have too
            app: element
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
        selector:
          matchLabels:
            app: element
            instance: li
        template:
          metadata:
            labels:
              app: element
              instance: li
    `,
    good: `
      #- /element.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: element-web
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app: element
            instance: main
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
        selector:
          matchLabels:
            app: element
            instance: li
        template:
          metadata:
            labels:
              app: element
              instance: li
    `,
  },
  kinds: ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'],
  *check(workload, workspace) {
    const written = workload.root.at('spec', 'selector');
    const selector = readSelector(written);
    if (!selector || selector.requirements.length === 0) return;
    const others = podsSelectedBy(workspace, workload.namespace, selector).filter(({ owner }) =>
      isAnother(owner, workload),
    );
    const [first] = others;
    if (!first) return;
    const title = others.length > 1 ? `${first.owner.title} and ${others.length - 1} more` : first.owner.title;
    yield {
      at: (written.at('matchLabels').exists ? written.at('matchLabels') : written).key,
      message: `${workload.kind} ${workload.name} selects by ${sayLabels(selector)}, which the pods of ${title} have too — select a label that only its own pods have, before it is created.`,
      related: others.map(({ owner }) => ({
        at: owner.root.at('metadata', 'name'),
        message: `${owner.title} has such pods`,
      })),
      fixes: () => fixesFor(workload, selector, others),
    };
  },
} satisfies Rule;

function isAnother(owner: Resource, workload: Resource): boolean {
  return owner.qualifiedKind !== workload.qualifiedKind || owner.name !== workload.name;
}

function sayLabels(selector: Selector): string {
  return selector.requirements
    .map(({ key, operator, values }) => (operator === 'In' ? `${key}=${values.join('|')}` : key))
    .join(', ');
}

/** A label of the own template that none of the others has. */
function fixesFor(workload: Resource, selector: Selector, others: readonly Pods[]): readonly Fix[] {
  const used = new Set(selector.requirements.map(({ key }) => key));
  const labels = workload.root.at('spec', 'template', 'metadata', 'labels').entries();
  return labels.flatMap(([key, value]): readonly Fix[] => {
    const text = value.text;
    if (text === undefined || used.has(key) || /version|managed-by|chart/.test(key)) return [];
    const narrower: Selector = {
      ...selector,
      requirements: [...selector.requirements, { key, operator: 'In', values: [text], at: value }],
    };
    if (others.some(one => matches(narrower, one.labels))) return [];
    const edit = insertEntry(
      workload.root.at('spec', 'selector', 'matchLabels'),
      `${quoted(key, 'plain')}: ${quoted(text, 'plain')}`,
    );
    return edit
      ? [
          {
            title: `Select ${key}=${text} too (a selector cannot be changed once the workload exists)`,
            safe: false,
            edits: [edit],
          },
        ]
      : [];
  });
}
