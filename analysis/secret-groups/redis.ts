import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { configurationOf, parsed } from '../configs';
import type { EnvironmentVariable } from '../environment';
import { homeserverOf } from '../homeserver';
import { leadsTo } from '../leads-to';
import { synapseLis, synapseMains, synapseWorkers, workloads } from '../roles';
import { readRedisConf, sentinelMonitors, sentinelSettings } from '../text/redis-conf';
import { type GroupMember, members, type SecretGroup, valueMembers } from './members';
import { argumentVariables, directiveVariables, variablesIn } from './variables';

/** Redis asks for what its own pods were given; Synapse and LiveKit present theirs. One group for each Redis. */
export function redisGroups(workspace: Workspace): readonly SecretGroup[] {
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

/** The Service of a pod's name such as `redis-0.redis-headless.matrix.svc`. */
function podlessHost(host: string | undefined): string | undefined {
  return host?.replace(/^[\w-]+-\d+\.(?=[\w-]+\.[\w-]+\.svc\b|[\w-]+$)/, '');
}
