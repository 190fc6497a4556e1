import type { Span } from '../../manifests/span';
import { table } from '../../manifests/table';
import { type Word, wordAt } from './words';

/** A directive: `name args;` or `name args { … }`. */
export interface NginxDirective {
  readonly name: Word;
  readonly args: readonly Word[];
  /** From the name to the last argument, without `;` and without the block. */
  readonly span: Span;
  /** The directives of its block. Undefined without one. */
  readonly block: readonly NginxDirective[] | undefined;
  /** The directive whose block it stands in. */
  readonly parent: NginxDirective | undefined;
}

export interface NginxConfig {
  /** Those outside all blocks. */
  readonly directives: readonly NginxDirective[];
  /** Every directive, blocks before what is in them. */
  readonly all: readonly NginxDirective[];
}

/** Whether a text passes requests on to other servers, as a configuration of nginx with `proxy_pass` does. */
export const passesOn = (text: string): boolean => /\bproxy_pass\b/.test(text);

/**
 * Reads an nginx configuration into words as nginx does (`ngx_conf_read_token`): quotes count only where a word begins,
 * and a backslash keeps the character after it. What is half typed ends where the next line begins with a directive
 * that cannot be an argument; a block that is not closed ends with the text. `include` is not followed.
 */
export function readNginx(text: string): NginxConfig {
  const directives: MutableDirective[] = [];
  const all: MutableDirective[] = [];
  let parent: MutableDirective | undefined;
  let words: Word[] = [];
  const end = (opensBlock: boolean): void => {
    const [name, ...args] = words;
    words = [];
    if (!name) return;
    const span = { start: name.span.start, end: (args.at(-1) ?? name).span.end };
    const directive: MutableDirective = { name, args, span, block: opensBlock ? [] : undefined, parent };
    (parent?.block ?? directives).push(directive);
    all.push(directive);
    if (opensBlock) parent = directive;
  };
  let startsLine = true;
  for (let at = 0; at < text.length; ) {
    const char = text.charAt(at);
    if (/\s/.test(char)) {
      if (char === '\n') startsLine = true;
      at++;
    } else if (char === '#') {
      const feed = text.indexOf('\n', at);
      at = feed === -1 ? text.length : feed;
    } else if (char === ';' || char === '{' || char === '}') {
      end(char === '{');
      if (char === '}') parent = parent?.parent;
      startsLine = false;
      at++;
    } else {
      const word = wordFrom(text, at);
      if (startsLine && words.length > 1 && neverArguments.has(word.value)) end(false);
      words.push(word);
      startsLine = false;
      at = word.span.end;
    }
  }
  end(false);
  return { directives, all };
}

/** The directives of a name, in order, wherever they stand. */
export function nginxDirectives(config: NginxConfig, name: string): readonly NginxDirective[] {
  return config.all.filter(directive => directive.name.value === name);
}

/** A `server` of an `http` block, or of a file that is included into one. */
export interface NginxServer {
  readonly directive: NginxDirective;
  readonly listens: readonly NginxListen[];
  /** The arguments of `server_name`. */
  readonly names: readonly Word[];
  readonly locations: readonly NginxLocation[];
}

export interface NginxListen {
  readonly directive: NginxDirective;
  readonly address: Word;
  /** Undefined for a socket file and for a port that a variable holds; 80 where only an address is given. */
  readonly port: number | undefined;
  readonly ssl: boolean;
}

/** A `location`, also one inside another. */
export interface NginxLocation {
  readonly directive: NginxDirective;
  /** `=`, `~`, `~*` or `^~`. */
  readonly modifier: string | undefined;
  readonly path: Word | undefined;
}

