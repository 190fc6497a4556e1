import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';

export const extensionId = 'matrix-preflight.matrix-preflight';

/** The uri of a file of the opened deployment. */
export function inDeployment(path: string): vscode.Uri {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(folder, 'a folder is open');
  return vscode.Uri.joinPath(folder.uri, path);
}

/** Asks again until there is an answer; what an editor shows arrives when it arrives. */
export async function eventually<T>(what: string, ask: () => T | undefined | Thenable<T | undefined>): Promise<T> {
  const giveUp = Date.now() + 15_000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > giveUp) assert.fail(`did not happen: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

/** The extension's own findings of a file. */
export function findings(uri: vscode.Uri, rule?: string): readonly vscode.Diagnostic[] {
  const own = vscode.languages.getDiagnostics(uri).filter(({ source }) => source === 'matrix-preflight');
  return rule === undefined ? own : own.filter(diagnostic => ruleOf(diagnostic) === rule);
}

export function ruleOf({ code }: vscode.Diagnostic): string {
  return String(typeof code === 'object' ? code.value : code);
}

export async function findingOf(uri: vscode.Uri, rule: string): Promise<vscode.Diagnostic> {
  return eventually(`${rule} is found in ${uri.path}`, () => findings(uri, rule)[0]);
}

export async function noFindingOf(uri: vscode.Uri, rule: string): Promise<void> {
  await eventually(`${rule} is no longer found in ${uri.path}`, () => findings(uri, rule).length === 0 || undefined);
}

/** The code actions at a finding; they are offered a moment after the finding itself. */
export async function quickFixOf(
  uri: vscode.Uri,
  { range }: vscode.Diagnostic,
  title: RegExp,
): Promise<vscode.CodeAction> {
  return eventually(`a quick fix called ${title} is offered`, async () => {
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      uri,
      range,
      vscode.CodeActionKind.QuickFix.value,
    );
    return actions.find(action => title.test(action.title));
  });
}

export async function open(uri: vscode.Uri): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument(uri);
  await vscode.window.showTextDocument(document);
  return document;
}

/** Replaces a document's whole text; what is on disk stays as it is. */
export async function setText(document: vscode.TextDocument, text: string): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), text);
  assert.ok(await vscode.workspace.applyEdit(edit), 'the edit is made');
}

/** Gives every open document the text it has on disk, and closes the editors. */
export async function revertAll(): Promise<void> {
  for (const document of vscode.workspace.textDocuments) {
    if (!document.isDirty) continue;
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand('workbench.action.files.revert');
  }
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}
