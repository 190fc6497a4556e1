import type { Span } from '../../manifests/span';
import { type HaproxyWord, placeIn } from './haproxy-words';

/** `bind [ADDRESS]:PORT[,…] …`. */
export interface HaproxyBind {
  readonly addresses: readonly HaproxyAddress[];
  /** The words after the addresses: `ssl`, `crt`, `v4v6`. */
  readonly options: readonly HaproxyWord[];
  readonly span: Span;
}

export interface HaproxyAddress {
  /** What stands before the address, such as `ipv6@` and `quic4@`, which listens for UDP (manual, section 11). */
  readonly family: string;
  /** Empty or `*` for all; a path for a UNIX socket. */
  readonly host: string;
  /** The first port of a range. */
  readonly port: number | undefined;
  readonly lastPort: number | undefined;
  readonly span: Span;
  readonly portSpan: Span | undefined;
}

/** A test of requests: the part of an `acl` line after its name, or what stands in `{ … }` in a condition. */
export interface HaproxyTest {
  readonly criterion: HaproxyCriterion | undefined;
  /** `-i`, `-m beg`, `-f file`: flags with their values. */
  readonly flags: readonly HaproxyWord[];
  readonly values: readonly HaproxyWord[];
  /**
   * Values that are names of criteria. HAProxy takes them for values: `acl x path_beg /a path_end /b` matches a path
   * that begins with `/a`, `path_end` or `/b`.
   */
  readonly laterCriteria: readonly HaproxyWord[];
  readonly span: Span;
}

/** `acl NAME CRITERION [FLAGS] [OPERATOR] VALUE…` (manual, section 7.1). Several with one name are alternatives. */
export interface HaproxyAcl extends HaproxyTest {
  readonly name: HaproxyWord;
}

/** A sample fetch with its converters: `hdr(host),lower`. */
export interface HaproxyCriterion {
  /** `path_beg`, `hdr`. */
  readonly fetch: string;
  /** What stands in its brackets. */
  readonly argument: string | undefined;
  readonly converters: readonly string[];
  readonly word: HaproxyWord;
}

/** `if a b or !c`: alternatives, each a list of tests that all must hold. */
export interface HaproxyCondition {
  readonly keyword: 'if' | 'unless';
  readonly alternatives: readonly (readonly HaproxyTerm[])[];
  /** With the keyword. */
  readonly span: Span;
}

export interface HaproxyTerm {
  /** The name of an acl; undefined for `{ … }`. */
  readonly name: string | undefined;
  readonly anonymous: HaproxyTest | undefined;
  readonly negated: boolean;
  /** The name, without `!`. */
  readonly span: Span;
}

/** `server NAME ADDRESS[:PORT] …` and `server-template PREFIX COUNT FQDN[:PORT] …`. */
export interface HaproxyServer {
  readonly name: HaproxyWord;
  readonly host: string;
  readonly hostSpan: Span;
  readonly port: number | undefined;
  /** The name of a port whose SRV records are asked for, as in `_http._tcp.synapse`; `host` is then what follows. */
  readonly portName: string | undefined;
  readonly portSpan: Span | undefined;
  readonly address: HaproxyWord;
  /** How many servers a `server-template` makes; undefined for `server`. */
  readonly count: number | undefined;
  readonly options: readonly HaproxyWord[];
  /** The section after `resolvers`. */
  readonly resolvers: HaproxyWord | undefined;
  /** After `init-addr`. */
  readonly initAddr: HaproxyWord | undefined;
  readonly span: Span;
}

/** `map(FILE[,DEFAULT])` and its kin in a sample expression (manual, section 7.3.1). */
export interface HaproxyMap {
  /** `map`, `map_beg`, … */
  readonly converter: string;
  /** The sample that is looked up, with the converters before this one: `path`, `req.hdr(host),lower`. */
  readonly input: string;
  readonly file: string;
  readonly fileSpan: Span;
  readonly default: string | undefined;
  readonly defaultSpan: Span | undefined;
}

