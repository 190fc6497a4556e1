import { nearest } from '../../analysis/nearest';
import { endsOf, type Route, routesFor, routesOf } from '../../analysis/routes';
import { classOf, isCanary, isNginx, usesExpressions } from '../../analysis/routes/ingress';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { deleteEntry, renameKey, replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import { table } from '../../manifests/table';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { synapseBehind } from '../synapse/synapse-behind';
import { isRecent } from './ingress-snippet-disabled';
import { plainHttpAt } from './plain-http';

export default {
  id: 'ingress-nginx-setting',
  items: [],
  severity: 'error',
  summary: 'An Ingress has a setting that ingress-nginx refuses, ignores or applies to every request.',
  why: 'The object is applied without a word, and the controller then takes a default for a value that it cannot read, drops the Ingress, or rewrites every path to one.',
  remedy: 'Correct the annotation or the path as the message says; the logs of the controller name what it dropped.',
  traps: [
    'Timeouts are whole seconds without a unit. Sizes such as `proxy-body-size` have one.',
    'A path of type Prefix or Exact may have letters, digits and `-._/` only from ingress-nginx 1.12 on; before, and for ImplementationSpecific, an expression counts as one only where `use-regex` or `rewrite-target` is set for the host.',
    'A `rewrite-target` without `$1` is right for an Exact path. It is an error where it leads to a program of the deployment, whose paths all become one.',
    'Names of annotations are compared with those of ingress-nginx only where one is nearly the same.',
  ],
  sources: [
    'ingress-nginx documentation, Annotations; Rewrite; Canary; Ingress Path Matching; ConfigMap: strict-validate-path-type, true from 1.12',
    'kubernetes/ingress-nginx internal/ingress/annotations/parser: values that are no number are an error and the default holds',
  ],
  examples: {
    bad: example(
      '30s\n      #                                                   ^^^ 💡 warning: proxy-read-timeout is a number of seconds',
    ),
    good: example('30'),
  },
  kinds: ['Ingress'],
  *check(ingress, workspace) {
    if (!isNginx(ingress)) return;
    const annotations = ingress.root.at('metadata', 'annotations').entries();
    const own = annotations.filter(([name]) => name.startsWith(prefix));
    for (const [name, value] of own) {
      const problem = valueProblem(name.slice(prefix.length), value) ?? nameProblem(name.slice(prefix.length), value);
      if (problem) yield problem;
    }
    yield* secondClass(ingress);
    yield* canaryProblem(workspace, ingress);
    yield* rewriteProblems(workspace, ingress);
    yield* pathProblems(workspace, ingress);
  },
} satisfies Rule;

const prefix = 'nginx.ingress.kubernetes.io/';

/** Annotations whose value is a whole number. */
const numbers: ReadonlySet<string> = new Set([
  ...['proxy-connect-timeout', 'proxy-send-timeout', 'proxy-read-timeout', 'proxy-next-upstream-timeout'],
  ...['proxy-next-upstream-tries', 'limit-rps', 'limit-rpm', 'limit-connections', 'proxy-buffers-number'],
]);

/** Annotations that are switches. */
const switches: ReadonlySet<string> = new Set([
  ...[
    'ssl-redirect',
    'force-ssl-redirect',
    'use-regex',
    'canary',
    'enable-cors',
    'service-upstream',
    'ssl-passthrough',
  ],
]);

function valueProblem(name: string, value: Value): Problem | undefined {
  const text = value.string;
  if (text === undefined || findPlaceholders(text, 'value').length > 0) return undefined;
  if (numbers.has(name) && !/^\d+$/.test(text)) {
    const seconds = /^(\d+)\s*s(?:ec(?:onds)?)?$/i.exec(text)?.[1];
    return {
      at: value,
      severity: 'warning',
      message: `${name} is a number${/timeout/.test(name) ? ' of seconds' : ''}, so ingress-nginx does not take ${text} and keeps its default — write ${seconds ?? 'a whole number'}${/timeout/.test(name) ? ' without a unit' : ''}.`,
      fixes: () => {
        const edit = seconds === undefined ? undefined : replaceScalar(value, seconds);
        return edit ? [{ title: `Write ${seconds}`, safe: true, edits: [edit] }] : [];
      },
    };
  }
  if (switches.has(name) && !/^(?:true|false|1|0|t|f)$/i.test(text))
    return {
      at: value,
      severity: 'warning',
      message: `${name} is true or false, so ingress-nginx does not take ${text} and keeps its default — write one of the two.`,
    };
  if (name === 'backend-protocol' && !/^(?:auto_http|https?|grpcs?|fcgi)$/i.test(text.trim()))
    return {
      at: value,
      severity: 'warning',
      message: `ingress-nginx knows no backend protocol ${text} and speaks HTTP — write HTTP, HTTPS, GRPC, GRPCS or FCGI.`,
    };
  if (/^proxy-(?:body|buffer)-size$/.test(name) && !/^\d+[kmg]?$/i.test(text))
    return {
      at: value,
      severity: 'warning',
      message: `nginx reads no size ${text}: it knows k, m and g — write ${/^\d+(?:\.\d+)?\s*([kmg])i?b?$/i.test(text) ? text.replace(/\s*([kmg])i?b?$/i, (_, unit: string) => unit.toLowerCase()) : '100m, for example'}.`,
    };
  if (name === 'whitelist-source-range' || name === 'denylist-source-range') {
    const wrong = text.split(',').find(one => !/^\s*(?:[\d.]+|[\da-f:]+)(?:\/\d{1,3})?\s*$/i.test(one));
    if (wrong !== undefined)
      return {
        at: value,
        message: `${wrong.trim()} is no range of addresses, so ingress-nginx answers every request with 403 — write it as 192.0.2.0/24.`,
      };
  }
  return undefined;
}

/** ingress-nginx documentation, Annotations Scope and Risk, and the names of before. */
const known: readonly string[] = `
  affinity affinity-canary-behavior affinity-mode allowlist-source-range app-root auth-always-set-cookie
  auth-cache-duration auth-cache-key auth-keepalive auth-keepalive-requests auth-keepalive-share-vars
  auth-keepalive-timeout auth-method auth-proxy-set-headers auth-realm auth-request-redirect
  auth-response-headers auth-secret auth-secret-type auth-signin auth-signin-redirect-param auth-snippet
  auth-tls-error-page auth-tls-match-cn auth-tls-pass-certificate-to-upstream auth-tls-secret
  auth-tls-verify-client auth-tls-verify-depth auth-type auth-url backend-protocol canary canary-by-cookie
  canary-by-header canary-by-header-pattern canary-by-header-value canary-weight canary-weight-total
  client-body-buffer-size configuration-snippet connection-proxy-header cors-allow-credentials
  cors-allow-headers cors-allow-methods cors-allow-origin cors-expose-headers cors-max-age custom-headers
  custom-http-errors default-backend denylist-source-range disable-proxy-intercept-errors enable-access-log
  enable-cors enable-global-auth enable-modsecurity enable-opentelemetry enable-opentracing
  enable-owasp-core-rules enable-rewrite-log fastcgi-index fastcgi-params-configmap force-ssl-redirect
  from-to-www-redirect http2-push-preload limit-allowlist limit-burst-multiplier limit-connections
  limit-rate limit-rate-after limit-rpm limit-rps limit-whitelist load-balance mirror-host
  mirror-request-body mirror-target modsecurity-snippet modsecurity-transaction-id
  opentelemetry-operation-name opentelemetry-trust-incoming-span opentracing-trust-incoming-span
  permanent-redirect permanent-redirect-code preserve-trailing-slash proxy-body-size proxy-buffer-size
  proxy-buffering proxy-buffers-number proxy-busy-buffers-size proxy-connect-timeout proxy-cookie-domain
  proxy-cookie-path proxy-http-version proxy-max-temp-file-size proxy-next-upstream
  proxy-next-upstream-timeout proxy-next-upstream-tries proxy-read-timeout proxy-redirect-from
  proxy-redirect-to proxy-request-buffering proxy-send-timeout proxy-ssl-ciphers proxy-ssl-name
  proxy-ssl-protocols proxy-ssl-secret proxy-ssl-server-name proxy-ssl-verify proxy-ssl-verify-depth
  relative-redirects rewrite-target satisfy secure-backends server-alias server-snippet service-upstream
  session-cookie-change-on-failure session-cookie-conditional-samesite-none session-cookie-domain
  session-cookie-expires session-cookie-hash session-cookie-max-age session-cookie-name
  session-cookie-partitioned session-cookie-path session-cookie-samesite session-cookie-secure ssl-ciphers
  ssl-passthrough ssl-prefer-server-ciphers ssl-redirect stream-snippet temporal-redirect
  temporal-redirect-code upstream-hash-by upstream-hash-by-subset upstream-hash-by-subset-size
  upstream-vhost use-port-in-redirects use-regex websocket-services whitelist-source-range
  x-forwarded-prefix
`
  .trim()
  .split(/\s+/);

function nameProblem(name: string, value: Value): Problem | undefined {
  if (known.includes(name) || !/^[\w-]+$/.test(name)) return undefined;
  const close = nearest(name.toLowerCase().replaceAll('_', '-'), known) ?? others[name];
  if (close === undefined) return undefined;
  return {
    at: value.key,
    severity: 'warning',
    message: `ingress-nginx has no annotation ${name} and ignores it — did you mean ${close}?`,
    fixes: () => {
      const edit = renameKey(value, `${prefix}${close}`);
      return edit ? [{ title: `Rename to ${close}`, safe: false, edits: [edit] }] : [];
    },
  };
}

/** Names that other controllers, or nginx itself, use for the same thing. */
const others = table<string>({
  'client-max-body-size': 'proxy-body-size',
  'max-body-size': 'proxy-body-size',
  'body-size': 'proxy-body-size',
  'read-timeout': 'proxy-read-timeout',
  'proxy-timeout': 'proxy-read-timeout',
  'send-timeout': 'proxy-send-timeout',
  'ssl-force-redirect': 'force-ssl-redirect',
});

/**
 * The API server takes two ways to name a class where they name the same one, and before Kubernetes 1.27 only one of them
 * (pkg/apis/networking/validation, ValidateIngressCreate). Which of the two releases it is, is not asked.
 */
function* secondClass(ingress: Resource): Iterable<Problem> {
  const old = ingress.root.at('metadata', 'annotations', 'kubernetes.io/ingress.class');
  const name = ingress.root.at('spec', 'ingressClassName');
  if (!old.text || !name.text || old.text === name.text) return;
  yield {
    at: old.key,
    message: `The API server refuses Ingress ${ingress.name}, because its annotation kubernetes.io/ingress.class names ${old.text} and its ingressClassName ${name.text} — drop the annotation.`,
    fixes: () => {
      const edit = deleteEntry(old);
      return edit ? [{ title: 'Drop the annotation', safe: false, edits: [edit] }] : [];
    },
  };
}

/** A canary takes a share of the requests of an Ingress with the same host and path; alone it takes none. */
function* canaryProblem(workspace: Workspace, ingress: Resource): Iterable<Problem> {
  if (!isCanary(ingress)) return;
  const routes = routesOf(ingress);
  if (routes.some(route => routesOfHost(workspace, ingress, route.host).length > 0)) return;
  yield {
    at: ingress.root.at('metadata', 'annotations', `${prefix}canary`),
    message: `Ingress ${ingress.name} is a canary, and no other Ingress serves ${routes[0]?.host ?? 'its host'}, so ingress-nginx drops it and answers with 404 — drop the annotation.`,
  };
}

/** With a constant target, or one of an empty group, all paths of a program become one. */
function* rewriteProblems(workspace: Workspace, ingress: Resource): Iterable<Problem> {
  const target = ingress.root.at('metadata', 'annotations', `${prefix}rewrite-target`);
  if (target.string === undefined) return;
  const groups = [...target.string.matchAll(/\$(\d)/g)].map(match => Number(match[1]));
  for (const route of routesOf(ingress)) {
    const own = route.path.match(/\((?!\?[:=!])/g)?.length ?? 0;
    const lacking = groups.find(group => group > own);
    if (lacking !== undefined) {
      yield {
        at: target,
        message: `rewrite-target takes $${lacking}, but the path ${route.path} has ${own === 0 ? 'no group' : `${own} group${own > 1 ? 's' : ''}`} in parentheses, so every request goes to ${target.string.replace(/\$\d/g, '') || '/'} — write the path as ${example2(route.path)}.`,
        related: [{ at: route.at, message: 'The path' }],
      };
      return;
    }
    if (groups.length > 0 || route.match === 'exact' || /[$]$/.test(route.path)) continue;
    const program = programBehind(workspace, route);
    if (program === undefined) continue;
    yield {
      at: target,
      message: `With rewrite-target ${target.string} every request for ${route.path} reaches ${program} as ${target.string}, whatever its path was — drop the annotation.`,
      related: [{ at: route.at, message: 'The path' }],
    };
    return;
  }
}

function example2(path: string): string {
  return `${path.replace(/\/+$/, '')}(/|$)(.*)`;
}

/** What of the deployment answers a route, if it has paths of its own. */
function programBehind(workspace: Workspace, route: Route): string | undefined {
  if (synapseBehind(workspace, route).length > 0) return 'Synapse';
  for (const { pods, port } of endsOf(workspace, route)) {
    const program = plainHttpAt(workspace, pods.owner, port);
    if (program !== undefined) return program;
  }
  return undefined;
}

/** All routes that ingress-nginx puts into the server of a host: those of every Ingress of one class. */
function routesOfHost(workspace: Workspace, ingress: Resource, host: string): readonly Route[] {
  return routesFor(workspace, host).filter(
    ({ source, host: own }) => own === host && source.kind === 'Ingress' && classOf(source) === classOf(ingress),
  );
}

function* pathProblems(workspace: Workspace, ingress: Resource): Iterable<Problem> {
  const isStrict = isRecent(workspace);
  const hasRegex = (host: string): boolean => usesExpressions(routesOfHost(workspace, ingress, host));
  for (const { path, rule, at, host } of routesOf(ingress)) {
    const pathType = rule.at('pathType').text;
    if (/^\/[a-z\d._/-]*$/i.test(path) || findPlaceholders(path, 'value').length > 0) continue;
    const isTyped = pathType === 'Prefix' || pathType === 'Exact';
    if (isTyped && isStrict)
      yield {
        at,
        message: `ingress-nginx 1.12 and later refuse the path ${path} of type ${pathType}, because it has more than letters, digits and -._/ — use pathType ImplementationSpecific.`,
      };
    else if (!hasRegex(host) && /[()[\]*|^$\\?+]/.test(path))
      yield {
        at,
        severity: 'warning',
        message: `The path ${path} is taken letter by letter, because the Ingress does not say use-regex, so no request matches — set ${prefix}use-regex: "true".`,
      };
  }
}

function example(timeout: string): string {
  return `
      #- /ingress.yaml
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: matrix
        namespace: matrix
        annotations:
          nginx.ingress.kubernetes.io/proxy-read-timeout: ${timeout === '30' ? '"30"' : timeout}
      spec:
        ingressClassName: nginx
    `;
}
