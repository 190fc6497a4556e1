import { configurationOf, parsed } from '../../analysis/configs';
import { type ImageProgram, programOf } from '../../analysis/images';
import { settingsNamed, settingsOf } from '../../analysis/minio-settings';
import {
  type Monitor,
  podMonitorKind,
  readMonitor,
  serviceMonitorKind,
  type Target,
  targetsOf,
} from '../../analysis/monitors';
import { mainContainersOf } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { synapseProcess } from '../../analysis/synapse';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';
import { itemsOf } from './component';

export default {
  id: 'monitor-target-has-no-metrics',
  items: ['5.1.a.1', '5.1.a.2', '5.1.a.3', '5.1.a.4', '5.1.a.5', '5.1.a.6'],
  severity: 'warning',
  summary: 'A monitor scrapes a port or a path that answers no metrics.',
  why: 'The target stands in Prometheus, but is down all the time: its alerts fire for nothing, or nobody looks any more.',
  remedy: 'Scrape the port on which the program serves metrics, and switch its metrics on in its configuration.',
  traps: [
    'LiveKit serves metrics on `prometheus.port` of its configuration only, never on its API port.',
    'Synapse serves metrics on listeners of the type `metrics`, or on an HTTP listener with the resource `metrics` under `/_synapse/metrics`, and only with `enable_metrics: true`.',
    'MinIO wants `MINIO_PROMETHEUS_AUTH_TYPE=public` or a bearer token.',
    'Programs whose configuration the tree does not show are left alone. HAProxy is the business of haproxy-servicemonitor-path.',
  ],
  sources: [
    'LiveKit, config-sample.yaml: prometheus.port, formerly prometheus_port.',
    'Synapse documentation, How to monitor Synapse metrics using Prometheus',
    'MinIO documentation, Metrics and alerts: MINIO_PROMETHEUS_AUTH_TYPE and the paths of the metrics.',
    'CloudNativePG documentation, Monitoring: port 9187, path /metrics.',
  ],
  examples: {
    bad: `
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yaml: |
          port: 7880
          prometheus:
            port: 6789
          rtc:
            tcp_port: 7881
          keys:
            key: secret
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: livekit
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.0
                args: ["--config", "/etc/livekit.yaml"]
                ports:
                  - name: http
                    containerPort: 7880
                  - name: metrics
                    containerPort: 6789
                volumeMounts:
                  - name: config
                    mountPath: /etc/livekit.yaml
                    subPath: livekit.yaml
            volumes:
              - name: config
                configMap:
                  name: livekit
      ---
      apiVersion: monitoring.coreos.com/v1
      kind: PodMonitor
      metadata:
        name: livekit
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app: livekit
        podMetricsEndpoints:
          - port: http
      #           ^^^^ 💡 warning: LiveKit serves its metrics on port 6789, not on 7880
    `,
    good: `
      #- /livekit.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: livekit
        namespace: matrix
      data:
        livekit.yaml: |
          port: 7880
          prometheus:
            port: 6789
          rtc:
            tcp_port: 7881
          keys:
            key: secret
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: livekit
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: livekit
          spec:
            containers:
              - name: livekit
                image: livekit/livekit-server:v1.8.0
                args: ["--config", "/etc/livekit.yaml"]
                ports:
                  - name: http
                    containerPort: 7880
                  - name: metrics
                    containerPort: 6789
                volumeMounts:
                  - name: config
                    mountPath: /etc/livekit.yaml
                    subPath: livekit.yaml
            volumes:
              - name: config
                configMap:
                  name: livekit
      ---
      apiVersion: monitoring.coreos.com/v1
      kind: PodMonitor
      metadata:
        name: livekit
        namespace: matrix
      spec:
        selector:
          matchLabels:
            app: livekit
        podMetricsEndpoints:
          - port: metrics
    `,
  },
  kinds: [serviceMonitorKind, podMonitorKind],
  *check(resource, workspace) {
    const monitor = readMonitor(resource);
    if (!monitor) return;
    const said = new Set<string>();
    for (const target of targetsOf(workspace, monitor)) {
      const trouble = schemeTrouble(workspace, target) ?? troubleOf(workspace, target);
      if (!trouble || said.has(trouble.message)) continue;
      said.add(trouble.message);
      yield {
        at: trouble.isPath ? placeOfPath(target) : placeOfPort(target),
        items: itemsOf(monitor),
        message: `${resource.kind} ${resource.name}: ${trouble.message}.`,
        related: [
          { at: target.pods.owner.root.at('metadata', 'name'), message: target.pods.owner.title },
          ...(trouble.related ?? []),
        ],
        fixes: () => fixesFor(monitor, target, trouble),
      };
    }
  },
} satisfies Rule;

