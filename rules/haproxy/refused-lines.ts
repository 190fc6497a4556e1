import { haproxyKeywords } from '../../analysis/completion/haproxy-keywords';
import { type Haproxy, type HaproxyPart, podPortsOf } from '../../analysis/haproxy-config';
import { imageTag, programOf } from '../../analysis/images';
import { editDistance } from '../../analysis/nearest';
import { podTemplate } from '../../analysis/pods';
import { effectiveDirectives, type HaproxyDirective, modeOf } from '../../analysis/text/haproxy';
import type { HaproxyWord } from '../../analysis/text/haproxy-words';
import type { Place } from '../../manifests/span';
import { table } from '../../manifests/table';
import type { Workspace } from '../../manifests/workspace';
import type { Problem } from '../rule';
import { plainHttpAt } from '../services/plain-http';
import { replaceText } from './text-edits';

/** Keywords that HAProxy had once, with the version that refuses them (announcements of 2.1, 2.5 and 3.3). */
const gone = table<readonly [version: number, instead: string]>({
  nbproc: [2.5, 'drop it, threads do the work'],
  'bind-process': [2.5, 'drop it'],
  reqadd: [2.1, 'write http-request add-header'],
  reqdel: [2.1, 'write http-request del-header'],
  reqideny: [2.1, 'write http-request deny'],
  reqdeny: [2.1, 'write http-request deny'],
  reqrep: [2.1, 'write http-request replace-path or replace-header'],
  reqirep: [2.1, 'write http-request replace-path or replace-header'],
  reqset: [2.1, 'write http-request set-header'],
  rspadd: [2.1, 'write http-response add-header'],
  rspdel: [2.1, 'write http-response del-header'],
  rspidel: [2.1, 'write http-response del-header'],
  rsprep: [2.1, 'write http-response replace-header'],
  rspirep: [2.1, 'write http-response replace-header'],
  clitimeout: [2.1, 'write timeout client'],
  srvtimeout: [2.1, 'write timeout server'],
  contimeout: [2.1, 'write timeout connect'],
  redispatch: [2.1, 'write option redispatch'],
  'option forceclose': [2.0, 'write option httpclose'],
});

