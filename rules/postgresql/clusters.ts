import { chartReleases } from '../../analysis/charts';
import { imageTag, programOf } from '../../analysis/images';
import { podTemplate } from '../../analysis/pods';
import { clusterKind, databases, familiesOf, synapseMains } from '../../analysis/roles';
import type { ChecklistItemId } from '../../checklist/types';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';

/**
 * Whether the tree runs Synapse, in a workload of its own or by a chart such as Element's matrix-stack, or else programs
 * that are no part of such a deployment. Only where it does neither may it be the databases of one that is kept elsewhere.
 */
export function runsPrograms(workspace: Workspace): boolean {
  return (
    synapseMains(workspace).length > 0 ||
    chartReleases(workspace).some(
      ({ evidence, chart, name }) => evidence === 'command' && /(?:^|-)synapse$|^matrix-stack$/.test(chart ?? name),
    ) ||
    workspace.lookup(otherPrograms, '').length > 0
  );
}

/** What keeps running and is none of the programs that the checklist knows, such as a Nextcloud. */
const otherPrograms: Index<true> = {
  name: 'programs that the checklist does not know',
  *resource(resource) {
    const isServer = resource.kind === 'Deployment' || resource.kind === 'StatefulSet';
    if (isServer && podTemplate(resource) && familiesOf(resource).size === 0) yield ['', true];
  },
};

/** Of a pair of items, the one about the main cluster or the one about the LI cluster. */
export function itemFor(
  workspace: Workspace,
  cluster: Resource,
  main: ChecklistItemId,
  li: ChecklistItemId,
): readonly ChecklistItemId[] {
  return [databases(workspace).li === cluster ? li : main];
}

export interface ClusterHost {
  readonly cluster: Resource;
  readonly service: 'rw' | 'ro' | 'r';
  /** What stands in between, if the host is no Service of the cluster itself. */
  readonly pooler: Resource | undefined;
}

/** The cluster that a host name leads to, also through a Pooler, and whether through a Service that can write. */
export function clusterOfHost(
  workspace: Workspace,
  namespace: string | undefined,
  host: string,
): ClusterHost | undefined {
  const [first = '', second] = host.split('.');
  const pooler = poolerOfHost(workspace, namespace, host);
  if (pooler) {
    const cluster = workspace.find(clusterKind, pooler.namespace, pooler.root.at('spec', 'cluster', 'name').text ?? '');
    const type = pooler.root.at('spec', 'type').text;
    return cluster && { cluster, service: type === 'ro' || type === 'r' ? type : 'rw', pooler };
  }
  const [, name, service] = /^(.+)-(rw|ro|r)$/.exec(first) ?? [];
  if (name === undefined) return undefined;
  const cluster = workspace.find(clusterKind, second ?? namespace, name);
  return cluster && { cluster, service: service as 'rw' | 'ro' | 'r', pooler: undefined };
}

/** The Pooler whose Service a host name is; its Service has its own name (cloudnative-pg docs/src/connection_pooling.md). */
export function poolerOfHost(workspace: Workspace, namespace: string | undefined, host: string): Resource | undefined {
  const [name = '', second] = host.split('.');
  return workspace.find('Pooler.postgresql.cnpg.io', second ?? namespace, name);
}

/** The major version of PostgreSQL that an image's tag names, for images that are known to be tagged by it. */
export function majorOf(image: string): number | undefined {
  if (programOf(image) !== 'postgres') return undefined;
  const major = /^(\d{2})(?=[.\-_]|$)/.exec(imageTag(image) ?? '')?.[1];
  return major === undefined ? undefined : Number(major);
}

/** A place on an object store: endpoint and path, and the folder below it. */
export interface Archive {
  readonly path: string;
  readonly server: string;
}

/** Where a cluster keeps its backups. */
export function archiveOf(cluster: Resource): Archive | undefined {
  return archiveAt(cluster.root.at('spec', 'backup', 'barmanObjectStore'), cluster.name);
}

/** The archive that a `barmanObjectStore` of a cluster, or of an external cluster, of some name is. */
export function archiveAt(store: Value, name: string): Archive | undefined {
  const path = store.at('destinationPath').text;
  // Two deployments in two namespaces may each have a store of the same name.
  return path === undefined || /[$<{]/.test(path)
    ? undefined
    : {
        path: `${path.replace(/\/+$/, '')}${store.at('endpointURL').exists ? ` on ${store.at('endpointURL').text}` : ''}`,
        server: store.at('serverName').text ?? name,
      };
}
