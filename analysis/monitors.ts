import type { Resource } from '../manifests/resource';
import type { Value } from '../manifests/value';
import type { Workspace } from '../manifests/workspace';
import { readSelector, type Selector } from './labels';
import { type ContainerPort, type Pods, podsIn, podsSelectedBy } from './pods';
import { podsBehind, type Service, type ServicePort, servicesIn, servicesSelectedBy, targetOf } from './services';

export const serviceMonitorKind = 'ServiceMonitor.monitoring.coreos.com';
export const podMonitorKind = 'PodMonitor.monitoring.coreos.com';

/** A ServiceMonitor or PodMonitor of the Prometheus Operator. */
export interface Monitor {
  readonly resource: Resource;
  /** What its selector is matched against: the labels of Services, or those of pods. */
  readonly selects: 'Service' | 'Pod';
  readonly selector: Selector;
  /** The namespaces it looks into; `undefined` in the list stands for the one the tree is applied to. */
  readonly namespaces: ReadonlySet<string | undefined> | 'any';
  readonly endpoints: readonly Endpoint[];
}

/** One of the ports that a monitor has scraped. */
export interface Endpoint {
  readonly value: Value;
  /** The name of a Service port, or for a PodMonitor of a container port. */
  readonly port: Value;
  /** The number or name of a container port, used where there is no `port`. */
  readonly targetPort: Value;
  readonly path: string;
  readonly scheme: string;
}

/** One port of some pods that an endpoint leads to. */
export interface Target {
  readonly endpoint: Endpoint;
  readonly pods: Pods;
  readonly port: ContainerPort;
  /** The Service and its port that the way leads through; undefined for a PodMonitor. */
  readonly service: Service | undefined;
  readonly servicePort: ServicePort | undefined;
}

/** Reads a monitor. Undefined for other kinds, and where there is no selector to go by. */
export function readMonitor(resource: Resource): Monitor | undefined {
  const isService = resource.qualifiedKind === serviceMonitorKind;
  if (!isService && resource.qualifiedKind !== podMonitorKind) return undefined;
  const spec = resource.root.at('spec');
  const selector = readSelector(spec.at('selector'));
  if (!selector) return undefined;
  return {
    resource,
    selects: isService ? 'Service' : 'Pod',
    selector,
    namespaces: namespacesOf(resource),
    endpoints: spec
      .at(isService ? 'endpoints' : 'podMetricsEndpoints')
      .items()
      .map(value => ({
        value,
        port: value.at('port'),
        targetPort: value.at('portNumber').exists ? value.at('portNumber') : value.at('targetPort'),
        path: value.at('path').text || '/metrics',
        scheme: value.at('scheme').text ?? 'http',
      })),
  };
}

/** All ServiceMonitors and PodMonitors of the tree. */
export function monitors(workspace: Workspace): readonly Monitor[] {
  return workspace.shared(readMonitors);
}

/** The Services a ServiceMonitor selects, by their labels and not by their selectors. */
export function servicesOf(workspace: Workspace, monitor: Monitor): readonly Service[] {
  if (monitor.selects !== 'Service') return [];
  return placesOf(monitor).flatMap(place => servicesSelectedBy(workspace, place, monitor.selector));
}

/** The pods a PodMonitor selects, or those behind the Services of a ServiceMonitor. */
export function podsOf(workspace: Workspace, monitor: Monitor): readonly Pods[] {
  if (monitor.selects === 'Pod')
    return placesOf(monitor).flatMap(place => podsSelectedBy(workspace, place, monitor.selector));
  return [...new Set(servicesOf(workspace, monitor).flatMap(service => podsBehind(workspace, service)))];
}

/** Every port that a monitor leads to, as far as the tree shows it. */
export function targetsOf(workspace: Workspace, monitor: Monitor): readonly Target[] {
  return monitor.endpoints.flatMap(endpoint =>
    monitor.selects === 'Pod' ? podTargets(workspace, monitor, endpoint) : serviceTargets(workspace, monitor, endpoint),
  );
}

/** The objects whose pods some monitor really leads to. */
export function watchedOwners(workspace: Workspace): ReadonlySet<Resource> {
  return workspace.shared(readWatchedOwners);
}

/** Whether the tree knows what runs in every namespace that a monitor looks into. */
export function seesAll(workspace: Workspace, { namespaces }: Monitor): boolean {
  return (
    namespaces !== 'any' &&
    [...namespaces].every(
      namespace =>
        namespace === undefined ||
        podsIn(workspace, namespace).length > 0 ||
        servicesIn(workspace, namespace).length > 0,
    )
  );
}

/** Whether a monitor looks into a namespace. A namespace that is not known may be any. */
export function isIn({ namespaces }: Monitor, namespace: string | undefined): boolean {
  return namespaces === 'any' || namespace === undefined || namespaces.has(undefined) || namespaces.has(namespace);
}

/**
 * Where to look for what a monitor selects: its namespaces, and as an empty text what names none; undefined is everywhere.
 */
function placesOf({ namespaces }: Monitor): readonly (string | undefined)[] {
  if (namespaces === 'any' || namespaces.has(undefined)) return [undefined];
  return [...namespaces, ''];
}

function readWatchedOwners(workspace: Workspace): ReadonlySet<Resource> {
  return new Set(
    monitors(workspace).flatMap(monitor => targetsOf(workspace, monitor).map(target => target.pods.owner)),
  );
}

function readMonitors(workspace: Workspace): readonly Monitor[] {
  return [serviceMonitorKind, podMonitorKind]
    .flatMap(kind => workspace.resources(kind))
    .flatMap(resource => readMonitor(resource) ?? []);
}

function namespacesOf(resource: Resource): Monitor['namespaces'] {
  const selector = resource.root.at('spec', 'namespaceSelector');
  if (selector.at('any').boolean === true) return 'any';
  const names = selector
    .at('matchNames')
    .items()
    .flatMap(item => item.text ?? []);
  return new Set(names.length > 0 ? names : [resource.namespace]);
}

function serviceTargets(workspace: Workspace, monitor: Monitor, endpoint: Endpoint): readonly Target[] {
  return servicesOf(workspace, monitor).flatMap(service =>
    podsBehind(workspace, service).flatMap(pods => {
      const target = (port: ContainerPort | undefined, servicePort: ServicePort | undefined): readonly Target[] =>
        port ? [{ endpoint, pods, port, service, servicePort }] : [];
      if (endpoint.port.exists || !endpoint.targetPort.exists) {
        return service.ports
          .filter(port => !endpoint.port.exists || port.name === endpoint.port.text)
          .flatMap(port => target(targetOf(port, pods), port));
      }
      return target(containerPort(endpoint.targetPort, pods), undefined);
    }),
  );
}

function podTargets(workspace: Workspace, monitor: Monitor, endpoint: Endpoint): readonly Target[] {
  const wanted = endpoint.port.exists ? endpoint.port : endpoint.targetPort;
  return podsOf(workspace, monitor).flatMap(pods => {
    const port = containerPort(wanted, pods);
    return port ? [{ endpoint, pods, port, service: undefined, servicePort: undefined }] : [];
  });
}

function containerPort(wanted: Value, pods: Pods): ContainerPort | undefined {
  return wanted.number === undefined
    ? pods.ports.find(port => port.name === wanted.text)
    : pods.ports.find(port => port.port === wanted.number);
}
