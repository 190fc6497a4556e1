import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { configurationOf, parsed } from '../configs';
import { homeserverOf } from '../homeserver';
import { leadsTo } from '../leads-to';
import { synapseLis, synapseMains, synapseWorkers, workloads } from '../roles';
import { readRedisConf, sentinelMonitors, sentinelSettings } from '../text/redis-conf';
import { type GroupMember, members, type SecretGroup, valueMembers } from './members';
import { argumentVariables, directiveVariables, variablesIn } from './variables';

/** Redis asks for what its own pods were given; Synapse and LiveKit present theirs. One group for each Redis. */
export function redisGroups(workspace: Workspace): readonly SecretGroup[] {
  const redises = workloads(workspace, 'redis');
  if (redises.length === 0) return [];
  const clients = [
    ...[...new Set([...redises, ...workloads(workspace, 'sentinel')])].flatMap(one => sentinelLogins(workspace, one)),
    ...[...synapseMains(workspace), ...synapseWorkers(workspace), ...synapseLis(workspace)].map(one =>
      workspace.derive(synapseLogin, one),
    ),
    ...workloads(workspace, 'livekit').flatMap(one => livekitLogins(workspace, one)),
  ];
  return redises.map(redis => {
    const own = configurationOf(workspace, redis, 'redis');
    const asked = own
      ? [
          ...argumentVariables(workspace, redis, '--(?:requirepass|masterauth)'),
          ...own.files.flatMap(file => directiveVariables(file, '(?:requirepass|masterauth)')),
        ]
      : [];
    const presented = clients.filter(({ from, hosts }) => hosts.some(host => leadsTo(workspace, from, host, redis)));
    return {
      id: `redis-password ${redis.name}`,
      title: `the password of ${redis.title}`,
      members: [...members(workspace, redis, 'Redis', asked), ...presented.flatMap(one => one.members)],
    };
  });
}

/** What somebody presents to the Redis behind any of some hosts. */
interface Login {
  readonly from: Resource;
  readonly hosts: readonly (string | undefined)[];
  readonly members: readonly GroupMember[];
}

function synapseLogin(from: Resource, workspace: Workspace): Login {
  const homeserver = homeserverOf(workspace, from);
  return {
    from,
    hosts: [homeserver?.at('redis', 'host').text],
    members: valueMembers(
      workspace,
      from,
      'Synapse',
      homeserver?.layer('redis').file,
      homeserver?.at('redis', 'password'),
    ),
  };
}

function livekitLogins(workspace: Workspace, from: Resource): readonly Login[] {
  return (configurationOf(workspace, from, 'livekit')?.files ?? []).map(file => {
    const redis = parsed(file).root.at('redis');
    const addresses = [redis.at('address'), ...redis.at('sentinel_addresses').items()];
    return {
      from,
      hosts: addresses.map(address => podlessHost(address.text?.replace(/:\d+$/, ''))),
      members: valueMembers(workspace, from, 'LiveKit', file, redis.at('password')),
    };
  });
}

/** What the Sentinels of a workload log in with to each master that they watch. */
function sentinelLogins(workspace: Workspace, from: Resource): readonly Login[] {
  return (configurationOf(workspace, from, 'sentinel')?.files ?? []).flatMap(file => {
    const directives = readRedisConf(file.content.text);
    const monitors = sentinelMonitors(directives);
    return sentinelSettings(directives, 'auth-pass').flatMap(({ master, values: [password] }) => {
      if (!password) return [];
      const watched = monitors.filter(monitor => monitor.master.value === master?.value);
      return [
        {
          from,
          hosts: watched.map(({ host }) => podlessHost(host?.value)),
          members: members(workspace, from, 'Sentinel', variablesIn(file, password.span)),
        },
      ];
    });
  });
}

/** The Service of a pod's name such as `redis-0.redis-headless.matrix.svc`. */
function podlessHost(host: string | undefined): string | undefined {
  return host?.replace(/^[\w-]+-\d+\.(?=[\w-]+\.[\w-]+\.svc\b|[\w-]+$)/, '');
}
