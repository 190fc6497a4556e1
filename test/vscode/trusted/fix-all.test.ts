import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { eventually, findingOf, inDeployment, noFindingOf, revertAll } from '../editor';

describe('Fix All Safe Problems', () => {
  const scanner = inDeployment('antivirus/02-scan-workers/scanner.yaml');
  const policies = inDeployment('infrastructure/04-networking/networkpolicies.yaml');
  const texts = new Map<vscode.Uri, Uint8Array>();

  before(async () => {
    for (const uri of [scanner, policies]) texts.set(uri, await vscode.workspace.fs.readFile(uri));
  });
  after(async () => {
    await revertAll();
    for (const [uri, text] of texts) await vscode.workspace.fs.writeFile(uri, text);
  });

  it('mends files that are not open, and saves them', async () => {
    await findingOf(scanner, 'yaml-syntax');
    await findingOf(policies, 'netpol-namespace-selector-label');
    await vscode.commands.executeCommand('matrixPreflight.fixAll', { preview: false });
    await noFindingOf(scanner, 'yaml-syntax');
    await noFindingOf(policies, 'netpol-namespace-selector-label');
    const text = (await vscode.workspace.openTextDocument(policies)).getText();
    assert.match(text, /kubernetes\.io\/metadata\.name/);
    await eventually(
      'the files are saved',
      () => vscode.workspace.textDocuments.every(({ isDirty }) => !isDirty) || undefined,
    );
  });
});
