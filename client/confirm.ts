import { type MessageItem, window, workspace } from 'vscode';
import type { WorkspaceEdit } from 'vscode-languageclient';
import type { Server } from './server';

export interface Question {
  readonly message: string;
  readonly detail: string;
  /** The button that makes all of the edit at once. */
  readonly all: string;
}

/**
 * Asks once whether an edit over many files is to be made, as a whole or after a look at its parts: the editor's preview
 * shows them under the headings of the edit, none of them ticked. Resolves with whether the edit was made: `all`, `some`
 * for what was ticked in the preview, or nothing.
 */
export async function applyAsked(
  server: Server,
  answer: WorkspaceEdit,
  question: Question,
): Promise<'all' | 'some' | 'nothing'> {
  const all = { title: question.all } satisfies MessageItem;
  const preview = { title: 'Choose in Preview…' } satisfies MessageItem;
  const { message, detail } = question;
  const chosen = await window.showWarningMessage(message, { modal: true, detail }, all, preview);
  if (chosen === undefined) return 'nothing';
  const edit = await server.client.protocol2CodeConverter.asWorkspaceEdit(
    chosen === all ? withoutConfirmation(answer) : answer,
  );
  if (!edit || !(await workspace.applyEdit(edit, { isRefactoring: true }))) {
    if (chosen === all) throw new Error('a file has been edited meanwhile. Run the command again.');
    return 'nothing';
  }
  return chosen === all ? 'all' : 'some';
}

/** The same edit for somebody who has been asked already. */
export function withoutConfirmation(edit: WorkspaceEdit): WorkspaceEdit {
  const { changeAnnotations = {} } = edit;
  return {
    ...edit,
    changeAnnotations: Object.fromEntries(
      Object.entries(changeAnnotations).map(([id, one]) => [id, { ...one, needsConfirmation: false }]),
    ),
  };
}

/** How many edits stand under each heading, as a list for people: `Ingress: 14`. */
export function headings({ documentChanges = [] }: WorkspaceEdit): string {
  const counts = new Map<string, number>();
  for (const change of documentChanges) {
    const ids = 'edits' in change ? change.edits.map(idOf) : [idOf(change)];
    for (const id of ids) if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  const lines = [...counts].map(([id, number]) => `• ${id}: ${number}`);
  return [
    ...lines.slice(0, longestList),
    ...(lines.length > longestList ? [`and ${lines.length - longestList} more.`] : []),
  ].join('\n');
}

const longestList = 16;

/** The edits and the files of an edit, in numbers. */
export function sizeOf({ documentChanges = [] }: WorkspaceEdit): { readonly edits: number; readonly files: number } {
  const changed = documentChanges.flatMap(change => ('edits' in change ? [change] : []));
  return {
    edits: changed.reduce((sum, { edits }) => sum + edits.length, 0),
    files: new Set(changed.map(({ textDocument }) => textDocument.uri)).size,
  };
}

export function count(number: number, noun: string): string {
  return `${number} ${number === 1 ? noun : `${noun}s`}`;
}

function idOf(edit: object): string | undefined {
  return 'annotationId' in edit ? String(edit.annotationId) : undefined;
}
