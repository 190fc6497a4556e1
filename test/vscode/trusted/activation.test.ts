import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { eventually, extensionId, findingOf, inDeployment } from '../editor';

describe('activation', () => {
  it('happens because the folder holds a deployment, before anyone runs a command', async () => {
    const extension = vscode.extensions.getExtension(extensionId);
    assert.ok(extension);
    await eventually('the extension is active', () => extension.isActive || undefined);
  });

  it('brings findings for files that nobody has opened', async () => {
    const scanner = inDeployment('antivirus/02-scan-workers/scanner.yaml');
    assert.deepEqual(
      vscode.workspace.textDocuments.filter(({ uri }) => uri.path === scanner.path),
      [],
    );
    const finding = await findingOf(scanner, 'yaml-syntax');
    assert.equal(finding.severity, vscode.DiagnosticSeverity.Error);
    assert.equal(finding.range.start.line, 8);
    assert.ok(typeof finding.code === 'object' && /yaml-syntax/.test(finding.code.target.toString()));
  });

  it('registers every command that the manifest declares', async () => {
    const extension = vscode.extensions.getExtension(extensionId);
    await extension?.activate();
    const declared: readonly { readonly command: string }[] = extension?.packageJSON.contributes.commands;
    assert.ok(declared.length >= 9);
    const registered = new Set(await vscode.commands.getCommands(true));
    assert.deepEqual(
      declared.map(({ command }) => command).filter(command => !registered.has(command)),
      [],
    );
  });
});
