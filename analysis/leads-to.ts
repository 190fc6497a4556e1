import type { Resource } from '../manifests/resource';
import type { Workspace } from '../manifests/workspace';
import { isLi, redisMains, workloads } from './roles';
import { selectPods } from './selection';
import { findService, podsBehind, type Service } from './services';

/** Whether a host name of a configuration is a Service in front of a workload, itself or through a proxy named for it. */
export function leadsTo(workspace: Workspace, from: Resource, host: string | undefined, to: Resource): boolean {
  const [name = '', namespace] = host?.split('.') ?? [];
  const service = findService(workspace, namespace ?? from.namespace, name);
  if (!service) return false;
  const owners = workspace.derive(workloadsBehind, service);
  return (
    owners.includes(to) ||
    (!isLi(workspace, to) &&
      owners.length > 0 &&
      owners.every(owner => workloads(workspace, 'haproxy').includes(owner)) &&
      redisMains(workspace).length === 1)
  );
}

function workloadsBehind(service: Service, workspace: Workspace): readonly Resource[] {
  // A Service may select a single pod by the label that its StatefulSet puts on it.
  const pods = service.selector
    ? selectPods(workspace, service.namespace, service.selector).pods
    : podsBehind(workspace, service);
  return pods.map(one => one.owner);
}
