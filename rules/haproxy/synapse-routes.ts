import { backendNamed, type Haproxy, type HaproxyPart, mapLines, podPortsOf } from '../../analysis/haproxy-config';
import { type SynapseProcess, synapseProcess } from '../../analysis/synapse';
import type { Workspace } from '../../manifests/workspace';

/** The Synapse processes that a backend leads to; undefined if one of its servers is something else. */
export function processesBehind(
  workspace: Workspace,
  haproxy: Haproxy,
  name: string,
): readonly SynapseProcess[] | undefined {
  const backend = backendNamed(haproxy, name);
  if (!backend) return undefined;
  const found: SynapseProcess[] = [];
  for (const server of backend.section.servers) {
    const ports = podPortsOf(workspace, haproxy, server);
    if (!ports || ports.length === 0) return undefined;
    for (const { pods } of ports) {
      const process = synapseProcess(workspace, pods.owner);
      if (!process) return undefined;
      found.push(process);
    }
  }
  return found;
}

/** Whether a frontend is for clients: its conditions, or the maps that choose its backends, name their paths. */
export function isForClients(workspace: Workspace, haproxy: Haproxy, { section }: HaproxyPart): boolean {
  const tests = [
    ...section.acls,
    ...section.directives.flatMap(
      ({ condition }) => condition?.alternatives.flat().flatMap(term => term.anonymous ?? []) ?? [],
    ),
  ];
  const isOfClients = (pattern: string): boolean => /_matrix\/\(?(?:\?:)?[\w|]*client/.test(pattern);
  return (
    tests.some(test => test.values.some(({ value }) => isOfClients(value))) ||
    section.useBackends.some(({ maps }) =>
      maps.some(map => mapLines(workspace, haproxy, map)?.some(({ key }) => isOfClients(key))),
    )
  );
}
