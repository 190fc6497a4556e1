import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { configurationOf } from '../configs';
import { effectiveFile } from '../effective';
import { homeserverOf } from '../homeserver';
import { mountAt, mountedTexts, volumeOf } from '../mounts';
import type { Container } from '../pods';
import { synapseLis, synapseMains, synapseWorkers, workloads } from '../roles';
import { pathInVolume } from '../scripts';
import { type GroupMember, memberOf, members, type SecretGroup } from './members';
import { argumentVariables, directiveVariables, valueVariables } from './variables';

/** coturn’s static-auth-secret and Synapse’s turn_shared_secret. */
export function turnGroup(workspace: Workspace): readonly SecretGroup[] {
  const synapses = synapseMains(workspace).flatMap(one => {
    const homeserver = homeserverOf(workspace, one);
    return members(
      workspace,
      one,
      'Synapse',
      valueVariables(homeserver?.layer('turn_shared_secret').file, homeserver?.at('turn_shared_secret')),
    );
  });
  const coturns = workloads(workspace, 'coturn').flatMap(one => {
    const files = configurationOf(workspace, one, 'coturn')?.files ?? [];
    return members(workspace, one, 'coturn', [
      ...argumentVariables(workspace, one, '--static-auth-secret'),
      ...files.flatMap(file => directiveVariables(file, 'static-auth-secret=')),
    ]);
  });
  return [{ id: 'turn-secret', title: 'the shared secret of TURN', members: [...synapses, ...coturns] }];
}

/** All processes of one Synapse instance sign their replication requests with the same secret. */
export function replicationGroups(workspace: Workspace): readonly SecretGroup[] {
  const instances = [
    ['replication-secret', [...synapseMains(workspace), ...synapseWorkers(workspace)]],
    ['replication-secret li', synapseLis(workspace)],
  ] as const;
  return instances.map(([id, processes]) => ({
    id,
    title: 'the replication secret of Synapse’s processes',
    members: processes.flatMap(one => workspace.derive(replicationMembersOf, one)),
  }));
}

function replicationMembersOf(one: Resource, workspace: Workspace): readonly GroupMember[] {
  const homeserver = homeserverOf(workspace, one);
  const secret = valueVariables(
    homeserver?.layer('worker_replication_secret').file,
    homeserver?.at('worker_replication_secret'),
  );
  return members(workspace, one, one.title, secret);
}

/** The LI instance goes by the same server name, so it has to sign with the same key. */
export function signingKeyGroup(workspace: Workspace): SecretGroup {
  const processes = [...synapseMains(workspace), ...synapseLis(workspace)];
  const names = new Set(processes.map(one => homeserverOf(workspace, one)?.at('server_name').text));
  return {
    id: 'signing-key',
    title: 'the signing key of the server name',
    members:
      names.size !== 1
        ? []
        : processes.flatMap(one => {
            const path = homeserverOf(workspace, one)?.at('signing_key_path').string;
            const container = configurationOf(workspace, one, 'synapse')?.container;
            return path === undefined || !container ? [] : mountedSecret(workspace, one, container, path);
          }),
  };
}

/** The key of a Secret that a container has as the file at a path. */
function mountedSecret(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  path: string,
): readonly GroupMember[] {
  const mount = mountAt(container, path);
  const secret = mount && volumeOf(resource, mount.volume)?.at('secret');
  if (!mount || !secret?.exists) return copiedSecret(workspace, resource, container, path);
  const file = pathInVolume(mount.mountPath, mount.subPath, path);
  const item = secret
    .at('items')
    .items()
    .find(one => one.at('path').text === file);
  return memberOf(
    workspace,
    resource.namespace,
    secret.at('secretName').text,
    item?.at('key').text ?? file,
    resource.title,
  );
}

/** The key of a Secret that an init container copies to a path. */
function copiedSecret(
  workspace: Workspace,
  resource: Resource,
  container: Container,
  path: string,
): readonly GroupMember[] {
  const [source, ...others] = effectiveFile(workspace, resource, container, path)?.sources ?? [];
  if (!source || others.length > 0) return [];
  const holder = mountedTexts(workspace, resource).find(
    one => one.source?.kind === 'Secret' && one.value.isAt(source) && one.source.root.uri === source.uri,
  );
  return memberOf(workspace, resource.namespace, holder?.source?.name, holder?.key ?? '', resource.title);
}
