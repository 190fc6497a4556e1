import { endOfLine, startOfLine } from '../../manifests/lines';
import { table } from '../../manifests/table';
import type { Workspace } from '../../manifests/workspace';
import { type HaproxySection, readHaproxy } from '../text/haproxy';
import { haproxyWords } from '../text/haproxy-words';
import { type Candidate, distinct, type TextCompletion } from './candidate';
import {
  haproxyArguments,
  haproxyFetches,
  haproxyKeywords,
  haproxySections,
  predefinedAcls,
  serverOptions,
} from './haproxy-keywords';
import { hostCandidates } from './hosts';

/** Whether a text is a configuration of HAProxy, by the name of its file and its sections. */
export function isHaproxyConfig(name: string, text: string): boolean {
  return /haproxy/.test(name)
    ? /\.cfg$/.test(name)
    : /\.cfg$/.test(name) && /^(?:global|defaults|frontend|backend|listen)\b/m.test(text);
}

/** Completes a line of haproxy.cfg. Undefined in comments and quotes. */
export function haproxyAt(
  workspace: Workspace,
  namespace: string | undefined,
  text: string,
  offset: number,
): TextCompletion | undefined {
  const start = startOfLine(text, offset);
  const before = text.slice(start, offset);
  const line = [...haproxyWords(before)][0] ?? [];
  const last = line.at(-1);
  // A comment ends the words before the end of the text.
  if (/(?:^|\s)#/.test(before.slice(last?.span.end ?? 0)) || last?.quoted) return undefined;
  const isInWord = last !== undefined && last.span.end === before.length && !/\s$/.test(before);
  const words = (isInWord ? line.slice(0, -1) : line).map(word => word.value);
  const from = isInWord ? start + last.span.start : offset;
  const to = offset + (/^[^\s#]*/.exec(text.slice(offset, offset + 300))?.[0].length ?? 0);
  // The line that is being typed is left out, so that half a section or directive does not count.
  const end = endOfLine(text, offset);
  const { sections } = readHaproxy(text.slice(0, start) + ' '.repeat(end - start) + text.slice(end));
  const header = sections.findLast(one => one.span.start < start);
  const section = sections.find(one => one.span.start === header?.span.start);
  const candidates = wordsFor(workspace, namespace, sections, section, words, before);
  // Of `option httplog` the first word may stand already: then both are one choice.
  return { candidates, span: { start: from, end: to } };
}

function wordsFor(
  workspace: Workspace,
  namespace: string | undefined,
  sections: readonly HaproxySection[],
  section: HaproxySection | undefined,
  words: readonly string[],
  before: string,
): readonly Candidate[] {
  const [first = ''] = words;
  const kind = section?.kind ?? '';
  if (words.length === 0) {
    const isIndented = /^\s/.test(before);
    return [
      ...directives(kind).map(one => ({ ...one, rank: isIndented ? (one.rank ?? 1) : (2 as const) })),
      ...sectionNames(isIndented),
    ];
  }
  if (haproxySections.some(([name]) => name === first))
    return words.at(-1) === 'from'
      ? sections.flatMap(one => (one.kind === 'defaults' && one.name ? [named(one.name.value, 'defaults')] : []))
      : [];
  const condition = words.findLastIndex(word => word === 'if' || word === 'unless');
  if (condition > 0 && first !== 'acl' && first !== 'server') return conditions(section);
  const previous = words.at(-1);
  switch (first) {
    case 'use_backend':
      return words.length === 1 ? backends(sections) : conditionWords;
    case 'default_backend':
      return words.length === 1 ? backends(sections) : [];
    case 'acl':
      return words.length === 2
        ? pairs(haproxyFetches, 'value')
        : words.length === 1
          ? [...new Set(section?.acls.map(one => one.name.value))].map(name => named(name, 'acl of this section'))
          : [];
    case 'server':
    case 'server-template': {
      const address = first === 'server' ? 2 : 3;
      if (words.length === address)
        return hostCandidates(workspace, namespace, {
          ...(/synapse|worker/.test(section?.name?.value ?? '') ? { wanted: 'synapse' as const } : {}),
          withPorts: true,
          preferHeadless: first === 'server-template',
        });
      return words.length > address ? serverWords(sections, previous, words) : [];
    }
    case 'default-server':
      return serverWords(sections, previous, words);
    case 'nameserver':
      return words.length === 2 ? nameservers(workspace) : [];
    case 'http-check':
    case 'http-request':
    case 'http-response':
    case 'http-after-response':
    case 'tcp-request':
    case 'tcp-check':
    case 'option':
    case 'timeout':
    case 'stats':
    case 'hold':
    case 'stick':
    case 'monitor':
      if (words.length === 1) return secondWords(kind, first);
      return words[1] === 'use-service' && words.length === 2
        ? [named('prometheus-exporter', 'serves metrics')]
        : (first.endsWith('request') || first.endsWith('response')) &&
            words.length >= 2 + (headerActions[words[1] ?? ''] ?? 0)
          ? conditionWords
          : [];
    default:
      return words.length === 1 ? (haproxyArguments[first] ?? []).map(label => ({ label, kind: 'enum', rank: 0 })) : [];
  }
}

function directives(kind: string): readonly Candidate[] {
  return distinct(
    haproxyKeywords(kind).map(({ keyword, sentence }) => ({
      label: keyword,
      kind: 'directive',
      documentation: sentence,
      rank: keyword.includes(' ') ? 1 : 0,
    })),
  );
}

function secondWords(kind: string, first: string): readonly Candidate[] {
  return haproxyKeywords(kind).flatMap(({ keyword, sentence }) =>
    keyword.startsWith(`${first} `)
      ? [
          {
            label: keyword.slice(first.length + 1),
            kind: 'directive' as const,
            documentation: sentence,
            rank: 0 as const,
          },
        ]
      : [],
  );
}

function sectionNames(isIndented: boolean): readonly Candidate[] {
  return haproxySections.map(([label, documentation]) => ({
    label,
    kind: 'section',
    documentation,
    rank: isIndented ? 3 : 0,
  }));
}

function backends(sections: readonly HaproxySection[]): readonly Candidate[] {
  return distinct(
    sections.flatMap(({ kind, name, servers }) =>
      (kind === 'backend' || kind === 'listen') && name
        ? [
            {
              label: name.value,
              kind: 'name' as const,
              detail: `${kind} with ${servers.length} ${servers.length === 1 ? 'server line' : 'server lines'}`,
              rank: 0 as const,
            },
          ]
        : [],
    ),
  );
}

const conditionWords: readonly Candidate[] = [
  { label: 'if', kind: 'directive', documentation: 'Only when these conditions hold.', rank: 0 },
  { label: 'unless', kind: 'directive', documentation: 'Only when these conditions do not hold.', rank: 0 },
];

function conditions(section: HaproxySection | undefined): readonly Candidate[] {
  const acls = [...(section?.acls ?? []), ...(section?.defaults?.acls ?? [])];
  return distinct([
    ...acls.map(acl => ({
      label: acl.name.value,
      kind: 'name' as const,
      detail: testOf(acl),
      rank: 0 as const,
    })),
    ...acls.map(acl => ({
      label: `!${acl.name.value}`,
      kind: 'name' as const,
      detail: 'if it does not hold',
      rank: 2 as const,
    })),
    { label: 'or', kind: 'directive', detail: 'either of both', rank: 1 },
    ...predefinedAcls.map(label => ({ label, kind: 'name' as const, detail: 'predefined', rank: 3 as const })),
  ]);
}

/** What an acl tests. Values of other headers may be tokens, which no list shows. */
function testOf({ criterion, values }: HaproxySection['acls'][number]): string {
  const test = criterion?.word.value ?? '';
  return /^(?:path|method|src|url|hdr(?:_\w+)?\(host)/.test(test)
    ? [test, ...values.map(one => one.value)].join(' ').slice(0, 60)
    : test;
}

function serverWords(
  sections: readonly HaproxySection[],
  previous: string | undefined,
  words: readonly string[],
): readonly Candidate[] {
  switch (previous) {
    case 'resolvers':
      return sections.flatMap(one =>
        one.kind === 'resolvers' && one.name ? [named(one.name.value, 'resolvers')] : [],
      );
    case 'init-addr':
      return [
        named('last,libc,none', 'starts in any case'),
        named('none', 'resolves only while it runs'),
        named('libc,none', 'tries at start'),
      ];
    case 'verify':
      return [named('required', 'verified'), named('none', 'not verified')];
    case 'resolve-prefer':
      return [named('ipv4', ''), named('ipv6', '')];
    case 'on-marked-down':
      return [named('shutdown-sessions', 'ends its connections')];
    case 'on-marked-up':
      return [named('shutdown-backup-sessions', 'ends those of backup servers')];
    default:
      return previous !== undefined && takesValue.has(previous)
        ? []
        : pairs(serverOptions, 'value').filter(one => !words.includes(one.label));
  }
}

/** Options of a server that a free value follows (HAProxy 3.2 configuration manual, 5.2). */
const takesValue: ReadonlySet<string> = new Set(
  'inter fastinter downinter rise fall port addr weight maxconn minconn maxqueue slowstart cookie observe error-limit id agent-port agent-inter ca-file crt sni alpn source resolve-net'.split(
    ' ',
  ),
);

/** Actions on headers, with the number of words that they need before a condition may follow. */
const headerActions = table<number>({
  'set-header': 2,
  'add-header': 2,
  'replace-header': 3,
  'replace-value': 3,
  'del-header': 1,
  'set-path': 1,
  'set-uri': 1,
});

/** The DNS Service of the cluster, which usual installations call kube-dns (Kubernetes: Customizing DNS Service). */
function nameservers(workspace: Workspace): readonly Candidate[] {
  const own = hostCandidates(workspace, 'kube-system', { usualPort: 53, withPorts: true }).filter(one =>
    one.label.endsWith(':53'),
  );
  return distinct([
    ...own,
    { label: 'kube-dns.kube-system.svc.cluster.local:53', kind: 'host', detail: 'DNS of the cluster', rank: 0 },
  ]);
}

function named(label: string, detail: string): Candidate {
  return { label, kind: 'name', rank: 0, ...(detail === '' ? {} : { detail }) };
}

function pairs(list: readonly (readonly [string, string])[], kind: 'value'): readonly Candidate[] {
  return list.map(([label, documentation]) => ({ label, kind, documentation, rank: 1 }));
}
