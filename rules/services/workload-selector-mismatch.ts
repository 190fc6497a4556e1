import { isPatch } from '../../analysis/kustomization';
import { meets, type Requirement, readSelector } from '../../analysis/labels';
import { entryPlace, insertEntry, quoted, replaceScalar } from '../../manifests/edit';
import { labelsOf, type Resource } from '../../manifests/resource';
import type { Fix, Rule } from '../rule';

export default {
  id: 'workload-selector-mismatch',
  items: [],
  severity: 'error',
  summary: 'The selector of a workload does not match its own pods.',
  why: 'The API server refuses the manifest: the selector is required, must not be empty and has to match the labels of the template.',
  remedy: 'Give the pod template every label that the selector asks for.',
  traps: [
    'The template may have more labels than the selector asks for.',
    'Jobs and CronJobs need no selector and are left alone, and so are kustomize patches, which name only what they change.',
  ],
  sources: [
    'Kubernetes documentation, Deployments, "Selector": ".spec.selector must match .spec.template.metadata.labels, or it will be rejected by the API."',
  ],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: app
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app: app
            tier: front
      #     ^^^^^^^^^^^ 💡 error: Deployment app selects tier=front, but its pods have no label tier
        template:
          metadata:
            labels:
              app: app
    `,
    good: `
      #- /app.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: app
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app: app
            tier: front
        template:
          metadata:
            labels:
              app: app
              tier: front
    `,
  },
  kinds: ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'],
  *check(workload, workspace) {
    // Older versions took the selector from the template; removed-api-version says what to do about them.
    if (workload.apiVersion !== 'apps/v1') return;
    const written = workload.root.at('spec', 'selector');
    const selector = readSelector(written);
    if (!selector || selector.requirements.length === 0) {
      // A patch names only what it changes.
      if (!workload.root.at('spec', 'template').exists || isPatch(workspace, workload.document.file)) return;
      yield {
        at: written.key,
        message: `${workload.kind} ${workload.name} has no selector, so the API server refuses it — select labels of its pod template.`,
        fixes: () => (written.exists ? [] : addSelector(workload)),
      };
      return;
    }
    const labels = labelsOf(workload.root.at('spec', 'template', 'metadata', 'labels'));
    for (const requirement of selector.requirements) {
      if (meets(requirement, labels)) continue;
      const actual = labels.get(requirement.key);
      const place = requirement.at.kind === 'mapping' ? requirement.at.at('key') : entryPlace(requirement.at);
      yield {
        at: place,
        message: `${workload.kind} ${workload.name} selects ${say(requirement)}, but its pods have ${actual === undefined ? `no label ${requirement.key}` : `${requirement.key}=${actual}`}, so the API server refuses it — let selector and template agree.`,
        related: [
          { at: workload.root.at('spec', 'template', 'metadata', 'labels').key, message: 'The labels of the pods' },
        ],
        fixes: () => fixesFor(workload, requirement, actual),
      };
    }
  },
} satisfies Rule;

function say({ key, operator, values }: Requirement): string {
  return operator === 'In' ? `${key}=${values.join('|')}` : `${key} ${operator}`;
}

function fixesFor(workload: Resource, requirement: Requirement, actual: string | undefined): readonly Fix[] {
  const [wanted] = requirement.values;
  if (requirement.operator !== 'In' || requirement.values.length !== 1 || wanted === undefined) return [];
  const { key } = requirement;
  const labels = workload.root.at('spec', 'template', 'metadata', 'labels');
  const toTemplate =
    actual === undefined
      ? insertEntry(labels, `${quoted(key, 'plain')}: ${quoted(wanted, 'plain')}`)
      : replaceScalar(labels.at(key), wanted);
  const toSelector =
    actual === undefined || requirement.at.kind !== 'scalar' ? undefined : replaceScalar(requirement.at, actual);
  return [
    ...(toTemplate ? [{ title: `Give the pods the label ${key}=${wanted}`, safe: false, edits: [toTemplate] }] : []),
    ...(toSelector ? [{ title: `Select ${key}=${actual}`, safe: false, edits: [toSelector] }] : []),
  ];
}

/** Selects what the template says of the pods, without labels that change with a release. */
function addSelector(workload: Resource): readonly Fix[] {
  const labels = [...labelsOf(workload.root.at('spec', 'template', 'metadata', 'labels'))].filter(
    ([key]) => !/version|managed-by|chart/.test(key),
  );
  if (labels.length === 0) return [];
  const entries = labels.map(([key, value]) => `    ${quoted(key, 'plain')}: ${quoted(value, 'plain')}`).join('\n');
  const edit = insertEntry(workload.root.at('spec'), `selector:\n  matchLabels:\n${entries}`, { after: 'replicas' });
  return edit ? [{ title: 'Select the labels of the pod template', safe: false, edits: [edit] }] : [];
}
