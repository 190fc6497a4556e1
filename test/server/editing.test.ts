import assert from 'node:assert/strict';
import type { AnnotatedTextEdit, CodeAction, TextDocumentEdit, WorkspaceEdit } from 'vscode-languageserver';
import {
  type CredentialsResult,
  credentialsRequest,
  type DomainSummary,
  domainsRequest,
  externalSecretsRequest,
  type MissingResource,
  missingResourcesRequest,
  replaceDomainRequest,
} from '../../protocol/editing';
import { fixAllRequest } from '../../protocol/messages';
import { applyWithValuesCommand, type EditWithValues } from '../../protocol/values';
import { type Client, startClient } from './client';

const realPassword = 'gT5wQz8LmX2vKc9NbR4yHs7JdF3pVe6A';
const secrets = `# The passwords of the deployment
apiVersion: v1
kind: Secret
metadata:
  name: synapse-secrets
  namespace: matrix
stringData:
  MACAROON_SECRET: CHANGEME_MACAROON
  S3_SECRET_KEY: "CHANGEME_S3_SECRET_KEY"
  DB_PASSWORD: ${realPassword}
---
apiVersion: v1
kind: Secret
metadata:
  name: minio-user
  namespace: matrix
stringData:
  CONSOLE_SECRET_KEY: 'CHANGEME_S3_SECRET_KEY'
`;
const ingress = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: synapse
  namespace: matrix
spec:
  # matrix.example.com is the host of the sample
  rules:
    - host: matrix.example.com
`;
const config = `apiVersion: v1
kind: ConfigMap
metadata:
  name: synapse-config
  namespace: matrix
data:
  homeserver.yaml: |
    server_name: example.com
    # not example.com
    public_baseurl: "https://matrix.example.com/"
    turn_uris: ["turn:turn.example.com:3478"]
  haproxy.cfg: |
    acl host hdr(host) -m reg ^matrix\\.example\\.com$
`;
const pod = `apiVersion: v1
kind: Pod
metadata:
  name: app
  namespace: matrix
spec:
  containers:
    - name: app
      image: registry.test/app:1
      envFrom:
        - configMapRef:
            name: app-settings
`;
const policy = `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: allow-dns
  namespace: matrix
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress:
    - to:
        - namespaceSelector:
            matchLabels:
              name: kube-system
