import { isPatch } from '../../analysis/kustomization';
import { type Container, mainContainersOf, podsOf, workloadKinds } from '../../analysis/pods';
import { servicesFor, targetOf } from '../../analysis/services';
import { synapseProcess } from '../../analysis/synapse';
import { listed } from '../../analysis/wording';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { configuredServers, loopback, type Server, type Socket } from './listeners';
import { pythonServer } from './python-server';

export default {
  id: 'port-not-listened-on',
  items: [],
  severity: 'error',
  summary:
    'A probe, a Service or Prometheus is led to a port on which the program does not listen, or listens for its own pod only.',
  why: 'The connection is refused. A probe that is refused keeps the pod from becoming ready, or has it restarted for ever; a Service leads nowhere. `127.0.0.1` in a pod is the pod itself: not even the kubelet, which asks the pod’s address, gets an answer.',
  remedy: 'Let the program listen on `0.0.0.0` and on the port that is asked for.',
  traps: [
    'Known are the listeners of Synapse, LiveKit, lk-jwt-service, Element Web, coturn, the content scanner, clamd, HAProxy and nginx, and what gunicorn, uvicorn, hypercorn and `manage.py runserver` are told to listen on in one command.',
    'A port that only a Service or the annotation `prometheus.io/port` leads to is a warning: nobody may be using it.',
    'A program that listens on `127.0.0.1` behind another container of its pod is right, as long as probes and Services lead to the other one.',
    'What a script or a variable puts in is not judged.',
  ],
  sources: [
    'Kubernetes documentation, Configure Liveness, Readiness and Startup Probes: the kubelet connects to the IP address of the pod',
    'element-hq/synapse, configuration manual, `listeners`: `bind_addresses`; docs.gunicorn.org, `bind`; uvicorn.org, `--host`',
    'livekit/livekit config-sample.yaml: `port`, `prometheus_port`; element-hq/lk-jwt-service README: `LIVEKIT_JWT_BIND`; element-web docker/Dockerfile: `ELEMENT_WEB_PORT`, 80 by default',
  ],
  examples: { bad: example('127.0.0.1', true), good: example('0.0.0.0', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (isPatch(workspace, resource.document.file)) return;
    for (const server of serversOf(workspace, resource)) yield* problemsOf(workspace, resource, server);
  },
} satisfies Rule;

/** A port of a container that something connects to. */
interface Asked {
  readonly port: number;
  readonly by: string;
  readonly at: Place;
  readonly isProbe: boolean;
}

function* problemsOf(workspace: Workspace, resource: Resource, server: Server): Iterable<Problem> {
  const said = new Set<number>();
  for (const asked of askedPorts(workspace, resource, server.container)) {
    if (said.has(asked.port)) continue;
    const own = server.sockets.filter(({ port }) => port === asked.port);
    const [first] = own;
    if (first && own.some(({ isLoopback }) => !isLoopback)) continue;
    if (server.only === (first ? 'port' : 'address')) continue;
    // coturn has its metrics on a port of their own, which is not among its listeners.
    if (server.title === 'coturn' && asked.by === annotated) continue;
    said.add(asked.port);
    if (first) {
      yield {
        at: first.at,
        message: `${server.title} listens on port ${asked.port} for its own pod only, so ${asked.by} gets no answer — let it listen on 0.0.0.0.`,
        related: [{ at: asked.at, message: asked.by }],
      };
    } else {
      yield {
        at: asked.at,
        ...(!asked.isProbe && { severity: 'warning' as const }),
        message: `${server.title} does not listen on port ${asked.port}, which ${asked.by} leads to, but on ${list(server.sockets)} — make the ports agree.`,
        related: [{ at: server.at, message: `What ${server.title} listens on` }],
      };
    }
  }
}

function list(sockets: readonly Socket[]): string {
  const ports = [...new Set(sockets.filter(({ isGuess }) => !isGuess).map(({ port }) => port))].sort((a, b) => a - b);
  return listed(ports.map(String));
}

/** What probes and Services connect to in a container. Ports that another container declares are that one's. */
function askedPorts(workspace: Workspace, resource: Resource, container: Container): readonly Asked[] {
  const declared = container.value.at('ports').items();
  const others = mainContainersOf(resource).filter(one => one.name !== container.name);
  const isOther = (port: number): boolean =>
    others.some(one =>
      one.value
        .at('ports')
        .items()
        .some(other => other.at('containerPort').number === port),
    );
  const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'].flatMap((kind): readonly Asked[] => {
    const action = ['httpGet', 'tcpSocket'].map(name => container.value.at(kind, name)).find(one => one.exists);
    const at = action?.at('port');
    if (!action || !at || action.at('host').exists) return [];
    const named = declared.find(one => one.at('name').text === at.text)?.at('containerPort').number;
    const port = at.number ?? named;
    return port === undefined || isOther(port) ? [] : [{ port, by: `the ${kind}`, at, isProbe: true }];
  });
  const [pods] = podsOf(resource);
  const services = (pods ? servicesFor(workspace, pods) : []).flatMap(service =>
    service.ports.flatMap((port): readonly Asked[] => {
      const target = pods && targetOf(port, pods);
      if (target?.protocol !== 'TCP' || !port.at) return [];
      const isOwn = declared.some(one => one.at('containerPort').number === target.port);
      if (!isOwn && (others.length > 0 || isOther(target.port))) return [];
      const at = port.at.at('targetPort').exists ? port.at.at('targetPort') : port.at.at('port');
      return [{ port: target.port, by: `Service ${service.name}`, at, isProbe: false }];
    }),
  );
  return [...probes, ...services, ...(others.length === 0 ? scraped(container) : [])];
}

