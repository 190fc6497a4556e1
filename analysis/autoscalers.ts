import type { Resource } from '../manifests/resource';
import type { Index, Workspace } from '../manifests/workspace';
import type { Pods } from './pods';
import { replicasIn } from './replicas';

/** The HorizontalPodAutoscalers that scale a workload. */
export function autoscalersOf(workspace: Workspace, workload: Resource): readonly Resource[] {
  return workspace.lookup(autoscalersByTarget, `${workload.namespace ?? ''}/${workload.kind}/${workload.name}`);
}

/**
 * How many pods a workload has at least: the lower bound of its autoscaler, else its replicas. Zero for one that is
 * switched off, one for kinds without replicas.
 */
export function fewestPods(workspace: Workspace, pods: Pods): number {
  if (pods.replicas === 0) return 0;
  const bounds = autoscalersOf(workspace, pods.owner).map(scaler => scaler.root.at('spec', 'minReplicas').number ?? 1);
  return bounds.length > 0 ? Math.min(...bounds) : pods.template ? replicasIn(workspace, pods.owner) : pods.replicas;
}

const autoscalersByTarget: Index<Resource> = {
  name: 'autoscalers by target',
  *resource(resource) {
    if (resource.kind !== 'HorizontalPodAutoscaler') return;
    const target = resource.root.at('spec', 'scaleTargetRef');
    yield [`${resource.namespace ?? ''}/${target.at('kind').text ?? ''}/${target.at('name').text ?? ''}`, resource];
  },
};
