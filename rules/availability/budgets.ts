import { matches, readSelector } from '../../analysis/labels';
import type { Pods } from '../../analysis/pods';
import { appendDocument, quoted } from '../../manifests/edit';
import { labelsOf, type Resource } from '../../manifests/resource';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';

/** The PodDisruptionBudgets that select some pods. */
export function budgetsFor(workspace: Workspace, pods: Pods): readonly Resource[] {
  const budgets =
    pods.namespace === undefined
      ? workspace.resources('PodDisruptionBudget')
      : [...workspace.lookup(budgetsByNamespace, pods.namespace), ...workspace.lookup(budgetsByNamespace, '')];
  return budgets.filter(budget => {
    const selector = readSelector(budget.root.at('spec', 'selector'));
    return selector !== undefined && matches(selector, pods.labels);
  });
}

const budgetsByNamespace: Index<Resource> = {
  name: 'disruption budgets by namespace',
  *resource(resource) {
    if (resource.kind === 'PodDisruptionBudget') yield [resource.namespace ?? '', resource];
  },
};

/**
 * Appends a PodDisruptionBudget for a workload to its file. It lets one pod go at a time, which is right for any number
 * of replicas, and selects what the workload itself selects.
 */
export function budgetFix(workspace: Workspace, workload: Resource, safe: boolean): readonly Fix[] {
  const labels = labelsOf(workload.root.at('spec', 'selector', 'matchLabels'));
  const { file } = workload.document;
  if (labels.size === 0 || !/\.ya?ml$/i.test(file.path)) return [];
  const yaml = [
    'apiVersion: policy/v1',
    'kind: PodDisruptionBudget',
    'metadata:',
    `  name: ${quoted(freeName(workspace, workload), 'plain')}`,
    ...(workload.namespace === undefined ? [] : [`  namespace: ${quoted(workload.namespace, 'plain')}`]),
    'spec:',
    '  maxUnavailable: 1',
    '  selector:',
    '    matchLabels:',
    ...[...labels].map(([key, value]) => `      ${quoted(key, 'plain')}: ${quoted(value, 'plain')}`),
  ].join('\n');
  return [{ title: `Add a PodDisruptionBudget for ${workload.name}`, safe, edits: [appendDocument(file, yaml)] }];
}

/** The name of the workload, unless a budget that selects something else has it. */
function freeName(workspace: Workspace, { name, namespace }: Resource): string {
  for (const candidate of [name, `${name}-pdb`])
    if (!workspace.find('PodDisruptionBudget', namespace, candidate)) return candidate;
  return `${name}-pods`;
}
