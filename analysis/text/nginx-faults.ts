import { table } from '../../manifests/table';
import { nearest } from '../nearest';
import {
  type NginxConfig,
  type NginxDirective,
  nginxDirectives,
  nginxPasses,
  nginxTargets,
  nginxUpstreams,
  readNginx,
} from './nginx-conf';
import { type NginxFault, nginxValueFaults } from './nginx-values';
import type { Word } from './words';

/**
 * What nginx refuses of a configuration: its syntax (nginx/src/core/ngx_conf_file.c), directives that stand where they
 * must not (the "Context" of each in nginx.org/en/docs/dirindex.html), values that it does not read, blocks that are there twice or are empty, and
 * targets with a path where the path of a request cannot be replaced. Nothing is said of what is in an `include`, of
 * directives of other modules, and of blocks of another language.
 */
export function* nginxFaults(text: string, config: NginxConfig): Iterable<NginxFault> {
  const broken = [...syntaxFaults(text, config)];
  yield* broken;
  // What follows a mistake of the syntax is not where it was meant to be.
  if (broken.length > 0) return;
  for (const directive of config.all) yield* placeFaults(directive);
  for (const directive of config.all) yield* nginxValueFaults(directive);
  yield* doubleFaults(config);
  yield* listenFaults(config);
  yield* passFaults(config);
  if (config.directives.some(({ name, block }) => name.value === 'http' && block)) yield* withoutEvents(config);
}

/** Directives whose end is missing, and braces without another. */
function* syntaxFaults(text: string, config: NginxConfig): Iterable<NginxFault> {
  let hasOpenEnd = false;
  for (const directive of config.all) {
    const { name, args, span, block } = directive;
    // What follows a quote that is not closed has no names.
    if (!/^\w/.test(name.value)) continue;
    const joined = args.find(
      (arg, index) => (index > 0 || name.value !== 'include') && isDirectiveOfLine(text, arg, args[index - 1] ?? name),
    );
    const next =
      /^[ \t]*(?:#[^\n]*)?\r?(?:\n|$)/.test(text.slice(span.end)) && !/^\s*[;{]/.test(afterBlanks(text, span.end));
    if (!joined && (block || !next)) continue;
    const end = joined ? endBefore(args, joined, name) : span.end;
    hasOpenEnd = true;
    yield {
      span: { start: name.span.start, end },
      what: `The directive ${name.value} is not ended by a semicolon`,
      advice: 'add it',
      edit: { span: { start: end, end }, newText: ';', title: 'Add the semicolon' },
    };
  }
  if (hasOpenEnd) return;
  const braces = bracesOf(text);
  const open: number[] = [];
  for (const { at, isOpening } of braces) {
    if (isOpening) open.push(at);
    else if (open.pop() === undefined) {
      yield { span: { start: at, end: at + 1 }, what: 'This brace closes no block', advice: 'remove it' };
      return;
    }
  }
  const first = open[0];
  if (first === undefined) return;
  const unclosed =
    config.all.findLast(({ block, span }) => block && span.end <= (open.at(-1) ?? first)) ?? config.all[0];
  if (unclosed)
    yield {
      span: unclosed.span,
      what: `${open.length === 1 ? 'A block is' : `${open.length} blocks are`} not closed, this one or one in it or around it`,
      advice: 'add the closing brace',
    };
}

/** Whether a word begins a line and is the name of a directive that is no argument of another. */
function isDirectiveOfLine(text: string, word: Word, before: Word): boolean {
  return (
    text.slice(before.span.end, word.span.start).includes('\n') &&
    contexts.has(word.value) &&
    /^[a-z]+_|^(?:listen|location|return|server|rewrite|upstream|if|set|root|index|include)$/.test(word.value)
  );
}

function endBefore(args: readonly Word[], joined: Word, name: Word): number {
  const index = args.indexOf(joined);
  return (args[index - 1] ?? name).span.end;
}

function afterBlanks(text: string, from: number): string {
  const match = /^(?:\s|#[^\n]*)*/.exec(text.slice(from, from + 2000));
  const at = from + (match?.[0].length ?? 0);
  return text.slice(at, at + 1);
}

/** The braces of a text that open and close blocks, outside quotes, comments and variables. */
function bracesOf(text: string): readonly { readonly at: number; readonly isOpening: boolean }[] {
  const found: { at: number; isOpening: boolean }[] = [];
  let startsWord = true;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\\') at++;
    else if (char === '#' && startsWord) {
      const feed = text.indexOf('\n', at);
      at = feed === -1 ? text.length : feed;
      continue;
    } else if ((char === '"' || char === "'") && startsWord) {
      const close = closingQuote(text, at);
      if (close === undefined) return [];
      at = close;
    } else if (char === '$' && text[at + 1] === '{') {
      const close = text.indexOf('}', at);
      if (close === -1) return [];
      at = close;
    } else if (char === '{' || (char === '}' && startsWord)) found.push({ at, isOpening: char === '{' });
    startsWord = /[\s;{}]/.test(char);
  }
  return found;
}

function closingQuote(text: string, start: number): number | undefined {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === text[start]) return at;
  }
  return undefined;
}

