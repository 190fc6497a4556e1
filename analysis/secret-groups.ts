import type { Resource } from '../manifests/resource';
import type { Span } from '../manifests/span';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { configurationOf, parsed } from './configs';
import { databaseLogins, initdbOf } from './database-logins';
import { type EffectiveFile, effectiveFile } from './effective';
import { type EnvironmentVariable, environmentOf } from './environment';
import { homeserverOf } from './homeserver';
import { mountAt, mountedTexts, volumeOf } from './mounts';
import { type Container, containersOf, mainContainersOf, workloadKinds } from './pods';
import {
  clusterKind,
  familiesOf,
  isLi,
  redisMains,
  synapseLis,
  synapseMains,
  synapseWorkers,
  tenantKind,
  workloads,
} from './roles';
import { pathInVolume, scriptOf } from './scripts';
import { type SecretEntry, secretEntry } from './secret-data';
import { selectPods } from './selection';
import { findService, podsBehind } from './services';
import { maskComments } from './text/comments';
import { findPlaceholders } from './text/placeholders';
import { readRedisConf, sentinelMonitors, sentinelSettings } from './text/redis-conf';

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
  return finders
    .flatMap(find => workspace.shared(find))
    .map(group => ({ ...group, members: unique(group.members) }))
    .filter(group => group.members.length > 1);
}

/** Each is followed on its own, so that an edit has only those followed again that read what changed. */
const finders: readonly ((workspace: Workspace) => readonly SecretGroup[])[] = [
  redisGroups,
  s3Groups,
  turnGroup,
  replicationGroups,
  databaseGroups,
  keyVaultGroups,
  livekitGroups,
  workspace => [signingKeyGroup(workspace)],
];

/** Redis asks for what its own pods were given; Synapse and LiveKit present theirs. One group for each Redis. */
function redisGroups(workspace: Workspace): readonly SecretGroup[] {
  return workloads(workspace, 'redis').map(redis => {
    const own = configurationOf(workspace, redis, 'redis');
    const asked = own
      ? [
          ...argumentVariables(workspace, redis, '--(?:requirepass|masterauth)'),
          ...own.files.flatMap(file => directiveVariables(file, '(?:requirepass|masterauth)')),
        ]
      : [];
    const watched = [...new Set([redis, ...workloads(workspace, 'sentinel')])].flatMap(one =>
      sentinelVariables(workspace, one, redis).flatMap(variable => members(workspace, one, 'Sentinel', [variable])),
    );
    const synapses = [...synapseMains(workspace), ...synapseWorkers(workspace), ...synapseLis(workspace)]
      .filter(one => leadsTo(workspace, one, homeserverOf(workspace, one)?.at('redis', 'host').text, redis))
      .flatMap(one => workspace.derive(redisMembersOfSynapse, one));
    const livekits = workloads(workspace, 'livekit').flatMap(one =>
      (configurationOf(workspace, one, 'livekit')?.files ?? []).flatMap(file => {
        const root = parsed(file).root;
        const hosts = [root.at('redis', 'address'), ...root.at('redis', 'sentinel_addresses').items()].map(address =>
          address.text?.replace(/:\d+$/, ''),
        );
        return hosts.some(host => leadsTo(workspace, one, podlessHost(host), redis))
          ? valueMembers(workspace, one, 'LiveKit', file, root.at('redis', 'password'))
          : [];
      }),
    );
    return {
      id: `redis-password ${redis.name}`,
      title: `the password of ${redis.title}`,
      members: [...members(workspace, redis, 'Redis', asked), ...watched, ...synapses, ...livekits],
    };
  });
}

function redisMembersOfSynapse(one: Resource, workspace: Workspace): readonly GroupMember[] {
  const homeserver = homeserverOf(workspace, one);
  return valueMembers(workspace, one, 'Synapse', homeserver?.layer('redis').file, homeserver?.at('redis', 'password'));
}

