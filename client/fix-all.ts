import { ProgressLocation, window, workspace } from 'vscode';
import type { WorkspaceEdit } from 'vscode-languageclient';
import { type FixAllValues, fixAllRequest } from '../protocol/messages';
import { applyAsked, count, headings, sizeOf } from './confirm';
import { withValues } from './credentials/values';
import { alarm, inform, showLog, warn } from './notices';
import type { Server } from './server';

/** What the command takes as its argument, for key bindings and for other extensions. */
export interface FixAllOptions {
  /** Whether it is asked before anything is changed; it is, if nothing is said. */
  readonly preview?: boolean;
}

/**
 * Makes every safe fix of the workspace in one edit, or those that are chosen in a preview by rule. Files that are not
 * open are saved or left unsaved as the user's setting `files.refactoring.autoSave` says.
 */
export async function fixAllSafeProblems(server: Server, options?: FixAllOptions): Promise<void> {
  try {
    const progress = { location: ProgressLocation.Window, title: 'Fixing all safe problems' };
    const preview = options?.preview !== false;
    const answer = await window.withProgress(progress, async () => {
      await server.ready();
      const { values, ...edit } = await server.client.sendRequest<WorkspaceEdit & FixAllValues>(fixAllRequest, {
        preview,
      });
      return withValues(edit, values);
    });
    const { edits, files } = sizeOf(answer);
    if (edits === 0) {
      inform('No problem has a fix that is safe to make unasked.');
      return;
    }
    const made = `${count(edits, 'edit')} made in ${count(files, 'file')}.`;
    if (!preview) {
      const edit = await server.client.protocol2CodeConverter.asWorkspaceEdit(answer);
      if (edit && (await workspace.applyEdit(edit, { isRefactoring: true }))) inform(made);
      else warn('Nothing was changed, because a file has been edited meanwhile. Run Fix All again.');
      return;
    }
    const done = await applyAsked(server, answer, {
      message: `Make ${count(edits, 'safe edit')} in ${count(files, 'file')}?`,
      detail: `By rule:\n${headings(answer)}`,
      all: 'Fix All',
    });
    if (done === 'all') inform(made);
  } catch (error) {
    alarm(`The problems could not be fixed: ${error instanceof Error ? error.message : String(error)}`, showLog);
  }
}
