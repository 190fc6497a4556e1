import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { findingOf, inDeployment, noFindingOf, open, quickFixOf, revertAll, setText } from '../editor';

const scanner = inDeployment('antivirus/02-scan-workers/scanner.yaml');
const policies = inDeployment('infrastructure/04-networking/networkpolicies.yaml');

describe('findings', () => {
  afterEach(revertAll);

  it('follow the text of an editor, and come back with the text on disk', async () => {
    const document = await open(scanner);
    await findingOf(scanner, 'yaml-syntax');
    await setText(document, 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: scanner\n');
    await noFindingOf(scanner, 'yaml-syntax');
    await revertAll();
    await findingOf(scanner, 'yaml-syntax');
  });

  it('go away by their quick fix', async () => {
    const document = await open(scanner);
    const action = await quickFixOf(scanner, await findingOf(scanner, 'yaml-syntax'), /indent/i);
    assert.ok(action.edit);
    assert.ok(await vscode.workspace.applyEdit(action.edit));
    await noFindingOf(scanner, 'yaml-syntax');
    assert.match(document.getText(), /^ {4}import sys$/m);
  });

  it('are mended together by the fix-all action of a file', async () => {
    await open(policies);
    await findingOf(policies, 'netpol-namespace-selector-label');
    const all = new vscode.Range(0, 0, 100, 0);
    const [action] = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      policies,
      all,
      'source.fixAll.matrixPreflight',
    );
    assert.ok(action?.edit);
    assert.ok(await vscode.workspace.applyEdit(action.edit));
    await noFindingOf(policies, 'netpol-namespace-selector-label');
  });

  it('have the severity that the settings say', async () => {
    const settings = vscode.workspace.getConfiguration('matrixPreflight');
    await findingOf(scanner, 'yaml-syntax');
    try {
      await settings.update('rules', { 'yaml-syntax': 'off' }, vscode.ConfigurationTarget.Workspace);
      await noFindingOf(scanner, 'yaml-syntax');
    } finally {
      await settings.update('rules', undefined, vscode.ConfigurationTarget.Workspace);
    }
    await findingOf(scanner, 'yaml-syntax');
  });

  it('follow files that appear and vanish on disk', async () => {
    const file = inDeployment('antivirus/02-scan-workers/second.yaml');
    await vscode.workspace.fs.writeFile(file, new TextEncoder().encode('apiVersion: v1\nkind: [\n'));
    try {
      await findingOf(file, 'yaml-syntax');
    } finally {
      await vscode.workspace.fs.delete(file);
    }
    await noFindingOf(file, 'yaml-syntax');
  });
});