/** What the Sentinels of a workload log in with to the masters that a Redis may be. */
function sentinelVariables(workspace: Workspace, sentinel: Resource, redis: Resource): readonly EnvironmentVariable[] {
  return (configurationOf(workspace, sentinel, 'sentinel')?.files ?? []).flatMap(file => {
    const directives = readRedisConf(file.content.text);
    const watched = sentinelMonitors(directives).filter(({ host }) =>
      leadsTo(workspace, sentinel, podlessHost(host?.value), redis),
    );
    return sentinelSettings(directives, 'auth-pass').flatMap(({ master, values: [password] }) =>
      password && watched.some(monitor => monitor.master.value === master?.value)
        ? variablesIn(file, password.span)
        : [],
    );
  });
}

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
function s3Groups(workspace: Workspace): readonly SecretGroup[] {
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
      ...argumentVariables(workspace, one, '--static-auth-secret'),
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

/**
 * The password that a Cluster gives a user from a Secret, and what programs sign in with. One that the operator makes up
 * itself belongs to no group: nobody writes it.
 */
function databaseGroups(workspace: Workspace): readonly SecretGroup[] {
  const logins = databaseLogins(workspace);
  return workspace.resources(clusterKind).flatMap(cluster => {
    const spec = cluster.root.at('spec');
    const given: readonly (readonly [string | undefined, Value])[] = [
      [initdbOf(cluster)?.owner, spec.at('bootstrap', 'initdb', 'secret', 'name')],
      ['postgres', spec.at('superuserSecret', 'name')],
      ...spec
        .at('managed', 'roles')
        .items()
        .map(role => [role.at('name').text, role.at('passwordSecret', 'name')] as const),
    ];
    const users = new Set(
      given.flatMap(([user, name]) => (user !== undefined && name.text !== undefined ? [user] : [])),
    );
    return [...users].map(user => ({
      id: `database-password ${cluster.name} ${user}`,
      title: `the password of ${user} on Cluster ${cluster.name}`,
      members: [
        ...given
          .filter(([owner]) => owner === user)
          .flatMap(([, name]) => memberOf(workspace, cluster.namespace, name.text, 'password', 'PostgreSQL')),
        ...logins
          .filter(login => login.cluster === cluster && login.user === user)
          // The database of key_vault has a group of its own.
          .filter(({ consumer }) => !familiesOf(consumer).has('key_vault'))
          .flatMap(({ secret, consumer }) =>
            memberOf(workspace, secret.namespace, secret.name, secret.key, consumer.title),
          ),
        ...writtenPasswords(workspace, cluster, user),
      ],
    }));
  });
}

/** What Synapse signs in to a cluster with, where a file in a Secret has the password itself. */
function writtenPasswords(workspace: Workspace, cluster: Resource, user: string): readonly GroupMember[] {
  return [...synapseMains(workspace), ...synapseWorkers(workspace), ...synapseLis(workspace)].flatMap(one => {
    const homeserver = homeserverOf(workspace, one);
    const database = homeserver?.at('database', 'args');
    if (!homeserver || !database || database.at('user').string !== user) return [];
    const [service, namespace = one.namespace] = database.at('host').string?.split('.') ?? [];
    if (service !== `${cluster.name}-rw` || namespace !== cluster.namespace) return [];
    const { file } = homeserver.layer('database');
    const password = database.at('password');
    return valueVariables(file, password).length > 0 ? [] : valueMembers(workspace, one, 'Synapse', file, password);
  });
}

/** Synapse shows key_vault its API key, and the Job that makes the database gives the role the password that key_vault signs in with. */
function keyVaultGroups(workspace: Workspace): readonly SecretGroup[] {
  const vaults = workloads(workspace, 'key_vault');
  if (vaults.length === 0) return [];
  const named = (all: readonly Resource[], user: string, pattern: RegExp): readonly GroupMember[] =>
    all.flatMap(one => namedVariables(workspace, one, user, pattern));
  const initJobs = ['Job', 'CronJob']
    .flatMap(kind => workspace.resources(kind))
    .filter(job => /key[-_]?vault/.test(job.name));
  return [
    {
      id: 'key-vault-api-key',
      title: 'the API key of key_vault',
      members: [
        ...named(vaults, 'key_vault', /^(?:KEY_?VAULT_)?API_KEY$/),
        ...[...synapseMains(workspace), ...synapseWorkers(workspace)].flatMap(one =>
          workspace.derive(vaultTokensOfSynapse, one),
        ),
        ...synapseMains(workspace).flatMap(one => writtenTokens(workspace, one, vaults)),
      ],
    },
    {
      id: 'key-vault-database-password',
      title: 'the database password of key_vault',
      members: [
        ...named(vaults, 'key_vault', /^(?:KEY_?VAULT_)?(?:DB|DATABASE)_PASSWORD$/),
        ...named(
          initJobs,
          'the Job that creates the database',
          /^(?:KEY_?VAULT_)(?:DB_|DATABASE_)?PASSWORD$|^(?:APP_)?DB_PASSWORD$/,
        ),
      ],
    },
  ];
}

function vaultTokensOfSynapse(one: Resource, workspace: Workspace): readonly GroupMember[] {
  return namedVariables(workspace, one, 'Synapse', /^KEY_?VAULT_API_(?:KEY|TOKEN)$/);
}

/** The token in the configuration of a module of Synapse that calls key_vault, where a file in a Secret has it itself. */
function writtenTokens(workspace: Workspace, one: Resource, vaults: readonly Resource[]): readonly GroupMember[] {
  const homeserver = homeserverOf(workspace, one);
  if (!homeserver) return [];
  const { file } = homeserver.layer('modules');
  return homeserver
    .at('modules')
    .items()
    .flatMap(module => {
      const settings = [...module.at('config').scalars()];
      const calls = settings.some(value => {
        const host = /^https?:\/\/([\w.-]+)/.exec(value.string ?? '')?.[1];
        return vaults.some(vault => leadsTo(workspace, one, host, vault));
      });
      const tokens = settings.filter(value => /^(?:api_?)?(?:key|token)$/i.test(String(value.name ?? '')));
      return calls ? tokens.flatMap(value => valueMembers(workspace, one, 'Synapse', file, value)) : [];
    });
}

function namedVariables(workspace: Workspace, one: Resource, user: string, name: RegExp): readonly GroupMember[] {
  return containersOf(one).flatMap(container => {
    const variables = [...environmentOf(workspace, one, container).variables.values()];
    return members(
      workspace,
      one,
      user,
      variables.filter(variable => name.test(variable.name)),
    );
  });
}

/** LiveKit’s keys and what lk-jwt-service signs tokens with (element-hq/lk-jwt-service README: LIVEKIT_KEY, LIVEKIT_SECRET). */
function livekitGroups(workspace: Workspace): readonly SecretGroup[] {
  const servers = workloads(workspace, 'livekit').flatMap(one =>
    (configurationOf(workspace, one, 'livekit')?.files ?? []).flatMap(file => {
      // With several keys each client has one of them, and names do not tell which.
      const keys = parsed(file).root.at('keys').entries();
      return keys.length === 1 ? keys.map(([, secret]) => ({ one, file, secret })) : [];
    }),
  );
  const signers = (['Deployment', 'StatefulSet'] as const)
    .flatMap(kind => workspace.resources(kind))
    .flatMap(one => mainContainersOf(one).map(container => ({ one, container })))
    .filter(({ container }) => /(?:^|\/)(?:lk-jwt-service|element-call-backend)(?::|@|$)/.test(container.image));
  const signed = (name: string): readonly GroupMember[] =>
    signers.flatMap(({ one, container }) =>
      members(
        workspace,
        one,
        'lk-jwt-service',
        [environmentOf(workspace, one, container).variables.get(name)].flatMap(variable => variable ?? []),
      ),
    );
  return [
    {
      id: 'livekit-key',
      title: 'the API key of LiveKit',
      members: [
        ...servers.flatMap(({ one, file, secret }) =>
          members(workspace, one, 'LiveKit', variablesIn(file, secret.keySpan)),
        ),
        ...signed('LIVEKIT_KEY'),
      ],
    },
    {
      id: 'livekit-secret',
      title: 'the API secret of LiveKit',
      members: [
        ...servers.flatMap(({ one, file, secret }) => members(workspace, one, 'LiveKit', valueVariables(file, secret))),
        ...signed('LIVEKIT_SECRET'),
      ],
    },
  ];
}

/** The LI instance goes by the same server name, so it has to sign with the same key. */
function signingKeyGroup(workspace: Workspace): SecretGroup {
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

/** Where a value of a configuration comes from: the variable that a step puts there, or the Secret that holds the file. */
function valueMembers(
  workspace: Workspace,
  resource: Resource,
  user: string,
  file: EffectiveFile | undefined,
  value: Value | undefined,
): readonly GroupMember[] {
  const filled = members(workspace, resource, user, valueVariables(file, value));
  if (filled.length > 0 || !file?.isVerbatim || value?.string === undefined) return filled;
  if (findPlaceholders(value.string, 'value').length > 0) return [];
  const [source] = file.sources;
  const holder = mountedTexts(workspace, resource).find(
    one =>
      one.source?.kind === 'Secret' &&
      source !== undefined &&
      one.value.isAt(source) &&
      one.source.root.uri === one.value.uri,
  );
  if (!holder?.source) return [];
  const key = `${value.parent?.name ?? ''}.${value.name ?? ''} in ${holder.key}`;
  return [{ secret: holder.source, entry: { key, value, isEncoded: false, text: value.string }, user }];
}

/** The variables that a step puts where a value stands; none if the value is written out or anything else happens to it. */
function valueVariables(file: EffectiveFile | undefined, value: Value | undefined): readonly EnvironmentVariable[] {
  return file && value?.exists ? variablesIn(file, value) : [];
}

function variablesIn(file: EffectiveFile, at: Span | Value): readonly EnvironmentVariable[] {
  const resolved = file.resolve(at);
  return resolved.kind === 'replaced' && resolved.variables.length === 1
    ? resolved.variables.flatMap(({ definition }) => definition ?? [])
    : [];
}

function directiveVariables(file: EffectiveFile, directive: string): readonly EnvironmentVariable[] {
  return [...file.content.text.matchAll(new RegExp(`^[ \\t]*${directive}[ \\t]*["']?([^"'\\s]+)`, 'gim'))].flatMap(
    match => {
      const end = match.index + match[0].length;
      const resolved = file.resolve({ start: end - (match[1] ?? '').length, end });
      return resolved.kind === 'replaced' && resolved.variables.length === 1
        ? resolved.variables.flatMap(({ definition }) => definition ?? [])
        : [];
    },
  );
}

/** The variables that an option of the program gets: by the kubelet, by a shell, or by the entrypoint of coturn's image. */
function argumentVariables(workspace: Workspace, resource: Resource, option: string): readonly EnvironmentVariable[] {
  const found: EnvironmentVariable[] = [];
  for (const program of ['redis', 'coturn'] as const) {
    const container = configurationOf(workspace, resource, program)?.container;
    if (!container) continue;
    const words = [...container.value.at('command').scalars(), ...container.value.at('args').scalars()]
      .map(word => word.text ?? '')
      .join(' ');
    const script = scriptOf(workspace, resource, container)?.text.text;
    const isEvaluated = program === 'coturn' && !container.value.at('command').exists;
    const expanded = isEvaluated ? words : script === undefined ? '' : maskComments(script, 'shell');
    const { variables } = environmentOf(workspace, resource, container);
    for (const [, name = ''] of [
      ...words.matchAll(new RegExp(`${option}[= ]?\\$\\((\\w+)\\)`, 'g')),
      ...expanded.matchAll(new RegExp(`${option}(?:=|[ \\t]+|[ \\t]*\\\\\\n[ \\t]*)"?\\$\\{?(\\w+)`, 'g')),
    ])
      found.push(...[variables.get(name)].flatMap(one => one ?? []));
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
export function leadsTo(workspace: Workspace, from: Resource, host: string | undefined, to: Resource): boolean {
  const [name = '', namespace] = host?.split('.') ?? [];
  const service = findService(workspace, namespace ?? from.namespace, name);
  if (!service) return false;
  // A Service may select a single pod by the label that its StatefulSet puts on it.
  const pods = service.selector
    ? selectPods(workspace, service.namespace, service.selector).pods
    : podsBehind(workspace, service);
  const owners = pods.map(one => one.owner);
  return (
    owners.includes(to) ||
    (!isLi(workspace, to) &&
      owners.length > 0 &&
      owners.every(owner => workloads(workspace, 'haproxy').includes(owner)) &&
      redisMains(workspace).length === 1)
  );
}

/** The Service of a pod's name such as `redis-0.redis-headless.matrix.svc`. */
function podlessHost(host: string | undefined): string | undefined {
  return host?.replace(/^[\w-]+-\d+\.(?=[\w-]+\.[\w-]+\.svc\b|[\w-]+$)/, '');
}

function unique(all: readonly GroupMember[]): readonly GroupMember[] {
  return all.filter(
    (one, index) => all.findIndex(other => other.secret === one.secret && other.entry.key === one.entry.key) === index,
  );
}
