import { haproxyOf, listeningOn } from '../../analysis/haproxy-config';
import { mainContainersOf } from '../../analysis/pods';
import { synapseProcess } from '../../analysis/synapse';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { configuredServers } from './listeners';
import { pythonServer } from './python-server';

/** The program of a workload that speaks HTTP without TLS on a port; undefined where the tree does not tell. */
export function plainHttpAt(workspace: Workspace, workload: Resource, port: number): string | undefined {
  const process = synapseProcess(workspace, workload);
  if (process) {
    const listener = process.listeners?.find(one => one.port === port);
    const tls = listener?.value.at('tls');
    return listener && (!tls?.exists || tls.scalar === false) ? 'Synapse' : undefined;
  }
  const haproxy = haproxyOf(workspace, workload);
  if (haproxy) {
    const binds = listeningOn(haproxy, port).flatMap(({ section }) => section.binds);
    const own = binds.filter(bind => bind.addresses.some(one => one.port === port));
    return own.length > 0 && own.every(bind => !hasTls(bind.options)) ? 'HAProxy' : undefined;
  }
  const server = configuredServers(workspace, workload).find(
    one =>
      !/^(?:coturn|clamd|Redis|Sentinel)$/.test(one.title) &&
      one.sockets.some(socket => socket.port === port && !socket.isTls),
  );
  if (server) return server.title;
  return mainContainersOf(workload)
    .map(container => pythonServer(workspace, workload, container))
    .find(one => one?.isPlain && one.sockets.some(socket => socket.port === port))?.title;
}

/** Whether HAProxy speaks TLS on a port, and nothing else. */
export function isTlsOfHaproxy(workspace: Workspace, workload: Resource, port: number): boolean {
  const haproxy = haproxyOf(workspace, workload);
  const binds = (haproxy ? listeningOn(haproxy, port) : [])
    .flatMap(({ section }) => section.binds)
    .filter(bind => bind.addresses.some(one => one.port === port));
  return binds.length > 0 && binds.every(bind => hasTls(bind.options));
}

function hasTls(options: readonly { readonly value: string }[]): boolean {
  return options.some(({ value }) => value === 'ssl');
}
