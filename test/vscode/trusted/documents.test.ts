import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { eventually, findingOf, inDeployment, open, quickFixOf, revertAll } from '../editor';

/** The text of an open document whose address has a scheme and an authority of the extension. */
async function virtualText(authority: string): Promise<string> {
  return eventually(`a document of ${authority} is open`, () =>
    vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'matrix-preflight' && uri.authority === authority),
  ).then(document => eventually('it has a text', () => document.getText() || undefined));
}

async function previewTab(title: RegExp): Promise<vscode.Tab> {
  return eventually(`a tab called ${title} is active`, () => {
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab;
    return tab && title.test(tab.label) && tab.input instanceof vscode.TabInputWebview ? tab : undefined;
  });
}

describe('documents', () => {
  afterEach(revertAll);

  it('show the plan with the step whose manifests are there, and that steps are missing', async () => {
    await vscode.commands.executeCommand('matrixPreflight.showPlan');
    await previewTab(/Deployment plan/);
    const text = await virtualText('plan');
    assert.match(text, /^# Deployment plan$/m);
    assert.match(text, /infrastructure\/01-postgresql/);
    assert.match(text, /synapse-db/);
    assert.match(text, /nothing in the deployment carries it out/);
    assert.match(text, /networkpolicies\\\.yaml/);
  });

  it('show the page of a rule by its id', async () => {
    await vscode.commands.executeCommand('matrixPreflight.explainRule', 'yaml-syntax');
    await previewTab(/yaml-syntax/);
    assert.match(await virtualText('rule'), /^# yaml-syntax$/m);
  });

  it('say so when there is no such rule', async () => {
    const uri = vscode.Uri.parse('matrix-preflight://rule/x.md?no-such-rule');
    const document = await vscode.workspace.openTextDocument(uri);
    assert.match(document.getText(), /There is no rule of this name/);
  });

  it('are offered as a quick fix at a finding', async () => {
    const scanner = inDeployment('antivirus/02-scan-workers/scanner.yaml');
    await open(scanner);
    const action = await quickFixOf(scanner, await findingOf(scanner, 'yaml-syntax'), /^Explain yaml-syntax$/);
    assert.deepEqual(action.command?.arguments, ['yaml-syntax']);
  });
});
