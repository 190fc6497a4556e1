import { shellBlocks } from '../../analysis/commands';
import { nearest } from '../../analysis/nearest';
import { allRoutes } from '../../analysis/routes';
import { mainProcesses } from '../../analysis/synapse';
import { areComparable } from '../../analysis/text/comparable-hosts';
import type { Place } from '../../manifests/span';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Problem } from '../rule';

/** Public hosts that commands of scripts and runbooks ask, and that are nearly one of the tree's. */
export function* unknownPublicHosts(workspace: Workspace): Iterable<Problem> {
  const asked = workspace.lookup(askedHosts, '');
  if (asked.length === 0) return;
  const known = publicHosts(workspace);
  for (const { host, at } of asked) {
    if (known.has(host) || [...known].some(one => one.startsWith('*.') && host.endsWith(one.slice(1)))) continue;
    const meant = nearest(
      host,
      [...known].filter(one => areComparable(host, one)),
    );
    if (meant === undefined) continue;
    yield {
      at,
      message: `Nothing of the tree answers for ${host} — did you mean ${meant}?`,
      fixes: () => [{ title: `Write ${meant}`, safe: false, edits: [{ at, newText: meant }] }],
    };
  }
}

/** The hosts of Ingresses and other routes, and those that Synapse tells others. */
function publicHosts(workspace: Workspace): ReadonlySet<string> {
  // A host may stand in an Ingress without a path of its own.
  const written = workspace.resources('Ingress').flatMap(({ root }) => {
    const [rules, tls] = [root.at('spec', 'rules').items(), root.at('spec', 'tls').items()];
    return [...rules.map(rule => rule.at('host')), ...tls.flatMap(one => one.at('hosts').items())].map(
      host => host.text,
    );
  });
  const routed = allRoutes(workspace).map(({ host }) => host);
  const ofSynapse = mainProcesses(workspace).flatMap(({ homeserver }) => [
    homeserver?.at('server_name').text,
    /^https?:\/\/([a-z0-9.-]+)/.exec(homeserver?.at('public_baseurl').text ?? '')?.[1],
  ]);
  return new Set(
    [...written, ...routed, ...ofSynapse].flatMap(host => (host && host !== '*' ? host.toLowerCase() : [])),
  );
}

interface AskedHost {
  readonly host: string;
  readonly at: Place;
}

const askedHosts: Index<AskedHost> = {
  name: 'public hosts in commands',
  *textFile({ path, text, uri }) {
    const isMarkdown = /\.md$/i.test(path);
    if (!(isMarkdown || /\.sh$/i.test(path)) || !/\b(?:curl|wget)\b/.test(text)) return;
    for (const block of isMarkdown ? shellBlocks(text) : [{ text, offset: 0 }])
      for (const match of block.text.matchAll(
        /^(?![ \t]*#).*?\b(?:curl|wget)\b[^\n|;&]*?https?:\/\/([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?=[/:"'\s]|$)/gm,
      )) {
        const [whole, host = ''] = match;
        if (/\.svc(?:\.|$)|\.local$|^[\d.]+$/.test(host)) continue;
        const start = block.offset + match.index + whole.length - host.length;
        yield ['', { host, at: { uri, span: { start, end: start + host.length } } }];
      }
  },
};
