import type { Workspace } from '../../manifests/workspace';
import { defaultPort } from '../flows/address';
import { type Candidate, distinct, type TextCompletion } from './candidate';
import { hostCandidates } from './hosts';
import { publicNames } from './public-names';

/** The host and port of a URL that is being typed, in any text. Undefined where no scheme stands before the cursor. */
export function urlHostsAt(
  workspace: Workspace,
  namespace: string | undefined,
  text: string,
  offset: number,
  ownPorts: readonly Candidate[] = [],
): TextCompletion | undefined {
  const match = /\b(?:([a-z][a-z0-9+.-]*):\/\/(?:[^\s/@'"]*@)?|(turns?|stuns?):)([\w.-]*(?::\d*)?)$/i.exec(
    text.slice(Math.max(0, offset - 300), offset),
  );
  if (!match || (match[1] !== undefined && !networkSchemes.test(match[1]))) return undefined;
  const typed = match[3] ?? '';
  const rest = /^[\w.:-]*/.exec(text.slice(offset, offset + 300))?.[0].length ?? 0;
  return {
    candidates: distinct([
      ...ownPorts.map(one => ({ ...one, label: `localhost:${one.label}`, rank: 1 as const })),
      ...urlHosts(workspace, namespace, match[1] ?? match[2] ?? ''),
    ]),
    span: { start: offset - typed.length, end: offset + rest },
  };
}

/** Schemes of addresses in a network: `file:` and the like name no host. */
const networkSchemes =
  /^(?:https?|wss?|rediss?|postgres(?:ql)?|amqps?|tcp|udp|tls|grpcs?|nats|mongodb|mysql|ldaps?|smtps?)$/i;

/** What may stand behind a scheme: Services with their ports, and for the web the names that the tree is reached by. */
export function urlHosts(workspace: Workspace, namespace: string | undefined, scheme: string): readonly Candidate[] {
  const usual = defaultPort(scheme);
  const hosts = hostCandidates(workspace, namespace, {
    withPorts: true,
    ...(usual === undefined ? {} : { usualPort: usual }),
  });
  // The usual port of a scheme is left out.
  const short = hosts.flatMap(one =>
    usual !== undefined && one.label.endsWith(`:${usual}`)
      ? [{ ...one, label: one.label.slice(0, -`:${usual}`.length) }]
      : [],
  );
  const names = /^(?:https|wss|turns?|stuns?)$/i.test(scheme) ? publicNames(workspace) : [];
  return distinct([...names, ...short, ...hosts]);
}
