import assert from 'node:assert/strict';
import type { Location, WorkspaceEdit } from 'vscode-languageserver';
import { type Marked, readMarked } from '../analysis/occurrences/marked';
import { type Client, startClient } from './client';
import { Tree } from './tree';

/**
 * A tree in which each name that can be navigated by stands in several files: `‹id:text›` where it is used and `‹id!text›`
 * where it is defined.
 */
const source = `
  #- namespace.yaml
  apiVersion: v1
  kind: Namespace
  metadata:
    name: ‹namespace!matrix›
  #- secrets.yaml
  apiVersion: v1
  kind: Secret
  metadata:
    name: ‹secret!db-creds›
    namespace: ‹namespace:matrix›
  stringData:
    ‹secret key!password›: x
  #- account.yaml
  apiVersion: v1
  kind: ServiceAccount
  metadata:
    name: ‹account!synapse-account›
    namespace: ‹namespace:matrix›
  #- claim.yaml
  apiVersion: v1
  kind: PersistentVolumeClaim
  metadata:
    name: ‹claim!media-store›
    namespace: ‹namespace:matrix›
  #- config.yaml
  apiVersion: v1
  kind: ConfigMap
  metadata:
    name: ‹config map!synapse-config›
    namespace: ‹namespace:matrix›
  data:
    ‹config key!homeserver.yaml›: |
      server_name: matrix.test
      redis:
        host: ‹service:redis›.‹namespace:matrix›.svc.cluster.local
      instance_map:
        ‹worker:writer›: { host: localhost, port: 9093 }
      stream_writers:
        events: ‹worker:writer›
    worker.yaml: |
      worker_app: synapse.app.generic_worker
      worker_name: ‹worker!writer›
    start.sh: |
      #!/bin/sh
      wait-for "$‹variable:DB_PASSWORD›"
      echo "\${‹variable:DB_PASSWORD›:-none}"
  #- haproxy.yaml
  apiVersion: v1
  kind: ConfigMap
  metadata:
    name: haproxy
    namespace: ‹namespace:matrix›
  data:
    haproxy.cfg: |
      frontend web
        bind *:80
        acl ‹acl!is_sync› path_beg /_matrix/client/v3/sync
        use_backend ‹backend:writers› if ‹acl:is_sync›
        default_backend ‹backend:writers›
      backend ‹backend!writers›
        server s1 ‹service:redis›:6379
  #- service.yaml
  apiVersion: v1
  kind: Service
  metadata:
    name: ‹service!redis›
    namespace: ‹namespace:matrix›
  spec:
    selector:
      app.test/name: ‹label:synapse-pods›
    ports:
      - name: ‹service port!redis-tcp›
        port: 6379
        targetPort: ‹port:client-api›
  #- workload.yaml
  apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: synapse
    namespace: ‹namespace:matrix›
  spec:
    selector:
      matchLabels:
        app.test/name: ‹label:synapse-pods›
    template:
      metadata:
        labels:
          app.test/name: ‹label!synapse-pods›
      spec:
        serviceAccountName: ‹account:synapse-account›
        containers:
          - name: synapse
            image: registry.test/synapse:1
            command: [sh, /config/start.sh]
            env:
              - name: ‹variable!DB_PASSWORD›
                valueFrom:
                  secretKeyRef:
                    name: ‹secret:db-creds›
                    key: ‹secret key:password›
              - name: CONFIG
                value: /config/‹config key:homeserver.yaml›
            ports:
              - name: ‹port!client-api›
                containerPort: 8008
            readinessProbe:
              httpGet: { path: /health, port: ‹port:client-api› }
            volumeMounts:
              - name: ‹volume:files›
                mountPath: /config
        volumes:
          - name: ‹volume!files›
            configMap:
              name: ‹config map:synapse-config›
          - name: media
            persistentVolumeClaim:
              claimName: ‹claim:media-store›
  #- ingress.yaml
  apiVersion: networking.k8s.io/v1
  kind: Ingress
  metadata:
    name: web
    namespace: ‹namespace:matrix›
    annotations:
      cert-manager.io/cluster-issuer: ‹issuer:letsencrypt›
  spec:
    rules:
      - host: matrix.test
        http:
          paths:
            - path: /
              backend:
                service:
                  name: ‹service:redis›
                  port:
                    name: ‹service port:redis-tcp›
  #- issuer.yaml
  apiVersion: cert-manager.io/v1
  kind: ClusterIssuer
  metadata:
    name: ‹issuer!letsencrypt›
  #- policy.yaml
  apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata:
    name: to-synapse
    namespace: ‹namespace:matrix›
  spec:
    podSelector:
      matchLabels:
        app.test/name: ‹label:synapse-pods›
    ingress:
      - from:
          - namespaceSelector:
              matchLabels:
                kubernetes.io/metadata.name: ‹namespace:matrix›
        ports:
          - port: ‹port:client-api›
  #- writer.yaml
  apiVersion: apps/v1
  kind: StatefulSet
  metadata:
    name: events
    namespace: ‹namespace:matrix›
  spec:
    template:
      metadata: { labels: { app: events } }
      spec:
        containers:
          - name: synapse
            image: ghcr.io/element-hq/synapse:v1.120.0
            args:
              - run
              - --config-path=/config/‹config key:homeserver.yaml›
              - --config-path=/config/worker.yaml
            volumeMounts: [{ name: config, mountPath: /config }]
        volumes:
          - { name: config, configMap: { name: ‹config map:synapse-config› } }
  #- deploy.sh
  NAMESPACE="\${NAMESPACE:-‹namespace:matrix›}"
  kubectl -n "$NAMESPACE" get secret ‹secret:db-creds›
  kubectl -n ‹namespace:matrix› get service/‹service:redis›
  #- RUNBOOK.md
  Wait for it:

  \`\`\`sh
  kubectl -n ‹namespace:matrix› get pvc ‹claim:media-store›
  \`\`\`
  #- deploy.env
  NAMESPACE=‹namespace:matrix›
  REDIS=‹service:redis›.‹namespace:matrix›.svc
`;

