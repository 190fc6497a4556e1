import assert from 'node:assert/strict';
import type { InlayHint } from 'vscode-languageserver';
import { decodedSize, sizeText } from '../../analysis/describe/size';
import { ManifestDocument } from '../../manifests/document';
import { SourceFile } from '../../manifests/file';
import { readFixture } from '../fixture';
import { type Client, startClient } from './client';

const tree = readFixture(`
  #- /secret.yaml
  apiVersion: v1
  kind: Secret
  metadata: {name: tokens, namespace: matrix}
  data:
    token: Y2FuYXJ5LXZhbHVlLTEyMzQ1Njc4
    quoted: "Y2FuYXJ5"
    folded: >-
      Y2FuYXJ5
      Y2FuYXJ5
    broken: not base64!
  stringData:
    plain: Y2FuYXJ5
  #- /web.yaml
  apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web, namespace: matrix}
  spec:
    template:
      metadata:
        labels: {app: web}
      spec:
        containers:
          - name: web
            image: registry.test/web:1
            ports:
              - {name: http, containerPort: 8008}
            livenessProbe:
              httpGet: {path: /, port: http}
  ---
  apiVersion: v1
  kind: Service
  metadata: {name: web, namespace: matrix}
  spec:
    selector: {app: web}
    ports:
      - {name: web, port: 80, targetPort: http}
      - {name: number, port: 81, targetPort: 8008}
      - {name: lost, port: 82, targetPort: nowhere}
  ---
  apiVersion: networking.k8s.io/v1
  kind: Ingress
  metadata: {name: web, namespace: matrix}
  spec:
    defaultBackend:
      service:
        name: web
        port: {name: web}
`).files;

describe('inlay hints', function () {
  this.timeout(20_000);
  let client: Client;
  before(async () => {
    client = await startClient(tree);
    await client.ready();
  });
  after(() => client.stop());

  /** What each line says with its hints in brackets, for the lines that have some. */
  const hinted = async (path: string, from = 0, to = 1000): Promise<readonly string[]> => {
    const hints: readonly InlayHint[] = await client.connection.sendRequest('textDocument/inlayHint', {
      textDocument: { uri: client.uri(path) },
      range: { start: { line: from, character: 0 }, end: { line: to, character: 0 } },
    });
    const lines = (tree.get(path) ?? '').split('\n');
    return hints.map(({ position: { line, character }, label }) => {
      const text = lines[line] ?? '';
      return `${text.slice(0, character)}[${String(label)}]${text.slice(character)}`.trim();
    });
  };

  it('tells the decoded size of base64 values, and nothing of those that are none', async () => {
    assert.deepEqual(await hinted('secret.yaml'), [
      'token: Y2FuYXJ5LXZhbHVlLTEyMzQ1Njc4[21 bytes]',
      'quoted: "Y2FuYXJ5"[6 bytes]',
    ]);
  });

  it('tells the numbers of named ports', async () => {
    assert.deepEqual(await hinted('web.yaml'), [
      'httpGet: {path: /, port: http[→ 8008]}',
      '- {name: web, port: 80, targetPort: http[→ 8008]}',
      'port: {name: web[→ 80]}',
    ]);
  });

  it('answers for the asked lines only', async () => {
    assert.deepEqual(await hinted('web.yaml', 0, 16), ['httpGet: {path: /, port: http[→ 8008]}']);
    assert.deepEqual(await hinted('secret.yaml', 5, 6), ['quoted: "Y2FuYXJ5"[6 bytes]']);
  });

  it('is silent when it is switched off', async () => {
    await client.connection.sendNotification('workspace/didChangeConfiguration', {
      settings: { matrixPreflight: { inlayHints: { enable: false } } },
    });
    assert.deepEqual(await hinted('web.yaml'), []);
  });
});

describe('the decoded size', () => {
  const sizeOf = (written: string): number | undefined => {
    const file = new SourceFile('file:///a.yaml', 'a.yaml', `a: ${written}\n`);
    const [document] = file.documents;
    assert.ok(document instanceof ManifestDocument);
    return decodedSize(document.root.at('a'));
  };

  it('is that of the decoded bytes, whatever the padding', () => {
    for (const text of ['', 'a', 'ab', 'abc', 'ä', 'a longer text of some bytes'])
      assert.equal(sizeOf(`"${Buffer.from(text).toString('base64')}"`), Buffer.byteLength(text), text);
  });

  it('is not known of what is no base64', () => {
    for (const text of ['YQ', 'YQ=', 'Y!==', '====', '"Y Q="']) assert.equal(sizeOf(text), undefined, text);
  });

  it('is said in a few words', () => {
    assert.deepEqual([0, 1, 24, 1024, 1600].map(sizeText), ['empty', '1 byte', '24 bytes', '1 KiB', '1.6 KiB']);
  });
});
