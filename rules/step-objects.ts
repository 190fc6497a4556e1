import { dashboards } from '../analysis/dashboards';
import {
  clusterKind,
  isLi,
  isSynapseWorker,
  redisMains,
  synapseLis,
  synapseMains,
  synapseWorkers,
  tenantKind,
  workloads,
} from '../analysis/roles';
import type { ChecklistItemId } from '../checklist/types';
import type { SourceFile } from '../manifests/file';
import type { Resource } from '../manifests/resource';
import type { Workspace } from '../manifests/workspace';

/** What a line of the checklist's deployment order applies or waits for; empty where the tree has nothing of it. */
export function objectsOfStep(workspace: Workspace, item: ChecklistItemId): readonly Resource[] {
  return steps.get(item)?.(workspace) ?? [];
}

/** The lines of the deployment order that apply one of the files, by what those declare. */
export function stepsApplying(
  workspace: Workspace,
  isMeant: (file: SourceFile) => boolean,
): readonly ChecklistItemId[] {
  const found = [...steps].flatMap(([item, find]) =>
    !item.endsWith('w') && find(workspace).some(({ document }) => isMeant(document.file)) ? item : [],
  );
  // Policies, monitors and dashboards often lie beside the workload that they are for, and are applied with it.
  const own = found.filter(item => !companions.has(item));
  return own.length > 0 ? own : found;
}

const companions: ReadonlySet<ChecklistItemId> = new Set(['B.4', 'B.17', 'B.18']);

type Find = (workspace: Workspace) => readonly Resource[];

const ofKinds =
  (...kinds: readonly string[]): Find =>
  workspace =>
    kinds.flatMap(kind => workspace.resources(kind));

const main =
  (family: Parameters<typeof workloads>[1]): Find =>
  workspace =>
    workloads(workspace, family).filter(resource => !isLi(workspace, resource));

const steps: ReadonlyMap<ChecklistItemId, Find> = new Map<ChecklistItemId, Find>([
  ['B.1', ofKinds(clusterKind)],
  ['B.2', redisMains],
  ['B.3', workspace => [...workspace.resources(tenantKind), ...workloads(workspace, 'minio.plain')]],
  ['B.4', ofKinds('NetworkPolicy')],
  ['B.5', synapseMains],
  ['B.6', main('haproxy')],
  ['B.7', synapseWorkers],
  ['B.8', workspace => workloads(workspace, 'key_vault')],
  ['B.8w', workspace => workspace.resources('Job').filter(({ name }) => /key[-_]?vault/.test(name))],
  ['B.9', workspace => workloads(workspace, 'clamav')],
  ['B.10', workspace => workloads(workspace, 'scanner')],
  ['B.11', workspace => workloads(workspace, 'livekit')],
  ['B.12', main('element')],
  ['B.13', workspace => workloads(workspace, 'coturn')],
  ['B.14', workspace => synapseLis(workspace).filter(one => !isSynapseWorker(workspace, one))],
  ['B.15', workspace => workloads(workspace, 'sync')],
  ['B.15w', workspace => workloads(workspace, 'sync').filter(({ kind }) => kind === 'Job')],
  ['B.16', workspace => synapseLis(workspace).filter(one => isSynapseWorker(workspace, one))],
  [
    'B.17',
    ofKinds(
      'ServiceMonitor.monitoring.coreos.com',
      'PodMonitor.monitoring.coreos.com',
      'PrometheusRule.monitoring.coreos.com',
    ),
  ],
  ['B.18', workspace => [...new Set(dashboards(workspace).flatMap(({ resource }) => resource ?? []))]],
]);
