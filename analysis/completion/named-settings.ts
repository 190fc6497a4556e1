import type { Workspace } from '../../manifests/workspace';
import { portOfName } from '../flows/address';
import { servicesIn } from '../services';
import type { Candidate } from './candidate';
import { hostCandidates, portsOfHost } from './hosts';

/**
 * Hosts and ports for a setting that is named after one: `DB_HOST`, `redis_host`, `MAIN_DB_PORT`. `settingOf` tells the
 * setting of another name beside it. Undefined for other names.
 */
export function candidatesByName(
  workspace: Workspace,
  namespace: string | undefined,
  name: string,
  settingOf: (name: string) => string | undefined,
): readonly Candidate[] | undefined {
  const usualPort = portOfName(name);
  const fitting = usualPort === undefined ? {} : { usualPort };
  if (/(?:^|[_.-])(?:host|hostname|server)$/i.test(name)) return hostCandidates(workspace, namespace, fitting);
  if (/(?:^|[_.-])(?:addr|address|endpoint)$/i.test(name))
    return hostCandidates(workspace, namespace, { ...fitting, withPorts: true });
  if (!/(?:^|[_.-])port$/i.test(name)) return undefined;
  const host = settingOf(name.replace(/port$/, 'host').replace(/PORT$/, 'HOST').replace(/Port$/, 'Host'));
  const ports = portsOfHost(workspace, namespace, host);
  // Where the host is not known, the name alone may tell which Services are meant.
  const isUsed =
    usualPort !== undefined && servicesIn(workspace).some(one => one.ports.some(({ port }) => port === usualPort));
  return ports.length > 0 || !isUsed
    ? ports
    : [{ label: String(usualPort), kind: 'port', detail: 'usual port', isBare: true, rank: 0 }];
}