/** The names that are renamed, and another that they may have. */
const renamed = {
  namespace: 'chat',
  secret: 'database',
  'secret key': 'PASS',
  account: 'server',
  claim: 'uploads',
  'config map': 'settings',
  'config key': 'main.yaml',
  service: 'cache',
  'service port': 'cache-tcp',
  port: 'http',
  label: 'server',
  volume: 'config',
  variable: 'PGPASSWORD',
  worker: 'event_writer',
  acl: 'syncs',
  backend: 'writing',
  issuer: 'acme',
} as const;

describe('names over several files', function () {
  this.timeout(30_000);
  let client: Client;
  let tree: Tree;

  before(async () => {
    client = await startClient(new Map(), { capabilities: { textDocument: { rename: { prepareSupport: true } } } });
    await client.ready();
    tree = new Tree(client);
    tree.set(readMarked(at(source, 'namespace', 0)).files);
  });
  after(() => client.stop());

  for (const [id, newName] of Object.entries(renamed)) {
    it(`leads from a ${id} to its definition and to all references, and renames it`, async () => {
      const definitions = readMarked(at(source, id, 0, '!')).marked;
      assert.notEqual(definitions.length, 0);
      const places = placesOf(id);
      for (let nth = 0; nth < places; nth++) {
        const marked = readMarked(at(source, id, nth));
        const defined = await ask<Location[]>('textDocument/definition', marked);
        // The definition of a variable leads on to the key of its value.
        const isEnd = id === 'variable' && definitions.includes(shownAt(marked));
        assert.deepEqual(
          tree.shown(defined),
          isEnd ? readMarked(at(source, 'secret key', 0, '!')).marked : definitions,
          `from place ${nth}`,
        );
        const all = await ask<Location[]>('textDocument/references', marked, { context: { includeDeclaration: true } });
        assert.deepEqual(tree.shown(all), marked.marked, `from place ${nth}`);
      }
      const marked = readMarked(at(source, id, places - 1));
      const edit = await ask<WorkspaceEdit>('textDocument/rename', marked, { newName });
      assert.deepEqual(tree.edited(edit), afterwards(id, newName));
    });
  }

  function ask<T>(method: string, { cursor }: Marked, more: object = {}): Promise<T> {
    return client.connection.sendRequest<T>(method, {
      textDocument: { uri: client.uri(cursor.path) },
      position: tree.positionOf(cursor.path, cursor.offset),
      ...more,
    });
  }
});

const pattern = /‹([\w ]+)([:!])([^›]+)›/g;

/** The fixture with the places of one name marked, or only those that define it, and the cursor in the nth of all. */
function at(text: string, id: string, nth: number, only?: '!'): string {
  let count = 0;
  return text.replace(pattern, (_, found: string, role: string, name: string) => {
    if (found !== id) return name;
    const shown = count++ === nth ? `${name.slice(0, 1)}$0${name.slice(1)}` : name;
    return only === undefined || role === only ? `«${shown}»` : shown;
  });
}

function placesOf(id: string): number {
  return [...source.matchAll(pattern)].filter(([, found]) => found === id).length;
}

/** The marked place at the cursor as it is shown. */
function shownAt({ cursor, files, marked }: Marked): string {
  const before = (files.get(cursor.path) ?? '').slice(0, cursor.offset - 1).split('\n');
  const place = `${cursor.path}:${before.length}:${(before.at(-1)?.length ?? 0) + 1} `;
  return marked.find(one => one.startsWith(place)) ?? place;
}

/** The files that a renaming changes, as they should be. */
function afterwards(id: string, newName: string): Readonly<Record<string, string>> {
  const before = readMarked(at(source, id, 0)).files;
  const after = readMarked(
    at(
      source.replace(pattern, (whole, found) => (found === id ? newName : whole)),
      id === 'acl' ? 'backend' : 'acl',
      0,
    ),
  );
  return Object.fromEntries([...after.files].filter(([path, text]) => before.get(path) !== text));
}
