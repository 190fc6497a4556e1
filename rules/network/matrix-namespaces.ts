import type { Direction } from '../../analysis/network/model';
import { isolation } from '../../analysis/network/policy-index';
import { type Pods, podsIn } from '../../analysis/pods';
import { endpointOf, policiesOf, policyResources } from '../../analysis/policies';
import { clusterKind, workloads } from '../../analysis/roles';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';

/** Whether Synapse, its databases or key_vault run in a namespace, so that the checklist's policies belong there. */
export function isMatrixNamespace(workspace: Workspace, namespace: string | undefined): boolean {
  return workspace.shared(matrixNamespaces).has(namespace);
}

function matrixNamespaces(workspace: Workspace): ReadonlySet<string | undefined> {
  const resources = [
    ...workloads(workspace, 'synapse'),
    ...workspace.resources(clusterKind),
    ...workloads(workspace, 'key_vault'),
  ];
  return new Set(resources.map(resource => resource.namespace));
}

/** The first NetworkPolicy of a namespace; findings about all of them stand there. */
export function firstPolicy(workspace: Workspace, namespace: string): Resource | undefined {
  return policyResources(workspace, namespace)[0];
}

/** The pods of a namespace that no policy isolates in a direction. */
export function openPods(workspace: Workspace, namespace: string, direction: Direction): readonly Pods[] {
  const policies = policiesOf(workspace, namespace);
  return podsIn(workspace, namespace === '' ? undefined : namespace).filter(
    pods =>
      (pods.namespace ?? '') === namespace &&
      !pods.hostNetwork &&
      isolation(endpointOf(pods), direction, policies).isolated !== 'yes',
  );
}
