import type { Workspace } from '../manifests/workspace';
import { homeserverOf } from './homeserver';
import { clusterKind, databases, synapseLis, synapseMains, tenantKind, workloads } from './roles';
import { settingsOf } from './settings';

/**
 * The names of the CloudNativePG clusters that are missing as a whole: a homeserver names their Service and the tree
 * must have them. That is one finding; the Secrets, Services and pods that they would make are no further ones.
 */
export function absentClusters(workspace: Workspace): ReadonlySet<string> {
  return workspace.shared(findAbsent);
}

/** The cluster whose Service or Secret a name is: `matrix` of `matrix-rw` and of `matrix-superuser`. */
export function clusterInName(name: string): string | undefined {
  return /^(.+)-(?:rw|ro|r|app|superuser|ca|server|replication)$/.exec(name)?.[1];
}

/** The names of the Services of an S3 store that is missing as a whole: the homeserver names one, and no MinIO is there. */
export function absentStores(workspace: Workspace): ReadonlySet<string> {
  return workspace.shared(findAbsentStores);
}

function findAbsentStores(workspace: Workspace): ReadonlySet<string> {
  const isThere = workspace.resources(tenantKind).length > 0 || workloads(workspace, 'minio.plain').length > 0;
  if (isThere || settingsOf(workspace).components.main !== 'required') return new Set();
  return new Set(
    synapseMains(workspace).flatMap(synapse =>
      (homeserverOf(workspace, synapse)?.at('media_storage_providers').items() ?? []).flatMap(
        provider => /^https?:\/\/([\w-]+)/.exec(provider.at('config', 'endpoint_url').text ?? '')?.[1] ?? [],
      ),
    ),
  );
}

function findAbsent(workspace: Workspace): ReadonlySet<string> {
  const { main, li } = databases(workspace);
  const { components } = settingsOf(workspace);
  const without = [
    ...(main === undefined && components.main === 'required' ? synapseMains(workspace) : []),
    ...(li === undefined && components.li === 'required' ? synapseLis(workspace) : []),
  ];
  const names = without.flatMap(synapse => {
    const host = homeserverOf(workspace, synapse)?.at('database', 'args', 'host').string?.split('.', 1)[0];
    return (host === undefined ? undefined : /^(.+)-r[wo]?$/.exec(host)?.[1]) ?? [];
  });
  return new Set(names.filter(name => !workspace.resources(clusterKind).some(cluster => cluster.name === name)));
}
