import { Range, Uri, window, workspace } from 'vscode';
import type { WorkspaceEdit } from 'vscode-languageclient';
import { type MissingResource, missingResourcesRequest } from '../protocol/editing';
import { withoutConfirmation } from './confirm';
import { alarm, inform, showLog } from './notices';
import type { Server } from './server';

/** Makes one of the objects that something in the deployment needs and nothing creates. */
export async function newMissingResource(server: Server): Promise<void> {
  try {
    await server.ready();
    const missing = await server.client.sendRequest<readonly MissingResource[]>(missingResourcesRequest);
    if (missing.length === 0) {
      inform('Nothing that the deployment needs is missing, as far as it can be made from here.');
      return;
    }
    const items = missing.map(one => ({ label: one.title, description: one.rule, detail: one.reason, one }));
    const options = {
      title: 'New Missing Resource',
      matchOnDescription: true,
      matchOnDetail: true,
      placeHolder: 'Object to create',
    };
    const chosen = (await window.showQuickPick(items, options))?.one;
    if (!chosen) return;
    const edit = await server.client.protocol2CodeConverter.asWorkspaceEdit(
      withoutConfirmation(chosen.edit as WorkspaceEdit),
    );
    if (!edit || !(await workspace.applyEdit(edit, { isRefactoring: true }))) {
      inform('Nothing was created.');
      return;
    }
    await show(chosen.edit as WorkspaceEdit);
  } catch (error) {
    alarm(`Nothing was created: ${error instanceof Error ? error.message : String(error)}`, showLog);
  }
}

/** Opens what was made, since there is more to fill in. */
async function show({ documentChanges = [] }: WorkspaceEdit): Promise<void> {
  const [change] = documentChanges.filter(one => 'edits' in one);
  const text = change?.edits.map(edit => ('newText' in edit ? edit.newText : '')).find(one => /^kind:/m.test(one));
  if (!change || text === undefined) return;
  const document = await workspace.openTextDocument(Uri.parse(change.textDocument.uri));
  const at = document.positionAt(Math.max(0, document.getText().lastIndexOf(text.trim())));
  await window.showTextDocument(document, { selection: new Range(at, at) });
}
