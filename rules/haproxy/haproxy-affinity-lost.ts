import { backendNamed, frontendsOf, type Haproxy, type HaproxyPart, haproxyOf } from '../../analysis/haproxy-config';
import { type HttpRequest, routeOf } from '../../analysis/haproxy-routing';
import { podsOf, workloadKinds } from '../../analysis/pods';
import { isRoutedTo } from '../../analysis/routes';
import { servicesFor } from '../../analysis/services';
import { effectiveDirectives, modeOf } from '../../analysis/text/haproxy';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { processesBehind } from './synapse-routes';

export default {
  id: 'haproxy-affinity-lost',
  items: [],
  severity: 'warning',
  summary: 'HAProxy does not keep clients, or other homeservers, with one of several workers of Synapse.',
  why: 'A worker that answers `/sync` keeps what it has read about a user, and one that takes transactions what it knows of the sender. Requests that change workers make each of them read everything anew. With `balance source` behind an Ingress controller all requests have the few addresses of its pods, so one worker may get all of them.',
  remedy:
    'Balance `/sync` by `hdr(Authorization)` and transactions of other homeservers by `hdr(X-Forwarded-For)`, each with `hash-type consistent`.',
  traps: [
    'A single server needs no affinity. Neither do the other requests of clients.',
    'Without affinity everything works, so that is a hint. `balance source` behind a proxy is a warning, as long as HAProxy does not take the address from a header or from the PROXY protocol.',
  ],
  sources: [
    'element-hq/synapse, docs/workers.md: load balancing of /sync by user and of federation by the sender',
    'HAProxy configuration manual, "balance", "hash-type", "http-request set-src"',
  ],
  examples: {
    bad: example(
      'source\n      #             ^^^^^^ warning: Requests reach HAProxy from the few addresses of the Ingress controller',
    ),
    good: example('hdr(Authorization)'),
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const haproxy = haproxyOf(workspace, resource);
    if (!haproxy || haproxy.isPartial) return;
    const said = new Set<HaproxyPart>();
    for (const frontend of frontendsOf(haproxy)) {
      if (modeOf(frontend.section) !== 'http' || frontend.file.isOpaque) continue;
      for (const { backend } of routeOf(workspace, haproxy, frontend, transaction).choices) {
        const part = shared(workspace, haproxy, backend);
        const problem = part && !said.has(part) ? bySource(workspace, haproxy, frontend, part) : undefined;
        if (part) said.add(part);
        if (problem) yield problem;
      }
      for (const { backend } of routeOf(workspace, haproxy, frontend, sync).choices) {
        const part = shared(workspace, haproxy, backend);
        if (!part || said.has(part)) continue;
        said.add(part);
        const problem = bySource(workspace, haproxy, frontend, part) ?? byTurns(part);
        if (problem) yield problem;
      }
    }
  },
} satisfies Rule;

const sync: HttpRequest = { method: 'GET', path: '/_matrix/client/v3/sync' };
const transaction: HttpRequest = { method: 'PUT', path: '/_matrix/federation/v1/send/1' };

/** A backend of several workers of Synapse. */
function shared(workspace: Workspace, haproxy: Haproxy, backend: string): HaproxyPart | undefined {
  const part = backendNamed(haproxy, backend);
  const servers = (part?.section.servers ?? []).reduce((sum, { count }) => sum + (count ?? 1), 0);
  const processes = processesBehind(workspace, haproxy, backend);
  return part && servers > 1 && processes && processes.length > 0 && processes.every(one => one.isWorker)
    ? part
    : undefined;
}

function bySource(
  workspace: Workspace,
  haproxy: Haproxy,
  frontend: HaproxyPart,
  part: HaproxyPart,
): Problem | undefined {
  const word = effectiveDirectives(part.section, 'balance').at(-1)?.args[0];
  if (word?.value !== 'source' || isSticky(part) || knowsClients(frontend)) return undefined;
  if (!isBehindIngress(workspace, haproxy)) return undefined;
  return {
    at: part.place(word.span),
    message: `Requests reach HAProxy from the few addresses of the Ingress controller, so balance source keeps most of them at one server of ${part.section.name?.value} — balance by a header, such as hdr(X-Forwarded-For).`,
  };
}

function byTurns(part: HaproxyPart): Problem | undefined {
  const balance = effectiveDirectives(part.section, 'balance').at(-1);
  const algorithm = balance?.args[0]?.value ?? 'roundrobin';
  if (!/^(?:roundrobin|static-rr|leastconn|first|random(?:\(\d*\))?)$/.test(algorithm) || isSticky(part))
    return undefined;
  return {
    at: part.place(balance?.span ?? part.section.span),
    severity: 'hint',
    message: `The requests of one user for /sync go to any server of ${part.section.name?.value}, and each reads everything about the user anew — write balance hdr(Authorization).`,
  };
}

function isSticky({ section }: HaproxyPart): boolean {
  return ['stick on', 'stick match', 'cookie', 'stick store-request'].some(
    keyword => effectiveDirectives(section, keyword).length > 0,
  );
}

/** Whether HAProxy takes the client's address from elsewhere than the connection. */
function knowsClients({ section }: HaproxyPart): boolean {
  return (
    section.binds.some(bind => bind.options.some(({ value }) => value === 'accept-proxy')) ||
    [...section.directives, ...(section.defaults?.directives ?? [])].some(({ keyword }) =>
      /^(?:http-request set-src|tcp-request connection)$/.test(keyword),
    )
  );
}

function isBehindIngress(workspace: Workspace, { resource }: Haproxy): boolean {
  const services = podsOf(resource).flatMap(pods => servicesFor(workspace, pods));
  if (services.some(({ type }) => type === 'LoadBalancer' || type === 'NodePort')) return false;
  return isRoutedTo(workspace, resource);
}

function example(balance: string): string {
  return `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy
        namespace: matrix
      data:
        haproxy.cfg: |
          frontend web
            mode http
            bind :8008
            default_backend workers
          backend workers
            mode http
            balance ${balance}
            server-template worker- 2 synapse:8008 check
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app: haproxy}
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0
                ports:
                  - containerPort: 8008
                volumeMounts:
                  - {name: config, mountPath: /usr/local/etc/haproxy}
            volumes:
              - name: config
                configMap: {name: haproxy}
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        selector: {app: haproxy}
        ports:
          - port: 8008
      ---
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: matrix
        namespace: matrix
      spec:
        ingressClassName: nginx
        rules:
          - host: matrix.tessera.test
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend:
                    service:
                      name: haproxy
                      port:
                        number: 8008
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          instance_map:
            main: {host: synapse-main, port: 9093}
        worker.yaml: |
          worker_app: synapse.app.generic_worker
          worker_name: one
          worker_listeners:
            - {type: http, port: 8008, resources: [{names: [client]}]}
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse
        namespace: matrix
      spec:
        replicas: 2
        template:
          metadata:
            labels: {app: synapse}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [-m, synapse.app.generic_worker, --config-path=/config/homeserver.yaml, --config-path=/config/worker.yaml]
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
        clusterIP: None
        selector: {app: synapse}
        ports:
          - port: 8008
    `;
}
