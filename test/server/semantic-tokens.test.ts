import assert from 'node:assert/strict';
import type { SemanticTokens } from 'vscode-languageserver';
import { readFixture } from '../fixture';
import { type Client, startClient } from './client';

const tree = readFixture(`
  #- /config.yaml
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: synapse-config, namespace: matrix}
  data:
    homeserver.yaml: |
      database:
        args:
          user: synapse
          password: DB_PASSWORD_PLACEHOLDER
      # COMMENT_PLACEHOLDER
      redis:
        password: REDIS_PASSWORD_PLACEHOLDER
  #- /workload.yaml
  apiVersion: apps/v1
  kind: StatefulSet
  metadata: {name: synapse, namespace: matrix}
  spec:
    template:
      spec:
        initContainers:
          - name: render
            image: registry.test/tools:1
            command: ["sh", "-c", "sed -e \\"s|DB_PASSWORD_PLACEHOLDER|\${DB_PASSWORD}|\\" /template/homeserver.yaml > /config/homeserver.yaml"]
            volumeMounts:
              - {name: template, mountPath: /template}
              - {name: config, mountPath: /config}
        containers:
          - name: synapse
            image: registry.test/synapse:1
            args: ["--config-path", "/config/homeserver.yaml"]
            volumeMounts:
              - {name: config, mountPath: /config}
        volumes:
          - name: template
            configMap: {name: synapse-config}
          - name: config
            emptyDir: {}
`).files;

describe('semantic tokens', function () {
  this.timeout(20_000);
  let client: Client;
  before(async () => {
    client = await startClient(tree);
    await client.ready();
  });
  after(() => client.stop());

  const replaced = 1;
  const left = 2;
  /** The text and the modifiers of each token. */
  const tokens = async (method: 'full' | 'range', range?: object): Promise<readonly (readonly [string, number])[]> => {
    const { data }: SemanticTokens = await client.connection.sendRequest(`textDocument/semanticTokens/${method}`, {
      textDocument: { uri: client.uri('config.yaml') },
      ...(range ? { range } : {}),
    });
    const lines = (tree.get('config.yaml') ?? '').split('\n');
    const found: (readonly [string, number])[] = [];
    let line = 0;
    let column = 0;
    for (let at = 0; at < data.length; at += 5) {
      const [down = 0, right = 0, length = 0, type = -1, modifiers = -1] = data.slice(at, at + 5);
      column = down === 0 ? column + right : right;
      line += down;
      assert.equal(type, 0);
      found.push([(lines[line] ?? '').slice(column, column + length), modifiers]);
    }
    return found;
  };

  it('tells placeholders that a step replaces from those that are left', async () => {
    assert.deepEqual(client.initialized.capabilities.semanticTokensProvider?.legend, {
      tokenTypes: ['placeholder'],
      tokenModifiers: ['replaced', 'left'],
    });
    assert.deepEqual(await tokens('full'), [
      ['DB_PASSWORD_PLACEHOLDER', replaced],
      ['REDIS_PASSWORD_PLACEHOLDER', left],
    ]);
  });

  it('answers for a range', async () => {
    const range = { start: { line: 10, character: 0 }, end: { line: 12, character: 0 } };
    assert.deepEqual(await tokens('range', range), [['REDIS_PASSWORD_PLACEHOLDER', left]]);
  });

  it('follows an edit of the step in another file', async () => {
    const text = tree.get('workload.yaml') ?? '';
    client.open('workload.yaml', text);
    const line = text.split('\n').findIndex(one => one.includes('sed -e'));
    const from = text.split('\n')[line]?.indexOf('DB_PASSWORD_PLACEHOLDER') ?? 0;
    client.edit('workload.yaml', 2, { line, from, to: from + 2 }, 'REDIS');
    assert.deepEqual(await tokens('full'), [
      ['DB_PASSWORD_PLACEHOLDER', left],
      ['REDIS_PASSWORD_PLACEHOLDER', replaced],
    ]);
  });

  it('is silent when it is switched off', async () => {
    await client.connection.sendNotification('workspace/didChangeConfiguration', {
      settings: { matrixPreflight: { semanticTokens: { enable: false } } },
    });
    assert.deepEqual(await tokens('full'), []);
  });
});