export function nginxServers(config: NginxConfig): readonly NginxServer[] {
  const servers = new Map<
    NginxDirective,
    { directive: NginxDirective; listens: NginxListen[]; names: Word[]; locations: NginxLocation[] }
  >();
  // Those outside a server, with the server that they are in: parents come first.
  const serverOf = new Map<NginxDirective, NginxDirective>();
  for (const directive of config.all) {
    const name = directive.name.value;
    if (name === 'server' && directive.block && directive.parent?.name.value !== 'upstream') {
      servers.set(directive, { directive, listens: [], names: [], locations: [] });
      serverOf.set(directive, directive);
      continue;
    }
    const inside = directive.parent && serverOf.get(directive.parent);
    if (!inside) continue;
    serverOf.set(directive, inside);
    const server = servers.get(inside);
    if (name === 'listen') server?.listens.push(...listenOf(directive));
    else if (name === 'server_name') server?.names.push(...directive.args);
    else if (name === 'location') server?.locations.push(locationOf(directive));
  }
  return [...servers.values()];
}

/** `upstream NAME { server ADDRESS; }`. */
export interface NginxUpstream {
  readonly directive: NginxDirective;
  readonly name: Word;
  /** The addresses, `host:port` or `unix:/path`. */
  readonly servers: readonly Word[];
}

export function nginxUpstreams(config: NginxConfig): readonly NginxUpstream[] {
  return nginxDirectives(config, 'upstream').flatMap(directive => {
    const name = directive.args[0];
    const servers = (directive.block ?? [])
      .filter(one => one.name.value === 'server')
      .flatMap(one => one.args[0] ?? []);
    return name ? [{ directive, name, servers }] : [];
  });
}

/** Where a request is passed on to. */
export interface NginxPass {
  readonly directive: NginxDirective;
  /** The argument: a URL, or `host:port` in a `stream` block and for FastCGI. */
  readonly target: Word;
  readonly scheme: Word | undefined;
  /** Undefined where a variable holds it. It may be the name of an upstream. */
  readonly host: Word | undefined;
  readonly port: number | undefined;
  readonly upstream: NginxUpstream | undefined;
}

/** Every `proxy_pass`, `grpc_pass`, `fastcgi_pass`, `uwsgi_pass` and `scgi_pass`. */
export function nginxPasses(config: NginxConfig): readonly NginxPass[] {
  const upstreams = new Map(nginxUpstreams(config).map(upstream => [upstream.name.value, upstream]));
  return config.all.flatMap(directive => {
    const target = directive.args[0];
    if (!target || !/^(?:proxy|grpc|fastcgi|uwsgi|scgi)_pass$/.test(directive.name.value)) return [];
    const written = /^(?:([a-z]+):\/\/)?(\[[\da-fA-F:.]+\]|[\w.-]+)?(?::(\d+))?(?=[/?]|$)/.exec(target.value);
    const [, scheme, host, port] = written ?? [];
    // Escapes in a target would shift places; nothing that is a host has any.
    const start =
      target.span.end - target.span.start - target.value.length === 2 ? target.span.start + 1 : target.span.start;
    const hostStart = start + (scheme === undefined ? 0 : scheme.length + '://'.length);
    return [
      {
        directive,
        target,
        scheme: scheme === undefined ? undefined : { value: scheme, span: { start, end: start + scheme.length } },
        host:
          host === undefined ? undefined : { value: host, span: { start: hostStart, end: hostStart + host.length } },
        port: port === undefined ? undefined : Number(port),
        upstream: host === undefined ? undefined : upstreams.get(host),
      },
    ];
  });
}

/** The texts that a `map` or `set` gives a variable, without those that are variables themselves. */
export function nginxValuesOf(config: NginxConfig, name: string): readonly Word[] {
  return config.all.flatMap(({ name: own, args, block }) => {
    if (own.value === 'set' && args[0]?.value === `$${name}`) return args[1] ?? [];
    if (own.value !== 'map' || args[1]?.value !== `$${name}`) return [];
    return (block ?? []).flatMap(entry => (mapSettings.has(entry.name.value) ? [] : (entry.args[0] ?? [])));
  });
}

const mapSettings: ReadonlySet<string> = new Set(['hostnames', 'volatile', 'include']);

/** What a `proxy_pass` leads to: its target, or the values of the variable that is its whole target or its host. */
export function nginxTargets(config: NginxConfig, { target }: NginxPass): readonly Word[] {
  const variable = /^(https?:\/\/)?\$(?:\{(\w+)\}|(\w+))(?=$|\/|\$|:)/.exec(target.value);
  const name = variable?.[2] ?? variable?.[3];
  if (name === undefined) return [target];
  return nginxValuesOf(config, name).map(({ value, span }) => ({ value: `${variable?.[1] ?? ''}${value}`, span }));
}

