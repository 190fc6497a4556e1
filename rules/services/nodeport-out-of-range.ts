import type { Index } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { highest, lowest, nodePortsOf, otherNodePort } from './node-ports';

export default {
  id: 'nodeport-out-of-range',
  items: [],
  severity: 'error',
  summary: 'A nodePort lies outside the range that clusters reserve for it.',
  why: 'The API server refuses the Service: the provided port is not in the valid range 30000-32767.',
  remedy:
    'Take a port from 30000 to 32767, or leave `nodePort` out and let Kubernetes choose. For a port such as 3478 use a LoadBalancer or `hostNetwork`.',
  traps: [
    'A cluster may be started with another `--service-node-port-range`. Where a file of the tree speaks of one, it is a warning; elsewhere switch the rule off in `matrix-preflight.yaml`.',
  ],
  sources: ['Kubernetes documentation, Service, "type: NodePort": default range 30000-32767.'],
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
          - name: turn
            port: 3478
            nodePort: 3478
      #               ^^^^ 💡 error: nodePort 3478 of Service coturn is outside 30000-32767
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
          - name: turn
            port: 3478
            nodePort: 30478
    `,
  },
  kinds: ['Service'],
  *check(service, workspace) {
    const hasAnotherRange = workspace.lookup(ranges, '').length > 0;
    for (const port of nodePortsOf(service)) {
      const { number, at } = port;
      if (number >= lowest && number <= highest) continue;
      yield {
        at,
        ...(hasAnotherRange && { severity: 'warning' }),
        message: `nodePort ${number} of Service ${service.name} is outside 30000-32767, so the API server refuses the Service — take a port in this range or leave nodePort out.`,
        // 3478 becomes 30478, as people write it themselves.
        fixes: () => otherNodePort(workspace, port, lowest + (number % 1000)),
      };
    }
  },
} satisfies Rule;

const option = /service-node-port-range/;

const ranges: Index<true> = {
  name: 'ranges of node ports that the API server is started with',
  *document(document) {
    if (document.textWith(option) !== undefined) yield ['', true];
  },
  *textFile({ text }) {
    if (option.test(text)) yield ['', true];
  },
};
