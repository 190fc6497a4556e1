import { backendNamed, frontendsOf, haproxyOf } from '../../analysis/haproxy-config';
import { routeOf } from '../../analysis/haproxy-routing';
import { workloadKinds } from '../../analysis/pods';
import { type Route, routeFor, routeSourceKinds, routesOf } from '../../analysis/routes';
import { isNginx } from '../../analysis/routes/ingress';
import type { SynapseProcess } from '../../analysis/synapse';
import { effectiveDirectives, modeOf } from '../../analysis/text/haproxy';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import { table } from '../../manifests/table';
import type { Workspace } from '../../manifests/workspace';
import { processesBehind } from '../haproxy/synapse-routes';
import { replaceText } from '../haproxy/text-edits';
import type { Problem, Rule } from '../rule';
import { synapseBehind } from './synapse-behind';

export default {
  id: 'proxy-timeout-short',
  items: [],
  severity: 'warning',
  summary: 'A proxy in front of Synapse gives up before a long poll is answered.',
  why: 'Clients ask `/sync` to wait up to 30 seconds for something new. A proxy that waits no longer than that ends every quiet poll with 504: clients show that they are offline, and ask again at once.',
  remedy:
    'Let HAProxy and the Ingress wait a minute or more: `timeout server 5m`, `proxy-read-timeout: "300"`; a route of the Gateway API without `timeouts` waits as long as its Gateway does.',
  traps: [
    'Judged is what really holds for `/_matrix/client/v3/sync`: the timeout of the backend that its route leads to, else that of `defaults`.',
    'A time without a unit is in milliseconds for HAProxy, and in seconds for ingress-nginx.',
    'Without the annotation ingress-nginx waits 60 seconds, and without `timeout server` HAProxy waits for ever.',
  ],
  sources: [
    'Matrix specification, client-server API, GET /_matrix/client/v3/sync: timeout; matrix-js-sdk src/client.ts: pollTimeout, 30 seconds',
    'HAProxy configuration manual, "timeout server" and 2.5 "Time format"; ingress-nginx documentation, Annotations, "Custom timeouts"; gateway-api, apis/v1/httproute_types.go: HTTPRouteTimeouts; projectcontour.io, TimeoutPolicy; istio.io, HTTPRoute: timeout',
  ],
  examples: {
    bad: example(
      '20s\n      #                    ^^^ 💡 warning: HAProxy waits 20 seconds for an answer to /_matrix/client/v3/sync, for which clients wait 30',
    ),
    good: example('5m'),
  },
  kinds: [...workloadKinds, ...routeSourceKinds],
  *check(resource, workspace) {
    if (routeSourceKinds.includes(resource.qualifiedKind)) {
      const problem = routeProblem(workspace, resource);
      if (problem) yield problem;
    } else yield* haproxyProblems(workspace, resource);
  },
} satisfies Rule;

const sync = { method: 'GET', path: '/_matrix/client/v3/sync' } as const;

/** What clients ask Synapse to wait at most, in milliseconds. */
const poll = 30_000;

function* haproxyProblems(workspace: Workspace, resource: Resource): Iterable<Problem> {
  const haproxy = haproxyOf(workspace, resource);
  if (!haproxy) return;
  const said = new Set<object>();
  for (const frontend of frontendsOf(haproxy)) {
    if (modeOf(frontend.section) !== 'http' || frontend.file.isOpaque) continue;
    for (const { backend } of routeOf(workspace, haproxy, frontend, sync).choices) {
      const part = backendNamed(haproxy, backend);
      if (!part || part.file.isOpaque || !answersClients(processesBehind(workspace, haproxy, backend))) continue;
      const timeout = effectiveDirectives(part.section, 'timeout server').at(-1);
      const [word] = timeout?.args ?? [];
      const time = word && milliseconds(word.value);
      if (!timeout || !word || said.has(timeout) || time === undefined || time > poll) continue;
      // Below a hundred without a unit, the configuration itself is called wrong.
      if (/^\d{1,2}$/.test(word.value) || part.file.resolve(word.span).kind !== 'left') continue;
      said.add(timeout);
      yield {
        at: part.place(word.span),
        message: `HAProxy waits ${inWords(time)} for an answer to ${sync.path}, for which clients wait 30, so quiet polls fail with 504 — write 5m.`,
        related: [{ at: part.place(part.section.span), message: `What ${sync.path} is sent to` }],
        fixes: () => [{ title: 'Wait five minutes', safe: false, edits: [replaceText(part, word.span, '5m')] }],
      };
    }
  }
}