export function readBind(words: readonly HaproxyWord[]): HaproxyBind | undefined {
  const [keyword, address, ...options] = words;
  if (!keyword || !address) return undefined;
  const addresses: HaproxyAddress[] = [];
  for (const match of address.value.matchAll(/[^,]+/g)) {
    addresses.push(addressOf(address, match.index, match.index + match[0].length));
  }
  return { addresses, options, span: address.span };
}

export function readAcl(words: readonly HaproxyWord[], span: Span): HaproxyAcl | undefined {
  const [, name, ...test] = words;
  return name && { name, ...readTest(test, span) };
}

export function readServer(words: readonly HaproxyWord[], span: Span): HaproxyServer | undefined {
  const [keyword, name, ...rest] = words;
  const isTemplate = keyword?.value === 'server-template';
  const [address, ...options] = isTemplate ? rest.slice(1) : rest;
  if (!name || !address) return undefined;
  const { host: asked, port, span: whole, portSpan } = addressOf(address, 0, address.value.length);
  // HAProxy takes a name that begins with an underscore for one of SRV records (manual, "server-template").
  const [service = '', portName] = (isTemplate && /^_([\w-]+)\._(?:tcp|udp)\./i.exec(asked)) || [];
  const host = asked.slice(service.length);
  const hostStart = (/^(?:\w+@)?/.exec(address.value)?.[0].length ?? 0) + service.length;
  const after = (option: string): HaproxyWord | undefined =>
    options[options.findIndex(word => word.value === option) + 1 || -1];
  return {
    name,
    host,
    hostSpan: host === '' ? whole : placeIn(address, hostStart, hostStart + host.length),
    port,
    portName,
    portSpan,
    address,
    count: isTemplate ? countOf(rest[0]?.value ?? '') : undefined,
    options,
    resolvers: after('resolvers'),
    initAddr: after('init-addr'),
    span,
  };
}

/** Reads `if …` or `unless …`. */
export function readCondition(words: readonly HaproxyWord[]): HaproxyCondition | undefined {
  const [first, ...rest] = words;
  const last = words.at(-1);
  if (!first || !last) return undefined;
  const alternatives: HaproxyTerm[][] = [[]];
  let negated = false;
  const add = (term: HaproxyTerm): void => {
    alternatives.at(-1)?.push(term);
    negated = false;
  };
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at];
    if (!word) break;
    const { value } = word;
    if (value === '||' || value.toLowerCase() === 'or') alternatives.push([]);
    else if (value === '!') negated = !negated;
    else if (value === '{' || value === '!{') {
      if (value === '!{') negated = !negated;
      const close = rest.findIndex((one, index) => index > at && one.value === '}');
      const inside = rest.slice(at + 1, close === -1 ? undefined : close);
      const end = rest[close] ?? rest.at(-1) ?? word;
      const span = { start: word.span.start, end: end.span.end };
      add({ name: undefined, anonymous: readTest(inside, span), negated, span });
      at = close === -1 ? rest.length : close;
    } else {
      const marks = /^!*/.exec(value)?.[0].length ?? 0;
      if (marks % 2 === 1) negated = !negated;
      add({ name: value.slice(marks), anonymous: undefined, negated, span: placeIn(word, marks, value.length) });
    }
  }
  const keyword = first.value === 'unless' ? 'unless' : 'if';
  return { keyword, alternatives, span: { start: first.span.start, end: last.span.end } };
}