/** A directive where nginx does not take it, or one that is misspelt. */
function* placeFaults({ name, parent, span }: NginxDirective): Iterable<NginxFault> {
  if (isForeign(parent)) return;
  const allowed = contexts.get(name.value);
  if (!allowed) {
    const meant =
      name.value.length > 6 && /^[a-z_]+$/.test(name.value) ? nearest(name.value, contexts.keys()) : undefined;
    if (meant)
      yield {
        span: name.span,
        what: `nginx knows no directive ${name.value}`,
        advice: `did you mean ${meant}`,
        edit: { span: name.span, newText: meant, title: `Write ${meant}` },
      };
    return;
  }
  // What a file that is included stands in, is not known.
  if (!parent || !blocks.has(parent.name.value) || allowed === everywhere) return;
  if (allowed.split(' ').includes(parent.name.value)) return;
  yield {
    span,
    what: `The directive ${name.value} cannot stand in ${parent.name.value}`,
    advice: `move it into ${allowed.split(' ').join(' or ')}`,
  };
}

/** Whether a block, or one around it, holds something else than directives that are known here. */
function isForeign(parent: NginxDirective | undefined): boolean {
  for (let around = parent; around; around = around.parent)
    if (!blocks.has(around.name.value) || /^(?:stream|mail)$/.test(around.name.value)) return true;
  return false;
}

/** Blocks whose directives are known. The lists of map, geo, types and the like hold words of their own. */
const blocks: ReadonlySet<string> = new Set(['events', 'http', 'server', 'location', 'if', 'limit_except', 'upstream']);

const everywhere = '*';

