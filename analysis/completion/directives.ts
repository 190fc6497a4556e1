import { endOfLine, startOfLine } from '../../manifests/lines';
import type { Workspace } from '../../manifests/workspace';
import type { Family } from '../roles';
import { type Candidate, distinct, type TextCompletion } from './candidate';
import { argumentsOf, type Directive } from './directive-table';
import { hostCandidates, portsOfFamily, portsOfHost } from './hosts';
import { optionFiles } from './mounted-files';
import { publicNames } from './public-names';
import { redisDirectives, sentinelDirectives, sentinelOptions } from './redis-options';
import { sentinelMasters } from './sentinel-masters';
import { turnserverOptions } from './turnserver-options';

/** A configuration with one directive on each line, in which something is typed. */
export interface DirectiveText {
  readonly workspace: Workspace;
  readonly namespace: string | undefined;
  readonly text: string;
  readonly offset: number;
}

/** Completes redis.conf. Undefined in comments. */
export function redisAt(config: DirectiveText): TextCompletion | undefined {
  const line = lineAt(config);
  if (!line) return undefined;
  const [name = '', ...args] = line.words;
  if (line.words.length === 0) return { candidates: names(redisDirectives(), line.others), span: line.span };
  const directive = redisDirectives().find(one => one.name === name.toLowerCase());
  return { candidates: directive ? argumentAt(config, line, directive, args, 'redis') : [], span: line.span };
}

/** Completes sentinel.conf. Undefined in comments. */
export function sentinelAt(config: DirectiveText): TextCompletion | undefined {
  const line = lineAt(config);
  if (!line) return undefined;
  const { words, span } = line;
  const [name = '', option = '', ...args] = words;
  if (words.length === 0) {
    const own = redisDirectives().filter(one => sentinelDirectives.has(one.name));
    const sentinel = {
      name: 'sentinel',
      args: [],
      sentence: 'A setting of Sentinel: which master it watches, and how.',
    };
    return { candidates: [...names([sentinel], []), ...names(own, line.others)], span };
  }
  if (name.toLowerCase() !== 'sentinel') return redisAt(config);
  if (words.length === 1) return { candidates: names(sentinelOptions(), []), span };
  const directive = sentinelOptions().find(one => one.name === option.toLowerCase());
  return { candidates: directive ? argumentAt(config, line, directive, args, 'redis') : [], span };
}

/** Completes turnserver.conf. Undefined in comments. */
export function turnserverAt(config: DirectiveText): TextCompletion | undefined {
  const line = lineAt(config, /[ \t=]/);
  if (!line) return undefined;
  const [name] = line.words;
  if (name === undefined) {
    const repeated = new Set(['denied-peer-ip', 'allowed-peer-ip', 'user', 'listening-ip', 'relay-ip', 'external-ip']);
    const present = line.others.filter(one => !repeated.has(one));
    return {
      candidates: names(turnserverOptions(), present).map(one => ({
        ...one,
        ...(takesValue.has(one.label) && !line.hasMore ? { text: `${one.label}=` } : {}),
      })),
      span: line.span,
    };
  }
  const option = turnserverOptions().find(one => one.name === name);
  return { candidates: option ? argumentAt(config, line, option, [], 'coturn') : [], span: line.span };
}

const takesValue: ReadonlySet<string> = new Set(
  turnserverOptions().flatMap(({ name, args }) => (args.length > 0 && name !== 'stale-nonce' ? [name] : [])),
);

interface Line {
  /** The words before the one that is typed. */
  readonly words: readonly string[];
  /** The word that is typed. */
  readonly span: { readonly start: number; readonly end: number };
  /** The other lines. */
  readonly rest: string;
  /** What they begin with. */
  readonly others: readonly string[];
  /** Whether anything stands behind the word. */
  readonly hasMore: boolean;
}

function lineAt({ text, offset }: DirectiveText, separator = /[ \t]/): Line | undefined {
  const start = startOfLine(text, offset);
  const end = endOfLine(text, offset);
  const before = text.slice(start, offset);
  if (/^\s*#/.test(before)) return undefined;
  const parts = before.split(separator);
  const typed = parts.at(-1) ?? '';
  const from = offset - typed.replace(/^["']/, '').length;
  const more = /^[^\s"'=]*/.exec(text.slice(offset, end))?.[0].length ?? 0;
  const rest = text.slice(0, start) + text.slice(end);
  const others = rest.split('\n').flatMap(line => /^\s*([^\s#=][^\s=]*)/.exec(line)?.[1]?.toLowerCase() ?? []);
  return {
    words: parts.slice(0, -1).flatMap(one => (one === '' ? [] : [one.replace(/^["']|["']$/g, '')])),
    span: { start: from, end: offset + more },
    rest,
    others,
    hasMore: text.slice(offset + more, end).trim() !== '',
  };
}

function names(directives: readonly Directive[], present: readonly string[]): readonly Candidate[] {
  const taken = new Set(present);
  return directives.map(one => {
    const takes = argumentsOf(one);
    return {
      label: one.name,
      kind: 'directive',
      documentation: one.sentence,
      ...(takes === '' ? {} : { detail: takes.slice(0, 60) }),
      rank: taken.has(one.name) ? 2 : 1,
    };
  });
}

function argumentAt(
  { workspace, namespace }: DirectiveText,
  line: Line,
  { args }: Directive,
  before: readonly string[],
  family: Family,
): readonly Candidate[] {
  const argument = args[before.length];
  switch (argument) {
    case undefined:
      return [];
    case 'HOST':
      return hostCandidates(workspace, namespace, { wanted: family, usualPort: 6379 });
    case 'PORT': {
      const ports = portsOfHost(workspace, namespace, before.at(-1));
      return ports.length > 0 ? ports : portsOfFamily(workspace, family);
    }
    case 'MASTER':
      return sentinelMasters(workspace, line.rest);
    case 'DOMAIN':
      return publicNames(workspace);
    case 'SECRETFILE':
      return optionFiles(workspace, namespace, family);
    default:
      return argument.includes('|')
        ? distinct(
            argument
              .split('|')
              .filter(word => word !== 'PATH')
              .map(label => ({ label, kind: 'enum', rank: 0 })),
          )
        : [];
  }
}
