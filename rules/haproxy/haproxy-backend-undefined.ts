import {
  backendNamed,
  backendsOf,
  type Haproxy,
  type HaproxyPart,
  haproxyOf,
  usedBackends,
} from '../../analysis/haproxy-config';
import { nearest } from '../../analysis/nearest';
import { workloadKinds } from '../../analysis/pods';
import type { HaproxySection } from '../../analysis/text/haproxy';
import type { Span } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { replaceText } from './text-edits';

export default {
  id: 'haproxy-backend-undefined',
  items: ['2.2.b.1'],
  severity: 'error',
  summary: 'haproxy.cfg uses a backend, an acl or a resolvers section that it does not define.',
  why: 'HAProxy refuses the whole configuration, so no request reaches any Synapse process.',
  remedy: 'Correct the name, or add what is missing.',
  traps: [
    'The acls that HAProxy defines itself, such as `HTTP` and `METH_GET`, are known.',
    'A backend without servers that only answers, redirects or denies is right; one that does nothing answers 503 to every request.',
    'A backend that no frontend uses is a note, unless names are computed.',
  ],
  sources: [
    'HAProxy configuration manual: "use_backend", "default_backend", section 7.4 "Pre-defined ACLs", section 5.3',
  ],
  examples: {
    bad: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy-config
        namespace: matrix
      data:
        haproxy.cfg: |
          frontend matrix
            mode http
            bind :8008
            acl is_sync path_end /sync
            use_backend synchrotrons if is_sync
      #                 ^^^^^^^^^^^^ 💡 error: There is no backend synchrotrons
            default_backend main
          backend main
            mode http
            server main synapse-main:8008 check
          backend synchrotron
            mode http
            server sync synapse-sync:8008 check
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: haproxy
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0.6
                volumeMounts:
                  - name: config
                    mountPath: /usr/local/etc/haproxy
            volumes:
              - name: config
                configMap:
                  name: haproxy-config
    `,
    good: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy-config
        namespace: matrix
      data:
        haproxy.cfg: |
          frontend matrix
            mode http
            bind :8008
            acl is_sync path_end /sync
            use_backend synchrotron if is_sync
            default_backend main
          backend main
            mode http
            server main synapse-main:8008 check
          backend synchrotron
            mode http
            server sync synapse-sync:8008 check
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: haproxy
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0.6
                volumeMounts:
                  - name: config
                    mountPath: /usr/local/etc/haproxy
            volumes:
              - name: config
                configMap:
                  name: haproxy-config
    `,
  },
  kinds: workloadKinds,
  *check(resource, workspace) {
    const haproxy = haproxyOf(workspace, resource);
    if (!haproxy || haproxy.isPartial) return;
    for (const part of haproxy.parts) {
      yield* undefinedBackends(haproxy, part);
      yield* undefinedAcls(part);
      yield* undefinedResolvers(haproxy, part);
    }
    yield* idleBackends(workspace, haproxy);
  },
} satisfies Rule;

function* undefinedBackends(haproxy: Haproxy, part: HaproxyPart): Iterable<Problem> {
  const { section } = part;
  for (const { backend, isDynamic } of [
    ...section.useBackends,
    ...(section.defaultBackend ? [section.defaultBackend] : []),
  ]) {
    if (isDynamic || backendNamed(haproxy, backend.value)) continue;
    const names = backendsOf(haproxy).flatMap(one => one.section.name?.value ?? []);
    yield {
      at: part.place(backend.span),
      message: `There is no backend ${backend.value}, so HAProxy does not start — ${suggestion(backend.value, names, 'add it, or correct the name.')}`,
      fixes: () => rename(part, backend.span, backend.value, names),
    };
  }
}

function* undefinedAcls(part: HaproxyPart): Iterable<Problem> {
  const { section } = part;
  const own = section.acls.map(acl => acl.name.value);
  const known = new Set([...own, ...(section.defaults?.acls.map(acl => acl.name.value) ?? [])]);
  for (const { condition } of section.directives) {
    for (const { name, span } of condition?.alternatives.flat() ?? []) {
      if (name === undefined || name === '' || known.has(name) || predefined.has(name)) continue;
      yield {
        at: part.place(span),
        message: `${titleOf(section)} has no acl ${name}, so HAProxy does not start — ${suggestion(name, own, 'define it above this line, or correct the name.')}`,
        fixes: () => rename(part, span, name, own),
      };
    }
  }
}