export function readMaps(word: HaproxyWord): readonly HaproxyMap[] {
  if (!word.value.includes('map')) return [];
  const found: HaproxyMap[] = [];
  for (const match of word.value.matchAll(/\b(map(?:_[a-z]+)*)\(([^,()]+)(?:,([^()]*))?\)/dg)) {
    const fileRange = match.indices?.[2];
    const defaultRange = match.indices?.[3];
    found.push({
      converter: match[1] ?? '',
      input: word.value
        .slice(0, match.index)
        .replace(/^.*%\[/s, '')
        .replace(/,\s*$/, ''),
      file: match[2] ?? '',
      fileSpan: fileRange ? placeIn(word, fileRange[0], fileRange[1]) : word.span,
      default: match[3],
      defaultSpan: defaultRange && placeIn(word, defaultRange[0], defaultRange[1]),
    });
  }
  return found;
}

function readTest(words: readonly HaproxyWord[], span: Span): HaproxyTest {
  const [first, ...rest] = words;
  const flags: HaproxyWord[] = [];
  let at = 0;
  for (; at < rest.length; at++) {
    const word = rest[at];
    if (!word || word.quoted || !/^-[a-zA-Z]$/.test(word.value)) break;
    flags.push(word);
    const value = rest[at + 1];
    if (/^-[mf]$/.test(word.value) && value) {
      flags.push(value);
      at++;
    }
  }
  if (rest[at]?.value === '--') at++;
  const values = rest.slice(at);
  return {
    criterion: first && criterionOf(first),
    flags,
    values,
    laterCriteria: values.filter(value => !value.quoted && isCriterion(value.value)),
    span,
  };
}

function criterionOf(word: HaproxyWord): HaproxyCriterion {
  const match = /^([\w.]+)(?:\(([^()]*)\))?/.exec(word.value);
  const fetch = match?.[1] ?? word.value;
  const rest = word.value.slice(match?.[0].length ?? 0);
  const converters = [...rest.matchAll(/,([\w.]+(?:\([^()]*\))?)/g)].map(one => one[1] ?? '');
  return { fetch, argument: match?.[2], converters, word };
}

/** Reads `[FAMILY@]HOST:PORT` from a part of a word. */
function addressOf(word: HaproxyWord, start: number, end: number): HaproxyAddress {
  const text = word.value.slice(start, end);
  const family = /^(?:\w+@)?/.exec(text)?.[0].length ?? 0;
  const port = /:(\d+)(?:-(\d+))?$/.exec(text);
  const isSocket = /^(?:unix@|abns@|\/)/.test(text);
  const hostEnd = port && !isSocket ? port.index : /:$/.test(text) ? text.length - 1 : text.length;
  return {
    family: text.slice(0, family),
    host: text.slice(family, Math.max(family, hostEnd)),
    port: port && !isSocket ? Number(port[1]) : undefined,
    lastPort: port?.[2] !== undefined && !isSocket ? Number(port[2]) : undefined,
    span: placeIn(word, start, end),
    portSpan: port && !isSocket ? placeIn(word, start + port.index + 1, end) : undefined,
  };
}

/** `4`, or `1-4`. */
function countOf(text: string): number {
  const [first = '', last] = text.split('-');
  return last === undefined ? Number(first) || 0 : Math.max(0, Number(last) - Number(first) + 1) || 0;
}

/** Sample fetches that tests of requests are made with (manual, section 7.3), without the suffix for a match method. */
const fetches: ReadonlySet<string> = new Set([
  ...[
    'path',
    'pathq',
    'url',
    'url_ip',
    'url_port',
    'base',
    'base32',
    'query',
    'method',
    'hdr',
    'hdr_ip',
    'hdr_val',
    'hdr_cnt',
  ],
  ...[
    'req.hdr',
    'req.fhdr',
    'req.hdr_ip',
    'req.hdr_cnt',
    'req.cook',
    'cook',
    'urlp',
    'url_param',
    'req.body',
    'req.ver',
    'req_ver',
  ],
  ...[
    'res.hdr',
    'shdr',
    'status',
    'src',
    'src_port',
    'src_is_local',
    'dst',
    'dst_port',
    'dst_conn',
    'fe_conn',
    'be_conn',
  ],
  ...[
    'ssl_fc',
    'ssl_fc_sni',
    'ssl_sni',
    'req.ssl_sni',
    'req_ssl_sni',
    'req.len',
    'req.proto_http',
    'http_auth',
    'nbsrv',
    'srv_is_up',
  ],
  ...[
    'always_true',
    'always_false',
    'var',
    'env',
    'str',
    'int',
    'bool',
    'capture.req.hdr',
    'sc_http_req_rate',
    'sc0_http_req_rate',
  ],
]);

function isCriterion(text: string): boolean {
  const name = /^([a-z][\w.]*)(?:\([^()]*\))?(?:,[\w.]+(?:\([^()]*\))?)*$/.exec(text)?.[1];
  if (name === undefined) return false;
  return fetches.has(name) || fetches.has(name.replace(/_(?:beg|dir|dom|end|len|reg|sub|str|bin|found|ip)$/, ''));
}
