import assert from 'node:assert/strict';
import unknownService from '../../rules/network/config-host-unknown-service';
import { check } from '../fixture';

const tree = (host: string, more = ''): string => `
      #- /app.yaml
      apiVersion: v1
      kind: Secret
      metadata: {name: bridge-database, namespace: matrix}
      stringData: {DB_HOST: ${host}, DB_PORT: "5432"}
      ---
      apiVersion: v1
      kind: Service
      metadata: {name: postgres, namespace: matrix}
      spec: {selector: {app: postgres}, ports: [{port: 5432}]}
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata: {name: bridge, namespace: matrix}
      spec:
        selector: {matchLabels: {app: bridge}}
        template:
          metadata: {labels: {app: bridge}}
          spec:
            containers:
              - name: bridge
                image: registry.test/bridge:1
                envFrom: [{secretRef: {name: bridge-database}}]
${more}`;

const messages = (source: string): readonly string[] =>
  check(source, [unknownService]).findings.map(({ problem }) => problem.message);

describe('what only Secrets hold', () => {
  it('is told by its key', () => {
    for (const host of ['chat-store-rw', 'chat-store-rw.matrix.svc.cluster.local']) {
      const [message = ''] = messages(tree(host));
      assert.match(message, /no Service \(DB_HOST of Secret bridge-database\)/);
      assert.doesNotMatch(message, /chat-store/);
    }
  });

  it('is told in base64, too', () => {
    const encoded = Buffer.from('chat-store-rw').toString('base64');
    const [message = ''] = messages(
      tree('chat-store-rw')
        .replace('stringData: {DB_HOST: chat-store-rw', `data: {DB_HOST: ${encoded}`)
        .replace('"5432"', 'NTQzMg=='),
    );
    assert.match(message, /no Service \(DB_HOST of Secret bridge-database\)/);
  });

  it('is named where the tree says it elsewhere', () => {
    const [message = ''] = messages(
      tree(
        'chat-store-rw',
        `
      ---
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: notes, namespace: matrix}
      data: {store: chat-store-rw}
`,
      ),
    );
    assert.match(message, /no Service chat-store-rw/);
  });
});