function* undefinedResolvers(haproxy: Haproxy, part: HaproxyPart): Iterable<Problem> {
  const names = haproxy.parts.flatMap(({ section }) =>
    section.kind === 'resolvers' ? (section.name?.value ?? []) : [],
  );
  const byDefault = part.section.directives.flatMap(({ keyword, words }) => {
    const at = keyword === 'default-server' ? words.findIndex(word => word.value === 'resolvers') : -1;
    return at === -1 ? [] : [{ resolvers: words[at + 1] }];
  });
  for (const { resolvers } of [...part.section.servers, ...byDefault]) {
    if (!resolvers || names.includes(resolvers.value) || resolvers.value === 'default') continue;
    yield {
      at: part.place(resolvers.span),
      message: `There is no section resolvers ${resolvers.value}, so HAProxy does not start — ${suggestion(resolvers.value, names, 'add it, or correct the name.')}`,
      fixes: () => rename(part, resolvers.span, resolvers.value, names),
    };
  }
}

/** Backends that nothing sends requests to, and such that do nothing with them. */
function* idleBackends(workspace: Workspace, haproxy: Haproxy): Iterable<Problem> {
  const used = usedBackends(workspace, haproxy);
  // A name that is not defined is most likely one of the unused ones, misspelt.
  const isMisspelt = [...used.names].some(name => !backendNamed(haproxy, name));
  for (const part of haproxy.parts) {
    const { section } = part;
    if (section.kind !== 'backend' || !section.name) continue;
    const name = section.name.value;
    if (!used.isOpen && !isMisspelt && !used.names.has(name)) {
      yield {
        at: part.place(section.span),
        severity: 'info',
        message: `No frontend sends requests to backend ${name} — use it, or delete it.`,
      };
    } else if (used.names.has(name) && section.servers.length === 0 && !answers(section)) {
      yield {
        at: part.place(section.span),
        message: `Backend ${name} has no server, so HAProxy answers 503 to every request — add one.`,
      };
    }
  }
}

/** Whether a section does something with requests without a server. */
function answers(section: HaproxySection): boolean {
  return section.directives.some(({ keyword }) =>
    /^(?:http-request (?:return|redirect|deny|tarpit|reject|use-service|silent-drop)|tcp-request \w+|redirect|dispatch|stats \w+|errorfile|errorfiles|http-error|option http_proxy|use-fcgi-app|filter|errorloc\d*)$/.test(
      keyword,
    ),
  );
}

function rename(part: HaproxyPart, span: Span, name: string, known: readonly string[]): readonly Fix[] {
  const close = nearest(name, known);
  return close === undefined ? [] : [{ title: `Use ${close}`, safe: false, edits: [replaceText(part, span, close)] }];
}

function suggestion(name: string, known: readonly string[], otherwise: string): string {
  const close = nearest(name, known);
  return close === undefined ? otherwise : `did you mean ${close}?`;
}

function titleOf({ kind, name }: HaproxySection): string {
  return name ? `${kind} ${name.value}` : kind;
}

/** HAProxy configuration manual, section 7.4. */
const predefined = new Set([
  'FALSE',
  'HTTP',
  'HTTP_1.0',
  'HTTP_1.1',
  'HTTP_2.0',
  'HTTP_3.0',
  'HTTP_CONTENT',
  'HTTP_URL_ABS',
  'HTTP_URL_SLASH',
  'HTTP_URL_STAR',
  'LOCALHOST',
  'METH_CONNECT',
  'METH_DELETE',
  'METH_GET',
  'METH_HEAD',
  'METH_OPTIONS',
  'METH_POST',
  'METH_PUT',
  'METH_TRACE',
  'RDP_COOKIE',
  'REQ_CONTENT',
  'TRUE',
  'WAIT_END',
]);
