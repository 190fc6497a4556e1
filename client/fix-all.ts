import { ProgressLocation, window, workspace } from 'vscode';
import type { WorkspaceEdit } from 'vscode-languageclient';
import { fixAllRequest } from '../protocol/messages';
import { alarm, inform, showLog, warn } from './notices';
import type { Server } from './server';

/**
 * Makes every safe fix of the workspace in one edit. Files that are not open are saved or
 * left unsaved as the user's setting `files.refactoring.autoSave` says.
 */
export async function fixAllSafeProblems(server: Server): Promise<void> {
  try {
    const progress = { location: ProgressLocation.Window, title: 'Fixing all safe problems' };
    await window.withProgress(progress, () => applyFixes(server));
  } catch (error) {
    alarm(`The problems could not be fixed: ${error instanceof Error ? error.message : String(error)}`, showLog);
  }
}

async function applyFixes(server: Server): Promise<void> {
  await server.ready();
  const answer = await server.client.sendRequest<WorkspaceEdit | null>(fixAllRequest, {});
  const edit = await server.client.protocol2CodeConverter.asWorkspaceEdit(answer);
  if (edit === undefined || edit.size === 0) {
    inform('No problem has a fix that is safe to make unasked.');
    return;
  }
  if (!(await workspace.applyEdit(edit, { isRefactoring: true }))) {
    warn('Nothing was changed, because a file has been edited meanwhile. Run Fix All again.');
    return;
  }
  const files = edit.entries();
  const edits = files.reduce((sum, [, { length }]) => sum + length, 0);
  inform(
    `${edits === 1 ? '1 edit' : `${edits} edits`} made in ${files.length === 1 ? '1 file' : `${files.length} files`}.`,
  );
}
