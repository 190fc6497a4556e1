import { backendsOf, haproxyOf, podPortsOf } from '../../analysis/haproxy-config';
import { type Route, workloadsBehind } from '../../analysis/routes';
import { type SynapseProcess, synapseProcess } from '../../analysis/synapse';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';

/** The Synapse processes that a route sends requests to, by itself or through HAProxy; empty if there are none. */
export function synapseBehind(workspace: Workspace, route: Route): readonly SynapseProcess[] {
  return synapseAt(workspace, workloadsBehind(workspace, route));
}

/** The Synapse processes that a route sends requests to by itself; empty if anything else is among what answers. */
export function directlyBehind(workspace: Workspace, route: Route): readonly SynapseProcess[] {
  const workloads = workloadsBehind(workspace, route);
  const processes = workloads.flatMap(workload => synapseProcess(workspace, workload) ?? []);
  return processes.length < workloads.length ? [] : processes;
}

/** The Synapse processes among some workloads, and behind those that are HAProxy. */
export function synapseAt(workspace: Workspace, workloads: readonly Resource[]): readonly SynapseProcess[] {
  const processes = workloads.flatMap(workload => {
    const process = synapseProcess(workspace, workload);
    if (process) return [process];
    const haproxy = haproxyOf(workspace, workload);
    if (!haproxy) return [];
    return backendsOf(haproxy)
      .flatMap(({ section }) => section.servers)
      .flatMap(server => podPortsOf(workspace, haproxy, server) ?? [])
      .flatMap(({ pods }) => synapseProcess(workspace, pods.owner) ?? []);
  });
  return [...new Set(processes)];
}
