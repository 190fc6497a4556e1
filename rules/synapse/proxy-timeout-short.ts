import { backendNamed, frontendsOf, haproxyOf } from '../../analysis/haproxy-config';
import { routeOf } from '../../analysis/haproxy-routing';
import { isNginx, routesOf } from '../../analysis/ingresses';
import { workloadKinds } from '../../analysis/pods';
import type { SynapseProcess } from '../../analysis/synapse';
import { effectiveDirectives, modeOf } from '../../analysis/text/haproxy';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { processesBehind } from '../haproxy/synapse-routes';
import { replaceText } from '../haproxy/text-edits';
import type { Problem, Rule } from '../rule';
import { routeFor, routesOfHost, synapseBehind } from './ingress-routes';

export default {
  id: 'proxy-timeout-short',
  items: [],
  severity: 'warning',
  summary: 'A proxy in front of Synapse gives up before a long poll is answered.',
  why: 'Clients ask `/sync` to wait up to 30 seconds for something new. A proxy that waits no longer than that ends every quiet poll with 504: clients show that they are offline, and ask again at once.',
  remedy: 'Let HAProxy and the Ingress wait a minute or more: `timeout server 5m`, `proxy-read-timeout: "300"`.',
  traps: [
    'Judged is what really holds for `/_matrix/client/v3/sync`: the timeout of the backend that its route leads to, else that of `defaults`.',
    'A time without a unit is in milliseconds for HAProxy, and in seconds for ingress-nginx.',
    'Without the annotation ingress-nginx waits 60 seconds, and without `timeout server` HAProxy waits for ever.',
  ],
  sources: [
    'Matrix specification, client-server API, GET /_matrix/client/v3/sync: timeout; matrix-js-sdk src/client.ts: pollTimeout, 30 seconds',
    'HAProxy configuration manual, "timeout server" and 2.5 "Time format"; ingress-nginx documentation, Annotations, "Custom timeouts"',
  ],
  examples: {
    bad: example(
      '20s\n      #                    ^^^ 💡 warning: HAProxy waits 20 seconds for an answer to /_matrix/client/v3/sync, for which clients wait 30',
    ),
    good: example('5m'),
  },
  kinds: [...workloadKinds, 'Ingress'],
  *check(resource, workspace) {
    if (resource.kind === 'Ingress') {
      const problem = ingressProblem(workspace, resource);
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

function ingressProblem(workspace: Workspace, ingress: Resource): Problem | undefined {
  const at = ingress.root.at('metadata', 'annotations', 'nginx.ingress.kubernetes.io/proxy-read-timeout');
  if (!isNginx(ingress) || !/^\d+$/.test(at.text ?? '') || Number(at.text) * 1000 > poll) return undefined;
  for (const host of new Set(routesOf(ingress).map(route => route.host))) {
    const route = routeFor(routesOfHost(workspace, ingress, host), sync.path);
    if (route === undefined || route === 'unknown' || route.ingress !== ingress) continue;
    if (!answersClients(synapseBehind(workspace, route))) continue;
    return {
      at,
      message: `Ingress ${ingress.name} waits ${inWords(Number(at.text) * 1000)} for an answer to ${sync.path}, for which clients wait 30, so quiet polls fail with 504 — write "300".`,
      fixes: () => {
        const edit = replaceScalar(at, '300');
        return edit ? [{ title: 'Wait five minutes', safe: false, edits: [edit] }] : [];
      },
    };
  }
  return undefined;
}

function answersClients(processes: readonly SynapseProcess[] | undefined): boolean {
  return processes?.some(({ listeners }) => listeners?.some(({ names }) => names.includes('client'))) ?? false;
}

const units: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

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