function routeProblem(workspace: Workspace, source: Resource): Problem | undefined {
  for (const host of new Set(routesOf(source).map(route => route.host))) {
    const route = routeFor(workspace, host, sync);
    if (route === undefined || route === 'unknown' || route.source !== source) continue;
    const waiting = waitOf(route);
    if (!waiting || waiting.time > poll || waiting.time === 0) continue;
    if (!answersClients(synapseBehind(workspace, route))) continue;
    const { at, time, better } = waiting;
    return {
      at,
      message: `${source.kind} ${source.name} waits ${inWords(time)} for an answer to ${sync.path}, for which clients wait 30, so quiet polls fail with 504 — write ${better}.`,
      fixes: () => {
        const edit = replaceScalar(at, better.replaceAll('"', ''));
        return edit ? [{ title: 'Wait five minutes', safe: false, edits: [edit] }] : [];
      },
    };
  }
  return undefined;
}

/** How long a route waits for an answer, in milliseconds; 0 where it waits for ever. Undefined where it does not say. */
function waitOf({ source, rule }: Route) {
  if (source.kind === 'Ingress') {
    const at = source.root.at('metadata', 'annotations', 'nginx.ingress.kubernetes.io/proxy-read-timeout');
    const isTime = isNginx(source) && /^\d+$/.test(at.text ?? '');
    return isTime ? { at, time: Number(at.text) * 1000, better: '"300"' } : undefined;
  }
  const [at] = [rule.at('timeouts', 'request'), rule.at('timeoutPolicy', 'response'), rule.at('timeout')].filter(
    one => one.exists,
  );
  // Go's durations: several numbers with units are added up (Kubernetes GEP-2257).
  if (!at || !/^(?:\d+(?:h|m|s|ms))+$/.test(at.text ?? '')) return undefined;
  const parts = (at.text ?? '').match(/\d+(?:ms|h|m|s)/g) ?? [];
  return { at, time: parts.reduce((sum, part) => sum + (milliseconds(part) ?? 0), 0), better: '5m' };
}

function answersClients(processes: readonly SynapseProcess[] | undefined): boolean {
  return processes?.some(({ listeners }) => listeners?.some(({ names }) => names.includes('client'))) ?? false;
}

const units = table<number>({ us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 });

function milliseconds(text: string): number | undefined {
  const [, number, unit] = /^(\d+)(us|ms|s|m|h|d)?$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * (units[unit ?? 'ms'] ?? 1);
}

function inWords(time: number): string {
  if (time < 1000) return `${time} milliseconds`;
  return time === 1000 ? 'one second' : `${time / 1000} seconds`;
}

function example(timeout: string): string {
  return `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy
        namespace: matrix
      data:
        haproxy.cfg: |
          defaults
            mode http
            timeout client 5m
            timeout server ${timeout}
            timeout connect 5s
          frontend web
            bind :8008
            default_backend synapse
          backend synapse
            server main synapse:8008 check
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0
                volumeMounts:
                  - {name: config, mountPath: /usr/local/etc/haproxy}
            volumes:
              - name: config
                configMap: {name: haproxy}
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          listeners:
            - port: 8008
              type: http
              x_forwarded: true
              resources:
                - names: [client, federation]
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: synapse}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                ports:
                  - containerPort: 8008
                volumeMounts:
                  - {name: config, mountPath: /config}
            volumes:
              - name: config
                configMap: {name: synapse}
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: synapse
        namespace: matrix
      spec:
        selector: {app: synapse}
        ports:
          - port: 8008
    `;
}
