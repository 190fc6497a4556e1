import { type Span, withoutOverlaps } from '../../manifests/span';
import { type Word, wordAt } from './words';

/** Where a host name leads: into the cluster, out of it, to an address, or to the container itself. */
export type HostKind = 'cluster' | 'external' | 'ip' | 'localhost';

/** A host that a text names explicitly: in a URL, with a port behind it, or as `/dev/tcp/HOST/PORT`. */
export interface HostReference {
  readonly form: 'url' | 'host-port' | 'dev-tcp';
  /** All of it: a URL with its path, a host with its port. */
  readonly text: string;
  readonly span: Span;
  /** Without `://` or the colon of `turn:`. */
  readonly scheme: Word | undefined;
  /** `user:password` before the `@`. */
  readonly userinfo: Word | undefined;
  /** Without the brackets of an IPv6 address. */
  readonly host: Word;
  readonly port: PortWord | undefined;
  /** From the slash after the host on, with query and fragment. */
  readonly path: Word | undefined;
  readonly kind: HostKind;
}

export interface PortWord {
  readonly number: number;
  readonly span: Span;
}

/** What a name under the cluster's domain leads to. */
export interface ClusterHost {
  /** The pod, in a name that a headless Service gives to each of its pods. */
  readonly pod?: string;
  readonly service: string;
  readonly namespace: string | undefined;
}

/**
 * The hosts that a text names, in order. A host that is put together from variables is none. A name without dots counts
 * with a port that services use, so that `error:42`, image tags and `chown user:group` do not.
 */
export function findHosts(text: string): readonly HostReference[] {
  return withoutOverlaps([...urls(text), ...opaqueUris(text), ...deviceFiles(text), ...hostsWithPort(text)]);
}

/**
 * Where a host name leads. Two labels are ambiguous: `redis.matrix` is a Service and a namespace unless the second is a
 * top-level domain. `isNamespace` decides instead, if given.
 */
export function classifyHost(host: string, isNamespace?: (name: string) => boolean): HostKind {
  const name = host.toLowerCase().replace(/\.$/, '');
  if (isAddress(name)) return /^(?:127\.|::1$|0*(?::0*)+:0*1$)/.test(name) ? 'localhost' : 'ip';
  const labels = name.split('.');
  const last = labels.at(-1) ?? '';
  if (last === 'localhost' || name === 'localhost.localdomain') return 'localhost';
  if (labels.length === 1 || name.endsWith('.cluster.local')) return 'cluster';
  if (labels[2] === 'svc' || labels[3] === 'svc') return 'cluster';
  if (labels.length > 3) return 'external';
  const isInside = isNamespace?.(last) ?? !isTopLevelDomain(last);
  const isPod = /-\d+$/.test(labels[0] ?? '');
  if (labels.length === 3) return isPod && isInside ? 'cluster' : 'external';
  // With namespaces known, `redis-0.redis-headless` is still a pod of this namespace.
  return isInside || (isPod && !isTopLevelDomain(last)) ? 'cluster' : 'external';
}

/**
 * The Service and namespace of a host name, and the pod of names such as `redis-0.redis-headless.matrix.svc`.
 * Undefined for hosts outside the cluster and for `*.pod.cluster.local`. Kubernetes documentation, "DNS for Services
 * and Pods" and "Stable Network ID".
 */
export function parseClusterHost(
  host: string,
  defaultNamespace: string | undefined,
  isNamespace?: (name: string) => boolean,
): ClusterHost | undefined {
  if (classifyHost(host, isNamespace) !== 'cluster') return undefined;
  const labels = host.toLowerCase().replace(/\.$/, '').split('.');
  const svc = labels.findIndex((label, index) => index > 1 && label === 'svc');
  const [first = '', second = '', third] = labels;
  if (labels.includes('') || svc > 3 || (svc === -1 && labels.length > 3)) return undefined;
  const length = svc === -1 ? labels.length : svc;
  if (length === 1) return { service: first, namespace: defaultNamespace };
  if (length === 3) return { pod: first, service: second, namespace: third };
  if (svc === -1 && namesPod(first, second, isNamespace)) {
    return { pod: first, service: second, namespace: defaultNamespace };
  }
  return { service: first, namespace: second };
}

/** Whether `first.second` is a pod and its Service rather than a Service and its namespace. */
function namesPod(first: string, second: string, isNamespace: ((name: string) => boolean) | undefined): boolean {
  const stem = /^(.+)-\d+$/.exec(first)?.[1];
  if (stem === undefined) return false;
  if (isNamespace) return !isNamespace(second);
  return second.startsWith(stem) || /-(?:headless|hl)$/.test(second);
}