interface Trouble {
  readonly message: string;
  readonly isPath?: boolean;
  /** The port that has the metrics. */
  readonly port?: number;
  /** The path that has them. */
  readonly path?: string;
  readonly related?: readonly { readonly at: Place; readonly message: string }[];
}

/** Programs that serve their metrics without TLS, as far as their configuration says. */
function schemeTrouble(workspace: Workspace, { endpoint, pods: { owner }, port }: Target): Trouble | undefined {
  if (endpoint.scheme.toLowerCase() !== 'https') return undefined;
  const families = familiesOf(owner);
  const isCluster = owner.qualifiedKind === 'Cluster.postgresql.cnpg.io';
  const isPlain =
    (isCluster && owner.root.at('spec', 'monitoring', 'tls', 'enabled').boolean !== true) ||
    (owner.qualifiedKind === 'Tenant.minio.min.io' && owner.root.at('spec', 'requestAutoCert').boolean === false) ||
    (families.has('livekit') && isServedBy(owner, port.port, 'livekit-server')) ||
    (families.has('synapse') &&
      synapseProcess(workspace, owner)?.listeners?.some(one => one.port === port.port && one.type === 'metrics') ===
        true);
  return isPlain
    ? { message: `the scheme is https, but port ${port.port} of ${owner.name} speaks HTTP — leave the scheme out` }
    : undefined;
}

function troubleOf(workspace: Workspace, target: Target): Trouble | undefined {
  const { owner } = target.pods;
  switch (owner.qualifiedKind) {
    case 'Cluster.postgresql.cnpg.io':
      return onPort(target, 'CloudNativePG', 9187, '/metrics');
    case 'Pooler.postgresql.cnpg.io':
      return onPort(target, 'PgBouncer', 9127, '/metrics');
    case 'Tenant.minio.min.io':
      return ofMinio(workspace, target);
  }
  const families = familiesOf(owner);
  if (families.has('livekit')) return ofLivekit(workspace, target);
  if (families.has('synapse')) return ofSynapse(workspace, target);
  const { port } = target.port;
  if (families.has('redis') && (port === 6379 || port === 26379))
    return {
      message: `port ${port} speaks the protocol of Redis and serves no metrics — add a redis-exporter and scrape that`,
    };
  if (families.has('clamav') && port === 3310)
    return {
      message: 'port 3310 speaks the protocol of clamd and serves no metrics — remove the monitor, or add an exporter',
    };
  if (families.has('scanner') && isServedBy(owner, port, 'matrix-content-scanner'))
    return { message: `the content scanner serves no metrics, on port ${port} or any other — remove the monitor` };
  return undefined;
}

/** Whether a port belongs to the container of a program; another container may be an exporter. */
function isServedBy(owner: Resource, port: number, program: ImageProgram): boolean {
  const containers = mainContainersOf(owner);
  const declaring = containers.filter(({ value }) =>
    value
      .at('ports')
      .items()
      .some(one => one.at('containerPort').number === port),
  );
  return (declaring.length > 0 ? declaring : containers.length === 1 ? containers : []).some(
    ({ image }) => programOf(image) === program,
  );
}

function onPort({ port, endpoint }: Target, who: string, wanted: number, path: string): Trouble | undefined {
  if (port.port !== wanted)
    return { message: `${who} serves its metrics on port ${wanted}, not on ${port.port} — scrape that`, port: wanted };
  return endpoint.path === path
    ? undefined
    : { message: `${who} serves its metrics under ${path}, not ${endpoint.path} — set that path`, isPath: true, path };
}

function ofMinio(workspace: Workspace, target: Target): Trouble | undefined {
  const { endpoint, pods, port } = target;
  if (port.port !== 9000)
    return { message: `MinIO serves its metrics on port 9000, not on ${port.port} — scrape that`, port: 9000 };
  if (
    !/^\/minio\/(?:v2\/metrics\/(?:cluster|node|bucket|resource)|metrics\/v3(?:\/.*)?|prometheus\/metrics)$/.test(
      endpoint.path,
    )
  ) {
    return {
      message: `MinIO serves no metrics under ${endpoint.path} — set /minio/v2/metrics/cluster`,
      isPath: true,
      path: '/minio/v2/metrics/cluster',
    };
  }
  const settings = settingsOf(workspace, pods.owner);
  const auth = settingsNamed(settings, 'MINIO_PROMETHEUS_AUTH_TYPE').at(-1);
  const isOpen = auth ? auth.value === undefined || auth.value === 'public' : settings.isOpen;
  const hasToken = ['bearerTokenSecret', 'bearerTokenFile', 'authorization'].some(
    field => endpoint.value.at(field).exists,
  );
  if (isOpen || hasToken) return undefined;
  return {
    message: `MinIO asks for a bearer token, and the endpoint has none — set MINIO_PROMETHEUS_AUTH_TYPE=public, or name the token`,
    ...(auth && { related: [{ at: auth.at, message: 'MINIO_PROMETHEUS_AUTH_TYPE' }] }),
  };
}

