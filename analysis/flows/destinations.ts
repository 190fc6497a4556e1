import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { chartService } from '../helm/chart-objects';
import { type Pods, podsIn } from '../pods';
import { findService, podsBehind, type Service, type ServicePort, servicesIn, targetOf } from '../services';
import { mostReplicas } from '../synapse';
import { parseClusterHost } from '../text/hosts';

/** What a host name means inside the cluster, seen from a namespace. */
export type Destination =
  /** A Service. Without a selector its pods are not known. */
  | { readonly kind: 'service'; readonly service: Service; readonly pods: readonly Pods[] }
  /** One pod of a StatefulSet behind a headless Service. */
  | { readonly kind: 'pod'; readonly service: Service; readonly pods: Pods }
  /** The name of a Service that is not in the tree. */
  | { readonly kind: 'no-service'; readonly name: string; readonly namespace: string | undefined }
  /** The name of a pod that a Service of the tree does not have, or by which the pod is not known there. */
  | {
      readonly kind: 'no-pod';
      readonly service: Service;
      readonly pod: string;
      readonly owner: Resource | undefined;
      /** The Service under which the pod does have a name. */
      readonly under?: string;
    }
  /** A name outside the cluster, an address, or one of a namespace that the tree knows nothing about. */
  | { readonly kind: 'outside' };

/**
 * Resolves a host name as the cluster's DNS does (Kubernetes documentation, "DNS for Services and Pods"): `service`,
 * `service.namespace`, either with `.svc` and the cluster's domain behind it, each with a pod's name before it.
 *
 * Without `.svc` a name with dots is taken for one of the cluster only if its namespace is one of the tree's.
 */
export function resolveHost(workspace: Workspace, namespace: string | undefined, host: string): Destination {
  const name = parseClusterHost(host, namespace, other => isTreeNamespace(workspace, other));
  if (!name) return { kind: 'outside' };
  const service =
    findService(workspace, name.namespace, name.service) ?? chartService(workspace, name.namespace, name.service);
  if (!service) return { kind: 'no-service', name: name.service, namespace: name.namespace };
  if (service.externalName !== undefined) return throughExternalName(workspace, service);
  const pods = podsBehind(workspace, service);
  return name.pod === undefined ? { kind: 'service', service, pods } : podOf(workspace, service, pods, name.pod);
}

/** Whether the tree holds what runs in a namespace, so that what is not there is missing. */
export function isTreeNamespace(workspace: Workspace, namespace: string | undefined): boolean {
  return podsIn(workspace, namespace).length > 0 || servicesIn(workspace, namespace).length > 0;
}

/** A port of some pods that a connection ends at. */
export interface PodPort {
  readonly pods: Pods;
  readonly port: number;
}

/**
 * The pod ports that a connection to a port of a destination ends at: the Service translates its port, while a headless
 * Service or a pod's name gives the pod's own address. Empty where the pods are not known.
 *
 * A port that the Service does not have is looked for on the pods: whoever wrote it meant theirs.
 */
export function podPorts(destination: Destination, port: number): readonly PodPort[] {
  if (destination.kind === 'pod') return [{ pods: destination.pods, port }];
  if (destination.kind !== 'service') return [];
  const { service, pods } = destination;
  if (service.isHeadless) return pods.map(one => ({ pods: one, port }));
  const own = servicePort(service, port);
  return pods.flatMap(one => {
    if (own) {
      const target = targetOf(own, one);
      return target ? [{ pods: one, port: target.port }] : [];
    }
    return one.ports.some(known => known.port === port) ? [{ pods: one, port }] : [];
  });
}

/** The port of a Service with a number. */
export function servicePort(service: Service, port: number): ServicePort | undefined {
  return service.ports.find(one => one.port === port);
}

/** An ExternalName is another name for a host, whatever the port; a chain of them is followed for a few steps. */
function throughExternalName(workspace: Workspace, service: Service, depth = 0): Destination {
  const isNamespace = (other: string): boolean => isTreeNamespace(workspace, other);
  const name = parseClusterHost(service.externalName ?? '', service.namespace, isNamespace);
  const next = name && findService(workspace, name.namespace, name.service);
  if (!next || depth > 3) return { kind: 'outside' };
  if (next.externalName !== undefined) return throughExternalName(workspace, next, depth + 1);
  return { kind: 'service', service: next, pods: podsBehind(workspace, next) };
}

function podOf(workspace: Workspace, service: Service, pods: readonly Pods[], pod: string): Destination {
  // Operators name their pods as they like.
  const [first] = pods;
  if (service.isGenerated) return first ? { kind: 'pod', service, pods: first } : { kind: 'service', service, pods };
  const ordinal = /^(.+)-(\d+)$/.exec(pod);
  const sets = pods.filter(one => one.owner.kind === 'StatefulSet');
  const owner = sets.find(one => one.owner.name === ordinal?.[1]);
  if (owner) {
    const start = owner.owner.root.at('spec', 'ordinals', 'start').number ?? 0;
    const number = Number(ordinal?.[2]) - start;
    if (number < 0 || number >= mostReplicas(workspace, owner.owner))
      return { kind: 'no-pod', service, pod, owner: owner.owner };
    // A pod has its name under the Service that its StatefulSet names, and no other (Kubernetes: StatefulSet, "Stable Network ID").
    const under = owner.owner.root.at('spec', 'serviceName').string;
    const isElsewhere =
      under !== undefined &&
      under !== service.name &&
      service.externalName === undefined &&
      findService(workspace, owner.namespace, under) !== undefined;
    return isElsewhere
      ? { kind: 'no-pod', service, pod, owner: owner.owner, under }
      : { kind: 'pod', service, pods: owner };
  }
  const named = pods.find(one => one.template?.at('spec', 'hostname').text === pod || one.owner.name === pod);
  if (named) return { kind: 'pod', service, pods: named };
  // `10-1-2-3.service` and pods of things that are not in the tree.
  if (pods.length === 0 || sets.length < pods.length || /^\d+(?:-\d+){3}$/.test(pod))
    return { kind: 'service', service, pods };
  return { kind: 'no-pod', service, pod, owner: sets.length === 1 ? sets[0]?.owner : undefined };
}