function urls(text: string): readonly HostReference[] {
  const found: HostReference[] = [];
  for (let colon = text.indexOf('://'); colon !== -1; colon = text.indexOf('://', colon + 3)) {
    let start = colon;
    while (start > 0 && /[A-Za-z0-9+.-]/.test(text.charAt(start - 1))) start--;
    while (start < colon && !/[A-Za-z]/.test(text.charAt(start))) start++;
    if (start === colon) continue;
    const scheme = wordAt(text, start, colon);
    if (hostless.has(scheme.value.toLowerCase())) continue;
    const end = endOfAuthority(text, colon + 3);
    const authority = text.slice(colon + 3, end);
    const at = authority.lastIndexOf('@');
    const userinfo = at === -1 ? undefined : wordAt(text, colon + 3, colon + 3 + at);
    const host = hostAndPort(text, colon + 4 + at, end);
    if (!host) continue;
    const pathEnd = endOfPath(text, end);
    found.push(reference(text, 'url', start, pathEnd, { scheme, userinfo, ...host, path: pathOf(text, end, pathEnd) }));
  }
  return found;
}

/** Schemes with something else than a host after the slashes: a bucket, a file, a Python name (logging configuration). */
const hostless: ReadonlySet<string> = new Set('s3 s3a gs azure file unix ext cfg data classpath'.split(' '));

/** RFC 7064 and 7065: `turn:HOST:PORT?transport=udp` has no slashes. */
function opaqueUris(text: string): readonly HostReference[] {
  const found: HostReference[] = [];
  const uri = /(?<![\w.+-])(turns?|stuns?):(\[[\dA-Fa-f:.]{2,45}\]|\w[\w.-]*)(?::\d{1,5}(?!\d))?/g;
  for (const match of text.matchAll(uri)) {
    const start = match.index;
    const scheme = wordAt(text, start, start + (match[1] ?? '').length);
    const hostStart = scheme.span.end + 1;
    const end = start + match[0].length;
    const host = hostAndPort(text, hostStart, end);
    if (!host) continue;
    const pathEnd = endOfPath(text, end);
    found.push(
      reference(text, 'url', start, pathEnd, {
        scheme,
        userinfo: undefined,
        ...host,
        path: pathOf(text, end, pathEnd),
      }),
    );
  }
  return found;
}

/** Bash opens a TCP connection for `/dev/tcp/HOST/PORT` (Bash manual, 3.6). */
function deviceFiles(text: string): readonly HostReference[] {
  const found: HostReference[] = [];
  for (const match of text.matchAll(/\/dev\/(?:tcp|udp)\/([\w.-]+)\/(\d{1,5})(?!\w)/g)) {
    const [whole, name = '', port = ''] = match;
    const end = match.index + whole.length;
    const hostStart = end - port.length - 1 - name.length;
    const number = Number(port);
    if (!isHostName(name) || number < 1 || number > 65535) continue;
    found.push(
      reference(text, 'dev-tcp', match.index, end, {
        scheme: undefined,
        userinfo: undefined,
        host: wordAt(text, hostStart, hostStart + name.length),
        port: { number, span: { start: end - port.length, end } },
        path: undefined,
      }),
    );
  }
  return found;
}

function hostsWithPort(text: string): readonly HostReference[] {
  const found: HostReference[] = [];
  for (const match of text.matchAll(/:\d{1,5}(?![\w:-])(?!\.\d)/g)) {
    const colon = match.index;
    const end = colon + match[0].length;
    let start = colon;
    if (text[colon - 1] === ']') {
      const from = Math.max(0, colon - 60);
      const bracket = text.slice(from, colon).lastIndexOf('[');
      if (bracket === -1) continue;
      start = from + bracket;
    } else {
      while (start > 0 && /[\w.-]/.test(text.charAt(start - 1))) start--;
    }
    const host = hostAndPort(text, start, end);
    if (host?.port && mayBeHost(text, start, end, host.host.value, host.port.number)) {
      found.push(
        reference(text, 'host-port', start, end, { scheme: undefined, userinfo: undefined, ...host, path: undefined }),
      );
    }
  }
  return found;
}

