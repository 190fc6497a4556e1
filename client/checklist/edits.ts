import { workspace } from 'vscode';
import type { WorkspaceEdit } from 'vscode-languageclient';
import type { EditAnswer } from '../../protocol/sign-offs';
import { warn } from '../notices';
import type { Server } from '../server';

/**
 * Makes the edit that the server has answered with, and saves the files that nobody has open, so that a sign-off is not
 * lost in a buffer that is never seen. Says why if there is none. True if it has been made.
 */
export async function makeEdit(server: Server, method: string, params: object = {}): Promise<boolean> {
  await server.ready();
  const { edit: answered, problem } = await server.client.sendRequest<EditAnswer<WorkspaceEdit>>(method, params);
  const edit = answered && (await server.client.protocol2CodeConverter.asWorkspaceEdit(answered));
  if (!edit) {
    warn(problem ?? 'There is nothing to change.');
    return false;
  }
  const uris = edit.entries().map(([uri]) => uri.toString());
  const wereDirty = new Set(workspace.textDocuments.filter(one => one.isDirty).map(one => one.uri.toString()));
  if (!(await workspace.applyEdit(edit))) {
    warn('Nothing was changed, because a file has been edited meanwhile. Try again.');
    return false;
  }
  for (const document of workspace.textDocuments) {
    const uri = document.uri.toString();
    if (uris.includes(uri) && document.isDirty && !wereDirty.has(uri)) await document.save();
  }
  return true;
}
