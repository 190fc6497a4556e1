import { mostReplicas, processes, type SynapseProcess } from '../../analysis/synapse';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { clusterOfHost } from './clusters';
import { byServer, serverAt } from './server-sql';

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
  return workspace.shared(poolsByServer).get(server) ?? [];
}

function poolsByServer(workspace: Workspace): ReadonlyMap<Resource, readonly Pool[]> {
  return byServer(
    processes(workspace).flatMap((process): readonly (readonly [Resource | undefined, Pool])[] => {
      const args = process.homeserver?.at('database', 'args');
      const host = args?.at('host').text;
      if (!args || host === undefined) return [];
      if (clusterOfHost(workspace, process.resource.namespace, host)?.pooler) return [];
      const value = args.at('cp_max');
      const pool = {
        process,
        user: args.at('user').text,
        database: args.at('dbname').text ?? args.at('database').text,
        value,
        size: value.number ?? 5,
        pods: mostReplicas(workspace, process.resource),
      };
      return [[serverAt(workspace, process.resource, host), pool]];
    }),
  );
}
