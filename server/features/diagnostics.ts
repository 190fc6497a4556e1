import {
  type DocumentDiagnosticReport,
  DocumentDiagnosticReportKind,
  type WorkspaceDocumentDiagnosticReport,
} from 'vscode-languageserver';
import type { Session } from '../session';
import { toDiagnostic } from '../to-lsp';
import type { Feature } from './feature';

/** Answers pulls for diagnostics, of a document and of the workspace, and pushes them to clients that do not pull. */
export const diagnostics: Feature = {
  capabilities: ({ pulls }) =>
    pulls
      ? {
          diagnosticProvider: {
            identifier: 'matrix-preflight',
            interFileDependencies: true,
            workspaceDiagnostics: true,
          },
        }
      : {},
  offer,
};

function offer(session: Session): void {
  const { connection } = session;
  const pushed = new Set<string>();
  // Files that the client may still show findings of. VS Code's client does not name a file whose editor has been
  // closed among the results it knows, but it goes on showing what the last pull for the editor has brought.
  const told = new Set<string>();
  const diagnosticsOf = (uri: string): ReturnType<typeof toDiagnostic>[] => {
    const deployment = session.deploymentOf(uri);
    const findings = deployment?.findings(uri) ?? [];
    if (findings.length > 0) told.add(uri);
    return deployment ? findings.map(finding => toDiagnostic(finding, deployment.workspace)) : [];
  };
  const resultId = (uri: string): string => String(session.revision(uri));

  connection.languages.diagnostics.on(({ textDocument, previousResultId }): DocumentDiagnosticReport => {
    // Edits of other files may change the findings of this one.
    const id = String(session.revision());
    if (previousResultId === id) return { kind: DocumentDiagnosticReportKind.Unchanged, resultId: id };
    return { kind: DocumentDiagnosticReportKind.Full, resultId: id, items: diagnosticsOf(textDocument.uri) };
  });

  connection.languages.diagnostics.onWorkspace(async ({ previousResultIds }, token) => {
    const known = new Map(previousResultIds.map(({ uri, value }) => [uri, value]));
    const gone = new Set([...known.keys(), ...told]);
    const items: WorkspaceDocumentDiagnosticReport[] = [];
    for (const deployment of session.deployments) {
      await deployment.scanned;
      for (const { uri } of deployment.workspace.files) {
        if (token.isCancellationRequested) return { items };
        const id = `${resultId(uri)}`;
        const documentVersion = session.versionOf(uri);
        if (known.get(uri) === id) {
          items.push({ kind: DocumentDiagnosticReportKind.Unchanged, uri, version: documentVersion, resultId: id });
        } else if (gone.has(uri) || deployment.hasFindings(uri)) {
          items.push({
            kind: DocumentDiagnosticReportKind.Full,
            uri,
            version: documentVersion,
            resultId: id,
            items: diagnosticsOf(uri),
          });
        }
        gone.delete(uri);
      }
    }
    for (const uri of gone) {
      items.push({ kind: DocumentDiagnosticReportKind.Full, uri, version: null, items: [] });
      told.delete(uri);
    }
    return { items };
  });

  session.onChange(uris => {
    if (!session.pulls) {
      for (const uri of everything(session, uris)) {
        const diagnostics = diagnosticsOf(uri);
        // An open document is always answered for, so that the client knows which version has been looked at.
        if (diagnostics.length === 0 && !pushed.has(uri) && session.versionOf(uri) === null) continue;
        if (diagnostics.length > 0) pushed.add(uri);
        else pushed.delete(uri);
        const documentVersion = session.versionOf(uri);
        void connection.sendDiagnostics({
          uri,
          diagnostics,
          ...(documentVersion === null ? {} : { version: documentVersion }),
        });
      }
    } else if (session.canRefresh && uris.has('')) connection.languages.diagnostics.refresh();
  });
}

/** The files to publish: those that changed, or all after a scan or a change of settings, marked by an empty uri. */
function everything(session: Session, uris: ReadonlySet<string>): Iterable<string> {
  if (!uris.has('')) return uris;
  return session.deployments.flatMap(deployment => deployment.workspace.files.map(file => file.uri));
}
