import type { SourceFile } from '../../manifests/file';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { judgeFlow } from '../flows';
import { addressesOf } from '../flows/addresses';
import { podPorts, resolveHost } from '../flows/destinations';
import { podsIn, podsOf } from '../pods';
import { few } from '../wording';
import { bullets, code, titleOf } from './markdown';
import { holds } from './placeholder';

/**
 * Who reads the host at an offset of a configuration, and whether the NetworkPolicies let them connect. Undefined where
 * no workload of the tree is seen to connect to it.
 */
export function connectionText(workspace: Workspace, file: SourceFile, offset: number): string | undefined {
  const answers = new Map<string, Set<Resource>>();
  for (const resource of new Set(podsIn(workspace).map(({ owner }) => owner))) {
    const [from] = podsOf(resource);
    for (const { host, port, protocol, at, connects } of from ? addressesOf(workspace, resource) : []) {
      if (!from || !connects || port === undefined || !holds(at, file, offset)) continue;
      const ends = podPorts(resolveHost(workspace, resource.namespace, host), port);
      const results = ends
        .filter(({ pods }) => pods !== from)
        .map(end => judgeFlow(workspace, from, end.pods, end.port, protocol).result);
      if (results.length === 0) continue;
      const denied = results.filter(result => result === 'denied').length;
      const answer =
        denied === results.length
          ? 'may not connect: a NetworkPolicy blocks it'
          : denied > 0
            ? 'may reach some pods only'
            : 'may connect';
      const line = `${answer} (port ${port})`;
      answers.set(line, (answers.get(line) ?? new Set()).add(resource));
    }
  }
  if (answers.size === 0) return undefined;
  return bullets([...answers].map(([answer, who]) => `${few([...who].map(titleOf), 5)} ${answer}`));
}

/** A host that is no Service of the tree. */
export function unknownHostText(name: string): string {
  return `No Service of the tree is called ${code(name)}.`;
}