function ofLivekit(workspace: Workspace, { pods, port }: Target): Trouble | undefined {
  const files = configurationOf(workspace, pods.owner, 'livekit')?.files ?? [];
  const [file] = files;
  // Without the configuration, or with one that cannot be followed, nothing is known of the port.
  if (!file || file.isOpaque) return undefined;
  const { root } = parsed(file);
  if (root.kind !== 'mapping') return undefined;
  const written = root.at('prometheus', 'port').exists ? root.at('prometheus', 'port') : root.at('prometheus_port');
  if (!written.exists)
    return {
      message: `LiveKit serves no metrics on port ${port.port}, because its configuration has no prometheus.port — set one, and scrape it`,
    };
  if (written.number === undefined || written.number === port.port) return undefined;
  return {
    message: `LiveKit serves its metrics on port ${written.number}, not on ${port.port} — scrape that`,
    port: written.number,
    related: [{ at: written, message: 'The port of the metrics' }],
  };
}

function ofSynapse(workspace: Workspace, { pods, port, endpoint }: Target): Trouble | undefined {
  const process = synapseProcess(workspace, pods.owner);
  if (!process?.homeserver || process.homeserver.isPartial || !process.listeners) return undefined;
  const enabled = process.homeserver.at('enable_metrics');
  if (enabled.boolean !== true && (!enabled.exists || enabled.boolean === false)) {
    return {
      message: 'Synapse serves no metrics, because enable_metrics is not true in its configuration — set it',
      ...(enabled.exists && { related: [{ at: enabled, message: 'enable_metrics' }] }),
    };
  }
  const listener = process.listeners.find(one => one.port === port.port);
  if (!listener) {
    const other = process.listeners.find(one => one.type === 'metrics')?.port;
    if (process.listeners.some(one => one.port === undefined)) return undefined;
    return other === undefined
      ? {
          message: `Synapse serves no metrics on port ${port.port}, because its configuration has no listener of the type metrics — add one`,
        }
      : { message: `Synapse serves its metrics on port ${other}, not on ${port.port} — scrape that`, port: other };
  }
  if (listener.type === 'metrics') return undefined;
  if (!listener.names.includes('metrics')) {
    const other = process.listeners.find(one => one.type === 'metrics' || one.names.includes('metrics'))?.port;
    return {
      message: `port ${port.port} of Synapse serves ${listener.names.join(', ') || 'nothing of HTTP'} and no metrics — ${other === undefined ? 'add a listener of the type metrics' : `scrape ${other}`}`,
      ...(other !== undefined && { port: other }),
      related: [{ at: listener.value.key, message: 'The listener' }],
    };
  }
  return endpoint.path === '/_synapse/metrics'
    ? undefined
    : {
        message: `Synapse serves its metrics under /_synapse/metrics, not ${endpoint.path} — set that path`,
        isPath: true,
        path: '/_synapse/metrics',
      };
}

function placeOfPort({ endpoint }: Target): Place {
  if (endpoint.port.exists) return endpoint.port;
  return endpoint.targetPort.exists ? endpoint.targetPort : endpoint.value.key;
}

function placeOfPath(target: Target): Place {
  const path = target.endpoint.value.at('path');
  return path.exists ? path : placeOfPort(target);
}

function fixesFor(monitor: Monitor, { endpoint, service, pods }: Target, { port, path }: Trouble): readonly Fix[] {
  if (path !== undefined) {
    const written = endpoint.value.at('path');
    const edit = written.exists ? replaceScalar(written, path) : undefined;
    return edit ? [{ title: `Set the path ${path}`, safe: false, edits: [edit] }] : [];
  }
  if (port === undefined || !endpoint.port.exists) return [];
  const names =
    monitor.selects === 'Pod'
      ? pods.ports.filter(one => one.port === port).map(one => one.name)
      : (service?.ports ?? [])
          .filter(
            one =>
              one.targetPort === port || pods.ports.some(other => other.port === port && other.name === one.targetPort),
          )
          .map(one => one.name);
  return names.flatMap(name => {
    const edit = name === undefined ? undefined : replaceScalar(endpoint.port, name);
    return edit ? [{ title: `Scrape the port ${name}`, safe: false, edits: [edit] }] : [];
  });
}
