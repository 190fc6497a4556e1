import { podsOf } from '../../analysis/pods';
import { servicesFor } from '../../analysis/services';
import { portsServing, type SynapseProcess } from '../../analysis/synapse';
import type { Workspace } from '../../manifests/workspace';

/** Where the replication listener of one pod is reached from other pods. */
export interface ReplicationAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * The address of a process's replication listener, by the name that its pod calls itself. A StatefulSet's pod has a
 * name of its own under the governing Service (Kubernetes documentation, DNS for Services and Pods); other workloads are
 * reached through a Service. Undefined if it has no such listener, or no such name.
 */
export function replicationAddress(
  workspace: Workspace,
  process: SynapseProcess,
  name: string,
): ReplicationAddress | undefined {
  const [port] = portsServing(process, 'replication');
  const { resource } = process;
  if (port === undefined || resource.namespace === undefined) return undefined;
  const domain = `${resource.namespace}.svc.cluster.local`;
  const governing = resource.root.at('spec', 'serviceName').string;
  if (resource.kind === 'StatefulSet' && governing !== undefined) {
    const index = process.names.known.indexOf(name);
    const first = resource.root.at('spec', 'ordinals', 'start').number ?? 0;
    return index === -1 ? undefined : { host: `${resource.name}-${first + index}.${governing}.${domain}`, port };
  }
  const [pods] = podsOf(resource);
  const service = pods && servicesFor(workspace, pods).find(one => one.ports.some(other => other.port === port));
  return service && { host: `${service.name}.${domain}`, port };
}

/** An entry of `instance_map`, as YAML at column 0. */
export function mapEntry(name: string, { host, port }: ReplicationAddress): string {
  return `${name}:\n  host: ${host}\n  port: ${port}`;
}
