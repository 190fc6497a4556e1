import assert from 'node:assert/strict';
import serviceTargetPortUnexposed from '../../../rules/services/service-target-port-unexposed';
import { messages } from '../expect';

const tree = (ports: string): string => `
apiVersion: v1
kind: Service
metadata: {name: coturn, namespace: matrix}
spec:
  type: LoadBalancer
  selector: {app: coturn}
  ports: ${ports}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: coturn, namespace: matrix}
spec:
  template:
    metadata: {labels: {app: coturn}}
    spec:
      containers:
        - name: coturn
          image: coturn/coturn:4.6.2-alpine
          command: [sh, -c]
          args: ["exec turnserver --realm=turn.tessera.test --min-port=49152 --max-port=49172"]
          ports: [{containerPort: 3478, protocol: UDP}]
`;

describe('service-target-port-unexposed', () => {
  it('does not want the ports declared on which coturn relays', () => {
    const count = (ports: string): number => messages(serviceTargetPortUnexposed, tree(ports)).length;
    assert.equal(count('[{name: a, port: 49152, protocol: UDP}, {name: b, port: 49172, protocol: UDP}]'), 0);
    assert.equal(count('[{port: 49173, protocol: UDP}]'), 1);
    assert.equal(count('[{port: 49160, protocol: TCP}]'), 1);
  });
});
