import type { ErrorClass } from '../journal/entries';

/**
 * What kind of failure a message of kubectl is. The first rule that fits wins; the order matters where messages
 * overlap, such as a denied webhook call that also says "forbidden".
 */
export function classifyError(stderr: string): ErrorClass {
  const message = withoutLogLines(stderr);
  return rules.find(([, pattern]) => pattern.test(message))?.[0] ?? 'other';
}

/**
 * The message without the lines that kubectl's own logger writes before it, such as `E1122 … memcache.go:265]`.
 */
export function withoutLogLines(stderr: string): string {
  return stderr
    .split('\n')
    .filter(line => !/^[EWIF]\d{4} /.test(line))
    .join('\n')
    .trim();
}

/** Failures that may pass by themselves; anything else is not tried again without a person. */
export function isTransient(errorClass: ErrorClass): boolean {
  return errorClass === 'transient' || errorClass === 'unreachable';
}

const rules: readonly (readonly [ErrorClass, RegExp])[] = [
  [
    'configuration',
    /context was not found|no context exists|error loading config|invalid configuration|exec plugin|executable .* not found/i,
  ],
  ['unauthorized', /\(Unauthorized\)|must be logged in|You must be logged in|provide credentials/i],
  ['conflict', /Apply failed with \d+ conflict|conflict with "|the object has been modified|\(Conflict\)/i],
  ['namespace-missing', /namespaces? "[^"]+" not found/i],
  [
    'kind-missing',
    /no matches for kind|ensure CRDs are installed|the server could not find the requested resource|doesn't have a resource type/i,
  ],
  [
    'immutable',
    /field is immutable|may not change once set|updates to .* spec for fields other than|Forbidden: .*(immutable|updates to)/i,
  ],
  [
    'transient',
    /failed calling webhook|TooManyRequests|\(ServiceUnavailable\)|\(InternalError\)|\(Timeout\)|\(ServerTimeout\)|too many requests|the server is currently unable|context deadline exceeded|Client\.Timeout|i\/o timeout|connection reset|\bEOF\b|etcdserver|TLS handshake timeout|request timed out|http2: |unexpected error from the server|an error on the server/i,
  ],
  [
    'unreachable',
    /connection refused|was refused|no such host|network is unreachable|no route to host|Unable to connect to the server/i,
  ],
  ['forbidden', /\(Forbidden\)|is forbidden|cannot (get|list|create|patch|update|delete|watch) resource/i],
  ['invalid', /\(Invalid\)|is invalid|strict decoding error|\(BadRequest\)|ValidationError|illegal base64/i],
  ['not-found', /\(NotFound\)|not found/i],
];
