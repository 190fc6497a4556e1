import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { eventually, findingOf, inDeployment, revertAll } from '../editor';

describe('checklist', () => {
  afterEach(revertAll);

  it('opens the place that an item fails at', async () => {
    const policies = inDeployment('infrastructure/04-networking/networkpolicies.yaml');
    const finding = await findingOf(policies, 'netpol-namespace-selector-label');
    await vscode.commands.executeCommand('matrixPreflight.checklist.focus');
    await eventually('the policy is open at the finding', async () => {
      await vscode.commands.executeCommand('matrixPreflight.openEvidence', '1.4.a');
      const editor = vscode.window.activeTextEditor;
      return editor?.document.uri.path === policies.path && editor.selection.isEqual(finding.range) ? true : undefined;
    });
    assert.ok(vscode.window.activeTextEditor);
  });
});
