import { chartReleases } from '../../analysis/charts';
import { clusterKind, databases, synapseMains } from '../../analysis/roles';
import type { ChecklistItemId } from '../../checklist/types';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';

/** Whether the tree runs Synapse: in a workload of its own, or by a chart such as Element's matrix-stack. */
export function runsSynapse(workspace: Workspace): boolean {
  return (
    synapseMains(workspace).length > 0 ||
    chartReleases(workspace).some(
      ({ evidence, chart }) => evidence === 'command' && /(?:^|-)synapse$|^matrix-stack$/.test(chart ?? ''),
    )
  );
}

/** Of a pair of items, the one about the main cluster or the one about the LI cluster. */
export function itemFor(
  workspace: Workspace,
  cluster: Resource,
  main: ChecklistItemId,
  li: ChecklistItemId,
): readonly ChecklistItemId[] {
  return [databases(workspace).li === cluster ? li : main];
}

/** The cluster that a host name leads to, and whether through the Service that can write. */
export function clusterOfHost(
  workspace: Workspace,
  namespace: string | undefined,
  host: string,
): { readonly cluster: Resource; readonly service: 'rw' | 'ro' | 'r' } | undefined {
  const [first = '', second] = host.split('.');
  const [, name, service] = /^(.+)-(rw|ro|r)$/.exec(first) ?? [];
  if (name === undefined) return undefined;
  const cluster = workspace.find(clusterKind, second ?? namespace, name);
  return cluster && { cluster, service: service as 'rw' | 'ro' | 'r' };
}
