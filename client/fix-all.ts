import { ProgressLocation, window, workspace } from 'vscode';
import type { WorkspaceEdit } from 'vscode-languageclient';
import { fixAllRequest } from '../protocol/messages';
import { alarm, inform, showLog, warn } from './notices';
import type { Server } from './server';

/** What the command takes as its argument, for key bindings and for other extensions. */
export interface FixAllOptions {
  /** Whether the fixes are shown before they are made; they are, if nothing is said. */
  readonly preview?: boolean;
}

/**
 * Makes every safe fix of the workspace in one edit that is shown first, by rule. Files that are not open are saved or
 * left unsaved as the user's setting `files.refactoring.autoSave` says.
 */
export async function fixAllSafeProblems(server: Server, options?: FixAllOptions): Promise<void> {
  try {
    await applyFixes(server, options?.preview !== false);
  } catch (error) {
    alarm(`The problems could not be fixed: ${error instanceof Error ? error.message : String(error)}`, showLog);
  }
}

async function applyFixes(server: Server, preview: boolean): Promise<void> {
  const progress = { location: ProgressLocation.Window, title: 'Fixing all safe problems' };
  const edit = await window.withProgress(progress, async () => {
    await server.ready();
    const answer = await server.client.sendRequest<WorkspaceEdit | null>(fixAllRequest, { preview });
    return server.client.protocol2CodeConverter.asWorkspaceEdit(answer);
  });
  if (edit === undefined || edit.size === 0) {
    inform('No problem has a fix that is safe to make unasked.');
    return;
  }
  if (!(await workspace.applyEdit(edit, { isRefactoring: true }))) {
    if (preview) inform('Nothing was changed.');
    else warn('Nothing was changed, because a file has been edited meanwhile. Run Fix All again.');
    return;
  }
  // Which of them were chosen in the preview is not told.
  if (preview) return;
  const files = edit.entries();
  const edits = files.reduce((sum, [, { length }]) => sum + length, 0);
  inform(
    `${edits === 1 ? '1 edit' : `${edits} edits`} made in ${files.length === 1 ? '1 file' : `${files.length} files`}.`,
  );
}
