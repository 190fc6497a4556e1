import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { environmentOf } from '../environment';
import { homeserverOf } from '../homeserver';
import { containersOf, workloadKinds } from '../pods';
import { clusterKind, synapseLis, synapseMains, synapseWorkers, tenantKind } from '../roles';
import { findService, podsBehind } from '../services';
import { findPlaceholders } from '../text/placeholders';
import { type GroupMember, memberOf, members, type SecretGroup } from './members';
import { valueVariables } from './variables';

/** What one program presents to an S3 store: the two halves of one user. */
interface S3User {
  /** Which store: the host of the endpoint, or the Tenant that it leads to. */
  readonly store: string;
  readonly access: readonly GroupMember[];
  readonly secret: readonly GroupMember[];
  /** What MinIO itself makes the user from. */
  readonly isMade: boolean;
}

/**
 * The users of each S3 store: what the Tenant makes them from, and what Synapse’s storage provider, CloudNativePG’s
 * backups and rclone present. Where a store has several users, the access key tells which secret key belongs to whom.
 */
export function s3Groups(workspace: Workspace): readonly SecretGroup[] {
  const users = [
    ...tenantUsers(workspace),
    ...backupUsers(workspace),
    ...synapseS3Users(workspace),
    ...rcloneUsers(workspace),
  ];
  return [...new Set(users.map(user => user.store))].flatMap(store => {
    const own = users.filter(user => user.store === store);
    const made = own.filter(user => user.isMade);
    if (made.length === 0) return differentUsers(own);
    if (made.length === 1) return pairGroups('s3', own);
    return made.flatMap((user, index) => {
      const name = user.access[0]?.entry.text;
      const same = own.filter(
        other => other === user || (name !== undefined && other.access.some(one => one.entry.text === name)),
      );
      return pairGroups(`s3 ${index}`, same);
    });
  });
}

/** Who makes the users of a store is not known; then each access key is that of a user of its own. */
function differentUsers(users: readonly S3User[]): readonly SecretGroup[] {
  const nameOf = ({ access: [half] }: S3User): string | undefined => {
    const text = half?.entry.text;
    return text === undefined || findPlaceholders(text, 'value').length > 0 ? undefined : text;
  };
  const names = [...new Set(users.map(nameOf))];
  if (names.length < 2) return pairGroups('s3', users);
  return names.flatMap((name, index) =>
    name === undefined
      ? []
      : pairGroups(
          `s3 ${index}`,
          users.filter(user => nameOf(user) === name),
        ),
  );
}

function pairGroups(id: string, users: readonly S3User[]): readonly SecretGroup[] {
  return [
    { id: `${id} access-key`, title: 'the access key of the S3 user', members: users.flatMap(user => user.access) },
    { id: `${id} secret-key`, title: 'the secret key of the S3 user', members: users.flatMap(user => user.secret) },
  ];
}

function tenantUsers(workspace: Workspace): readonly S3User[] {
  return workspace.resources(tenantKind).flatMap(tenant =>
    tenant.root
      .at('spec', 'users')
      .items()
      .map(user => ({
        store: tenant.name,
        access: memberOf(workspace, tenant.namespace, user.at('name').text, 'CONSOLE_ACCESS_KEY', 'MinIO'),
        secret: memberOf(workspace, tenant.namespace, user.at('name').text, 'CONSOLE_SECRET_KEY', 'MinIO'),
        isMade: true,
      })),
  );
}

function backupUsers(workspace: Workspace): readonly S3User[] {
  return workspace.resources(clusterKind).flatMap(cluster => {
    const store = cluster.root.at('spec', 'backup', 'barmanObjectStore');
    const half = (field: string): readonly GroupMember[] => {
      const reference = store.at('s3Credentials', field);
      return memberOf(
        workspace,
        cluster.namespace,
        reference.at('name').text,
        reference.at('key').text,
        'CloudNativePG',
      );
    };
    if (!store.at('s3Credentials').exists) return [];
    return [
      {
        store: storeOf(workspace, cluster, store.at('endpointURL').text),
        access: half('accessKeyId'),
        secret: half('secretAccessKey'),
        isMade: false,
      },
    ];
  });
}

function synapseS3Users(workspace: Workspace): readonly S3User[] {
  const synapses = [...synapseMains(workspace), ...synapseWorkers(workspace), ...synapseLis(workspace)];
  return synapses.flatMap(one => workspace.derive(s3UsersOfSynapse, one));
}

function s3UsersOfSynapse(one: Resource, workspace: Workspace): readonly S3User[] {
  const homeserver = homeserverOf(workspace, one);
  const file = homeserver?.layer('media_storage_providers').file;
  return (homeserver?.at('media_storage_providers').items() ?? []).map((_, index) => {
    const config = homeserver?.at('media_storage_providers', index, 'config');
    const half = (key: string): readonly GroupMember[] =>
      members(workspace, one, 'Synapse', valueVariables(file, config?.at(key)));
    return {
      store: storeOf(workspace, one, config?.at('endpoint_url').text),
      access: half('access_key_id'),
      secret: half('secret_access_key'),
      isMade: false,
    };
  });
}

/** rclone’s remotes as its environment defines them: `RCLONE_CONFIG_<REMOTE>_ENDPOINT` and so on (rclone.org/docs). */
function rcloneUsers(workspace: Workspace): readonly S3User[] {
  return workloadKinds
    .flatMap(kind => workspace.resources(kind))
    .flatMap(one => workspace.derive(s3UsersOfRclone, one));
}

function s3UsersOfRclone(one: Resource, workspace: Workspace): readonly S3User[] {
  return containersOf(one).flatMap(container => {
    const { variables } = environmentOf(workspace, one, container);
    return [...variables.values()].flatMap(({ name, value }) => {
      const remote = /^(RCLONE_CONFIG_\w+)_ENDPOINT$/.exec(name)?.[1];
      if (remote === undefined) return [];
      const half = (key: string): readonly GroupMember[] =>
        members(
          workspace,
          one,
          'rclone',
          [variables.get(`${remote}_${key}`)].flatMap(variable => variable ?? []),
        );
      return [
        {
          store: storeOf(workspace, one, value?.text),
          access: half('ACCESS_KEY_ID'),
          secret: half('SECRET_ACCESS_KEY'),
          isMade: false,
        },
      ];
    });
  });
}

/** The Tenant that an endpoint leads to, else the host of the endpoint; programs with the same one share users. */
function storeOf(workspace: Workspace, from: Resource, endpoint: string | undefined): string {
  const host = /^(?:https?:\/\/)?([^/:\s]+)/.exec(endpoint ?? '')?.[1] ?? '';
  const [name = '', namespace] = host.split('.');
  const service = findService(workspace, namespace ?? from.namespace, name);
  const owner = service && (podsBehind(workspace, service)[0]?.owner ?? service.resource);
  const tenants = workspace.resources(tenantKind);
  if (owner?.qualifiedKind === tenantKind) return owner.name;
  // A name that no Service of the tree has may still be the only store there is: a proxy, or a renamed Service.
  const isNear = host === '' ? false : /^minio/.test(name) || tenants.some(tenant => name.startsWith(tenant.name));
  return isNear && tenants.length === 1 ? (tenants[0]?.name ?? host) : `host ${host}`;
}
