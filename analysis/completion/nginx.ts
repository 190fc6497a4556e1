import type { Workspace } from '../../manifests/workspace';
import { commentsIn } from '../text/comments';
import { nginxDirectives, readNginx } from '../text/nginx-conf';
import { type Candidate, distinct, type TextCompletion } from './candidate';
import { hostCandidates } from './hosts';
import { publicNames } from './public-names';
import { urlHostsAt } from './url-hosts';

/**
 * Completes hosts and variables in an nginx configuration: the Services that requests are passed to, the names of the
 * server, and `$name`. Undefined in comments.
 */
export function nginxAt(
  workspace: Workspace,
  namespace: string | undefined,
  text: string,
  offset: number,
): TextCompletion | undefined {
  if (commentsIn(text, 'nginx').some(({ start, end }) => start < offset && offset <= end)) return undefined;
  const variable = /(?<!\\)\$(\{?)(\w*)$/.exec(text.slice(Math.max(0, offset - 80), offset));
  const rest = /^\w*/.exec(text.slice(offset, offset + 80))?.[0].length ?? 0;
  if (variable)
    return {
      candidates: variablesOf(text, offset),
      span: { start: offset - (variable[2] ?? '').length, end: offset + rest },
    };
  const url = urlHostsAt(workspace, namespace, text, offset);
  if (url) return url;
  // The directive that is typed: what stands between the last end of one and the cursor.
  const before = text.slice(Math.max(0, offset - 400), offset);
  const statement = /[^;{}]*$/.exec(before.replace(/#[^\n]*/g, ''))?.[0].trimStart() ?? '';
  const words = statement.split(/\s+/);
  const typed = words.at(-1) ?? '';
  const span = {
    start: offset - typed.length,
    end: offset + (/^[^\s;{}]*/.exec(text.slice(offset, offset + 200))?.[0].length ?? 0),
  };
  if (words.length === 2 && /^(?:proxy_pass|grpc_pass|uwsgi_pass|fastcgi_pass)$/.test(words[0] ?? '')) {
    const upstreams = namedUpstreams(text, offset);
    const hosts = hostCandidates(workspace, namespace, { withPorts: true });
    const scheme = words[0] === 'proxy_pass' ? 'http://' : '';
    return {
      candidates: [...upstreams, ...hosts].map(one => ({ ...one, label: `${scheme}${one.label}` })),
      span,
    };
  }
  if (words.length === 2 && words[0] === 'server')
    return { candidates: hostCandidates(workspace, namespace, { withPorts: true }), span };
  if (words.length > 1 && words[0] === 'server_name') return { candidates: publicNames(workspace), span };
  if (words.length > 1 && words[0] === 'resolver')
    return {
      candidates: [
        { label: 'kube-dns.kube-system.svc.cluster.local', kind: 'host', detail: 'DNS of the cluster', rank: 0 },
      ],
      span,
    };
  return undefined;
}

function namedUpstreams(text: string, offset: number): readonly Candidate[] {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const newline = text.indexOf('\n', offset);
  const config = readNginx(text.slice(0, start) + (newline === -1 ? '' : text.slice(newline)));
  return nginxDirectives(config, 'upstream').flatMap(({ args }) =>
    args[0] ? [{ label: args[0].value, kind: 'name' as const, detail: 'upstream', rank: 0 as const }] : [],
  );
}

function variablesOf(text: string, offset: number): readonly Candidate[] {
  const set = [...(text.slice(0, offset) + text.slice(offset)).matchAll(/^\s*(?:set|map[ \t]+\S+|geo)[ \t]+\$(\w+)/gm)];
  return distinct([
    ...set.map(match => ({
      label: match[1] ?? '',
      kind: 'name' as const,
      detail: 'set in this file',
      rank: 0 as const,
    })),
    ...[...nginxVariables].map(([label, documentation]) => ({
      label,
      kind: 'name' as const,
      documentation,
      rank: 1 as const,
    })),
  ]);
}

/** The variables that a proxy uses most (https://nginx.org/en/docs/varindex.html); the sentences are our own. */
export const nginxVariables: ReadonlyMap<string, string> = new Map([
  ['host', 'The host of the request, in lower case and without the port.'],
  ['http_host', 'The Host header as the client sent it, with the port.'],
  ['remote_addr', 'The address of the client, or of the proxy before this one.'],
  ['remote_port', 'The port of the client.'],
  ['remote_user', 'The user of basic authentication.'],
  ['proxy_add_x_forwarded_for', 'X-Forwarded-For of the request with the address of the client added.'],
  ['http_x_forwarded_for', 'X-Forwarded-For as the client sent it.'],
  ['http_x_forwarded_proto', 'X-Forwarded-Proto as the client or the proxy before sent it.'],
  ['proxy_host', 'The host and port of proxy_pass.'],
  ['proxy_port', 'The port of proxy_pass, or the usual one.'],
  ['scheme', 'http or https.'],
  ['https', 'on if the connection is TLS, else empty.'],
  ['request_uri', 'Path and query as the client sent them.'],
  ['uri', 'The path of the request after rewriting, decoded.'],
  ['document_uri', 'The same as $uri.'],
  ['args', 'The query of the request.'],
  ['query_string', 'The same as $args.'],
  ['is_args', 'A question mark if there is a query, else empty.'],
  ['request_method', 'The method, such as GET.'],
  ['request_body', 'The body, where it has been read.'],
  ['request_length', 'The length of the request in bytes.'],
  ['request_time', 'How long the request has taken so far, in seconds.'],
  ['request_id', 'An id of the request, made of random bytes.'],
  ['request', 'The first line of the request.'],
  ['status', 'The status of the answer.'],
  ['body_bytes_sent', 'The length of the answer without its headers.'],
  ['bytes_sent', 'The length of the answer.'],
  ['http_upgrade', 'The Upgrade header, which WebSockets need to be passed on.'],
  ['http_user_agent', 'The program that the client says it is.'],
  ['http_referer', 'The page that the client came from.'],
  ['http_origin', 'The site that a script of the client belongs to.'],
  ['http_authorization', 'The credentials of the request.'],
  ['content_type', 'The type of the body of the request.'],
  ['content_length', 'The length of the body of the request.'],
  ['server_name', 'The name of the server block that was chosen.'],
  ['server_addr', 'The address that took the request.'],
  ['server_port', 'The port that took the request.'],
  ['server_protocol', 'The version of HTTP.'],
  ['hostname', 'The name of the pod.'],
  ['document_root', 'The folder of root or alias.'],
  ['request_filename', 'The path of the file that the request means.'],
  ['upstream_addr', 'The address of the server that answered.'],
  ['upstream_status', 'The status that it answered with.'],
  ['upstream_response_time', 'How long it took, in seconds.'],
  ['upstream_cache_status', 'Whether the answer came from the cache.'],
  ['time_local', 'The time in the common log format.'],
  ['time_iso8601', 'The time in ISO 8601.'],
  ['msec', 'The time in seconds with milliseconds.'],
  ['ssl_protocol', 'The version of TLS.'],
  ['ssl_cipher', 'The cipher of the connection.'],
  ['ssl_client_verify', 'Whether the certificate of the client was good.'],
  ['binary_remote_addr', 'The address of the client in bytes, for limit_req_zone.'],
]);
