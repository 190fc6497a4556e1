import assert from 'node:assert/strict';
import type { CodeLens, Location } from 'vscode-languageserver';
import { showPlanCommand, showReferencesCommand } from '../../protocol/client-facts';
import { readFixture } from '../fixture';
import { type Client, startClient } from './client';

const tree = readFixture(`
  #- /infrastructure/01-postgresql/cluster.yaml
  apiVersion: postgresql.cnpg.io/v1
  kind: Cluster
  metadata: {name: db, namespace: matrix}
  spec:
    instances: 3
  ---
  apiVersion: v1
  kind: Secret
  metadata: {name: db-admin, namespace: matrix}
  stringData: {password: canary-password}
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
            env:
              - {name: DB_URL, value: "http://other:8080/"}
              - name: PASSWORD
                valueFrom:
                  secretKeyRef: {name: db-admin, key: password}
  ---
  apiVersion: v1
  kind: Service
  metadata: {name: other, namespace: matrix}
  spec:
    selector: {app: other}
    ports: [{port: 8080}]
  ---
  apiVersion: v1
  kind: ConfigMap
  metadata: {name: unused, namespace: matrix}
  data: {key: value}
  #- /infrastructure/04-networking/policies.yaml
  apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: {name: deny, namespace: matrix}
  spec:
    podSelector: {}
    policyTypes: [Ingress, Egress]
  ---
  apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata: {name: web, namespace: matrix}
  spec:
    podSelector:
      matchLabels: {app: web}
    policyTypes: [Ingress]
`).files;

describe('code lens', function () {
  this.timeout(20_000);
  let client: Client;
  let refreshes = 0;
  let refreshed = (): void => {};
  before(async () => {
    client = await startClient(tree, {
      initializationOptions: { client: { commands: [showReferencesCommand, showPlanCommand] } },
      capabilities: { workspace: { codeLens: { refreshSupport: true } } },
    });
    client.connection.onRequest('workspace/codeLens/refresh', () => {
      refreshes++;
      refreshed();
      return null;
    });
    await client.ready();
  });
  after(() => client.stop());

  const list = (path: string): Promise<readonly CodeLens[]> =>
    client.connection.sendRequest('textDocument/codeLens', { textDocument: { uri: client.uri(path) } });
  const resolve = (lens: CodeLens): Promise<CodeLens> => client.connection.sendRequest('codeLens/resolve', lens);
  /** One-based line and text of each lens. */
  const texts = async (path: string): Promise<readonly string[]> => {
    const lenses = await Promise.all((await list(path)).map(resolve));
    return lenses.map(({ range, command }) => `${range.start.line + 1} ${command?.title}`);
  };

  it('lists without working anything out, and tells when asked', async () => {
    const [first] = await list('web.yaml');
    assert.ok(first);
    assert.equal(first.command, undefined);
    assert.equal((await resolve(first)).command?.title, 'isolated by 2 policies');
  });

  it('counts who uses what, what isolates a workload, and names the step', async () => {
    assert.deepEqual(await texts('web.yaml'), [
      '1 isolated by 2 policies',
      '1 in no step of the deployment',
      '18 used by 1 workload',
      '25 not used in the tree',
    ]);
    const [isolation, step, secret] = await texts('infrastructure/01-postgresql/cluster.yaml');
    assert.equal(isolation, '1 isolated by 1 policy');
    assert.match(step ?? '', /^1 step 1 of \d+: PostgreSQL/);
    assert.equal(secret, '7 used by 1 workload');
  });

  it('peeks the places where the object is used', async () => {
    const lens = (await list('infrastructure/01-postgresql/cluster.yaml'))[2];
    assert.ok(lens);
    const { command } = await resolve(lens);
    assert.equal(command?.command, showReferencesCommand);
    const [uri, position, locations] = command.arguments as [string, unknown, Location[]];
    assert.equal(uri, client.uri('infrastructure/01-postgresql/cluster.yaml'));
    assert.deepEqual(position, lens.range.start);
    assert.deepEqual(locations, [
      {
        uri: client.uri('web.yaml'),
        range: { start: { line: 15, character: 37 }, end: { line: 15, character: 45 } },
      },
    ]);
  });

  it('shows the plan for a step', async () => {
    const lens = (await list('infrastructure/01-postgresql/cluster.yaml'))[1];
    assert.ok(lens);
    assert.equal((await resolve(lens)).command?.command, showPlanCommand);
  });

  it('has no value of a Secret', async () => {
    for (const path of tree.keys())
      assert.doesNotMatch(JSON.stringify(await Promise.all((await list(path)).map(resolve))), /canary/, path);
  });

  it('follows edits of other files and asks the client to ask again', async () => {
    const before = refreshes;
    const again = new Promise<void>(resolve => {
      refreshed = resolve;
    });
    const text = tree.get('infrastructure/04-networking/policies.yaml') ?? '';
    client.open('infrastructure/04-networking/policies.yaml', text);
    assert.deepEqual((await texts('web.yaml'))[0], '1 isolated by 2 policies');
    client.edit('infrastructure/04-networking/policies.yaml', 2, { line: 12, from: 23, to: 26 }, 'api');
    assert.deepEqual((await texts('web.yaml'))[0], '1 isolated by 1 policy');
    await again;
    assert.ok(refreshes > before);
  });

  it('leaves out what is switched off, at once', async () => {
    const configure = (codeLens: object): Promise<void> =>
      client.connection.sendNotification('workspace/didChangeConfiguration', {
        settings: { matrixPreflight: { codeLens } },
      });
    await configure({ deploySteps: false, isolation: false });
    assert.deepEqual(await texts('web.yaml'), ['18 used by 1 workload', '25 not used in the tree']);
    await configure({ enable: false });
    assert.deepEqual(await list('web.yaml'), []);
    await configure({});
    assert.equal((await list('web.yaml')).length, 4);
  });
});