/** Whether a word and a number with a colon between them are a host and its port, by what surrounds them. */
function mayBeHost(text: string, start: number, end: number, host: string, port: number): boolean {
  const before = start === 0 ? '' : text.charAt(start - 1);
  // `@host:1` is the end of `user:password@host:1`, but also of a Matrix user id.
  if (/[:/$}%*\\]/.test(before) || (before === '@' && !/[\w}]/.test(text.charAt(start - 2)))) return false;
  if (isAddress(host)) return true;
  const labels = host.split('.');
  if (labels.length > 1) return !fileExtensions.has(labels.at(-1) ?? '') && /[a-z]/i.test(labels.at(-1) ?? '');
  if (!/^[a-z]/.test(host) || /[A-Z]/.test(host) || notHosts.has(host)) return false;
  if (before === '{' || before === '?' || (before === '[' && text[end] === ']')) return false;
  if (port < 1024 && !wellKnownPorts.has(port)) return false;
  return !/\b(?:chown|chgrp)\b[^\r\n;&|]*$/.test(text.slice(Math.max(0, start - 60), start));
}

const notHosts: ReadonlySet<string> = new Set(
  'port ports http https tcp udp line col column pid uid gid id size timeout version code status error exit'.split(' '),
);
const wellKnownPorts: ReadonlySet<number> = new Set([22, 25, 53, 80, 110, 143, 443, 465, 587, 853, 993, 995]);
const fileExtensions: ReadonlySet<string> = new Set(
  'yaml yml json toml ini conf cfg sh py js ts go sql md txt log xml html css pem crt sock java rs'.split(' '),
);

function hostAndPort(
  text: string,
  start: number,
  end: number,
): { readonly host: Word; readonly port: PortWord | undefined } | undefined {
  const written = text.slice(start, end);
  const parts = /^(?:\[([0-9A-Fa-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/.exec(written);
  if (!parts) return undefined;
  const [, address, name, port] = parts;
  const hostStart = address === undefined ? start : start + 1;
  const host = wordAt(text, hostStart, hostStart + (address ?? name ?? '').length);
  if (name !== undefined && !isHostName(name)) return undefined;
  if (port === undefined) return { host, port: undefined };
  const number = Number(port);
  if (number < 1 || number > 65535) return undefined;
  return { host, port: { number, span: { start: end - port.length, end } } };
}

/** RFC 1123, with underscores, which some names have although they may not; and a dot at the end. */
function isHostName(name: string): boolean {
  return /[A-Za-z]/.test(name) || isAddress(name)
    ? name
        .replace(/\.$/, '')
        .split('.')
        .every(label => /^\w$|^\w[\w-]*\w$/.test(label))
    : false;
}

function isAddress(host: string): boolean {
  if (/^(?:\d{1,3}\.){3}\d{1,3}$/.test(host)) return host.split('.').every(part => Number(part) < 256);
  return host.length < 46 && /^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(host);
}

/** A password in the authority may be `${X}` or `{{X}}`, whose braces do not end it. */
function endOfAuthority(text: string, from: number): number {
  let at = from;
  for (let depth = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '{') depth++;
    else if (char === '}') {
      if (depth === 0) break;
      depth--;
    } else if ((/\s/.test(char) && (depth === 0 || char === '\n')) || '"\'`<>\\/?#,;|)'.includes(char)) break;
  }
  return at;
}

function endOfPath(text: string, from: number): number {
  if (!'/?#'.includes(text.charAt(from) || ' ')) return from;
  let at = from;
  while (at < text.length && !/[\s"'`<>\\,;|)\]}]/.test(text.charAt(at))) at++;
  return at;
}

function pathOf(text: string, start: number, end: number): Word | undefined {
  return end > start ? wordAt(text, start, end) : undefined;
}

function reference(
  text: string,
  form: HostReference['form'],
  start: number,
  end: number,
  parts: Pick<HostReference, 'scheme' | 'userinfo' | 'host' | 'port' | 'path'>,
): HostReference {
  return {
    form,
    text: text.slice(start, end),
    span: { start, end },
    ...parts,
    kind: classifyHost(parts.host.value),
  };
}

/** Country codes and the common generic domains, and those that never are in the public DNS. */
function isTopLevelDomain(label: string): boolean {
  return /^[a-z]{2}$/.test(label) || topLevelDomains.has(label) || label.startsWith('xn--');
}

const topLevelDomains: ReadonlySet<string> = new Set(
  'com org net edu gov mil int info biz name pro arpa aero coop museum jobs mobi travel tel asia cat post app dev page cloud online site website tech store shop blog chat club email company solutions software hosting news space world xyz zone digital agency life today link wiki social local localdomain internal intranet lan home corp private test example invalid onion alt'.split(
    ' ',
  ),
);
