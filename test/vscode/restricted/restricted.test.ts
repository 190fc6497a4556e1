import * as assert from 'node:assert/strict';
import childProcess from 'node:child_process';
import * as vscode from 'vscode';
import { extensionId, findingOf, inDeployment, noFindingOf, open, quickFixOf, revertAll } from '../editor';

describe('in a workspace that is not trusted', () => {
  const scanner = inDeployment('antivirus/02-scan-workers/scanner.yaml');
  after(revertAll);

  it('manifests are checked and can be mended', async () => {
    assert.equal(vscode.workspace.isTrusted, false);
    await open(scanner);
    const action = await quickFixOf(scanner, await findingOf(scanner, 'yaml-syntax'), /indent/i);
    assert.ok(action.edit);
    assert.ok(await vscode.workspace.applyEdit(action.edit));
    await noFindingOf(scanner, 'yaml-syntax');
  });

  it('no command starts a program', async () => {
    const extension = vscode.extensions.getExtension(extensionId);
    await extension?.activate();
    const { fork, spawn } = childProcess;
    const started: string[] = [];
    const notice = (name: string) => () => {
      started.push(name);
      throw new Error('nothing is started in this test');
    };
    // The extension looks the functions up when it calls them.
    childProcess.fork = notice('fork') as unknown as typeof fork;
    childProcess.spawn = notice('spawn') as unknown as typeof spawn;
    try {
      for (const command of [
        'selectContext',
        'deployPhase',
        'deployAll',
        'deployNext',
        'resumeDeployment',
        'verifyDeployment',
        'checkPrerequisites',
        'retryStep',
        'skipStep',
      ])
        await vscode.commands.executeCommand(`matrixPreflight.${command}`);
    } finally {
      childProcess.fork = fork;
      childProcess.spawn = spawn;
    }
    assert.deepEqual(started, []);
    assert.equal(vscode.tasks.taskExecutions.length, 0);
  });
});