/** Words that are no keyword of any version of HAProxy, but nearly one. */
export function* unknownKeywords(part: HaproxyPart, image: string): Iterable<Problem> {
  const { section } = part;
  const known = haproxyKeywords(section.kind).map(({ keyword }) => keyword);
  const version = Number(/^(\d+\.\d+)/.exec(imageTag(image) ?? '')?.[1] ?? Number.NaN);
  for (const { keyword, words, negated } of section.directives) {
    const own = negated ? words.slice(1) : words;
    const [first, second] = own;
    if (!first || /[$%"{]/.test(first.value) || part.file.resolve(first.span).kind !== 'left') continue;
    const old = gone[keyword] ?? gone[first.value];
    if (old && (Number.isNaN(version) ? 3 : version) >= old[0]) {
      yield {
        at: part.place(first.span),
        message: `HAProxy ${old[0]} and later do not know ${keyword}, so HAProxy does not start — ${old[1]}.`,
      };
      continue;
    }
    if (known.length === 0 || known.some(one => one === keyword || one === first.value)) continue;
    const isFamily = known.some(one => one.startsWith(`${first.value} `));
    if (isFamily) {
      const near =
        first.value === 'option' && second
          ? close(
              keyword,
              known.filter(one => one.startsWith('option ')),
            )
          : undefined;
      if (near !== undefined && second) yield misspelt(part, second, keyword, near.slice('option '.length));
      continue;
    }
    const near = close(first.value, [...new Set(known.map(one => one.split(' ')[0] ?? ''))]);
    if (near !== undefined) yield misspelt(part, first, first.value, near);
  }
}

function misspelt(part: HaproxyPart, word: HaproxyWord, written: string, meant: string): Problem {
  return {
    at: part.place(word.span),
    message: `HAProxy knows no ${written}, so it does not start — did you mean ${meant}?`,
    fixes: () => [{ title: `Write ${meant}`, safe: false, edits: [replaceText(part, word.span, meant)] }],
  };
}

/** What one letter, or two that changed places, make of a keyword; short words have too many neighbours. */
function close(word: string, known: readonly string[]): string | undefined {
  if (word.length < 4) return undefined;
  const sorted = (text: string): string => [...text].sort().join('');
  const near = known.filter(
    one =>
      one.length > 3 &&
      (editDistance(word, one, 2) === 1 ||
        (one.length === word.length && sorted(one) === sorted(word) && editDistance(word, one, 3) === 2)),
  );
  return near.length === 1 ? near[0] : undefined;
}

/** Two sections or servers of one name (HAProxy src/cfgparse-listen.c; src/cfgparse.c, "was already defined at line"). */
export function* sameNames({ parts }: Haproxy): Iterable<Problem> {
  const sections = new Map<string, HaproxyPart>();
  for (const part of parts) {
    const { kind, name } = part.section;
    if (!name || !['frontend', 'backend', 'listen'].includes(kind)) continue;
    for (const role of kind === 'listen' ? ['frontend', 'backend'] : [kind]) {
      const other = sections.get(`${role} ${name.value}`);
      if (other && other !== part) {
        yield {
          at: part.place(name.span),
          message: `There are two sections ${name.value}, so HAProxy does not start — rename or delete one.`,
          related: [{ at: other.place(other.section.span), message: 'The other one' }],
        };
        break;
      }
      sections.set(`${role} ${name.value}`, part);
    }
    const servers = new Map<string, Place>();
    for (const server of part.section.servers) {
      if (server.count !== undefined) continue;
      const other = servers.get(server.name.value);
      if (other)
        yield {
          at: part.place(server.name.span),
          message: `${kind} ${name.value} has two servers ${server.name.value}, so HAProxy does not start — rename one.`,
          related: [{ at: other, message: 'The other one' }],
        };
      servers.set(server.name.value, part.place(server.name.span));
    }
  }
}

/** What only root may do, or wants a folder that the official image does not have. */
export function* refusedByKernel(haproxy: Haproxy): Iterable<Problem> {
  const { container, resource } = haproxy;
  if (programOf(container.image) !== 'haproxy') return;
  const pod = podTemplate(resource)?.at('spec', 'securityContext', 'runAsUser').number;
  const own = container.value.at('securityContext', 'runAsUser').number;
  const version = Number(/^(\d+\.\d+)/.exec(imageTag(container.image) ?? '')?.[1] ?? Number.NaN);
  // From 2.4 on the image has a user of its own (docker-library/haproxy).
  const user = own ?? pod ?? (version >= 2.4 ? 99 : undefined);
  if (user === undefined || user === 0) return;
  const hasCapability = container.value
    .at('securityContext', 'capabilities', 'add')
    .items()
    .some(one => /^(?:CAP_)?(?:SYS_CHROOT|ALL)$/.test(one.text ?? ''));
  const mounts = container.value
    .at('volumeMounts')
    .items()
    .flatMap(mount => mount.at('mountPath').text ?? []);
  for (const part of haproxy.parts) {
    if (part.section.kind !== 'global') continue;
    for (const { keyword, args, span } of part.section.directives) {
      const path = args[0]?.value ?? '';
      if (keyword === 'chroot' && !hasCapability)
        yield {
          at: part.place(span),
          message: `Only root may chroot, and HAProxy runs as user ${user} here, so it does not start — drop the line.`,
        };
      const folder = path.slice(0, path.lastIndexOf('/'));
      if (keyword !== 'stats socket' || !/^\/(?:var\/)?run(?:\/|$)/.test(folder)) continue;
      if (
        mounts.some(mount => folder === mount.replace(/\/+$/, '') || folder.startsWith(`${mount.replace(/\/+$/, '')}/`))
      )
        continue;
      yield {
        at: part.place(args[0]?.span ?? span),
        message: `User ${user} cannot make a socket in ${folder} of the image, so HAProxy does not start — mount an emptyDir there, or use /var/lib/haproxy.`,
      };
    }
  }
}

/** Tests of paths in a section that reads no HTTP, expressions without their bracket, and unknown words of `balance uri`. */
export function* wrongTests(part: HaproxyPart): Iterable<Problem> {
  const { section } = part;
  const isTcp = (section.kind === 'frontend' || section.kind === 'listen') && modeOf(section) === 'tcp';
  for (const acl of section.acls) {
    const fetch = acl.criterion?.fetch ?? '';
    if (isTcp && /^(?:path|url|method|hdr|req\.hdr|base)(?:_|$|\()/.test(fetch)) {
      yield {
        at: part.place(acl.name.span),
        message: `${section.kind} ${section.name?.value} is in mode tcp, where there is no ${fetch.replace(/_.*$/, '')}, so ${acl.name.value} never holds — write mode http.`,
      };
      break;
    }
  }
  for (const { criterion, flags, values } of section.acls) {
    const [, fetch, suffix] = /^(path|base)_([a-z]+)$/.exec(criterion?.fetch ?? '') ?? [];
    if (criterion && fetch && suffix && !suffixes.includes(suffix)) {
      const meant = suffixes.find(one => suffix.startsWith(one) || one.startsWith(suffix));
      yield {
        at: part.place(criterion.word.span),
        message: `HAProxy knows no ${criterion.fetch}, so it does not start — ${meant ? `write ${fetch}_${meant}` : `write ${fetch}_beg, ${fetch}_end or another of the manual`}.`,
      };
    }
    const isRegex = /_reg$/.test(criterion?.fetch ?? '') || flags.some(({ value }) => value === 'reg');
    for (const word of isRegex ? values : []) {
      const wrong = wrongExpression(word.value);
      if (wrong === undefined || part.file.resolve(word.span).kind !== 'left') continue;
      yield {
        at: part.place(word.span),
        message: `${word.value} is no regular expression, because ${wrong}, so HAProxy does not start — correct it.`,
      };
    }
  }
  const balance = section.directives.findLast(({ keyword }) => keyword === 'balance');
  if (balance?.args[0]?.value !== 'uri') return;
  const unknown = balance.args.slice(1).find(({ value }) => !/^(?:len|depth|whole|path-only|\d+)$/.test(value));
  if (unknown)
    yield {
      at: part.place(unknown.span),
      message: `balance uri knows no ${unknown.value}, so HAProxy does not start — write len, depth, whole or path-only.`,
    };
}

/** How a text may be compared, as the end of a name (HAProxy configuration manual, "path" and "base"). */
const suffixes: readonly string[] = ['beg', 'dir', 'dom', 'end', 'len', 'reg', 'sub'];

/** What is wrong with an expression in any dialect. */
function wrongExpression(text: string): string | undefined {
  try {
    new RegExp(text);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (/Unterminated group/.test(message)) return 'a parenthesis is not closed';
    if (/Unmatched '\)'/.test(message)) return 'a parenthesis is closed that was never opened';
    return /Unterminated character class/.test(message) ? 'a bracket is not closed' : undefined;
  }
}

/** TLS and the PROXY protocol towards programs that speak neither. */
export function* wrongProtocol(workspace: Workspace, haproxy: Haproxy, part: HaproxyPart): Iterable<Problem> {
  const { section } = part;
  if (section.kind !== 'backend' && section.kind !== 'listen') return;
  const defaults: readonly HaproxyDirective[] = effectiveDirectives(section, 'default-server');
  for (const server of section.servers) {
    const own = lastOf(server.options);
    const inherited = lastOf(defaults.flatMap(({ args }) => args));
    for (const [name, what, remedy] of [
      ['ssl', 'plain HTTP', 'drop ssl'],
      ['send-proxy', 'no PROXY protocol', 'drop send-proxy'],
    ] as const) {
      const word = own.get(name) ?? inherited.get(name);
      if (!word || word.value.startsWith('no-') || (own.has(name) && own.get(name)?.value.startsWith('no-'))) continue;
      const ends = podPortsOf(workspace, haproxy, server) ?? [];
      const program = ends
        .map(({ pods, port }) => plainHttpAt(workspace, pods.owner, port))
        .find(one => one !== undefined && !(name === 'send-proxy' && one === 'HAProxy'));
      if (program === undefined) continue;
      yield {
        at: own.has(name) ? part.place(word.span) : part.place(server.span),
        message: `${program} speaks ${what} on port ${server.port}, so every request to ${server.name.value} fails — ${remedy}.`,
      };
    }
  }
}

function lastOf(words: readonly HaproxyWord[]): ReadonlyMap<string, HaproxyWord> {
  const found = new Map<string, HaproxyWord>();
  for (const word of words) {
    if (/^(?:no-)?ssl$/.test(word.value)) found.set('ssl', word);
    if (/^(?:no-)?send-proxy(?:-v2)?$/.test(word.value)) found.set('send-proxy', word);
  }
  return found;
}
