import * as assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { JournalEntry } from '../../../deploy/journal/entries';
import { readJournal } from '../../../deploy/journal/journal';
import { runState } from '../../../deploy/journal/state';
import { readResults } from '../../../deploy/run/results';
import type { ApiServer } from '../../deploy/api-server/server';
import { testKubectl } from '../../deploy/kubectl';
import { startProductionCluster } from '../../deploy/production';
import { inDeployment } from '../editor';
import { secretsIn } from '../secrets';

/** The sample deployment, the real kubectl, and answers given by keys that the workbench is told to take. */
describe('deploying from the editor', function () {
  this.timeout(500_000);
  const root = inDeployment('').fsPath.replace(/\/$/, '');
  const state = join(process.env.XDG_STATE_HOME ?? '', 'matrix-preflight');
  let directory: string;
  let server: ApiServer;
  /** Requests made before the tests of deployments. */
  let looked = 0;

  before(async () => {
    server = await startProductionCluster();
    directory = mkdtempSync(join(tmpdir(), 'kube-'));
    mkdirSync(join(directory, 'home'));
    process.env.HOME = join(directory, 'home');
    // What the Kubernetes extension works with is used, and not what the environment says.
    process.env.STUB_KUBECONFIG = server.kubeconfig(directory, 'staging', 'other');
    process.env.KUBECONFIG = join(directory, 'nothing-here');
    const settings = vscode.workspace.getConfiguration('matrixPreflight');
    await settings.update('kubectl.path', testKubectl(), vscode.ConfigurationTarget.Global);
    await settings.update('deploy.pollSeconds', 0.05, vscode.ConfigurationTarget.Global);
    await settings.update('deploy.allowedContexts', ['staging'], vscode.ConfigurationTarget.Workspace);
    await vscode.extensions.getExtension('matrix-preflight.matrix-preflight')?.activate();
  });
  after(async () => {
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const run = (name: string, ...args: unknown[]) => vscode.commands.executeCommand(`matrixPreflight.${name}`, ...args);
  const mutations = () =>
    server.requests.filter(
      request => /^(?:PATCH|POST|PUT|DELETE)/.test(request) && !/selfsubject|dryRun=All/.test(request),
    );

  it('refuses a context that the settings of the workspace do not allow, and one that does not exist', async () => {
    for (const context of ['other', 'no-such-context']) {
      await run('selectContext', context);
      assert.equal(server.requests.length, 0, 'no cluster was spoken to');
    }
  });

  it('takes the context behind a line of the Clusters view of the Kubernetes extension', async () => {
    await run('selectContext', { contextName: 'other' });
    assert.equal(server.requests.length, 0, 'it is not an allowed one');
    await run('selectContext', { contextName: 'staging' });
    const asked = server.requests.length;
    assert.ok(asked > 0);
    assert.deepEqual(mutations(), []);
    // Only the first look at a cluster counts for the tests that follow.
    looked = asked;
  });

  it('refuses a kubectl that lies in the workspace', async () => {
    const settings = vscode.workspace.getConfiguration('matrixPreflight');
    const planted = inDeployment('kubectl').fsPath;
    await vscode.workspace.fs.writeFile(
      vscode.Uri.file(planted),
      new TextEncoder().encode('#!/bin/sh\ntouch "$HOME/ran"\n'),
    );
    chmodSync(planted, 0o755);
    try {
      await settings.update('kubectl.path', planted, vscode.ConfigurationTarget.Global);
      await run('selectContext', 'staging');
      assert.equal(server.requests.length, looked);
      assert.ok(!existsSync(join(directory, 'home/ran')), 'it was not started');
    } finally {
      await settings.update('kubectl.path', testKubectl(), vscode.ConfigurationTarget.Global);
      await vscode.workspace.fs.delete(vscode.Uri.file(planted));
    }
  });

  it('deploys the whole sample, pauses and goes on where it was, and shows no secret', async () => {
    await run('selectContext', 'staging');
    assert.ok(server.requests.length > looked, 'the cluster was looked at');
    const first = run('deployAll');
    // Whoever lists the tasks meanwhile has the provider make another one of the same definition.
    const listed = vscode.tasks.fetchTasks({ type: 'matrix-preflight' });
    await saysYesUntil(() => server.get('StatefulSet', 'matrix', 'redis') !== undefined, lastWords);
    await run('pauseDeployment');
    await inTime(first, lastWords);
    assert.ok((await listed).length > 0);
    const [id] = runIds();
    assert.ok(id);
    const paused = runState(entriesOf(id));
    assert.equal(paused.paused?.reason, 'cancelled');
    assert.equal(paused.ended, undefined);
    assert.equal(server.get('StatefulSet', 'matrix', 'synapse-main'), undefined, 'nothing of a later step is there');
    const before = mutations().length;

    const second = run('resumeDeployment');
    await saysYesUntil(() => runState(entriesOf(id)).ended !== undefined, lastWords);
    await inTime(second, lastWords);
    assert.deepEqual(runIds(), [id], 'the same run was gone on with');
    const after = runState(entriesOf(id));
    assert.match(after.ended ?? '', /^completed/);
    assert.deepEqual(
      [...after.steps].filter(([, { state: word }]) => word !== 'done'),
      [],
    );
    assert.equal(after.steps.size, 19);
    assert.ok(server.get('StatefulSet', 'matrix', 'synapse-main'));
    // The Lease that keeps others out is renewed all the time.
    const applied = mutations()
      .map(request => request.split('?')[0] ?? '')
      .filter(request => !request.includes('/leases/'));
    assert.equal(new Set(applied).size, applied.length, 'no object was applied twice');
    assert.ok(before > 0 && applied.length > before);
    assertNoSecret();
  });

  it('verifies what it has deployed, and keeps what the cluster said', async () => {
    await run('verifyDeployment');
    const results = readResults(state, root);
    assert.equal(results?.cluster.context, 'staging');
    const passed = results?.checks.filter(({ verdict }) => verdict === 'pass').map(({ id }) => id) ?? [];
    for (const id of ['pods-running', 'services', 'redis', 'kubernetes-version']) assert.ok(passed.includes(id), id);
    assertNoSecret();
  });

  function runIds(): readonly string[] {
    return readdirSync(join(state, 'runs'));
  }

  /** What there is to say of a run that does not come to its end. */
  function lastWords(): string {
    return runIds()
      .flatMap(id => entriesOf(id).slice(-12))
      .map(entry => JSON.stringify(entry))
      .join('\n');
  }

  function entriesOf(id: string): readonly JournalEntry[] {
    return readJournal(join(state, 'runs', id, 'journal.jsonl')).entries;
  }

  /** In nothing that is kept, and in no document that the editor holds beside the manifests themselves. */
  function assertNoSecret(): void {
    const secrets = secretsIn(root);
    assert.ok(secrets.length > 10);
    const kept = readdirSync(state, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile() && entry.name !== 'key')
      .map(entry => join(entry.parentPath, entry.name));
    assert.ok(kept.some(file => file.endsWith('log.txt')));
    for (const file of kept) assertClean(readFileSync(file, 'utf8'), file);
    for (const document of vscode.workspace.textDocuments)
      if (document.uri.scheme.startsWith('matrix-preflight')) assertClean(document.getText(), document.uri.toString());

    function assertClean(text: string, where: string): void {
      const found = secrets.filter(secret => text.includes(secret));
      assert.deepEqual(found, [], where);
    }
  }
});

/** Takes the first choice of whatever is asked, as a person who agrees does, until something has come about. */
async function saysYesUntil(isDone: () => boolean, lastWords: () => string): Promise<void> {
  const giveUp = Date.now() + 200_000;
  while (!isDone()) {
    if (Date.now() > giveUp) assert.fail(`did not come about; the journal ends with\n${lastWords()}`);
    await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

/** A command that is over soon, as what it waits for has come about. */
async function inTime(command: Thenable<unknown>, lastWords: () => string): Promise<void> {
  const isOver = await Promise.race([
    command.then(() => true),
    new Promise<boolean>(resolve => setTimeout(resolve, 30_000, false)),
  ]);
  assert.ok(isOver, `the command goes on; the journal ends with\n${isOver || lastWords()}`);
}