interface MutableDirective extends NginxDirective {
  readonly block: MutableDirective[] | undefined;
  readonly parent: MutableDirective | undefined;
}

/** Directives with a value of their own, of which none is an argument of another. */
const neverArguments: ReadonlySet<string> = new Set([
  'access_log',
  'client_max_body_size',
  'error_log',
  'include',
  'listen',
  'location',
  'proxy_pass',
  'proxy_set_header',
  'return',
  'rewrite',
  'server_name',
  'ssl_certificate',
  'ssl_certificate_key',
  'try_files',
]);

function wordFrom(text: string, start: number): Word {
  const quote = text.charAt(start);
  if (quote === '"' || quote === "'") {
    let at = start + 1;
    while (at < text.length && text[at] !== quote) at += text[at] === '\\' ? 2 : 1;
    if (at < text.length) return { value: unescaped(text.slice(start + 1, at)), span: { start, end: at + 1 } };
    // A quote that is not closed ends with its line.
    const feed = text.indexOf('\n', start);
    const end = feed === -1 ? text.length : feed;
    const close = text[end - 1] === '\r' ? end - 1 : end;
    return { value: unescaped(text.slice(start + 1, close)), span: { start, end: close } };
  }
  let at = start;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === '\\') at++;
    else if (char === '$' && text[at + 1] === '{') at++;
    else if (/\s/.test(char) || char === ';' || char === '{') break;
    at++;
  }
  const end = Math.min(at, text.length);
  const word = wordAt(text, start, end);
  return word.value.includes('\\') ? { value: unescaped(word.value), span: word.span } : word;
}

function unescaped(text: string): string {
  return text.replace(/\\(["'\\trn])/g, (_, char: string) => escapes[char] ?? char);
}

const escapes = table<string>({ t: '\t', r: '\r', n: '\n' });

function listenOf(directive: NginxDirective): readonly NginxListen[] {
  const [address, ...options] = directive.args;
  if (!address) return [];
  return [
    {
      directive,
      address,
      port: listenPort(address.value),
      ssl: options.some(option => option.value === 'ssl'),
    },
  ];
}

function listenPort(address: string): number | undefined {
  if (/^\d+$/.test(address)) return Number(address);
  if (/^\[[\da-fA-F:.]+\]$/.test(address) || /^[\w.*-]+$/.test(address)) return 80;
  const port = /^\d{1,5}$/.exec(address.slice(address.lastIndexOf(':') + 1))?.[0];
  return port === undefined || address.startsWith('unix:') ? undefined : Number(port);
}

function locationOf(directive: NginxDirective): NginxLocation {
  const [first, second] = directive.args;
  const isModifier = first !== undefined && /^(?:=|~\*?|\^~)$/.test(first.value);
  return { directive, modifier: isModifier ? first.value : undefined, path: isModifier ? second : first };
}

/**
 * The location that nginx takes for a path: an exact one, the longest prefix if it has `^~`, the first expression that
 * matches, else the longest prefix (ngx_http_core_module, location). Undefined too where locations are nested.
 */
export function nginxLocationFor(locations: readonly NginxLocation[], path: string): NginxLocation | undefined {
  if (locations.some(({ directive }) => directive.parent?.name.value === 'location')) return undefined;
  const written = (location: NginxLocation): string => location.path?.value ?? '';
  const exact = locations.find(location => location.modifier === '=' && written(location) === path);
  if (exact) return exact;
  const [longest] = locations
    .filter(one => (one.modifier === undefined || one.modifier === '^~') && path.startsWith(written(one)))
    .toSorted((a, b) => written(b).length - written(a).length);
  if (longest?.modifier === '^~') return longest;
  try {
    const expressions = locations.filter(one => one.modifier === '~' || one.modifier === '~*');
    const first = expressions.find(one => new RegExp(written(one), one.modifier === '~*' ? 'i' : '').test(path));
    return first ?? longest;
  } catch {
    return undefined;
  }
}
