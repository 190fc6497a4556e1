import { followsChecklist } from '../../analysis/checklist-signs';
import { destinationOf, type Haproxy, type HaproxyPart, haproxyOf, podPortsOf } from '../../analysis/haproxy-config';
import { type Pods, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { effectiveDirectives, healthCheckOf, isChecked, modeOf } from '../../analysis/text/haproxy';
import type { HaproxyServer } from '../../analysis/text/haproxy-directives';
import type { TextEdit } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { asksForPassword } from '../redis/password';
import type { Fix, Problem, Rule } from '../rule';
import { appendWords, insertBelow } from './text-edits';

export default {
  id: 'haproxy-healthcheck-missing',
  items: ['2.2.b.2'],
  severity: 'warning',
  summary: 'A backend does not ask its servers whether they are well.',
  why: 'HAProxy keeps sending requests to a worker that has stopped or is still starting, and clients see errors although another worker could answer.',
  remedy:
    'Write `option httpchk GET /health` in the backend and `check` on each of its servers. Synapse answers `/health` on every HTTP listener.',
  traps: [
    'Backends that only return, redirect or deny have nothing to check; nor have those that lead to metrics.',
    'In TCP mode `check` alone is enough. A backend without any check is an error where the checklist is followed.',
    '`check` may stand in `default-server`, and `option httpchk` in `defaults`.',
    'A check of Redis with `option tcp-check` has to send `AUTH` where Redis asks for a password.',
    'The content scanner listens when it is ready, so `check` alone is enough for it. It has no `/health`; another path of its own has to be asked.',
  ],
  sources: [
    'HAProxy configuration manual, "option httpchk", "check"',
    'element-hq/synapse, docs/reverse_proxy.md, "Health check endpoint"',
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
            default_backend generic
          backend generic
      #   ^^^^^^^^^^^^^^^ 💡 warning: Backend generic checks no health
            mode http
            server generic-0 synapse-generic:8008 # both pods
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
            default_backend generic
          backend generic
            mode http
            option httpchk GET /health
            server generic-0 synapse-generic:8008 check # both pods
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
    for (const part of haproxy?.parts ?? []) {
      if (haproxy && isTraffic(workspace, haproxy, part)) yield* judge(workspace, haproxy, part);
      if (haproxy) yield* withoutPassword(workspace, haproxy, part);
      if (haproxy) yield* wrongAnswer(workspace, haproxy, part);
    }
  },
} satisfies Rule;

/** What Synapse answers, on one listener or another (element-hq/synapse, docs/reverse_proxy.md, docs/workers.md). */
const answered =
  /^\/health$|^\/_(?:matrix\/(?:client|federation|media|key|static|app)|synapse\/(?:admin|client|metrics|replication|mas))(?:\/|$)/;

/** Checks that wait for what the program never answers: another status than 200, or a replica where writes go. */
function* wrongAnswer(workspace: Workspace, haproxy: Haproxy, part: HaproxyPart): Iterable<Problem> {
  const { section } = part;
  const check = healthCheckOf(section);
  const uri = check?.uri?.value.replace(/[?#].*$/, '');
  for (const { keyword, args } of effectiveDirectives(section, 'http-check expect')) {
    const [first, second] = args;
    const status = first?.value === 'status' ? second?.value : undefined;
    if (keyword !== 'http-check expect' || !second || status === undefined || !/^[\d,-]+$/.test(status)) continue;
    const takes = status.split(',').some(one => {
      const [from = '', to = from] = one.split('-');
      return Number(from) <= 200 && 200 <= Number(to);
    });
    if (takes || uri !== '/health' || !targetsOf(workspace, haproxy, part).has('synapse')) continue;
    yield {
      at: part.place(second.span),
      severity: 'error',
      message: `Synapse answers /health with 200, not ${status}, so all servers of ${section.name?.value ?? section.kind} stay down — expect status 200.`,
    };
  }
  const replica = section.directives.find(
    ({ keyword, words }) =>
      keyword === 'tcp-check expect' && words.some(({ value }) => /^role:(?:slave|replica)$/.test(value)),
  );
  const name = section.name?.value ?? '';
  if (!replica || /slave|replica|read|ro\b/i.test(name)) return;
  const others = haproxy.parts.some(({ section: other }) =>
    other.directives.some(
      ({ keyword, words }) => keyword === 'tcp-check expect' && words.some(({ value }) => value === 'role:master'),
    ),
  );
  if (!others)
    yield {
      at: part.place(replica.span),
      severity: 'error',
      message: `This keeps the replicas of Redis in ${name} and takes the master out, so every write fails with READONLY — expect role:master.`,
    };
}

/** Checks of a Redis with a password that do not log in: it answers NOAUTH, and all servers stay down. */
function* withoutPassword(workspace: Workspace, haproxy: Haproxy, part: HaproxyPart): Iterable<Problem> {
  const { section } = part;
  if (!effectiveDirectives(section, 'option tcp-check').some(directive => !directive.negated)) return;
  const sends = section.directives.filter(({ keyword }) => /^tcp-check send/.test(keyword));
  const [first] = sends;
  const said = sends.map(({ words }) => words.map(word => word.value).join(' '));
  // `send-binary 415554480d0a…` is AUTH as well.
  if (!first || said.some(text => /AUTH|HELLO|41555448|48454c4c4f|[$%]/i.test(text))) return;
  const isRedis = section.servers.some(server =>
    podPortsOf(workspace, haproxy, server)?.some(
      ({ pods, port }) =>
        port !== 26379 && familiesOf(pods.owner).has('redis') && asksForPassword(workspace, pods.owner),
    ),
  );
  if (isRedis && said.some(text => /PING|INFO|ROLE/i.test(text)))
    yield {
      at: part.place(first.span),
      severity: 'error',
      message: `Redis asks for a password and answers this check with NOAUTH, so all servers of ${section.name?.value ?? section.kind} stay down — send AUTH with the password first.`,
    };
}

function* judge(workspace: Workspace, haproxy: Haproxy, part: HaproxyPart): Iterable<Problem> {
  const { section } = part;
  const name = section.name?.value ?? section.kind;
  const isHttp = modeOf(section) === 'http';
  const check = healthCheckOf(section);
  const other = [
    'option tcp-check',
    'option external-check',
    'option redis-check',
    'option ssl-hello-chk',
    'http-check send',
  ].some(keyword => effectiveDirectives(section, keyword).some(directive => !directive.negated));
  const unchecked = section.servers.filter(server => !isChecked(server, section));
  const [first] = unchecked;
  // What another program answers to `/health` is not known here.
  const isHealthKnown = isHttp && !leadsToOthers(workspace, haproxy, part);
  const isAsked = check !== undefined || other || !isHealthKnown;
  if (first && (check === undefined || !isHttp) && !other && unchecked.length === section.servers.length) {
    yield {
      at: part.place(section.span),
      // Who sends to a Service gets pods that are ready; how other programs fail, and what watches them, is not known here.
      ...(followsChecklist(workspace) && !leadsToOthers(workspace, haproxy, part) && { severity: 'error' as const }),
      message: `Backend ${name} checks no health, so requests go to servers that are down — write ${isHealthKnown ? 'option httpchk GET /health and ' : ''}check on its servers.`,
      fixes: () => fixesFor(workspace, haproxy, part, isHealthKnown, unchecked),
    };
  } else if (first) {
    yield {
      at: part.place(first.span),
      message: `Backend ${name} says how to check its servers, but ${first.name.value} is not checked — write check.`,
      related: unchecked.slice(1).map(server => ({ at: part.place(server.span), message: 'Not checked either' })),
      fixes: () => fixesFor(workspace, haproxy, part, false, unchecked),
    };
  } else if (!isAsked && startsListening(targetsOf(workspace, haproxy, part))) {
    yield {
      at: part.place(section.span),
      message: `Backend ${name} only tries to connect to its servers, which a Synapse that is still starting accepts — write option httpchk GET /health.`,
      fixes: () => fixesFor(workspace, haproxy, part, true, []),
    };
  }
  if (!check?.uri || !isHttp) return;
  const uri = check.uri.value.replace(/[?#].*$/, '');
  const families = targetsOf(workspace, haproxy, part);
  const isWrong = (families.has('synapse') && !answered.test(uri)) || (families.has('scanner') && uri === '/health');
  if (isWrong) {
    yield {
      at: part.place(check.uri.span),
      message: families.has('scanner')
        ? `The content scanner does not answer ${uri}, so HAProxy takes its servers for down — ask for /_matrix/media_proxy/unstable/public_key.`
        : `Synapse does not answer ${uri}, so HAProxy takes its servers for down — ask for /health.`,
      fixes: () => {
        const right = families.has('scanner') ? '/_matrix/media_proxy/unstable/public_key' : '/health';
        return check.uri
          ? [{ title: `Ask for ${right}`, safe: true, edits: [{ at: part.place(check.uri.span), newText: right }] }]
          : [];
      },
    };
  }
}

/** Whether servers may accept connections before they answer; the content scanner listens when it is ready. */
function startsListening(families: ReadonlySet<string>): boolean {
  return families.size === 0 || [...families].some(family => family !== 'scanner');
}

/** Whether a section forwards requests to servers, other than those of metrics. */
function isTraffic(workspace: Workspace, haproxy: Haproxy, { section }: HaproxyPart): boolean {
  if (!['backend', 'listen'].includes(section.kind) || section.servers.length === 0) return false;
  if (/metrics|stats|prometheus/.test(section.name?.value ?? '')) return false;
  return !section.servers.every(server => {
    const ports = podPortsOf(workspace, haproxy, server);
    return ports?.length
      ? ports.every(({ pods, port }) => pods.ports.some(one => one.port === port && /metrics/.test(one.name ?? '')))
      : false;
  });
}

function targetsOf(workspace: Workspace, haproxy: Haproxy, { section }: HaproxyPart): ReadonlySet<string> {
  return new Set(
    section.servers.flatMap(server => podsOf(workspace, haproxy, server).flatMap(one => [...familiesOf(one.owner)])),
  );
}

/** Whether the tree shows where all servers are, and none of them is a program that is known here. */
function leadsToOthers(workspace: Workspace, haproxy: Haproxy, part: HaproxyPart): boolean {
  return (
    part.section.servers.every(server => podsOf(workspace, haproxy, server).length > 0) &&
    targetsOf(workspace, haproxy, part).size === 0
  );
}

function podsOf(workspace: Workspace, haproxy: Haproxy, server: HaproxyServer): readonly Pods[] {
  const destination = destinationOf(workspace, haproxy, server);
  return destination?.kind === 'service' ? destination.pods : destination?.kind === 'pod' ? [destination.pods] : [];
}

function fixesFor(
  workspace: Workspace,
  haproxy: Haproxy,
  part: HaproxyPart,
  needsPath: boolean,
  unchecked: readonly HaproxyServer[],
): readonly Fix[] {
  const { section } = part;
  const isScanner = targetsOf(workspace, haproxy, part).has('scanner');
  const path = isScanner ? '/_matrix/media_proxy/unstable/public_key' : '/health';
  const mode = section.directives.findLast(directive => /^(?:mode|balance|bind)$/.test(directive.keyword));
  const edits: (TextEdit | undefined)[] = [
    ...(needsPath ? [insertBelow(part, mode?.span ?? section.span, [`option httpchk GET ${path}`])] : []),
    ...unchecked.map(server => appendWords(part, server.span, 'check')),
  ];
  const all = edits.flatMap(edit => edit ?? []);
  return all.length === edits.length && all.length > 0
    ? [{ title: 'Check the health of the servers', safe: true, edits: all }]
    : [];
}
