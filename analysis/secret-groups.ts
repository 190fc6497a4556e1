import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { configurationOf, parsed } from './configs';
import type { EffectiveFile } from './effective';
import { type EnvironmentVariable, environmentOf } from './environment';
import { homeserverOf } from './homeserver';
import { isLi, redisMains, synapseLis, synapseMains, synapseWorkers, workloads } from './roles';
import { type SecretEntry, secretEntry } from './secret-data';
import { findService, podsBehind } from './services';

/** Keys of Secrets that must hold the same value, because one side checks what the other presents. */
export interface SecretGroup {
  /** `redis-password`, `s3-secret-key`, `turn-secret` … */
  readonly id: string;
  /** For messages: `the password of Redis`. */
  readonly title: string;
  readonly members: readonly GroupMember[];
}

export interface GroupMember {
  readonly secret: Resource;
  readonly entry: SecretEntry;
  /** Who uses it, for messages: `Synapse`, `LiveKit`. */
  readonly user: string;
}

/** The groups of a tree, found by following each credential from where it is used to the Secret it comes from. */
export function secretGroups(workspace: Workspace): readonly SecretGroup[] {
  return workspace.shared(findGroups);
}

function findGroups(workspace: Workspace): readonly SecretGroup[] {
  return [...redisGroups(workspace), ...s3Groups(workspace), ...turnGroup(workspace), ...replicationGroups(workspace)]
    .map(group => ({ ...group, members: unique(group.members) }))
    .filter(group => group.members.length > 1);
}

/** Redis asks for what its own pods were given; Synapse and LiveKit present theirs. One group for each Redis. */
function redisGroups(workspace: Workspace): readonly SecretGroup[] {
  return redisMains(workspace).map(redis => {
    const own = configurationOf(workspace, redis, 'redis');
    const asked = own
      ? [
          ...argumentVariables(workspace, redis, /--requirepass[= ]?\$\((\w+)\)/),
          ...own.files.flatMap(file => directiveVariables(file, 'requirepass')),
        ]
      : [];
    const synapses = [...synapseMains(workspace), ...synapseWorkers(workspace), ...synapseLis(workspace)]
      .filter(one => leadsTo(workspace, one, homeserverOf(workspace, one)?.at('redis', 'host').text, redis))
      .flatMap(one =>
        members(
          workspace,
          one,
          'Synapse',
          valueVariables(
            homeserverOf(workspace, one)?.layer('redis').file,
            homeserverOf(workspace, one)?.at('redis', 'password'),
          ),
        ),
      );
    const livekits = workloads(workspace, 'livekit').flatMap(one =>
      (configurationOf(workspace, one, 'livekit')?.files ?? []).flatMap(file => {
        const root = parsed(file).root;
        const host = root.at('redis', 'address').text?.replace(/:\d+$/, '');
        return leadsTo(workspace, one, host, redis)
          ? members(workspace, one, 'LiveKit', valueVariables(file, root.at('redis', 'password')))
          : [];
      }),
    );
    return {
      id: `redis-password ${redis.name}`,
      title: `the password of ${redis.title}`,
      members: [...members(workspace, redis, 'Redis', asked), ...synapses, ...livekits],
    };
  });
}

/** The S3 user: what Synapse’s storage provider presents, and what CloudNativePG’s backups do. */
function s3Groups(workspace: Workspace): readonly SecretGroup[] {
  const synapses = [...synapseMains(workspace), ...synapseWorkers(workspace), ...synapseLis(workspace)];
  return (
    [
      ['access_key_id', 'accessKeyId', 'CONSOLE_ACCESS_KEY', 's3-access-key', 'the access key of the S3 user'],
      ['secret_access_key', 'secretAccessKey', 'CONSOLE_SECRET_KEY', 's3-secret-key', 'the secret key of the S3 user'],
    ] as const
  ).map(([provider, backup, tenantKey, id, title]) => ({
    id,
    title,
    members: [
      ...workspace.resources('Tenant.minio.min.io').flatMap(tenant =>
        tenant.root
          .at('spec', 'users')
          .items()
          .flatMap(user => memberOf(workspace, tenant.namespace, user.at('name').text, tenantKey, 'MinIO')),
      ),
      ...workspace.resources('Cluster.postgresql.cnpg.io').flatMap(cluster => {
        const reference = cluster.root.at('spec', 'backup', 'barmanObjectStore', 's3Credentials', backup);
        return memberOf(
          workspace,
          cluster.namespace,
          reference.at('name').text,
          reference.at('key').text,
          'CloudNativePG',
        );
      }),
      ...synapses.flatMap(one => {
        const homeserver = homeserverOf(workspace, one);
        const providers = homeserver?.at('media_storage_providers').items() ?? [];
        return providers.flatMap(item =>
          members(
            workspace,
            one,
            'Synapse',
            valueVariables(homeserver?.layer('media_storage_providers').file, item.at('config', provider)),
          ),
        );
      }),
    ],
  }));
}