/** Where directives may stand, of those that a proxy of HTTP needs (nginx.org/en/docs/dirindex.html). */
const contexts: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '*': 'include',
    main: 'user worker_processes worker_rlimit_nofile worker_shutdown_timeout worker_cpu_affinity pid daemon events http stream load_module env',
    events: 'worker_connections multi_accept use accept_mutex',
    http: 'log_format map geo split_clients limit_req_zone limit_conn_zone proxy_cache_path upstream server_names_hash_bucket_size server_names_hash_max_size map_hash_bucket_size map_hash_max_size variables_hash_max_size variables_hash_bucket_size',
    'http upstream': 'server',
    server: 'listen server_name',
    'server location': 'location try_files stub_status',
    'server location if': 'return rewrite set break',
    location: 'internal alias limit_except',
    'location if limit_except': 'proxy_pass',
    'location if': 'fastcgi_pass uwsgi_pass scgi_pass grpc_pass memcached_pass',
    upstream: 'keepalive hash ip_hash least_conn random zone queue ntlm sticky',
    'http server':
      'client_header_buffer_size client_header_timeout large_client_header_buffers merge_slashes underscores_in_headers ignore_invalid_headers ssl_certificate ssl_certificate_key ssl_protocols ssl_ciphers ssl_prefer_server_ciphers ssl_session_cache ssl_session_timeout ssl_session_tickets ssl_dhparam ssl_ecdh_curve ssl_stapling ssl_stapling_verify ssl_trusted_certificate ssl_client_certificate ssl_verify_client http2 connection_pool_size request_pool_size',
    'http server location':
      'client_max_body_size client_body_buffer_size client_body_timeout client_body_temp_path client_body_in_file_only default_type gzip_comp_level gzip_http_version gzip_min_length gzip_proxied gzip_types gzip_vary gzip_buffers gunzip_buffers gzip_disable gzip_static index keepalive_disable lingering_close limit_conn limit_req limit_req_status limit_conn_status limit_req_log_level log_not_found log_subrequest mirror mirror_request_body open_file_cache port_in_redirect absolute_redirect proxy_bind proxy_buffer_size proxy_buffering proxy_buffers proxy_busy_buffers_size proxy_cache proxy_cache_bypass proxy_cache_key proxy_cache_lock proxy_cache_methods proxy_cache_revalidate proxy_cache_use_stale proxy_cache_valid proxy_connect_timeout proxy_cookie_domain proxy_cookie_path proxy_force_ranges proxy_headers_hash_bucket_size proxy_headers_hash_max_size proxy_hide_header proxy_http_version proxy_ignore_client_abort proxy_ignore_headers proxy_intercept_errors proxy_max_temp_file_size proxy_method proxy_next_upstream proxy_next_upstream_timeout proxy_next_upstream_tries proxy_no_cache proxy_pass_header proxy_pass_request_body proxy_pass_request_headers proxy_read_timeout proxy_redirect proxy_request_buffering proxy_send_timeout proxy_set_body proxy_set_header proxy_socket_keepalive proxy_ssl_certificate proxy_ssl_name proxy_ssl_protocols proxy_ssl_server_name proxy_ssl_session_reuse proxy_ssl_trusted_certificate proxy_ssl_verify proxy_store proxy_temp_file_write_size proxy_temp_path real_ip_header real_ip_recursive reset_timedout_connection satisfy send_timeout server_tokens set_real_ip_from sub_filter sub_filter_once sub_filter_types tcp_nodelay tcp_nopush types types_hash_bucket_size types_hash_max_size chunked_transfer_encoding etag if_modified_since auth_request auth_request_set server_name_in_redirect',
    'http server location if':
      'error_page expires rewrite_log add_header gzip root sendfile limit_rate limit_rate_after',
    'http server location if limit_except': 'access_log',
    'http server location limit_except': 'allow deny auth_basic auth_basic_user_file',
    'http server location upstream': 'resolver resolver_timeout keepalive_timeout keepalive_requests keepalive_time',
    'main http server location stream': 'error_log',
    'server location ': 'if',
  }).flatMap(([where, names]) => names.split(' ').map(name => [name, where.trim()] as const)),
);

/** What is there twice though its name has to be the only one, and upstreams that lead nowhere. */
function* doubleFaults(config: NginxConfig): Iterable<NginxFault> {
  const upstreams = nginxUpstreams(config).filter(({ directive }) => directive.parent?.name.value !== 'stream');
  const names = new Set<string>();
  for (const { directive, name } of upstreams) {
    if (names.has(name.value))
      yield { span: name.span, what: `There are two upstreams ${name.value}`, advice: 'rename one' };
    names.add(name.value);
    const own = directive.block ?? [];
    if (directive.block && !own.some(one => /^(?:server|include|zone|resolver)$/.test(one.name.value)))
      yield { span: name.span, what: `The upstream ${name.value} has no server`, advice: 'add one' };
  }
  const places = new Map<NginxDirective | undefined, Set<string>>();
  for (const { name, args, parent, span, block } of nginxDirectives(config, 'location')) {
    const [modifier, path] = args.length > 1 ? [args[0]?.value, args[1]?.value] : ['', args[0]?.value];
    if (!block || !name || /^~/.test(modifier ?? '') || path === undefined) continue;
    const known = places.get(parent) ?? new Set();
    places.set(parent, known);
    // `^~` and a plain prefix are the same location.
    const key = `${modifier === '=' ? '=' : ''} ${path}`;
    if (known.has(key)) yield { span, what: `There are two locations ${path}`, advice: 'make one of them' };
    known.add(key);
  }
}