const annotated = 'the annotation for Prometheus';

/** The port that Prometheus takes from the annotation; with `scrape` as false it asks nothing. */
function scraped({ template }: Container): readonly Asked[] {
  const annotations = template.at('metadata', 'annotations');
  const at = annotations.at('prometheus.io/port');
  const port = /^\d+$/.test(at.text ?? '') ? Number(at.text) : undefined;
  const isOff = annotations.at('prometheus.io/scrape').text !== 'true';
  return port === undefined || isOff ? [] : [{ port, by: annotated, at, isProbe: false }];
}

function serversOf(workspace: Workspace, resource: Resource): readonly Server[] {
  const synapse = synapseServer(workspace, resource);
  return [
    ...(synapse ? [synapse] : []),
    ...configuredServers(workspace, resource),
    ...mainContainersOf(resource).flatMap(container => pythonServer(workspace, resource, container) ?? []),
  ];
}

/** Synapse listens on what `listeners` says, without it on nothing. */
function synapseServer(workspace: Workspace, resource: Resource): Server | undefined {
  const process = synapseProcess(workspace, resource);
  const homeserver = process?.homeserver;
  if (!process || !homeserver || homeserver.isPartial || !process.listeners?.length) return undefined;
  const { file, root } = homeserver.layer(process.isWorker ? 'worker_listeners' : 'listeners');
  if (file.isOpaque) return undefined;
  const sockets = process.listeners.flatMap(({ port, value }) => {
    const addresses = [value.at('bind_address'), ...value.at('bind_addresses').items()].filter(one => one.exists);
    const isKnown = addresses.every(one => one.text !== undefined && file.resolve(one).kind === 'left');
    const isLoopback = isKnown && addresses.length > 0 && addresses.every(one => loopback.test(one.text ?? ''));
    return port === undefined ? [] : [{ port, isLoopback, at: addresses[0] ?? value.at('port') }];
  });
  // A port that is filled in, or a socket of the file system, may be the one that is asked for.
  if (sockets.length < process.listeners.length) return undefined;
  return {
    container: process.container,
    title: 'Synapse',
    sockets,
    at: root.at(process.isWorker ? 'worker_listeners' : 'listeners').key,
  };
}

function example(address: string, isMarked: boolean): string {
  return `
      #- /synapse.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: synapse-config
        namespace: matrix
      data:
        homeserver.yaml: |
          server_name: tessera.test
          listeners:
            - type: http
              port: 8008
              bind_addresses: [${address}]
${isMarked ? '      #                        ^^^^^^^^^ error: Synapse listens on port 8008 for its own pod only, so the readinessProbe gets no answer\n' : ''}              resources:
                - names: [client, federation]
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                args: [--config-path=/config/homeserver.yaml]
                readinessProbe:
                  httpGet:
                    path: /health
                    port: 8008
                volumeMounts:
                  - name: config
                    mountPath: /config
            volumes:
              - name: config
                configMap:
                  name: synapse-config
    `;
}
