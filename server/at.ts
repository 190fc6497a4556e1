import type { TextDocumentPositionParams } from 'vscode-languageserver';
import type { SourceFile } from '../manifests/file';
import type { Workspace } from '../manifests/workspace';
import type { Deployment } from './deployment';
import type { Session } from './session';

/** Where a request points to, in terms of the tree. */
export interface PointedAt {
  readonly deployment: Deployment;
  readonly workspace: Workspace;
  readonly file: SourceFile;
  /** UTF-16 offset in the file's text. */
  readonly offset: number;
}

/** What a request with a position is about; undefined where the file is not part of a deployment that has been read. */
export function pointedAt(
  session: Session,
  { textDocument, position }: TextDocumentPositionParams,
): PointedAt | undefined {
  const deployment = session.deploymentOf(textDocument.uri);
  const file = deployment?.isScanned ? deployment.workspace.file(textDocument.uri) : undefined;
  return deployment && file
    ? { deployment, workspace: deployment.workspace, file, offset: file.lines.offset(position) }
    : undefined;
}
