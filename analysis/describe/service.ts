import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import { addressesOf } from '../flows/addresses';
import { resolveHost } from '../flows/destinations';
import { monitors, servicesOf as servicesOfMonitor } from '../monitors';
import { podsIn } from '../pods';
import { allRoutes, serviceOf } from '../routes';
import { podsBehind, type Service, type ServicePort, targetOf } from '../services';
import { few } from '../wording';
import { bullets, code, headline, paragraphs, titleOf } from './markdown';
import { readinessOf, workloadNames } from './pods';

/** A Service: its ports and where they lead, the pods behind it and when they are ready, and who connects to it. */
export function describeService(workspace: Workspace, service: Service): string {
  const pods = podsBehind(workspace, service);
  const users = [...new Set(serviceUsers(workspace, service).map(({ resource }) => resource))];
  const kind = service.isHeadless ? 'headless' : service.type;
  return paragraphs(
    `${headline('Service', service.name, service.namespace)}, ${kind}${service.isGenerated ? `, made from ${titleOf(service.resource)}` : ''}`,
    service.ports.length > 0 ? bullets(service.ports.map(port => portText(workspace, service, port))) : undefined,
    podsText(workspace, service),
    pods.length > 0 && pods[0] ? `Its pods are ${readinessOf(pods[0])}.` : undefined,
    users.length > 0 ? `Used by ${few(users.map(titleOf), 8)}.` : 'Nothing in the tree is seen to use it.',
  );
}

/** One port of a Service: `` `http` 80 → 8008 (`http`) ``. */
export function portText(workspace: Workspace, service: Service, port: ServicePort): string {
  const name = port.name === undefined ? '' : `${code(port.name)} `;
  const protocol = port.protocol === 'TCP' ? '' : `/${port.protocol}`;
  return `${name}${port.port}${protocol} → ${targetText(workspace, service, port)}`;
}

/** The container port that a Service port leads to, by its number, with its name if the manifest states that. */
function targetText(workspace: Workspace, service: Service, port: ServicePort): string {
  const targets = podsBehind(workspace, service).map(pods => targetOf(port, pods));
  const numbers = [...new Set(targets.flatMap(target => target?.port ?? []))];
  if (typeof port.targetPort === 'number') return String(port.targetPort);
  if (numbers.length === 0) return `${code(port.targetPort)}, a port that none of its pods has`;
  return `${numbers.join(' or ')} (${code(port.targetPort)})`;
}

function podsText(workspace: Workspace, service: Service): string {
  if (service.externalName !== undefined) return `Another name for ${code(service.externalName)}.`;
  const pods = podsBehind(workspace, service);
  if (pods.length > 0) return `Leads to ${few(workloadNames(pods))}.`;
  return service.selector || service.selectorLabels.size > 0
    ? 'Selects no pods of the tree.'
    : 'Has no selector: its endpoints are made by hand.';
}

/** A place where something says that it connects to a Service. */
export interface ServiceUse {
  readonly resource: Resource;
  readonly at: Place;
}

/** Who connects to a Service: workloads by the hosts that their configurations name, Ingresses and monitors. */
export function serviceUsers(workspace: Workspace, service: Service): readonly ServiceUse[] {
  return workspace.shared(readServiceUsers).get(service.resource)?.get(service.name) ?? [];
}

type Users = ReadonlyMap<Resource, ReadonlyMap<string, readonly ServiceUse[]>>;

function readServiceUsers(workspace: Workspace): Users {
  const users = new Map<Resource, Map<string, ServiceUse[]>>();
  const add = (service: Service | undefined, use: ServiceUse): void => {
    if (!service) return;
    const ofResource = users.get(service.resource) ?? new Map<string, ServiceUse[]>();
    users.set(service.resource, ofResource);
    ofResource.set(service.name, [...(ofResource.get(service.name) ?? []), use]);
  };
  for (const resource of new Set(podsIn(workspace).map(({ owner }) => owner))) {
    for (const { host, at, connects } of addressesOf(workspace, resource)) {
      const destination = connects ? resolveHost(workspace, resource.namespace, host) : undefined;
      if (destination && 'service' in destination) add(destination.service, { resource, at });
    }
  }
  // Several hosts and paths may lead to what is written once.
  const said = new Set<Value>();
  for (const route of allRoutes(workspace)) {
    if (said.has(route.service)) continue;
    said.add(route.service);
    add(serviceOf(workspace, route), { resource: route.source, at: route.service });
  }
  for (const monitor of monitors(workspace)) {
    for (const service of servicesOfMonitor(workspace, monitor))
      add(service, { resource: monitor.resource, at: monitor.selector.at });
  }
  return users;
}
