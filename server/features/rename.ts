import {
  type ChangeAnnotation,
  LSPErrorCodes,
  type Range,
  ResponseError,
  type TextDocumentEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver';
import { occurrencesAt } from '../../analysis/occurrences/find';
import { editsOf, problemOfName, renamingOf } from '../../analysis/occurrences/renaming';
import type { TextEdit } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { pointedAt } from '../at';
import type { Session } from '../session';
import { toRange, toTextEdit } from '../to-lsp';
import type { Feature } from './feature';

/** Renames an object, a key or a smaller name everywhere in the tree, embedded configurations and scripts included. */
export const rename: Feature = {
  capabilities: session => ({
    renameProvider: session.capabilities.textDocument?.rename?.prepareSupport ? { prepareProvider: true } : true,
  }),
  offer(session) {
    const { connection } = session;
    connection.onPrepareRename((params): { range: Range; placeholder: string } | null => {
      const at = pointedAt(session, params);
      const pointed = at ? occurrencesAt(at.workspace, at.file, at.offset) : [];
      if (!at || pointed.length === 0) return null;
      const renaming = renamingOf(at.workspace, pointed);
      if ('refused' in renaming) throw new ResponseError(LSPErrorCodes.RequestFailed, renaming.refused);
      const named = pointed.find(one => !one.isIndirect) ?? pointed[0];
      return named ? { range: toRange(at.file, named.at.span), placeholder: named.subject.name } : null;
    });
    connection.onRenameRequest((params): WorkspaceEdit | null => {
      const at = pointedAt(session, params);
      const pointed = at ? occurrencesAt(at.workspace, at.file, at.offset) : [];
      if (!at || pointed.length === 0) return null;
      const renaming = renamingOf(at.workspace, pointed);
      if ('refused' in renaming) throw new ResponseError(LSPErrorCodes.RequestFailed, renaming.refused);
      const problem = problemOfName(at.workspace, renaming.subjects, params.newName);
      if (problem !== undefined) throw new ResponseError(LSPErrorCodes.RequestFailed, problem);
      const edits = editsOf(renaming.occurrences, params.newName);
      return toWorkspaceEdit(session, at.workspace, edits, {
        label: `Rename to ${params.newName}`,
        needsConfirmation: renaming.warning !== undefined,
        ...(renaming.warning === undefined ? {} : { description: renaming.warning }),
      });
    });
  },
};

/** A change of several files is annotated, so that an editor can show what it consists of before it is made. */
function toWorkspaceEdit(
  session: Session,
  workspace: Workspace,
  edits: readonly TextEdit[],
  annotation: ChangeAnnotation,
): WorkspaceEdit {
  const uris = [...new Set(edits.map(({ at }) => at.uri))].sort();
  const isAnnotated = session.canAnnotateChanges && (uris.length > 1 || annotation.needsConfirmation === true);
  const annotationId = isAnnotated ? 'rename' : undefined;
  const changes = uris.flatMap(uri => {
    const file = workspace.file(uri);
    const own = edits.filter(({ at }) => at.uri === uri);
    return file ? [{ uri, edits: own.map(({ at, newText }) => toTextEdit(file, at.span, newText)) }] : [];
  });
  if (!session.capabilities.workspace?.workspaceEdit?.documentChanges)
    return { changes: Object.fromEntries(changes.map(one => [one.uri, one.edits])) };
  const documentChanges = changes.map(
    (one): TextDocumentEdit => ({
      textDocument: { uri: one.uri, version: session.versionOf(one.uri) },
      edits: annotationId ? one.edits.map(edit => ({ ...edit, annotationId })) : one.edits,
    }),
  );
  return { documentChanges, ...(annotationId ? { changeAnnotations: { [annotationId]: annotation } } : {}) };
}
