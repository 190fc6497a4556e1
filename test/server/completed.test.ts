import assert from 'node:assert/strict';
import type { CompletionList } from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { readMarked } from '../analysis/occurrences/marked';
import { type Client, startClient } from './client';
import { Tree } from './tree';

/** What others of the tree have, in files of their own. */
const tree = `
  #- namespace.yaml
  apiVersion: v1
  kind: Namespace
  metadata: { name: matrix, labels: { purpose: chat } }
  #- secret.yaml
  apiVersion: v1
  kind: Secret
  metadata: { name: creds, namespace: matrix }
  stringData: { password: hidden-value }
  #- service.yaml
  apiVersion: v1
  kind: Service
  metadata: { name: redis, namespace: matrix, labels: { role: cache } }
  spec:
    selector: { app: redis }
    ports: [{ name: redis-tcp, port: 6379, targetPort: client }]
  #- workload.yaml
  apiVersion: apps/v1
  kind: Deployment
  metadata: { name: redis, namespace: matrix }
  spec:
    selector: { matchLabels: { app: redis } }
    template:
      metadata: { labels: { app: redis, tier: data } }
      spec:
        containers:
          - name: redis
            image: redis:7
            ports: [{ name: client, containerPort: 6379 }]
            env: [{ name: REDIS_PASSWORD, valueFrom: { secretKeyRef: { name: creds, key: password } } }]
            volumeMounts: [{ name: code, mountPath: /app }]
        volumes: [{ name: code, configMap: { name: code } }]
`;

const pod = (rest: string): string => `
  #- main.yaml
  apiVersion: v1
  kind: Pod
  metadata: { name: main, namespace: matrix }
  spec:
    containers:
      - name: main
        image: main:1
${rest}`;
const policy = (rest: string): string => `
  #- main.yaml
  apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: { name: main, namespace: matrix }
  spec:
${rest}`;
const config = (name: string, key: string, text: string): string => `
  #- main.yaml
  apiVersion: v1
  kind: ConfigMap
  metadata: { name: ${name}, namespace: matrix }
  data:
    ${key}: |
${text.replace(/^/gm, '      ')}
`;

/** A place, what is chosen there, and the line after that. */
const places: readonly (readonly [title: string, source: string, choice: string, line: string])[] = [
  [
    'a Secret',
    pod('        envFrom: [{ secretRef: { name: $0 } }]'),
    'creds',
    'envFrom: [{ secretRef: { name: creds } }]',
  ],
  [
    'a key of the Secret beside it',
    pod('        env:\n          - name: A\n            valueFrom: { secretKeyRef: { name: creds, key: $0 } }'),
    'password',
    'valueFrom: { secretKeyRef: { name: creds, key: password } }',
  ],
  [
    'the labels of a namespace',
    policy(
      '    ingress:\n      - from:\n          - namespaceSelector:\n              matchLabels:\n                purpose: $0',
    ),
    'chat',
    'purpose: chat',
  ],
  [
    'a label of pods',
    policy('    podSelector:\n      matchLabels:\n        app: redis\n        tier: $0'),
    'data',
    'tier: data',
  ],
  [
    'a named port of what a policy selects',
    policy('    podSelector: { matchLabels: { app: redis } }\n    ingress:\n      - ports:\n          - port: $0'),
    'client',
    '- port: client',
  ],
  [
    'the port of a Service that a monitor selects',
    `
  #- main.yaml
  apiVersion: monitoring.coreos.com/v1
  kind: ServiceMonitor
  metadata: { name: main, namespace: matrix }
  spec:
    selector: { matchLabels: { role: cache } }
    endpoints:
      - port: $0`,
    'redis-tcp',
    '- port: redis-tcp',
  ],
  ['a field of the schema', pod('        readinessPr$0'), 'readinessProbe', 'readinessProbe:'],
  ['a word of the schema', pod('        imagePullPolicy: $0'), 'IfNotPresent', 'imagePullPolicy: IfNotPresent'],
  [
    'a host in homeserver.yaml',
    config('synapse', 'homeserver.yaml', 'server_name: x.test\nredis:\n  host: $0'),
    'redis.matrix.svc.cluster.local',
    'host: redis.matrix.svc.cluster.local',
  ],
  [
    'an option of homeserver.yaml',
    config('synapse', 'homeserver.yaml', 'server_name: x.test\nenable_reg$0'),
    'enable_registration',
    'enable_registration: ',
  ],
  [
    'a backend in haproxy.cfg',
    config('haproxy', 'haproxy.cfg', 'frontend web\n  bind *:80\n  default_backend $0\nbackend main\n  server a b:80'),
    'main',
    'default_backend main',
  ],
  [
    'a variable in Python',
    config('code', 'settings.py', 'KEY = os.environ["$0"]'),
    'REDIS_PASSWORD',
    'KEY = os.environ["REDIS_PASSWORD"]',
  ],
  [
    'a host in a here-document of Python',
    pod(
      "        command: [sh, -c]\n        args:\n          - |\n            python3 - <<'EOF'\n            connect(host='$0')\n            EOF",
    ),
    'redis.matrix.svc.cluster.local',
    "connect(host='redis.matrix.svc.cluster.local')",
  ],
  [
    'an object in a runbook',
    '\n  #- RUNBOOK.md\n  ```sh\n  kubectl -n matrix rollout status deployment/$0\n  ```\n',
    'redis',
    'kubectl -n matrix rollout status deployment/redis',
  ],
  [
    'a file in a runbook',
    '\n  #- RUNBOOK.md\n  ```sh\n  kubectl apply -f work$0\n  ```\n',
    'workload.yaml',
    'kubectl apply -f workload.yaml',
  ],
  [
    'a rule in the settings',
    '\n  #- matrix-preflight.yaml\n  rules:\n    image-tag$0',
    'image-tag-mutable',
    'image-tag-mutable: ',
  ],
];

describe('completion over several files', function () {
  this.timeout(30_000);
  let client: Client;
  let open: Tree;

  before(async () => {
    client = await startClient(new Map());
    await client.ready();
    open = new Tree(client);
  });
  after(() => client.stop());

  for (const [title, source, choice, line] of places)
    it(`has ${title}`, async () => {
      const marked = readMarked(`${tree}${source}`);
      const { path, offset } = marked.cursor;
      open.set(marked.files, marked);
      const list = await client.connection.sendRequest<CompletionList | null>('textDocument/completion', {
        textDocument: { uri: client.uri(path) },
        position: open.positionOf(path, offset),
      });
      const item = list?.items.find(one => one.label === choice);
      assert.ok(item?.textEdit && 'range' in item.textEdit, JSON.stringify(list?.items.map(one => one.label)));
      const document = TextDocument.create('', '', 0, marked.files.get(path) ?? '');
      const lines = TextDocument.applyEdits(document, [item.textEdit]).split('\n');
      assert.equal(lines[item.textEdit.range.start.line]?.trimStart(), line);
      assert.ok(!JSON.stringify(list).includes('hidden-value'));
    });
});
