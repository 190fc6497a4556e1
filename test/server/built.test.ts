import assert from 'node:assert/strict';
import type {
  CodeLens,
  Hover,
  Location,
  MarkupContent,
  TextDocumentEdit,
  TextEdit,
  WorkspaceEdit,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { readMarked } from '../analysis/occurrences/marked';
import { type Client, startClient } from './client';

/** A base, and two overlays that give it names and namespaces. */
const tree = `
  #- base/kustomization.yaml
  resources: [cache.yaml]
  configMapGenerator:
    - name: settings
      literals: ["CACHE_URL=redis://cache:6379"]
  #- base/cache.yaml
  # The cache.
  apiVersion: v1
  kind: Service
  metadata:
    name: cache
  spec:
    selector: { app: cache }
    ports: [{ port: 6379 }]
  ---
  apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: worker
  spec:
    selector: { matchLabels: { app: cache } }
    template:
      metadata: { labels: { app: cache } }
      spec:
        containers:
          - name: worker
            image: registry.test/worker:1
            envFrom:
              - configMapRef: { name: settings }
            env:
              - name: HOST
                value: prod-cache
              - name: PASSWORD
                valueFrom: { secretKeyRef: { name: creds, key: PASSWORD } }
  #- production/kustomization.yaml
  namePrefix: prod-
  namespace: matrix
  resources: [../base]
  secretGenerator:
    - name: creds
      envs: [secret.env]
      literals: ["URL=redis://canary.matrix.svc:6379"]
  #- production/secret.env
  PASSWORD=canary-password
  REDIS_HOST=canary.matrix.svc
`;

describe('what kustomizations build', function () {
  this.timeout(30_000);
  let client: Client;
  let files: ReadonlyMap<string, string>;

  before(async () => {
    files = readMarked(`${tree}\n  #- x.md\n  $0`).files;
    client = await startClient(files);
    await client.ready();
  });
  after(() => client.stop());

  /** The hover at `$0` of a piece of a file. */
  async function hover(path: string, at: string): Promise<Hover | null> {
    const text = files.get(path) ?? '';
    const start = text.indexOf(at.replace('$0', ''));
    assert.notEqual(start, -1, at);
    const lines = text.slice(0, start + at.indexOf('$0')).split('\n');
    return client.connection.sendRequest('textDocument/hover', {
      textDocument: { uri: client.uri(path) },
      position: { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 },
    });
  }
  const said = (found: Hover | null): string => (found?.contents as MarkupContent | undefined)?.value ?? '';

  it('names a Service as it is built, with the links of what is written', async () => {
    const found = await hover('base/cache.yaml', 'name: ca$0che');
    assert.match(said(found), /^\*\*Service\*\* `prod-cache` in `matrix`/);
    assert.match(said(found), /Leads to Deployment `prod-worker`/);
    assert.match(said(found), /As kustomize builds it\.$/);
    assert.deepEqual(found?.range, { start: { line: 4, character: 8 }, end: { line: 4, character: 13 } });
  });

  it('finds a host by the name that the Service gets, and what a generator is given', async () => {
    assert.match(
      said(await hover('base/cache.yaml', 'value: prod-c$0ache')),
      /^\*\*Service\*\* `prod-cache` in `matrix`/,
    );
    const settings = said(await hover('base/cache.yaml', 'configMapRef: { name: set$0tings'));
    assert.match(settings, /^\*\*ConfigMap\*\* `prod-settings` in `matrix`/);
    assert.match(settings, /base\/kustomization\.yaml:3/);
    const key = said(await hover('base/cache.yaml', 'key: PASS$0WORD'));
    assert.match(key, /^\*\*Secret\*\* `prod-creds`, key `PASSWORD`/);
    assert.match(key, /production\/secret\.env:1/);
    assert.match(
      said(await hover('production/secret.env', 'PASS$0WORD')),
      /^\*\*Secret\*\* `prod-creds`, key `PASSWORD`/,
    );
  });

  it('counts who uses an object under the name that it gets', async () => {
    const lenses: CodeLens[] = await client.connection.sendRequest('textDocument/codeLens', {
      textDocument: { uri: client.uri('base/cache.yaml') },
    });
    const titles: string[] = [];
    for (const lens of lenses) {
      const { command }: CodeLens = await client.connection.sendRequest('codeLens/resolve', lens);
      if (lens.range.start.line === 1) titles.push(command?.title ?? '');
    }
    assert.ok(titles.includes('used by 1 workload'), titles.join(', '));
  });

  it('leads from a name that only the kustomization makes to what it is made from', async () => {
    const text = files.get('base/cache.yaml') ?? '';
    const line = text.split('\n').findIndex(one => one.includes('value: prod-cache'));
    const found: Location[] = await client.connection.sendRequest('textDocument/definition', {
      textDocument: { uri: client.uri('base/cache.yaml') },
      position: { line, character: 27 },
    });
    assert.deepEqual(
      found.map(one => [one.uri, one.range.start]),
      [[client.uri('base/cache.yaml'), { line: 4, character: 8 }]],
    );
  });

  it('renames an object also where its built name is written', async () => {
    const text = files.get('base/cache.yaml') ?? '';
    const edit: WorkspaceEdit = await client.connection.sendRequest('textDocument/rename', {
      textDocument: { uri: client.uri('base/cache.yaml') },
      position: { line: 4, character: 10 },
      newName: 'store',
    });
    const edited = new Map(
      ((edit.documentChanges ?? []) as TextDocumentEdit[]).map(({ textDocument: { uri }, edits }) => {
        const path = uri.slice(client.uri('').length);
        const document = TextDocument.create(uri, 'yaml', 1, files.get(path) ?? '');
        return [path, TextDocument.applyEdits(document, edits as TextEdit[])];
      }),
    );
    assert.equal(
      edited.get('base/cache.yaml'),
      text.replace('name: cache', 'name: store').replace('prod-cache', 'prod-store'),
    );
    assert.match(edited.get('base/kustomization.yaml') ?? '', /redis:\/\/store:6379/);
    assert.equal(edited.size, 2);
  });

  it('says nothing of what stands in a value of a generated Secret', async () => {
    for (const [path, at] of [
      ['production/secret.env', 'canary-p$0assword'],
      ['production/secret.env', 'can$0ary.matrix'],
      ['production/secret.env', 'canary.mat$0rix'],
      ['production/kustomization.yaml', 'redis://can$0ary'],
    ] as const) {
      const found = await hover(path, at);
      assert.ok(!said(found).includes('canary'), `${path} ${at}: ${said(found)}`);
      assert.match(said(found), /^\*\*Secret\*\* `prod-creds`, key `\w+`/);
    }
  });
});
