import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import { type Container, containersOf, podTemplate } from '../pods';
import { routesOfIngress } from '../routes/ingress';
import { type Occurrence, ofScalar, partSubject, type Subject } from './occurrence';

/** Names that hold inside one object: the volumes of a pod, and the named ports of containers and Services. */
export function* partsIn(resource: Resource): Iterable<Occurrence> {
  yield* servicePorts(resource);
  const template = podTemplate(resource);
  if (!template) return;
  for (const volume of template.at('spec', 'volumes').items())
    yield* named(volume.at('name'), 'definition', name => volumeSubject(resource, name));
  for (const claim of resource.root.at('spec', 'volumeClaimTemplates').items())
    yield* named(claim.at('metadata', 'name'), 'definition', name => volumeSubject(resource, name));
  for (const container of containersOf(resource)) {
    for (const field of ['volumeMounts', 'volumeDevices'])
      for (const mount of container.value.at(field).items())
        yield* named(mount.at('name'), 'reference', name => volumeSubject(resource, name));
    yield* containerPorts(resource, container);
  }
}

/** A named port of a workload's containers, or of a Service. */
export function portSubject(owner: Resource, name: string): Subject {
  return partSubject('port', owner, ':', name);
}

function volumeSubject(owner: Resource, name: string): Subject {
  return partSubject('volume', owner, '/volume/', name);
}

function* containerPorts(resource: Resource, { value }: Container): Iterable<Occurrence> {
  const port = (name: string): Subject => portSubject(resource, name);
  for (const one of value.at('ports').items()) yield* named(one.at('name'), 'definition', port);
  const handlers = [
    ...['livenessProbe', 'readinessProbe', 'startupProbe'].map(field => value.at(field)),
    ...['postStart', 'preStop'].map(field => value.at('lifecycle', field)),
  ];
  for (const handler of handlers)
    for (const field of ['httpGet', 'tcpSocket']) yield* named(handler.at(field, 'port'), 'reference', port);
}

function* servicePorts(resource: Resource): Iterable<Occurrence> {
  if (resource.qualifiedKind === 'Service') {
    for (const port of resource.root.at('spec', 'ports').items())
      yield* named(port.at('name'), 'definition', name => portSubject(resource, name));
  }
  if (resource.qualifiedKind !== 'Ingress') return;
  for (const route of routesOfIngress(resource)) {
    yield* named(route.port, 'reference', name => ({
      kind: 'port',
      id: `Service/${route.name ?? ''}:${name}`,
      namespace: route.namespace,
      name,
    }));
  }
}

/** A number is no name. */
function named(value: Value, role: Occurrence['role'], subject: (name: string) => Subject): readonly Occurrence[] {
  return value.string ? ofScalar(subject(value.string), value, role) : [];
}