/** coturn’s static-auth-secret and Synapse’s turn_shared_secret. */
function turnGroup(workspace: Workspace): readonly SecretGroup[] {
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
      ...argumentVariables(workspace, one, /--static-auth-secret[= ]?\$\((\w+)\)/),
      ...files.flatMap(file => directiveVariables(file, 'static-auth-secret=')),
    ]);
  });
  return [{ id: 'turn-secret', title: 'the shared secret of TURN', members: [...synapses, ...coturns] }];
}

/** All processes of one Synapse instance sign their replication requests with the same secret. */
function replicationGroups(workspace: Workspace): readonly SecretGroup[] {
  const instances = [
    ['replication-secret', [...synapseMains(workspace), ...synapseWorkers(workspace)]],
    ['replication-secret li', synapseLis(workspace)],
  ] as const;
  return instances.map(([id, processes]) => ({
    id,
    title: 'the replication secret of Synapse’s processes',
    members: processes.flatMap(one => {
      const homeserver = homeserverOf(workspace, one);
      return members(
        workspace,
        one,
        one.title,
        valueVariables(
          homeserver?.layer('worker_replication_secret').file,
          homeserver?.at('worker_replication_secret'),
        ),
      );
    }),
  }));
}

/** The variables that a step puts where a value stands; none if the value is written out or anything else happens to it. */
function valueVariables(file: EffectiveFile | undefined, value: Value | undefined): readonly EnvironmentVariable[] {
  if (!file || !value?.exists) return [];
  const resolved = file.resolve(value.sourceSpan);
  return resolved.kind === 'replaced' && resolved.variables.length === 1
    ? resolved.variables.flatMap(({ definition }) => definition ?? [])
    : [];
}

function directiveVariables(file: EffectiveFile, directive: string): readonly EnvironmentVariable[] {
  return [...file.content.text.matchAll(new RegExp(`^[ \\t]*${directive}[ \\t]*["']?([^"'\\s]+)`, 'gm'))].flatMap(
    match => {
      const end = match.index + match[0].length;
      const resolved = file.resolve({ start: end - (match[1] ?? '').length, end });
      return resolved.kind === 'replaced' && resolved.variables.length === 1
        ? resolved.variables.flatMap(({ definition }) => definition ?? [])
        : [];
    },
  );
}

function argumentVariables(workspace: Workspace, resource: Resource, pattern: RegExp): readonly EnvironmentVariable[] {
  const found: EnvironmentVariable[] = [];
  for (const program of ['redis', 'coturn'] as const) {
    const container = configurationOf(workspace, resource, program)?.container;
    if (!container) continue;
    const words = [...container.value.at('command').scalars(), ...container.value.at('args').scalars()]
      .map(word => word.text ?? '')
      .join(' ');
    const name = pattern.exec(words)?.[1];
    const variable = name === undefined ? undefined : environmentOf(workspace, resource, container).variables.get(name);
    if (variable) found.push(variable);
  }
  return found;
}

function members(
  workspace: Workspace,
  resource: Resource,
  user: string,
  variables: readonly EnvironmentVariable[],
): readonly GroupMember[] {
  return variables.flatMap(({ source }) =>
    source?.kind === 'Secret' ? memberOf(workspace, resource.namespace, source.name, source.key, user) : [],
  );
}

function memberOf(
  workspace: Workspace,
  namespace: string | undefined,
  name: string | undefined,
  key: string | undefined,
  user: string,
): readonly GroupMember[] {
  const secret = name === undefined ? undefined : workspace.find('Secret', namespace, name);
  const entry = secret && key !== undefined ? secretEntry(secret, key) : undefined;
  return secret && entry ? [{ secret, entry, user }] : [];
}

/** Whether a host name of a configuration is a Service in front of a workload, itself or through a proxy named for it. */
function leadsTo(workspace: Workspace, from: Resource, host: string | undefined, to: Resource): boolean {
  const [name = '', namespace] = host?.split('.') ?? [];
  const service = findService(workspace, namespace ?? from.namespace, name);
  if (!service) return false;
  const owners = podsBehind(workspace, service).map(pods => pods.owner);
  return (
    owners.includes(to) ||
    (!isLi(workspace, to) &&
      owners.length > 0 &&
      owners.every(owner => workloads(workspace, 'haproxy').includes(owner)) &&
      redisMains(workspace).length === 1)
  );
}

function unique(all: readonly GroupMember[]): readonly GroupMember[] {
  return all.filter(
    (one, index) => all.findIndex(other => other.secret === one.secret && other.entry.key === one.entry.key) === index,
  );
}
