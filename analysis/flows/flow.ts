import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { ExternalEndpoint, Protocol } from '../network/model';
import type { Pods } from '../pods';
import type { Importance } from './address';

/** A connection that the deployment needs in order to work as its files say. */
export interface RequiredFlow {
  readonly from: FlowEnd;
  readonly to: FlowEnd;
  /** The port of the destination pod, after a Service has translated its own. */
  readonly port: number;
  /** Ports that would do as well, where manifests do not tell which one is used. */
  readonly alternativePorts: readonly number[];
  /** Others that would do as well, where manifests do not tell which of them a name leads to. */
  readonly alternativeEnds?: readonly FlowEnd[];
  readonly protocol: Protocol;
  /** What needs it, for messages: `redis.host in homeserver.yaml`. */
  readonly why: string;
  /** What says so, on the side that connects: the host in a configuration, a port of an Ingress backend. */
  readonly at: Place;
  readonly importance: Importance;
  /** The Service that an Ingress names, which leads to the destination. */
  readonly service?: string | undefined;
  /** The object whose manifest or configuration needs it. */
  readonly source: Resource;
}

/** One side of a flow: the pods of an object of the tree, or somebody outside of it. */
export type FlowEnd = Pods | ExternalEndpoint;

/** Whether an end of a connection is outside of the cluster. */
export function isExternal(end: FlowEnd): end is ExternalEndpoint {
  return 'kind' in end;
}
