import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';

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
