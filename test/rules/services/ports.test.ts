import assert from 'node:assert/strict';
import nodeportDuplicate from '../../../rules/services/nodeport-duplicate';
import nodeportOutOfRange from '../../../rules/services/nodeport-out-of-range';
import statefulsetServiceMissing from '../../../rules/services/statefulset-service-missing';
import { expectMarks, fixed, fixTitles, messages } from '../expect';

const nodePorts = (name: string, ports: string): string =>
  `---\napiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: matrix }\nspec: { type: NodePort, ports: ${ports} }\n`;

describe('node ports', () => {
  it('may be the ends of the range, and left to Kubernetes', () => {
    expectMarks(
      nodeportOutOfRange,
      nodePorts('a', '[{ port: 1, nodePort: 30000 }, { port: 2, nodePort: 32767 }, { port: 3 }]'),
    );
    assert.equal(
      messages(nodeportOutOfRange, nodePorts('a', '[{ port: 1, nodePort: 29999 }, { port: 2, nodePort: 32768 }]'))
        .length,
      2,
    );
  });

  it('are moved to the next free one, or left to Kubernetes', () => {
    const taken = nodePorts('a', '[{ port: 1, nodePort: 32766 }, { port: 2, nodePort: 32767 }]');
    const moved = fixed(nodeportDuplicate, `${taken}${nodePorts('b', '[{ port: 1, nodePort: 32767 }]')}`);
    assert.match(moved['main.yaml'] ?? '', /nodePort: 30000/);
    const block =
      'apiVersion: v1\nkind: Service\nmetadata: { name: a }\nspec:\n  ports:\n    - port: 1\n      nodePort: 80\n';
    assert.deepEqual(fixTitles(nodeportOutOfRange, block), ['Use nodePort 30080', 'Let Kubernetes choose the port']);
  });

  it('may be the same for TCP and UDP, but not twice for one', () => {
    expectMarks(
      nodeportDuplicate,
      nodePorts('a', '[{ port: 1, nodePort: 30001 }, { port: 1, nodePort: 30001, protocol: UDP }]'),
    );
    assert.match(
      messages(
        nodeportDuplicate,
        nodePorts('a', '[{ port: 1, nodePort: 30001 }, { port: 2, nodePort: 30001 }]'),
      ).join(),
      /^error: .* already taken by another of its ports/,
    );
  });

  it('of two manifests of one Service are one', () => {
    expectMarks(
      nodeportDuplicate,
      nodePorts('a', '[{ port: 1, nodePort: 30001 }]') + nodePorts('a', '[{ port: 1, nodePort: 30001 }]'),
    );
  });
});

const set = (service: string): string => `---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: redis, namespace: matrix }
spec:
  serviceName: ${service}
  selector:
    matchLabels: { app: redis }
  template:
    metadata:
      labels: { app: redis }
    spec:
      containers:
        - name: redis
          ports: [{ name: redis, containerPort: 6379 }, { containerPort: 26379 }]
`;
const service = (spec: string): string =>
  `---\napiVersion: v1\nkind: Service\nmetadata: { name: redis, namespace: matrix }\nspec: { ${spec} }\n`;
const use = (text: string): string =>
  `---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: c, namespace: matrix }\ndata:\n  a.conf: |\n    ${text}\n`;

describe('statefulset-service-missing', () => {
  it('accepts a Service with a cluster IP that nobody needs to be headless', () => {
    expectMarks(statefulsetServiceMissing, set('redis') + service('selector: { app: redis }'));
    expectMarks(statefulsetServiceMissing, set('redis') + service('selector: { app: redis }') + use('# redis-0.redis'));
    expectMarks(
      statefulsetServiceMissing,
      set('redis') + service('selector: { app: redis }') + use('host other-0.redis'),
    );
  });

  it('wants it headless where pods are reached by name', () => {
    for (const text of ['host redis-0.redis.matrix.svc', 'host redis-${i}.redis', 'host ${HOSTNAME}.redis.matrix']) {
      const source = set('redis') + service('selector: { app: redis }') + use(text);
      assert.match(messages(statefulsetServiceMissing, source).join(), /^error: Service redis has a cluster IP/, text);
    }
    expectMarks(
      statefulsetServiceMissing,
      set('redis') + service('clusterIP: None, selector: { app: redis }') + use('host redis-0.redis'),
    );
  });

  it('wants it to select the pods', () => {
    assert.match(
      messages(statefulsetServiceMissing, set('redis') + service('clusterIP: None, selector: { app: x }')).join(),
      /^warning/,
    );
    assert.match(
      messages(
        statefulsetServiceMissing,
        set('redis') + service('clusterIP: None, selector: { app: x }') + use('host redis-1.redis'),
      ).join(),
      /^error/,
    );
  });

  it('creates it with the ports of the containers', () => {
    const source = set('redis');
    assert.deepEqual(fixTitles(statefulsetServiceMissing, source), ['Create the headless Service redis']);
    assert.equal(
      fixed(statefulsetServiceMissing, source)['main.yaml'],
      `${source}---
apiVersion: v1
kind: Service
metadata:
  name: redis
  namespace: matrix
spec:
  clusterIP: None
  selector:
    app: redis
  ports:
    - name: redis
      port: 6379
    - name: port-26379
      port: 26379
`,
    );
  });

  it('wants a name for it where pods are reached by name', () => {
    const nameless =
      set('redis').replace('  serviceName: redis\n', '') + service('clusterIP: None, selector: { app: redis }');
    expectMarks(statefulsetServiceMissing, nameless);
    const source = nameless + use('host redis-0.redis.matrix.svc');
    assert.match(
      messages(statefulsetServiceMissing, source).join(),
      /^error: StatefulSet redis has no serviceName, so the names of its pods below Service redis/,
    );
    assert.deepEqual(fixTitles(statefulsetServiceMissing, source), ['safe: Set serviceName to redis']);
    assert.match(fixed(statefulsetServiceMissing, source)['main.yaml'] ?? '', /^ {2}serviceName: redis$/m);
  });

  it('leaves provided Services and StatefulSets without one alone', () => {
    expectMarks(
      statefulsetServiceMissing,
      `#- /a.yaml\n${set('redis')}#- /matrix-preflight.yaml\nprovided: [{ kind: Service, name: redis }]\n`,
    );
    expectMarks(statefulsetServiceMissing, set('redis').replace('  serviceName: redis\n', ''));
  });
});
