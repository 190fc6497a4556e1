import { postgresImageAt } from '../../analysis/postgres-image';
import { clusterKind } from '../../analysis/roles';
import { mostReplicas, processes, type SynapseProcess } from '../../analysis/synapse';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { clusterOfHost } from './clusters';

/** The connections that one kind of Synapse process keeps to a server. */
export interface Pool {
  readonly process: SynapseProcess;
  readonly user: string | undefined;
  readonly database: string | undefined;
  /** The value of `cp_max`; missing where the default counts. */
  readonly value: Value;
  readonly size: number;
  /** As many as there may be at the same time. */
  readonly pods: number;
}

/** The connection pools of the Synapse processes that use a server without a Pooler in between. */
export function poolsOf(workspace: Workspace, server: Resource): readonly Pool[] {
  return processes(workspace).flatMap(process => {
    const args = process.homeserver?.at('database', 'args');
    const host = args?.at('host').text;
    if (!args || host === undefined) return [];
    const { namespace } = process.resource;
    const found = server.qualifiedKind === clusterKind ? clusterOfHost(workspace, namespace, host) : undefined;
    const isHere =
      server.qualifiedKind === clusterKind
        ? found?.cluster === server && !found.pooler
        : postgresImageAt(workspace, namespace, host)?.resource === server;
    if (!isHere) return [];
    const value = args.at('cp_max');
    return [
      {
        process,
        user: args.at('user').text,
        database: args.at('dbname').text ?? args.at('database').text,
        value,
        size: value.number ?? 5,
        pods: mostReplicas(workspace, process.resource),
      },
    ];
  });
}