`;

describe('the requests behind the editing commands', function () {
  this.timeout(60_000);
  let client: Client;
  before(async () => {
    client = await startClient(
      new Map([
        ['secrets.yaml', secrets],
        ['ingress.yaml', ingress],
        ['config.yaml', config],
        ['pod.yaml', pod],
        ['policy.yaml', policy],
        ['docs/README.md', '# example.com\n'],
      ]),
      { initializationOptions: { client: { commands: [applyWithValuesCommand] } } },
    );
    await client.ready();
  });
  after(() => client.stop());

  it('tell where credentials go, together where they have to agree, and no value', async () => {
    const result: CredentialsResult = await client.connection.sendRequest(credentialsRequest, {});
    assert.ok(!JSON.stringify(result).includes(realPassword));
    const open = result.credentials.map(({ kind, places }) => [
      kind,
      places.filter(one => one.isOpen).map(one => one.label),
    ]);
    assert.deepEqual(open, [
      ['hex', ['MACAROON_SECRET of Secret synapse-secrets']],
      ['s3-secret-key', ['S3_SECRET_KEY of Secret synapse-secrets', 'CONSOLE_SECRET_KEY of Secret minio-user']],
      ['password', []],
    ]);
    assert.deepEqual(
      result.secrets.map(({ name, range }) => [name, range.start.line, range.end.line]),
      [
        ['synapse-secrets', 0, 10],
        ['minio-user', 10, 18],
      ],
    );
    assert.deepEqual(result.inUse, []);
  });

  it('find the credential at the cursor, also a real one', async () => {
    const cursor = { line: 9, character: 4 };
    const result: CredentialsResult = await client.connection.sendRequest(credentialsRequest, {
      at: { uri: client.uri('secrets.yaml'), range: { start: cursor, end: cursor } },
    });
    assert.deepEqual(
      result.credentials.map(({ places }) => places.map(({ label, isOpen }) => [label, isOpen])),
      [[['DB_PASSWORD of Secret synapse-secrets', false]]],
    );
    assert.ok(!JSON.stringify(result).includes(realPassword));
  });

  it('sketch an ExternalSecret for the placeholders, and leave the rest of the Secret', async () => {
    const edit: WorkspaceEdit = await client.connection.sendRequest(externalSecretsRequest);
    const text = applied(edit, 'secrets.yaml', secrets);
    assert.match(text, /^# The passwords of the deployment\napiVersion: v1\nkind: Secret\n/);
    assert.match(
      text,
      new RegExp(`stringData:\n  DB_PASSWORD: ${realPassword}\n---\napiVersion: external-secrets.io/v1\n`),
    );
    assert.match(text, /creationPolicy: Merge\n {2}data:\n {4}- secretKey: MACAROON_SECRET\n/);
    assert.match(text, / {2}name: minio-user\n[\s\S]*creationPolicy: Owner\n/);
    assert.doesNotMatch(text, /CHANGEME_(?!SECRET_STORE)/);
    assert.ok(!JSON.stringify(edit).includes(realPassword));
  });

  it('list the domains and replace one in every kind of place, with what stands before it', async () => {
    const domains: DomainSummary[] = await client.connection.sendRequest(domainsRequest);
    assert.deepEqual(domains, [{ domain: 'example.com', places: 5, isPlaceholder: true }]);
    const edit: WorkspaceEdit = await client.connection.sendRequest(replaceDomainRequest, {
      from: 'example.com',
      to: 'tessera.org',
    });
    assert.equal(
      applied(edit, 'ingress.yaml', ingress),
      ingress.replace('- host: matrix.example', '- host: matrix.tessera').replace('tessera.com', 'tessera.org'),
    );
    const changed = applied(edit, 'config.yaml', config);
    assert.match(
      changed,
      /server_name: tessera\.org\n {4}# not example\.com\n {4}public_baseurl: "https:\/\/matrix\.tessera\.org\/"/,
    );
    assert.match(changed, /\["turn:turn\.tessera\.org:3478"\]/);
    assert.match(changed, /\^matrix\\\.tessera\\\.org\$/);
    assert.deepEqual(
      Object.entries(edit.changeAnnotations ?? {}).map(([id, one]) => [id, one.description, one.needsConfirmation]),
      [
        ['Ingress', '1 place', true],
        ['Synapse', '2 places', true],
        ['TURN', '1 place', true],
        ['HAProxy', '1 place', true],
      ],
    );
    for (const change of edit.documentChanges ?? [])
      assert.ok('edits' in change && !change.textDocument.uri.endsWith('.md'));
  });

  it('refuse what is no domain name', async () => {
    for (const to of ['', 'tessera', 'https://tessera.org', 'Tessera.org', 'a..org', '-a.org', 'tessera.org/x'])
      assert.deepEqual(await client.connection.sendRequest(replaceDomainRequest, { from: 'example.com', to }), {}, to);
  });

  it('list what is referred to and missing, with the fix that makes it', async () => {
    const missing: MissingResource[] = await client.connection.sendRequest(missingResourcesRequest);
    const found = missing.find(one => one.title === 'Create a skeleton of the ConfigMap app-settings');
    assert.equal(found?.rule, 'reference-missing-configmap');
    assert.match(applied(found?.edit as WorkspaceEdit, 'pod.yaml', pod), /\n---\napiVersion: v1\nkind: ConfigMap\n/);
  });

  it('preview all fixes under a heading for each rule, on request', async () => {
    const plain: WorkspaceEdit = await client.connection.sendRequest(fixAllRequest, {});
    assert.deepEqual(plain.changeAnnotations, {});
    const preview: WorkspaceEdit = await client.connection.sendRequest(fixAllRequest, { preview: true });
    const annotations = Object.values(preview.changeAnnotations ?? {});
    assert.notEqual(annotations.length, 0);
    for (const { label, needsConfirmation } of annotations) {
      assert.match(label, /^[a-z0-9-]+$/);
      assert.equal(needsConfirmation, true);
    }
    for (const change of preview.documentChanges ?? [])
      for (const edit of (change as TextDocumentEdit).edits)
        assert.ok((edit as AnnotatedTextEdit).annotationId in (preview.changeAnnotations ?? {}));
  });

  it('ask before a quick fix writes to a Secret', async () => {
    const twins = `${secrets}${tenantAndBackup}`;
    client.open('secrets.yaml', twins);
    const line = twins.split('\n').findIndex(one => one.includes('secret-key: CHANGEME'));
    const at = { line, character: 20 };
    const actions: CodeAction[] = await client.connection.sendRequest('textDocument/codeAction', {
      textDocument: { uri: client.uri('secrets.yaml') },
      range: { start: at, end: at },
      context: { diagnostics: [] },
    });
    const copy = actions.find(one => one.title.startsWith('Copy the value'));
    assert.equal(copy?.command?.command, applyWithValuesCommand);
    const [change] = (copy?.command?.arguments ?? []) as EditWithValues[];
    assert.deepEqual((change?.edit as WorkspaceEdit | undefined)?.changeAnnotations, {
      'Write to Secrets': { label: 'Write to Secrets', needsConfirmation: true },
    });
    assert.equal(change?.values.length, 1);
    assert.ok(!JSON.stringify(actions).includes('pT4vNq8ZsYx1LcWb6RmJd3KgHf7EuAo0XiVtQy2S'));
  });
});

const tenantAndBackup = `---
apiVersion: v1
kind: Secret
metadata:
  name: root-user
  namespace: matrix
stringData:
  CONSOLE_ACCESS_KEY: synapse-s3
  CONSOLE_SECRET_KEY: pT4vNq8ZsYx1LcWb6RmJd3KgHf7EuAo0XiVtQy2S
---
apiVersion: v1
kind: Secret
metadata:
  name: backup-user
  namespace: matrix
stringData:
  access-key: synapse-s3
  secret-key: CHANGEME
---
apiVersion: minio.min.io/v2
kind: Tenant
metadata:
  name: minio
  namespace: matrix
spec:
  users:
    - name: root-user
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata:
  name: main
  namespace: matrix
spec:
  backup:
    barmanObjectStore:
      s3Credentials:
        accessKeyId: {name: backup-user, key: access-key}
        secretAccessKey: {name: backup-user, key: secret-key}
`;

/** The text of a file after an edit. */
function applied(edit: WorkspaceEdit, path: string, text: string): string {
  const own = (edit.documentChanges ?? []).flatMap(change =>
    'edits' in change && change.textDocument.uri.endsWith(`/${path}`) ? change.edits : [],
  );
  assert.notEqual(own.length, 0, `nothing changes in ${path}`);
  const lines = text.split('\n');
  const offset = ({ line, character }: { line: number; character: number }): number =>
    lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0) + character;
  const edits = own
    .map(one => one as AnnotatedTextEdit)
    .map(({ range, newText }) => ({ start: offset(range.start), end: offset(range.end), newText }))
    .sort((a, b) => b.start - a.start || b.end - a.end);
  return edits.reduce((done, { start, end, newText }) => done.slice(0, start) + newText + done.slice(end), text);
}
