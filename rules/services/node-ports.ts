import { deleteEntry, replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';

/** A port that a Service opens on every node. */
export interface NodePort {
  readonly service: Resource;
  readonly number: number;
  readonly protocol: string;
  readonly at: Value;
}

/** The node ports that a Service asks for, in the order in which they are written. */
export function nodePortsOf(service: Resource): readonly NodePort[] {
  const spec = service.root.at('spec');
  const ports = spec
    .at('ports')
    .items()
    .map(port => ({
      at: port.at('nodePort'),
      protocol: port.at('protocol').text ?? 'TCP',
    }));
  return [...ports, { at: spec.at('healthCheckNodePort'), protocol: 'TCP' }].flatMap(({ at, protocol }) =>
    at.number === undefined || at.number === 0 ? [] : [{ service, number: at.number, protocol, at }],
  );
}

/** All Services of the tree that ask for a node port; a protocol has its own. */
export function nodePortUsers(workspace: Workspace, { number, protocol }: NodePort): readonly NodePort[] {
  return workspace.lookup(nodePorts, key(number, protocol));
}

/** The ways to a node port that the API server takes: the next free one from a number on, or one that it chooses. */
export function otherNodePort(workspace: Workspace, port: NodePort, from: number): readonly Fix[] {
  const free = freeFrom(workspace, port, from) ?? freeFrom(workspace, port, lowest);
  const replacement = free === undefined ? undefined : replaceScalar(port.at, String(free));
  const removal = deleteEntry(port.at);
  return [
    ...(replacement ? [{ title: `Use nodePort ${free}`, safe: false, edits: [replacement] }] : []),
    ...(removal ? [{ title: 'Let Kubernetes choose the port', safe: false, edits: [removal] }] : []),
  ];
}

/** The ports that clusters reserve for Services, unless they are started with another range. */
export const lowest = 30000;
export const highest = 32767;

function freeFrom(workspace: Workspace, port: NodePort, from: number): number | undefined {
  for (let number = from; number <= highest; number++) {
    if (nodePortUsers(workspace, { ...port, number }).length === 0) return number;
  }
  return undefined;
}

const nodePorts: Index<NodePort> = {
  name: 'node ports',
  *resource(resource) {
    if (resource.qualifiedKind !== 'Service') return;
    for (const port of nodePortsOf(resource)) yield [key(port.number, port.protocol), port];
  },
};

function key(number: number, protocol: string): string {
  return `${number}/${protocol}`;
}
