import type { PathKey, Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { haproxyOf } from '../haproxy-config';
import { matches, readMapSelector, readSelector } from '../labels';
import { type Monitor, podsOf, readMonitor, servicesOf, targetsOf } from '../monitors';
import { namespaceLabels } from '../namespaces';
import { type ContainerPort, type Pods, podsIn, podsSelectedBy, portsIn } from '../pods';
import { familiesOf } from '../roles';
import { findService } from '../services';
import { exporterOf } from '../text/haproxy';
import { type Candidate, distinct } from './candidate';
import { namespaceNames } from './objects';
import { besideOf, endsWith, type Place, upTo, valueAt } from './places';

/** Ports and metrics paths for a value at a path. Undefined where neither is meant. */
export function portsAt(place: Place, path: readonly PathKey[]): readonly Candidate[] | undefined {
  const { workspace, resource } = place;
  const { kind, namespace } = resource;
  if (kind === 'Service' && endsWith(path, 'ports', '#', 'port|targetPort')) {
    const all = namesAndNumbers(selected(workspace, namespace, readMapSelector(valueAt(place, ['spec', 'selector']))));
    return path.at(-1) === 'port' ? all.filter(one => one.isBare) : all;
  }
  if (endsWith(path, 'httpGet|tcpSocket|grpc', 'port')) {
    const container = valueAt(
      place,
      (upTo(path, 'containers|initContainers') ?? []).concat(path[indexBehind(path)] ?? 0),
    );
    const all = containerPorts(container);
    return endsWith(path, 'grpc', 'port') ? all.filter(one => one.isBare) : all;
  }
  if (kind === 'NetworkPolicy' && endsWith(path, 'ports', '#', 'port|endPort')) return policyPorts(place, path);
  if (endsWith(path, 'service', 'port', 'name|number')) {
    const name = valueAt(place, [...path.slice(0, -2), 'name']).string;
    const service = name === undefined ? undefined : findService(workspace, namespace, name);
    const isName = path.at(-1) === 'name';
    return distinct(
      (service?.ports ?? []).flatMap(port => {
        const label = isName ? port.name : String(port.port);
        return label === undefined
          ? []
          : [
              {
                label,
                kind: 'port',
                detail: isName ? `port ${port.port}` : (port.name ?? `Service/${name}`),
                isBare: !isName,
                rank: 0,
              },
            ];
      }),
    );
  }
  const monitor = readMonitor(resource);
  if (monitor && endsWith(path, 'endpoints|podMetricsEndpoints', '#', 'port|targetPort|portNumber|path|scheme'))
    return monitored(workspace, monitor, path, besideOf(place, path, 'port').text);
  return undefined;
}

function monitored(
  workspace: Workspace,
  monitor: Monitor,
  path: readonly PathKey[],
  port: string | undefined,
): readonly Candidate[] | undefined {
  switch (path.at(-1)) {
    case 'port':
      if (monitor.selects === 'Service') {
        return distinct(
          servicesOf(workspace, monitor).flatMap(service =>
            service.ports.flatMap(one =>
              one.name === undefined
                ? []
                : [{ label: one.name, kind: 'port', detail: `port ${one.port} of Service/${service.name}`, rank: 0 }],
            ),
          ),
        );
      }
      return named(podsOf(workspace, monitor));
    case 'targetPort':
      return namesAndNumbers(podsOf(workspace, monitor));
    case 'portNumber':
      return namesAndNumbers(podsOf(workspace, monitor)).filter(one => one.isBare);
    case 'path': {
      const targets = targetsOf(workspace, monitor).filter(
        target => port === undefined || target.servicePort?.name === port || target.port.name === port,
      );
      const pods = targets.length > 0 ? targets.map(target => target.pods) : podsOf(workspace, monitor);
      const paths = [...new Set(pods)].flatMap(one => metricsPaths(workspace, one));
      return distinct([
        ...paths,
        { label: '/metrics', kind: 'path', detail: 'where there is no path', rank: paths.length > 0 ? 3 : 0 },
      ]);
    }
    default:
      return undefined;
  }
}

/** Where programs answer with metrics: Synapse (docs/metrics-howto.md), MinIO (Metrics and alerts), HAProxy's exporter as configured. */
function metricsPaths(workspace: Workspace, { owner }: Pods): readonly Candidate[] {
  const path = (label: string, who: string): Candidate => ({
    label,
    kind: 'path',
    detail: `served by ${who}`,
    rank: 0,
  });
  if (owner.qualifiedKind === 'Tenant.minio.min.io')
    return [
      path('/minio/v2/metrics/cluster', 'MinIO'),
      path('/minio/v2/metrics/node', 'MinIO'),
      path('/minio/v2/metrics/bucket', 'MinIO'),
    ];
  if (owner.group === 'postgresql.cnpg.io') return [path('/metrics', 'CloudNativePG')];
  const families = familiesOf(owner);
  const found: Candidate[] = [];
  if (families.has('synapse')) found.push(path('/_synapse/metrics', 'Synapse'));
  if (families.has('minio.plain')) found.push(path('/minio/v2/metrics/cluster', 'MinIO'));
  if (families.has('livekit')) found.push(path('/metrics', 'LiveKit'));
  const haproxy = families.has('haproxy') ? haproxyOf(workspace, owner) : undefined;
  for (const { section } of haproxy?.parts ?? []) {
    for (const word of exporterOf(section)?.paths ?? []) found.push(path(word.value, 'the exporter of HAProxy'));
  }
  return found;
}

/** The ports of the pods on the side of a rule that takes the connections. */
function policyPorts(place: Place, path: readonly PathKey[]): readonly Candidate[] {
  const { workspace, resource } = place;
  const isEgress = path.includes('egress');
  const pods = isEgress
    ? peersOf(place, path.slice(0, -3))
    : selected(workspace, resource.namespace, readSelector(valueAt(place, ['spec', 'podSelector'])), true);
  const all = namesAndNumbers(pods);
  const outside: readonly Candidate[] = isEgress
    ? [
        { label: '53', kind: 'port', detail: 'DNS', isBare: true, rank: 1 },
        { label: '443', kind: 'port', detail: 'HTTPS, also of the Kubernetes API', isBare: true, rank: 2 },
      ]
    : [];
  return distinct(path.at(-1) === 'endPort' ? all.filter(one => one.isBare) : [...all, ...outside]);
}

/** The pods that the peers of an egress rule select. */
function peersOf(place: Place, rule: readonly PathKey[]): readonly Pods[] {
  const { workspace, resource } = place;
  const peers = valueAt(place, [...rule, 'to']).items();
  const found = peers.flatMap(peer => {
    const podSelector = readSelector(peer.at('podSelector'));
    const namespaceSelector = readSelector(peer.at('namespaceSelector'));
    if (!podSelector && !namespaceSelector) return [];
    const namespaces = namespaceSelector
      ? namespaceNames(workspace).filter(name => matches(namespaceSelector, namespaceLabels(workspace, name)))
      : [resource.namespace];
    return namespaces.flatMap(name =>
      podSelector ? podsSelectedBy(workspace, name, podSelector) : podsIn(workspace, name),
    );
  });
  return found.length > 0 ? found : podsIn(workspace, resource.namespace);
}

function selected(
  workspace: Workspace,
  namespace: string | undefined,
  selector: ReturnType<typeof readSelector>,
  orAll = false,
): readonly Pods[] {
  const found = selector ? podsSelectedBy(workspace, namespace, selector) : [];
  return found.length > 0 || !orAll ? found : podsIn(workspace, namespace);
}

function namesAndNumbers(pods: readonly Pods[]): readonly Candidate[] {
  return distinct([...named(pods), ...pods.flatMap(one => one.ports.map(port => numbered(port, one.owner.title)))]);
}

function named(pods: readonly Pods[]): readonly Candidate[] {
  return distinct(
    pods.flatMap(one =>
      one.ports.flatMap(port =>
        port.name === undefined
          ? []
          : [{ label: port.name, kind: 'port', detail: `port ${port.port} of ${one.owner.title}`, rank: 0 }],
      ),
    ),
  );
}

function numbered({ name, port }: ContainerPort, title: string): Candidate {
  return {
    label: String(port),
    kind: 'port',
    detail: name === undefined ? title : `${name} of ${title}`,
    isBare: true,
    rank: 1,
  };
}

function containerPorts(container: Value): readonly Candidate[] {
  const ports = portsIn(container);
  const title = `container ${container.at('name').text ?? ''}`;
  return distinct([
    ...ports.flatMap(({ name, port }) =>
      name === undefined ? [] : [{ label: name, kind: 'port' as const, detail: `port ${port}`, rank: 0 as const }],
    ),
    ...ports.map(port => numbered(port, title)),
  ]);
}

function indexBehind(path: readonly PathKey[]): number {
  return (upTo(path, 'containers|initContainers')?.length ?? path.length) as number;
}