/**
 * Addresses that a server listens on twice, and servers of which more than one is the default for an address (nginx,
 * src/http/ngx_http_core_module.c: "a duplicate listen"; ngx_http.c: "a duplicate default server").
 */
function* listenFaults(config: NginxConfig): Iterable<NginxFault> {
  const places = new Map<NginxDirective | undefined, Set<string>>();
  const defaults = new Set<string>();
  for (const { args, parent, span } of nginxDirectives(config, 'listen')) {
    const [address, ...options] = args.map(({ value }) => value);
    if (address === undefined || parent?.name.value !== 'server' || isForeign(parent) || address.includes('$'))
      continue;
    const port = /^(?:(?:\*|0\.0\.0\.0)(?::|$))?(\d*)$/.exec(address)?.[1];
    const key = `${port === undefined ? address : `*:${port || 80}`}${options.includes('quic') ? ' quic' : ''}`;
    const known = places.get(parent) ?? new Set();
    places.set(parent, known);
    if (known.has(key)) yield { span, what: `The server listens twice on ${address}`, advice: 'remove one of the two' };
    known.add(key);
    if (!options.some(option => option === 'default_server' || option === 'default')) continue;
    if (defaults.has(key))
      yield { span, what: `Two servers are the default for ${address}`, advice: 'take default_server away from one' };
    defaults.add(key);
  }
}

/** Targets with a path where nginx cannot replace the path of a request (ngx_http_proxy_module, proxy_pass). */
function* passFaults(config: NginxConfig): Iterable<NginxFault> {
  for (const { directive, target } of nginxPasses(config)) {
    const { parent } = directive;
    const path = /^https?:\/\/[^/$]+(\/.*)$/.exec(target.value);
    if (directive.name.value !== 'proxy_pass' || !parent || !path || target.value.includes('$')) continue;
    const [first, second] = parent.args;
    const isNamed = first?.value.startsWith('@') === true;
    const isPattern = /^~\*?$/.test(first?.value ?? '') || (!second && /^~/.test(first?.value ?? ''));
    const isInside = parent.name.value === 'if' || parent.name.value === 'limit_except';
    if (!isInside && !(parent.name.value === 'location' && (isNamed || isPattern))) continue;
    const end = target.span.end - (path[1]?.length ?? 0);
    yield {
      span: target.span,
      what: `proxy_pass cannot have a path in ${isInside ? `an ${parent.name.value} block` : isNamed ? 'a named location' : 'a location by a regular expression'}`,
      advice: 'leave it out',
      ...(path[1] === '/' &&
        target.value.length === target.span.end - target.span.start && {
          edit: { span: { start: end, end: target.span.end }, newText: '', title: 'Remove the slash' },
        }),
    };
  }
}

/** A whole configuration needs the block `events`, also an empty one (src/event/ngx_event.c). */
function* withoutEvents({ directives }: NginxConfig): Iterable<NginxFault> {
  const http = directives.find(({ name }) => name.value === 'http');
  if (!http || directives.some(({ name }) => name.value === 'events' || name.value === 'include')) return;
  yield {
    span: http.name.span,
    what: 'The configuration has no block events',
    advice: 'add events {}',
    edit: { span: { start: http.span.start, end: http.span.start }, newText: 'events {} ', title: 'Add events {}' },
  };
}

/**
 * Variables that nothing defines, for which nginx does not start, and hosts in variables without a resolver, with which
 * every such request fails with 502 (ngx_http_proxy_module, proxy_pass: "no resolver defined to resolve").
 */
