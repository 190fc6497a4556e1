import assert from 'node:assert/strict';
import type {
  CallHierarchyIncomingCall,
  CallHierarchyItem,
  CallHierarchyOutgoingCall,
  DocumentHighlight,
  DocumentLink,
  DocumentSymbol,
  Location,
  LocationLink,
  Position,
  Range,
  SymbolInformation,
  TextDocumentEdit,
  WorkspaceEdit,
  WorkspaceSymbol,
} from 'vscode-languageserver';
import { readMarked } from '../analysis/occurrences/marked';
import { type Client, startClient } from './client';
import { Tree } from './tree';

const capabilities = {
  textDocument: {
    definition: { linkSupport: true },
    documentSymbol: { hierarchicalDocumentSymbolSupport: true },
    rename: { prepareSupport: true },
  },
};

describe('navigation', function () {
  this.timeout(30_000);
  let client: Client;
  let tree: Tree;

  before(async () => {
    client = await startClient(new Map(), { capabilities });
    await client.ready();
    tree = new Tree(client);
  });
  after(() => client.stop());

  describe('definition', () => {
    it('leads from an embedded configuration to the object in another file, with the letters it starts from', async () => {
      const links = await ask<LocationLink[]>(
        'textDocument/definition',
        `
          #- services.yaml
          apiVersion: v1
          kind: Service
          metadata:
            name: «redis»
            namespace: matrix
          #- config.yaml
          apiVersion: v1
          kind: ConfigMap
          metadata: { name: config, namespace: matrix }
          data:
            homeserver.yaml: |
              redis:
                host: re$0dis.matrix.svc
        `,
      );
      assert.deepEqual(
        tree.shown(links.map(link => ({ uri: link.targetUri, range: link.targetSelectionRange }))),
        tree.marked,
      );
      const [link] = links;
      assert.deepEqual(link?.originSelectionRange, range(6, 12, 17));
      assert.deepEqual(link?.targetRange, range(3, 0, 13));
    });

    it('leads from an operator’s Service to its Cluster', async () => {
      const links = await ask<LocationLink[]>(
        'textDocument/definition',
        `
          #- all.yaml
          apiVersion: postgresql.cnpg.io/v1
          kind: Cluster
          metadata: { name: «db», namespace: matrix }
          spec: { instances: 3 }
          ---
          apiVersion: v1
          kind: Pod
          metadata: { name: app, namespace: matrix }
          spec:
            containers:
              - name: app
                env: [{ name: URL, value: "postgresql://app@db$0-rw:5432/app" }]
        `,
      );
      assert.deepEqual(
        tree.shown(links.map(link => ({ uri: link.targetUri, range: link.targetSelectionRange }))),
        tree.marked,
      );
    });

    it('answers in a half-typed document', async () => {
      const links = await ask<LocationLink[]>(
        'textDocument/definition',
        `
          #- secret.yaml
          apiVersion: v1
          kind: Secret
          metadata: { name: «creds» }
          #- app.yaml
          apiVersion: v1
          kind: ServiceAccount
          metadata: { name: app }
          imagePullSecrets:
            - name: cre$0ds
          secrets: [ { na
        `,
      );
      assert.deepEqual(
        tree.shown(links.map(link => ({ uri: link.targetUri, range: link.targetSelectionRange }))),
        tree.marked,
      );
    });

    it('answers nothing outside of names, behind the end and in unknown files', async () => {
      for (const source of ['kind: Sec$0ret', '# $0', '$0', 'a: b\n\n$0'])
        assert.deepEqual(await ask('textDocument/definition', `#- a.yaml\n${source}`), [], source);
      tree.set(new Map([['a.yaml', 'kind: Secret\n']]));
      for (const [path, position] of [
        ['a.yaml', { line: 99, character: 99 }],
        ['unknown.yaml', { line: 0, character: 0 }],
      ] as const) {
        const params = { textDocument: { uri: client.uri(path) }, position };
        assert.deepEqual(await client.connection.sendRequest('textDocument/definition', params), []);
        assert.equal(await client.connection.sendRequest('textDocument/prepareRename', params), null);
        assert.equal(await client.connection.sendRequest('textDocument/documentHighlight', params), null);
        assert.equal(await client.connection.sendRequest('textDocument/prepareCallHierarchy', params), null);
      }
      const elsewhere = { textDocument: { uri: 'file:///elsewhere/a.yaml' }, position: { line: 0, character: 0 } };
      assert.deepEqual(await client.connection.sendRequest('textDocument/definition', elsewhere), []);
      assert.deepEqual(await client.connection.sendRequest('textDocument/documentSymbol', elsewhere), []);
      assert.deepEqual(await client.connection.sendRequest('textDocument/documentLink', elsewhere), []);
    });
  });

  describe('references', () => {
    const source = `
      #- secret.yaml
      apiVersion: v1
      kind: Secret
      metadata: { name: creds, namespace: matrix }
      stringData:
        password: x
      #- app.yaml
      apiVersion: v1
      kind: Pod
      metadata: { name: app, namespace: matrix }
      spec:
        containers:
          - name: app
            env:
              - name: PASSWORD
                valueFrom: { secretKeyRef: { name: creds, key: «pass$0word» } }
        volumes:
          - { name: v, secret: { secretName: creds, items: [{ key: «password», path: p }] } }
    `;

    it('lists them with the declaration only if asked to', async () => {
      const without = await ask<Location[]>('textDocument/references', source, {
        context: { includeDeclaration: false },
      });
      assert.deepEqual(tree.shown(without), tree.marked);
      const withIt = source.replace('    password: x', '    «password»: x');
      const all = await ask<Location[]>('textDocument/references', withIt, { context: { includeDeclaration: true } });
      assert.deepEqual(tree.shown(all), tree.marked);
      assert.equal(all.length, without.length + 1);
    });

    it('counts what is made from an object among the references to it', async () => {
      const found = await ask<Location[]>(
        'textDocument/references',
        `
          #- all.yaml
          apiVersion: postgresql.cnpg.io/v1
          kind: Cluster
          metadata: { name: d$0b, namespace: matrix }
          spec: { instances: 3 }
          ---
          apiVersion: v1
          kind: Pod
          metadata: { name: app, namespace: matrix }
          spec:
            containers:
              - name: app
                env:
                  - { name: DB_HOST, value: «db-rw» }
                  - { name: DB_PASSWORD, valueFrom: { secretKeyRef: { name: «db-app», key: password } } }
        `,
        { context: { includeDeclaration: false } },
      );
      assert.deepEqual(tree.shown(found), tree.marked);
    });
  });

  it('highlights where a name is defined and where it is used', async () => {
    const found = await ask<DocumentHighlight[]>(
      'textDocument/documentHighlight',
      `
        #- pod.yaml
        apiVersion: v1
        kind: Pod
        metadata: { name: app }
        spec:
          containers:
            - name: app
              volumeMounts: [{ name: «da$0ta», mountPath: /data }]
          volumes: [{ name: «data», emptyDir: {} }]
      `,
    );
    assert.deepEqual(tree.shown(found.map(one => ({ uri: client.uri('pod.yaml'), range: one.range }))), tree.marked);
    assert.deepEqual(
      found.map(one => one.kind),
      [2, 3],
    );
  });

  describe('rename', () => {
    it('changes manifests, embedded configurations, scripts and runbooks in one annotated edit', async () => {
      const before = `
        #- service.yaml
        apiVersion: v1
        kind: Service
        metadata:
          name: "redis" # the cache
          namespace: matrix
        spec: { ports: [{ port: 6379 }] }
        #- config.yaml
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: config, namespace: matrix }
        data:
          homeserver.yaml: |
            redis:
              host: re$0dis.matrix.svc.cluster.local
          scanner.json: |
            {"queue": "redis://redis:6379/1", "other": "redis.io"}
        #- check.sh
        kubectl get service redis -n matrix
      `;
      const edit = await ask<WorkspaceEdit>('textDocument/rename', before, { newName: 'cache' });
      assert.deepEqual(tree.edited(edit), {
        'check.sh': 'kubectl get service cache -n matrix\n',
        'config.yaml': (readMarked(before).files.get('config.yaml') ?? '')
          .replace('redis.matrix', 'cache.matrix')
          .replace('redis://redis', 'redis://cache'),
        'service.yaml': (readMarked(before).files.get('service.yaml') ?? '').replace('"redis"', '"cache"'),
      });
      const [id, ...others] = Object.keys(edit.changeAnnotations ?? {});
      assert.equal(others.length, 0);
      const edits = (edit.documentChanges ?? []).flatMap(change => (change as TextDocumentEdit).edits);
      assert.equal(edits.length, 4);
      assert.ok(edits.every(one => (one as { annotationId?: string }).annotationId === id && id !== undefined));
    });

    it('puts quotes where the new name needs them, and no annotation on a change of one file', async () => {
      const edit = await ask<WorkspaceEdit>(
        'textDocument/rename',
        `
          #- all.yaml
          apiVersion: v1
          kind: ConfigMap
          metadata: { name: flags }
          data:
            set$0ting: a
            'other': b
          ---
          apiVersion: v1
          kind: Pod
          metadata: { name: app }
          spec:
            containers:
              - name: app
                env: [{ name: A, valueFrom: { configMapKeyRef: { name: flags, key: setting } } }]
        `,
        { newName: '8080' },
      );
      const text = tree.edited(edit)['all.yaml'] ?? '';
      assert.match(text, /^ {2}(['"]?)8080\1: a$/m);
      assert.match(text, /key: (['"])8080\1 \}/);
      assert.equal(edit.changeAnnotations, undefined);
    });

    it('renames a port of all workloads that a Service asks for it', async () => {
      const edit = await ask<WorkspaceEdit>(
        'textDocument/rename',
        `
          #- all.yaml
          apiVersion: v1
          kind: Service
          metadata: { name: app, namespace: matrix }
          spec:
            selector: { part: web }
            ports: [{ name: http, port: 80, targetPort: ht$0tp }]
          ---
          apiVersion: v1
          kind: Pod
          metadata: { name: one, namespace: matrix, labels: { part: web } }
          spec: { containers: [{ name: a, ports: [{ name: http, containerPort: 1 }] }] }
          ---
          apiVersion: v1
          kind: Pod
          metadata: { name: two, namespace: matrix, labels: { part: web } }
          spec:
            containers:
              - name: a
                ports: [{ name: http, containerPort: 2 }]
                readinessProbe: { tcpSocket: { port: http } }
        `,
        { newName: 'client' },
      );
      const text = tree.edited(edit)['all.yaml'] ?? '';
      assert.equal(text.match(/client/g)?.length, 4);
      assert.match(text, /\{ name: http, port: 80, targetPort: client \}/);
    });

    it('renames a variable with the tokens that envsubst replaces by it', async () => {
      const source = `
        #- config.yaml
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: config }
        data:
          homeserver.yaml: |
            database: { password: "\${PASS}" }
        #- app.yaml
        apiVersion: v1
        kind: Pod
        metadata: { name: app }
        spec:
          initContainers:
            - name: render
              image: synapse
              command: [sh, -c, 'envsubst < /in/homeserver.yaml > /config/homeserver.yaml']
              env: [{ name: PA$0SS, value: x }]
              volumeMounts: [{ name: in, mountPath: /in }, { name: config, mountPath: /config }]
          containers:
            - name: synapse
              image: ghcr.io/element-hq/synapse:v1.120.0
              env: [{ name: PASS, value: y }]
              volumeMounts: [{ name: config, mountPath: /config }]
          volumes: [{ name: in, configMap: { name: config } }, { name: config, emptyDir: {} }]
      `;
      const edit = await ask<WorkspaceEdit>('textDocument/rename', source, { newName: 'DB_PASSWORD' });
      const edited = tree.edited(edit);
      assert.match(edited['config.yaml'] ?? '', /password: "\$\{DB_PASSWORD\}"/);
      assert.match(edited['app.yaml'] ?? '', /name: DB_PASSWORD, value: x/);
      assert.match(edited['app.yaml'] ?? '', /name: PASS, value: y/);
    });

    it('offers the letters of the name alone', async () => {
      const answer = await ask<{ range: Range; placeholder: string }>(
        'textDocument/prepareRename',
        `
          #- a.yaml
          apiVersion: v1
          kind: Secret
          metadata:
            name: "cre$0ds"
        `,
      );
      assert.deepEqual(answer, { range: range(3, 9, 14), placeholder: 'creds' });
    });

    it('refuses with a reason what it cannot change safely', async () => {
      const secret = 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: creds\n';
      const account = (name: string): string =>
        `---\napiVersion: v1\nkind: ServiceAccount\nmetadata: { name: app }\nimagePullSecrets:\n  - name: ${name}\n`;
      const cluster =
        'apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: { name: db }\nspec: { instances: 3 }\n';
      for (const [source, reason] of [
        [account('mis$0sing'), /Nothing in this tree defines missing/],
        [cluster + account('db$0-app'), /it is made from a\.yaml:3, which decides its name/],
        [
          cluster.replace('name: db', 'name: d$0b') + account('db-app'),
          /Secret db-app is made from db and named after it/,
        ],
        [`${secret.replace('creds', 'cr$0eds')}${account('"cr\\x65ds"')}`, /put together at a\.yaml:10/],
      ] as const)
        await assert.rejects(ask('textDocument/prepareRename', `#- a.yaml\n${source}`), { message: reason });
      for (const [newName, reason] of [
        ['Upper Case', /cannot be the name of a Secret/],
        ['taken', /There is a Secret taken already, at a\.yaml:9/],
      ] as const) {
        const source = `${secret.replace('creds', 'cr$0eds')}---\n${secret.replace('creds', 'taken')}`;
        await assert.rejects(ask('textDocument/rename', `#- a.yaml\n${source}`, { newName }), { message: reason });
      }
    });

    it('renames the labels that an operator puts on pods with the object', async () => {
      const edit = await ask<WorkspaceEdit>(
        'textDocument/rename',
        `
          #- a.yaml
          apiVersion: postgresql.cnpg.io/v1
          kind: Cluster
          metadata: { name: d$0b, namespace: matrix }
          spec: { instances: 3 }
          ---
          apiVersion: networking.k8s.io/v1
          kind: NetworkPolicy
          metadata: { name: db, namespace: matrix }
          spec: { podSelector: { matchLabels: { cnpg.io/cluster: db } }, policyTypes: [Ingress] }
        `,
        { newName: 'store' },
      );
      assert.match(tree.edited(edit)['a.yaml'] ?? '', /kind: Cluster\nmetadata: \{ name: store,/);
      assert.match(
        tree.edited(edit)['a.yaml'] ?? '',
        /name: db, namespace: matrix \}\nspec: .*cnpg\.io\/cluster: store \}/,
      );
      const [annotation] = Object.values(edit.changeAnnotations ?? {});
      assert.match(annotation?.description ?? '', /a new database without data/);
    });

    it('renames the Secret of a certificate where an Ingress states its name', async () => {
      const edit = await ask<WorkspaceEdit>(
        'textDocument/rename',
        `
          #- a.yaml
          apiVersion: networking.k8s.io/v1
          kind: Ingress
          metadata: { name: web, annotations: { cert-manager.io/cluster-issuer: ca } }
          spec: { tls: [{ hosts: [tessera.test], secretName: web-$0tls }] }
          ---
          apiVersion: v1
          kind: Pod
          metadata: { name: app }
          spec: { volumes: [{ name: tls, secret: { secretName: web-tls } }] }
        `,
        { newName: 'front-tls' },
      );
      assert.equal(tree.edited(edit)['a.yaml']?.match(/front-tls/g)?.length, 2);
    });

    it('asks before it renames what keeps data under its name', async () => {
      const edit = await ask<WorkspaceEdit>(
        'textDocument/rename',
        `
          #- a.yaml
          apiVersion: v1
          kind: PersistentVolumeClaim
          metadata: { name: med$0ia }
        `,
        { newName: 'media-store' },
      );
      const [annotation] = Object.values(edit.changeAnnotations ?? {});
      assert.equal(annotation?.needsConfirmation, true);
      assert.match(annotation?.description ?? '', /the data stays in the old one/);
    });
  });

  it('links the files that kustomizations, scripts and Markdown name', async () => {
    tree.set(
      new Map([
        [
          'base/kustomization.yaml',
          'resources:\n  - app.yaml\n  - missing.yaml\n  - ../base\nconfigMapGenerator:\n  - name: c\n    files: [x.cfg=conf/x.cfg]\n',
        ],
        ['base/app.yaml', 'apiVersion: v1\n'],
        ['base/conf/x.cfg', 'x\n'],
        ['deploy.sh', 'kubectl apply -f base/app.yaml\nkubectl apply -k base\n'],
        ['README.md', 'See `base/app.yaml`, `conf/x.cfg` and `x`.\n'],
      ]),
    );
    assert.deepEqual(await linksOf('base/kustomization.yaml'), [
      'app.yaml → base/app.yaml',
      '../base → base/kustomization.yaml',
      'conf/x.cfg → base/conf/x.cfg',
    ]);
    assert.deepEqual(await linksOf('deploy.sh'), ['base/app.yaml → base/app.yaml', 'base → base/kustomization.yaml']);
    assert.deepEqual(await linksOf('README.md'), ['base/app.yaml → base/app.yaml']);
  });

  it('outlines objects with their parts', async () => {
    tree.set(
      new Map([
        [
          'all.yaml',
          `apiVersion: v1
kind: ConfigMap
metadata: { name: config, namespace: matrix }
data:
  haproxy.cfg: |
    defaults
      mode http
    backend main
      server a a:1
  homeserver.yaml: |
    server_name: tessera.test
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: app }
spec:
  template:
    spec:
      initContainers: [{ name: init, image: busybox }]
      containers: [{ name: app, image: synapse, env: [{ name: A, value: b }] }]
      volumes: [{ name: tmp, emptyDir: {} }]
  volumeClaimTemplates: [{ metadata: { name: data } }]
---
broken: [
`,
        ],
      ]),
    );
    const symbols = await client.connection.sendRequest<DocumentSymbol[]>('textDocument/documentSymbol', {
      textDocument: { uri: client.uri('all.yaml') },
    });
    assert.deepEqual(outline(symbols), [
      'ConfigMap config (matrix)',
      '  haproxy.cfg',
      '    defaults',
      '    backend main',
      '  homeserver.yaml',
      '    server_name',
      'StatefulSet app',
      '  init (init · busybox)',
      '  app (synapse)',
      '    A',
      '  tmp (volume)',
      '  data (claim template)',
    ]);
    for (const symbol of symbols) assertNested(symbol);
  });

  it('finds objects of the workspace by kind, namespace and name', async () => {
    tree.set(
      new Map([
        ['a.yaml', 'apiVersion: v1\nkind: Secret\nmetadata: { name: creds, namespace: matrix }\n'],
        ['b.yaml', 'apiVersion: v1\nkind: Service\nmetadata: { name: redis, namespace: other }\n'],
      ]),
    );
    const find = async (query: string): Promise<readonly string[]> => {
      const found = await client.connection.sendRequest<WorkspaceSymbol[]>('workspace/symbol', { query });
      return found.map(one => `${one.name} in ${one.containerName}`);
    };
    assert.deepEqual(await find('creds'), ['Secret creds in matrix']);
    assert.deepEqual(await find('service/other/redis'), ['Service redis in other']);
    assert.deepEqual(await find('Secret cr'), ['Secret creds in matrix']);
    assert.equal((await find('')).length, 2);
    assert.deepEqual(await find('zzz'), []);
  });

  it('tells who connects to a workload and what it needs', async () => {
    const source = `
      #- redis.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata: { name: redis-server, namespace: matrix }
      spec:
        template:
          metadata: { labels: { app: redis } }
          spec: { containers: [{ name: redis, image: "redis:7", ports: [{ containerPort: 6379 }] }] }
      ---
      apiVersion: v1
      kind: Service
      metadata: { name: redis, namespace: matrix }
      spec:
        selector: { app: redis }
        ports: [{ port: 6379 }]
      #- app.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: app, namespace: matrix }
      spec:
        template:
          metadata: { labels: { app: app } }
          spec:
            containers:
              - name: app
                env: [{ name: REDIS_URL, value: "redis://re$0dis:6379" }]
    `;
    const [service] = await ask<CallHierarchyItem[]>('textDocument/prepareCallHierarchy', source);
    assert.equal(service?.name, 'Service redis');
    const incoming = await client.connection.sendRequest<CallHierarchyIncomingCall[]>('callHierarchy/incomingCalls', {
      item: service,
    });
    assert.deepEqual(
      incoming.map(({ from }) => `${from.name}: ${from.detail}`),
      ['Deployment app: 6379/TCP: variable REDIS_URL'],
    );
    const ranges = incoming[0]?.fromRanges ?? [];
    assert.deepEqual(
      ranges.map(one => `${one.start.line} ${tree.textOf('app.yaml', one)}`),
      ['9 redis'],
    );
    const outgoing = await client.connection.sendRequest<CallHierarchyOutgoingCall[]>('callHierarchy/outgoingCalls', {
      item: incoming[0]?.from,
    });
    assert.deepEqual(
      outgoing.map(({ to }) => to.name),
      ['StatefulSet redis-server'],
    );
    const [around] = await ask<CallHierarchyItem[]>(
      'textDocument/prepareCallHierarchy',
      source.replace('re$0dis', 'redis').replace('spec:\n            containers', 'sp$0ec:\n            containers'),
    );
    assert.equal(around?.name, 'Deployment app');
  });

  it('answers plainly to clients that know neither links nor hierarchies', async () => {
    const files = new Map([['a.yaml', 'apiVersion: v1\nkind: Secret\nmetadata: { name: creds }\ndata: { a: Yg== }\n']]);
    const plain = await startClient(files);
    try {
      await plain.ready();
      const textDocument = { uri: plain.uri('a.yaml') };
      const found = await plain.connection.sendRequest('textDocument/definition', {
        textDocument,
        position: { line: 2, character: 20 },
      });
      assert.deepEqual(found, [{ uri: textDocument.uri, range: range(2, 18, 23) }]);
      const symbols = await plain.connection.sendRequest<SymbolInformation[]>('textDocument/documentSymbol', {
        textDocument,
      });
      assert.deepEqual(
        symbols.map(one => [one.name, one.containerName]),
        [
          ['Secret creds', undefined],
          ['a', 'Secret creds'],
        ],
      );
      assert.equal(plain.initialized.capabilities.renameProvider, true);
    } finally {
      await plain.stop();
    }
  });

  /** Makes the tree what a text says, and asks about its cursor. */
  async function ask<T>(method: string, source: string, more: object = {}): Promise<T> {
    const marked = readMarked(source);
    tree.set(marked.files, marked);
    return client.connection.sendRequest<T>(method, {
      textDocument: { uri: client.uri(marked.cursor.path) },
      position: tree.positionOf(marked.cursor.path, marked.cursor.offset),
      ...more,
    });
  }

  async function linksOf(path: string): Promise<readonly string[]> {
    const links = await client.connection.sendRequest<DocumentLink[]>('textDocument/documentLink', {
      textDocument: { uri: client.uri(path) },
    });
    return links.map(link => `${tree.textOf(path, link.range)} → ${link.target?.slice(client.uri('').length)}`);
  }
});

function range(line: number, from: number, to: number): Range {
  return { start: { line, character: from }, end: { line, character: to } };
}

function outline(symbols: readonly DocumentSymbol[], indent = ''): readonly string[] {
  return symbols.flatMap(({ name, detail, children }) => [
    `${indent}${name}${detail ? ` (${detail})` : ''}`,
    ...outline(children ?? [], `${indent}  `),
  ]);
}

/** An editor refuses an outline whose selections lie outside of their symbols. */
function assertNested(symbol: DocumentSymbol): void {
  const isBefore = (a: Position, b: Position): boolean =>
    a.line < b.line || (a.line === b.line && a.character <= b.character);
  assert.ok(isBefore(symbol.range.start, symbol.selectionRange.start), symbol.name);
  assert.ok(isBefore(symbol.selectionRange.end, symbol.range.end), symbol.name);
  for (const child of symbol.children ?? []) {
    assertNested(child);
    assert.ok(isBefore(symbol.range.start, child.range.start), child.name);
    assert.ok(isBefore(child.range.end, symbol.range.end), child.name);
  }
}
