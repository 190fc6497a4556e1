import { Uri, workspace } from 'vscode';
import type { WorkspaceEdit } from 'vscode-languageclient';
import { valueAt, writtenIn } from '../../credentials/write';
import { type EditWithValues, valueMark, type WireValue } from '../../protocol/values';
import { alarm, showLog } from '../notices';
import type { Server } from '../server';
import { offsets } from './request';

/** Makes an edit that copies credentials, which are read here and go nowhere but into the files. */
export async function applyWithValues(server: Server, change: EditWithValues): Promise<void> {
  try {
    const complete = await withValues(change.edit as WorkspaceEdit, change.values);
    const edit = await server.client.protocol2CodeConverter.asWorkspaceEdit(complete);
    if (edit) await workspace.applyEdit(edit, { isRefactoring: true });
  } catch (error) {
    alarm(`Nothing was copied: ${error instanceof Error ? error.message : String(error)}`, showLog);
  }
}

/**
 * An edit with the values in place of their marks. Throws when a file was edited since the server looked at it: something
 * else stands at the place then.
 */
export async function withValues(edit: WorkspaceEdit, values: readonly WireValue[]): Promise<WorkspaceEdit> {
  if (values.length === 0) return edit;
  const texts: string[] = [];
  for (const { uri, range, version, form, as } of values) {
    const open = workspace.textDocuments.find(one => one.uri.toString() === Uri.parse(uri).toString());
    const document = open ?? (await workspace.openTextDocument(Uri.parse(uri)));
    if (version !== null && version !== document.version)
      throw new Error('a file has been edited meanwhile. Try it again.');
    const { start, end } = offsets(document, range);
    const value = valueAt(form, document.getText().slice(start, end));
    if (value === undefined) throw new Error(`the value in ${workspace.asRelativePath(document.uri)} cannot be read.`);
    texts.push(writtenIn(value, as));
  }
  const mark = new RegExp(`${valueMark}(\\d+)${valueMark}`, 'g');
  const complete = (text: string) => text.replace(mark, (all, number) => texts[Number(number)] ?? all);
  return {
    ...edit,
    documentChanges: (edit.documentChanges ?? []).map(change =>
      'edits' in change
        ? {
            ...change,
            edits: change.edits.map(one => ('newText' in one ? { ...one, newText: complete(one.newText) } : one)),
          }
        : change,
    ),
  };
}
