import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CodeAction, WorkspaceDiagnosticReport } from 'vscode-languageserver';
import { type ChecklistReport, checklistRequest, explainRequest, fixAllRequest } from '../../protocol/messages';
import { type Client, startClient } from './client';

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
const selectorLine = 12;
const pod = `apiVersion: v1
kind: Pod
metadata:
  name: app
  namespace: matrix
  labels: {app: app}
spec:
  containers:
    - name: app
      image: registry.test/app:1
      envFrom:
        - secretRef:
            name: app-secret
`;
const secret = `apiVersion: v1
kind: Secret
metadata:
  name: app-secret
  namespace: matrix
stringData:
  password: correct-horse-battery-staple
`;

describe('language server', () => {
  let client: Client;
  beforeEach(async () => {
    client = await startClient(
      new Map([
        ['a/policy.yaml', policy],
        ['a/pod.yaml', pod],
        ['a/secret.yaml', secret],
        ['big/notes.md', '# Notes\n'],
      ]),
    );
    await client.ready();
  });
  afterEach(() => client.stop());

  const codes = (diagnostics: readonly { code?: string | number | undefined }[]): string[] =>
    diagnostics.map(one => String(one.code)).sort();

  it('says what it can do', () => {
    const { capabilities } = client.initialized;
    assert.deepEqual(capabilities.diagnosticProvider, {
      identifier: 'matrix-preflight',
      interFileDependencies: true,
      workspaceDiagnostics: true,
    });
  });

  it('answers a pull with exact ranges, codes and links', async () => {
    client.open('a/policy.yaml', policy);
    const found = (await client.pull('a/policy.yaml')).find(one => one.code === 'netpol-namespace-selector-label');
    assert.deepEqual(found?.range, {
      start: { line: selectorLine, character: 14 },
      end: { line: selectorLine, character: 31 },
    });
    assert.equal(found?.source, 'matrix-preflight');
    assert.match(found?.codeDescription?.href ?? '', /netpol-namespace-selector-label\.md$/);
  });

  it('reports files that are not open', async () => {
    const report: WorkspaceDiagnosticReport = await client.connection.sendRequest('workspace/diagnostic', {
      previousResultIds: [],
    });
    const own = report.items.find(item => item.uri === client.uri('a/policy.yaml'));
    assert.ok(own?.kind === 'full' && codes(own.items).includes('netpol-namespace-selector-label'));
    const previousResultIds = report.items.map(({ uri, resultId }) => ({ uri, value: resultId ?? '' }));
    const again: WorkspaceDiagnosticReport = await client.connection.sendRequest('workspace/diagnostic', {
      previousResultIds,
    });
    assert.deepEqual(new Set(again.items.map(item => item.kind)), new Set(['unchanged']));
  });

  it('takes back what a pull for an editor has brought, though the client no longer names the result', async () => {
    client.open('a/new.yaml', 'kind: [\n');
    assert.deepEqual(codes(await client.pull('a/new.yaml')), ['yaml-syntax']);
    client.edit('a/new.yaml', 2, { line: 0, from: 0, to: 7 }, '');
    const report: WorkspaceDiagnosticReport = await client.connection.sendRequest('workspace/diagnostic', {
      previousResultIds: [],
    });
    const own = report.items.find(item => item.uri === client.uri('a/new.yaml'));
    assert.deepEqual(own?.kind === 'full' && own.items, []);
  });

  it('sees in one file what an edit of another breaks, before anything is saved', async () => {
    client.open('a/pod.yaml', pod);
    client.open('a/secret.yaml', secret);
    assert.ok(!codes(await client.pull('a/pod.yaml')).includes('reference-missing-secret'));
    client.edit('a/secret.yaml', 2, { line: 3, from: 8, to: 18 }, 'renamed');
    assert.ok(codes(await client.pull('a/pod.yaml')).includes('reference-missing-secret'));
    client.edit('a/secret.yaml', 3, { line: 3, from: 8, to: 15 }, 'app-secret');
    assert.ok(!codes(await client.pull('a/pod.yaml')).includes('reference-missing-secret'));
  });

  it('goes back to the file on disk when a buffer is closed, and follows changes on disk', async () => {
    client.open('a/secret.yaml', secret.replace('app-secret', 'other'));
    assert.ok(codes(await client.pull('a/pod.yaml')).includes('reference-missing-secret'));
    await client.connection.sendNotification('textDocument/didClose', {
      textDocument: { uri: client.uri('a/secret.yaml') },
    });
    assert.ok(!codes(await client.pull('a/pod.yaml')).includes('reference-missing-secret'));
    writeFileSync(join(client.root, 'a/secret.yaml'), secret.replace('app-secret', 'other'));
    await client.connection.sendNotification('workspace/didChangeWatchedFiles', {
      changes: [{ uri: client.uri('a/secret.yaml'), type: 2 }],
    });
    assert.ok(codes(await client.pull('a/pod.yaml')).includes('reference-missing-secret'));
  });

  it('forgets a file that is deleted though an editor still has it, until it is there again', async () => {
    const [path, text] = ['a/there.yaml', secret.replace('app-secret', 'there')];
    const watched = async (type: number): Promise<void> =>
      client.connection.sendNotification('workspace/didChangeWatchedFiles', {
        changes: [{ uri: client.uri(path), type }],
      });
    const found = async (): Promise<boolean> => {
      client.edit('a/pod.yaml', ++version, { line: 0, from: 0, to: 0 }, '');
      return !codes(await client.pull('a/pod.yaml')).includes('reference-missing-secret');
    };
    let version = 10;
    client.open('a/pod.yaml', pod.replace('app-secret', 'there'));
    client.open(path, text);
    assert.equal(await found(), true);
    rmSync(join(client.root, path), { force: true });
    await watched(3);
    assert.equal(await found(), false);
    writeFileSync(join(client.root, path), 'kind: ConfigMap\n');
    await watched(1);
    assert.equal(await found(), true, 'what the editor has counts again');
  });

  it('reads what comes and goes with its folder, of which an editor tells only the folder', async () => {
    // As VS Code writes `new (1), é@b`.
    const folder = 'new%20%281%29%2C%20%C3%A9%40b';
    const watched = async (type: number): Promise<void> =>
      client.connection.sendNotification('workspace/didChangeWatchedFiles', {
        changes: [{ uri: client.uri(folder), type }],
      });
    const found = async (): Promise<readonly string[]> => {
      const report: WorkspaceDiagnosticReport = await client.connection.sendRequest('workspace/diagnostic', {
        previousResultIds: [],
      });
      return report.items.filter(item => item.kind === 'full' && item.items.length > 0).map(({ uri }) => uri);
    };
    const before = await found();
    const onDisk = join(client.root, decodeURIComponent(folder));
    mkdirSync(join(onDisk, 'deeper'), { recursive: true });
    writeFileSync(join(onDisk, 'deeper/policy.yaml'), policy.replace('allow-dns', 'another'));
    writeFileSync(join(onDisk, 'picture.png'), '');
    await watched(1);
    const uri = client.uri(`${folder}/deeper/policy.yaml`);
    assert.deepEqual(await found(), [...before, uri].sort());
    client.open(`${folder}/deeper/policy.yaml`, policy.replace('allow-dns', 'another'));
    assert.deepEqual(await found(), [...before, uri].sort(), 'the editor calls the file by the same address');
    rmSync(onDisk, { recursive: true });
    await watched(3);
    assert.deepEqual(await found(), before);
  });

  it('offers the fix as an edit of the version it was made for', async () => {
    client.open('a/policy.yaml', policy);
    const at = { line: selectorLine, character: 16 };
    const actions: CodeAction[] = await client.connection.sendRequest('textDocument/codeAction', {
      textDocument: { uri: client.uri('a/policy.yaml') },
      range: { start: at, end: at },
      context: { diagnostics: [] },
    });
    const [action] = actions;
    assert.equal(action?.title, 'Select the namespace by kubernetes.io/metadata.name');
    assert.equal(action?.isPreferred, true);
    const [change] = action?.edit?.documentChanges ?? [];
    assert.ok(change && 'textDocument' in change && change.textDocument.version === 1);
  });

  it('keeps what it has found while a line is half typed, and writes nothing there', async () => {
    client.open('a/policy.yaml', policy);
    const half = policy.replace('  podSelector: {}\n', '  podSelector: {}\n  pol\n');
    client.open('a/policy.yaml', half);
    const found = codes(await client.pull('a/policy.yaml'));
    assert.ok(found.includes('yaml-syntax') && found.includes('netpol-namespace-selector-label'), found.join());
    const fixesIn = async (line: number): Promise<readonly string[]> => {
      const actions: CodeAction[] = await client.connection.sendRequest('textDocument/codeAction', {
        textDocument: { uri: client.uri('a/policy.yaml') },
        range: { start: { line, character: 16 }, end: { line, character: 16 } },
        context: { diagnostics: [] },
      });
      return actions
        .flatMap(one => one.edit?.documentChanges?.flatMap(change => ('edits' in change ? change.edits : [])) ?? [])
        .map(edit => ('newText' in edit ? `${edit.range.start.line}: ${edit.newText}` : ''));
    };
    // The line above the label, one further down than before.
    assert.match((await fixesIn(selectorLine + 1)).join(), new RegExp(`^${selectorLine}: matchExpressions:`));
    // The same line being typed: what stood there is nobody's concern now.
    client.open('a/policy.yaml', policy.replace('name: kube-system', 'name kube-system'));
    assert.ok(!codes(await client.pull('a/policy.yaml')).includes('netpol-namespace-selector-label'));
    assert.deepEqual(await fixesIn(selectorLine), []);
    client.open('a/policy.yaml', policy);
    assert.ok(codes(await client.pull('a/policy.yaml')).includes('netpol-namespace-selector-label'));
  });

  it('fixes everything that is safe on request', async () => {
    client.open('a/policy.yaml', policy);
    const actions: CodeAction[] = await client.connection.sendRequest('textDocument/codeAction', {
      textDocument: { uri: client.uri('a/policy.yaml') },
      range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
      context: { diagnostics: [], only: ['source.fixAll'] },
    });
    assert.deepEqual(
      actions.map(one => one.kind),
      ['source.fixAll.matrixPreflight'],
    );
    const all: { documentChanges: unknown[] } = await client.connection.sendRequest(fixAllRequest, {});
    assert.notEqual(all.documentChanges.length, 0);
  });

  it('honours a suppression with a reason, and only with one', async () => {
    client.open(
      'a/policy.yaml',
      policy.replace(
        'name: kube-system',
        'name: kube-system # preflight-ignore: netpol-namespace-selector-label (labelled by the platform team)',
      ),
    );
    assert.ok(!codes(await client.pull('a/policy.yaml')).includes('netpol-namespace-selector-label'));
    client.open(
      'a/policy.yaml',
      policy.replace('name: kube-system', 'name: kube-system # preflight-ignore: netpol-namespace-selector-label'),
    );
    assert.ok(codes(await client.pull('a/policy.yaml')).includes('netpol-namespace-selector-label'));
  });

  it('takes severities from the settings', async () => {
    await client.connection.sendNotification('workspace/didChangeConfiguration', {
      settings: { matrixPreflight: { rules: { 'netpol-namespace-selector-label': 'off' } } },
    });
    assert.ok(!codes(await client.pull('a/policy.yaml')).includes('netpol-namespace-selector-label'));
  });

  it('answers for the checklist and the pages of rules', async () => {
    const report: ChecklistReport = await client.connection.sendRequest(checklistRequest);
    assert.equal(report.items.length, 123);
    assert.equal(report.items.find(item => item.id === '1.4.a')?.state, 'failed');
    const page: { markdown: string } = await client.connection.sendRequest(explainRequest, {
      rule: 'netpol-namespace-selector-label',
    });
    assert.match(page.markdown, /^# netpol-namespace-selector-label\n/);
  });

  it('survives nonsense', async () => {
    client.open('a/policy.yaml', '\u0000: [\n\t- {{{ "');
    await client.pull('a/policy.yaml');
    client.open('a/policy.yaml', '');
    assert.deepEqual(await client.pull('a/policy.yaml'), []);
  });
});

describe('language server, for clients that do not pull', () => {
  it('pushes diagnostics, and takes them back', async () => {
    const client = await startClient(new Map([['a/policy.yaml', policy]]), { pulls: false });
    try {
      await client.ready();
      await until(() => (client.pushed.get('a/policy.yaml') ?? []).length > 0);
      client.open('a/policy.yaml', policy);
      client.edit('a/policy.yaml', 2, { line: selectorLine, from: 14, to: 18 }, 'kubernetes.io/metadata.name');
      await until(
        () => !(client.pushed.get('a/policy.yaml') ?? []).some(one => one.code === 'netpol-namespace-selector-label'),
      );
    } finally {
      await client.stop();
    }
  });
});

async function until(isTrue: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!isTrue()) {
    if (Date.now() > end) throw new Error('it did not happen within ten seconds');
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

describe('language server, settings of the tree', () => {
  it('follows matrix-preflight.yaml while it is edited', async () => {
    const client = await startClient(new Map([['a/policy.yaml', policy]]));
    try {
      await client.ready();
      const has = async (): Promise<boolean> =>
        (await client.pull('a/policy.yaml')).some(one => one.code === 'netpol-namespace-selector-label');
      assert.equal(await has(), true);
      client.open(
        'matrix-preflight.yaml',
        'rules:\n  netpol-namespace-selector-label: {severity: off, reason: labelled by hand}\n',
      );
      assert.equal(await has(), false);
      client.open('matrix-preflight.yaml', 'rules: {}\n');
      assert.equal(await has(), true);
    } finally {
      await client.stop();
    }
  });

  it('leaves out what the settings exclude', async () => {
    const client = await startClient(
      new Map([
        ['a/policy.yaml', policy],
        ['matrix-preflight.yaml', 'exclude: [a/**]\n'],
      ]),
    );
    try {
      await client.ready();
      assert.deepEqual(await client.pull('a/policy.yaml'), []);
    } finally {
      await client.stop();
    }
  });
});
