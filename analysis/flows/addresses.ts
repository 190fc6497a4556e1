import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { releaseKinds } from '../helm/releases';
import { podTemplate } from '../pods';
import { clusterKind } from '../roles';
import type { Address } from './address';
import { fromEnvironment } from './from-environment';
import { fromFiles } from './from-files';
import { fromCoturn, fromHaproxy, fromRedis } from './from-proxies';
import { fromReleases } from './from-releases';
import { fromCluster } from './from-resources';
import { fromScripts } from './from-scripts';
import { fromSynapse } from './from-synapse';

/**
 * All hosts that a resource names, in what it says itself and in the configuration that it mounts. An edit of one
 * ConfigMap makes only the workloads that read it be read again.
 */
export function addressesOf(workspace: Workspace, resource: Resource): readonly Address[] {
  return workspace.derive(readAddresses, resource);
}

function readAddresses(resource: Resource, workspace: Workspace): readonly Address[] {
  if (resource.qualifiedKind === clusterKind) return fromCluster(resource);
  if (releaseKinds.includes(resource.qualifiedKind)) return fromReleases(workspace, resource);
  if (!podTemplate(resource)) return [];
  return readers.flatMap(reader => workspace.derive(reader, resource));
}

/** Each is worked out on its own, so that an edit of a value has only those read again that read the value. */
const readers = [fromSynapse, fromHaproxy, fromRedis, fromCoturn, fromFiles, fromEnvironment, fromScripts].map(
  read => (resource: Resource, workspace: Workspace) => read(workspace, resource),
);
