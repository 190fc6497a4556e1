import type { Span } from '../../manifests/span';
import { nearest } from '../nearest';
import type { NginxDirective } from './nginx-conf';

/** Something for which nginx refuses a configuration, in words. */
export interface NginxFault {
  readonly span: Span;
  /** What is wrong, as a sentence without an end. */
  readonly what: string;
  readonly advice: string;
  /** A text to insert or to put in the place of what is wrong. */
  readonly edit?: { readonly span: Span; readonly newText: string; readonly title: string };
}

/**
 * Values of a directive that nginx does not read: their number (nginx/src/core/ngx_conf_file.c, "invalid number of
 * arguments"), switches that are neither on nor off, numbers, sizes and times with other units than its own
 * (nginx/src/core/ngx_parse.c: `k`, `m` and `g`; `ms`, `s`, `m`, `h`, `d` and `w`), and options of `listen`.
 */
export function* nginxValueFaults({ name, args, span, parent, block }: NginxDirective): Iterable<NginxFault> {
  // Scripts fill in variables in capitals, with any number of words.
  if (block || args.some(({ value }) => /\$\{|\$[A-Z]/.test(value)) || isElsewhere(parent)) return;
  const kind = kinds.get(name.value);
  const [least, most] = counts.get(name.value) ?? (kind ? [1, 1] : [0, Number.POSITIVE_INFINITY]);
  if (args.length < least || args.length > most) {
    const wanted =
      most === Number.POSITIVE_INFINITY ? `${least} or more` : least === most ? `${least}` : `${least} to ${most}`;
    yield {
      span,
      what: `${name.value} takes ${wanted} value${wanted === '1' ? '' : 's'} and has ${args.length === 0 ? 'none' : args.length}`,
      advice: args.length > most ? 'remove the rest, or put it into quotes' : 'add what is missing',
    };
    return;
  }
  for (const { value, span: at } of kind ? args : []) {
    if (kind === undefined || value.includes('$') || forms[kind].form.test(value)) continue;
    const better = forms[kind].better(value);
    yield {
      span: at,
      what: `${value} is no ${forms[kind].name} for ${name.value}`,
      advice: better === undefined ? forms[kind].advice : `write ${better}`,
      ...(better !== undefined && at.end - at.start === value.length
        ? { edit: { span: at, newText: better, title: `Write ${better}` } }
        : {}),
    };
  }
  if (name.value !== 'listen') return;
  for (const { value, span: at } of args.slice(1)) {
    const option = value.replace(/=.*/, '');
    const meant = listenOptions.includes(option) ? undefined : nearest(option, listenOptions);
    if (meant) yield { span: at, what: `listen has no option ${value}`, advice: `did you mean ${meant}` };
  }
}

/** Whether a directive is one of a list of words, of another language, or of another module than that of HTTP. */
function isElsewhere(parent: NginxDirective | undefined): boolean {
  for (let around = parent; around; around = around.parent) if (!httpBlocks.has(around.name.value)) return true;
  return parent?.name.value === 'upstream';
}

const httpBlocks: ReadonlySet<string> = new Set([
  'events',
  'http',
  'server',
  'location',
  'if',
  'limit_except',
  'upstream',
]);

type Kind = 'switch' | 'number' | 'size' | 'time';

const forms: Readonly<
  Record<
    Kind,
    {
      readonly form: RegExp;
      readonly name: string;
      readonly advice: string;
      /** What is most likely meant. */
      better(value: string): string | undefined;
    }
  >
> = {
  switch: {
    form: /^(?:on|off)$/i,
    name: 'switch',
    advice: 'write on or off',
    better: value =>
      /^(?:yes|true|1|enabled?)$/i.test(value) ? 'on' : /^(?:no|false|0|disabled?)$/i.test(value) ? 'off' : undefined,
  },
  number: { form: /^\d+$/, name: 'number', advice: 'write digits only', better: () => undefined },
  size: {
    form: /^\d+[kmg]?$/i,
    name: 'size',
    advice: 'write a whole number with k, m or g',
    better: value => /^(\d+[kmg])i?b$/i.exec(value)?.[1],
  },
  time: {
    form: /^(?=.)(?:\d+(?:ms|[smhdw]) *)*\d*$/,
    name: 'time',
    advice: 'write whole numbers with ms, s, m, h or d',
    better: value => {
      const [, number, unit] = /^(\d+) *(sec|secs|seconds?|min|mins|minutes?|hours?|days?)$/i.exec(value) ?? [];
      return number === undefined ? undefined : `${number}${unit?.charAt(0).toLowerCase()}`;
    },
  },
};

const listenOptions: readonly string[] =
  'default_server default ssl http2 quic proxy_protocol backlog reuseport ipv6only so_keepalive deferred bind setfib fastopen rcvbuf sndbuf accept_filter multipath'.split(
    ' ',
  );

/** How many values directives take that nginx has in every build (found by asking `nginx -t`; see also the "Syntax" of each). */
const counts: ReadonlyMap<string, readonly [number, number]> = new Map(
  (
    [
      [0, 0, 'internal break'],
      [1, 2, 'user return keepalive_disable open_file_cache expires keepalive_timeout'],
      [
        1,
        1,
        'worker_processes pid alias root proxy_pass fastcgi_pass uwsgi_pass scgi_pass grpc_pass ssl_certificate ssl_certificate_key ssl_ciphers ssl_dhparam ssl_trusted_certificate ssl_client_certificate ssl_verify_client default_type gzip_http_version lingering_close limit_req_status proxy_cache proxy_cache_key proxy_hide_header proxy_http_version proxy_method proxy_pass_header proxy_set_body proxy_ssl_name proxy_ssl_trusted_certificate real_ip_header satisfy server_tokens set_real_ip_from auth_request allow deny auth_basic auth_basic_user_file include',
      ],
      [
        1,
        Number.POSITIVE_INFINITY,
        'listen server_name ssl_protocols gzip_proxied gzip_types index resolver error_log access_log',
      ],
      [
        2,
        2,
        'set large_client_header_buffers gzip_buffers limit_conn proxy_buffers proxy_set_header sub_filter auth_request_set',
      ],
      [2, 3, 'rewrite add_header'],
      [2, Number.POSITIVE_INFINITY, 'log_format try_files error_page'],
    ] as const
  ).flatMap(([least, most, names]) => names.split(' ').map(name => [name, [least, most]] as const)),
);

/** Directives with a value of one kind. */
const kinds: ReadonlyMap<string, Kind> = new Map(
  Object.entries({
    switch:
      'multi_accept accept_mutex merge_slashes underscores_in_headers ignore_invalid_headers ssl_prefer_server_ciphers ssl_session_tickets ssl_stapling gzip gzip_vary log_not_found log_subrequest port_in_redirect absolute_redirect proxy_buffering proxy_cache_lock proxy_ignore_client_abort proxy_intercept_errors proxy_pass_request_body proxy_pass_request_headers proxy_request_buffering proxy_socket_keepalive proxy_ssl_server_name proxy_ssl_session_reuse proxy_ssl_verify real_ip_recursive sub_filter_once tcp_nodelay tcp_nopush chunked_transfer_encoding etag server_name_in_redirect sendfile',
    number:
      'worker_rlimit_nofile worker_connections server_names_hash_bucket_size server_names_hash_max_size map_hash_bucket_size map_hash_max_size variables_hash_max_size variables_hash_bucket_size gzip_comp_level proxy_headers_hash_bucket_size proxy_headers_hash_max_size proxy_next_upstream_tries types_hash_bucket_size types_hash_max_size keepalive_requests',
    size: 'client_header_buffer_size client_max_body_size client_body_buffer_size gzip_min_length proxy_buffer_size proxy_busy_buffers_size proxy_max_temp_file_size proxy_temp_file_write_size limit_rate limit_rate_after',
    time: 'worker_shutdown_timeout client_header_timeout ssl_session_timeout client_body_timeout proxy_connect_timeout proxy_next_upstream_timeout proxy_read_timeout proxy_send_timeout send_timeout resolver_timeout keepalive_timeout keepalive_time',
  } satisfies Record<Kind, string>).flatMap(([kind, names]) =>
    names.split(' ').map(name => [name, kind as Kind] as const),
  ),
);
