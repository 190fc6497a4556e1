import type { Rule } from '../rule';
import { nodePortsOf, nodePortUsers, otherNodePort } from './node-ports';

export default {
  id: 'nodeport-duplicate',
  items: [],
  severity: 'error',
  summary: 'Two Services ask for the same nodePort.',
  why: 'Node ports belong to the whole cluster: the API server refuses the second Service with "provided port is already allocated".',
  remedy: 'Give each its own port, or leave `nodePort` out and let Kubernetes choose.',
  traps: [
    'The same number for TCP and for UDP is legal, as TURN servers need it.',
    'Services in different namespaces share the node ports.',
    'Two manifests of one Service are reported by `duplicate-resource`.',
  ],
  sources: ['Kubernetes documentation, Service, "type: NodePort": each node proxies that port, for the whole cluster.'],
  examples: {
    bad: `
      #- /turn.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: coturn
        namespace: matrix
      spec:
        type: NodePort
        ports:
          - { name: tcp, port: 3478, nodePort: 30478, protocol: TCP }
          - { name: udp, port: 3478, nodePort: 30478, protocol: UDP }
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: livekit
        namespace: rtc
      spec:
        type: NodePort
        ports:
          - { name: udp, port: 50000, nodePort: 30478, protocol: UDP }
      #                                         ^^^^^ 💡 error: nodePort 30478/UDP of Service livekit is already taken by Service coturn
    `,
    good: `
      #- /turn.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: coturn
        namespace: matrix
      spec:
        type: NodePort
        ports:
          - { name: tcp, port: 3478, nodePort: 30478, protocol: TCP }
          - { name: udp, port: 3478, nodePort: 30478, protocol: UDP }
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: livekit
        namespace: rtc
      spec:
        type: NodePort
        ports:
          - { name: udp, port: 50000, nodePort: 30479, protocol: UDP }
    `,
  },
  kinds: ['Service'],
  *check(service, workspace) {
    const seen = new Set<string>();
    for (const port of nodePortsOf(service)) {
      const { number, protocol, at } = port;
      const again = seen.has(`${number}/${protocol}`);
      seen.add(`${number}/${protocol}`);
      const [first] = nodePortUsers(workspace, port);
      const other = first && !isSame(first.service, service) ? first : undefined;
      if (!other && !again) continue;
      yield {
        at,
        message: `nodePort ${number}/${protocol} of Service ${service.name} is already taken by ${other ? `Service ${other.service.name}` : 'another of its ports'}, so the API server refuses it — give it another port.`,
        related: other ? [{ at: other.at, message: `Service ${other.service.name} takes it` }] : [],
        fixes: () => otherNodePort(workspace, port, number + 1),
      };
    }
  },
} satisfies Rule;

function isSame(
  one: { name: string; namespace: string | undefined },
  other: { name: string; namespace: string | undefined },
): boolean {
  return one.name === other.name && one.namespace === other.namespace;
}