export function* unresolvedFaults(text: string, config: NginxConfig, beside: readonly string[]): Iterable<NginxFault> {
  const all = [config, ...beside.map(readNginx)];
  const upstreams = new Set(all.flatMap(nginxUpstreams).map(({ name }) => name.value));
  const hasResolver = [text, ...beside].some(one => /^\s*resolver\s/m.test(one));
  const defined = new Set(all.flatMap(definedIn));
  for (const one of config.all) {
    if (!usesVariables.has(one.name.value)) continue;
    for (const word of one.args) {
      if (text[word.span.start] === "'" && one.name.value === 'return') continue;
      for (const [, name = '', other = ''] of word.value.matchAll(/(?<!\\)\$(?:\{(\w+)\}|([A-Za-z_]\w*))/g)) {
        const variable = name || other;
        if (variable === '' || defined.has(variable) || builtIn.test(variable) || /^[A-Z0-9_]+$/.test(variable))
          continue;
        const meant = nearest(variable, defined);
        yield {
          span: word.span,
          what: `Nothing defines the variable $${variable}`,
          advice: meant === undefined ? 'define it with map or set, or correct its name' : `did you mean $${meant}`,
        };
      }
    }
  }
  if (hasResolver) return;
  for (const pass of nginxPasses(config)) {
    if (pass.directive.name.value !== 'proxy_pass' || !pass.target.value.includes('$')) continue;
    const host = nginxTargets(config, pass)
      .map(({ value }) => /^(?:https?:\/\/)?([A-Za-z][\w.-]*)(?::\d+)?(?=[/$]|$)/.exec(value)?.[1])
      .find(name => name !== undefined && !upstreams.has(name));
    if (host === undefined) continue;
    yield {
      span: pass.target.span,
      what: `The variable in proxy_pass has nginx look up ${host} for each request, and there is no resolver`,
      advice: 'add resolver with the address of the DNS of the cluster, or write the host without a variable',
    };
  }
}

/** Directives in which a dollar always begins a variable. */
const usesVariables: ReadonlySet<string> = new Set([
  'proxy_pass',
  'proxy_set_header',
  'set',
  'return',
  'if',
  'map',
  'hash',
]);

/** The variables that a configuration defines: by directives, and by the names of groups in expressions. */
function definedIn(config: NginxConfig): readonly string[] {
  return config.all.flatMap(({ name, args, block }) => {
    const words = [name, ...args].flatMap(({ value }) =>
      [...value.matchAll(/\?P?<(\w+)>/g)].map(([, group = '']) => group),
    );
    const at = definers[name.value];
    if (at === undefined) return words;
    const defined = block && args.length === 1 ? args[0] : args[at];
    return [...words, (defined?.value ?? '').replace(/^\$/, '')];
  });
}

const definers = table<number>({
  set: 0,
  map: 1,
  geo: 1,
  split_clients: 1,
  auth_request_set: 0,
  js_set: 0,
  js_var: 0,
  perl_set: 0,
  set_secure_random_alphanum: 0,
  userid: 0,
});

/** Variables of nginx and of its usual modules (nginx.org/en/docs/varindex.html). */
const builtIn =
  /^(?:arg_|http_|http\d?$|https$|cookie_|upstream_|sent_|ssl_|proxy_|request|remote_|server_|time_|geoip|tcpinfo_|realip_|date_|jwt_|secure_link|gzip_|uid_|fastcgi_|otel_|acme_|session_|connection|content_|limit_|binary_remote_addr$|args$|query_string$|is_args$|uri$|document_|realpath_root$|scheme$|host$|hostname$|msec$|nginx_version$|pid$|pipe$|protocol$|status$|body_bytes_sent$|bytes_|invalid_referer$|memcached_key$|slice_range$|modern_browser$|ancient_browser$|msie$|quic|opentracing_|spdy|gzip$|cache_|mgmt_|trace_|modsecurity|browser|dav_|api_|traceparent|statsd)/;
