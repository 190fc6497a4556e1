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

export interface ClusterHost {
  readonly cluster: Resource;
  readonly service: 'rw' | 'ro' | 'r';
  /** What stands in between, if the host is no Service of the cluster itself. */
  readonly pooler: Resource | undefined;
}

/** The cluster that a host name leads to, also through a Pooler, and whether through a Service that can write. */
export function clusterOfHost(
  workspace: Workspace,
  namespace: string | undefined,
  host: string,
): ClusterHost | undefined {
  const [first = '', second] = host.split('.');
  const pooler = poolerOfHost(workspace, namespace, host);
  if (pooler) {
    const cluster = workspace.find(clusterKind, pooler.namespace, pooler.root.at('spec', 'cluster', 'name').text ?? '');
    const type = pooler.root.at('spec', 'type').text;
    return cluster && { cluster, service: type === 'ro' || type === 'r' ? type : 'rw', pooler };
  }
  const [, name, service] = /^(.+)-(rw|ro|r)$/.exec(first) ?? [];
  if (name === undefined) return undefined;
  const cluster = workspace.find(clusterKind, second ?? namespace, name);
  return cluster && { cluster, service: service as 'rw' | 'ro' | 'r', pooler: undefined };
}

/** The Pooler whose Service a host name is; its Service has its own name (cloudnative-pg docs/src/connection_pooling.md). */
export function poolerOfHost(workspace: Workspace, namespace: string | undefined, host: string): Resource | undefined {
  const [name = '', second] = host.split('.');
  return workspace.find('Pooler.postgresql.cnpg.io', second ?? namespace, name);
}
