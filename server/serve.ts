import type { Connection } from 'vscode-languageserver';
import { offerCodeActions } from './features/code-actions';
import { offerOwnRequests } from './features/custom';
import { offerDiagnostics } from './features/diagnostics';
import type { FolderReader } from './folder-reader';
import { Session } from './session';

/** Wires a connection to a session: the one place that knows all parts of the server. */
export function serve(connection: Connection, reader: FolderReader): void {
  const session = new Session(connection, reader);
  connection.onInitialize(params => session.initialize(params));
  connection.onInitialized(() => void session.start());
  connection.onShutdown(() => session.stop());
  connection.onDidOpenTextDocument(({ textDocument: { uri, languageId, version, text } }) =>
    session.open(uri, languageId, version, text),
  );
  connection.onDidChangeTextDocument(({ textDocument, contentChanges }) =>
    session.change(textDocument.uri, contentChanges, textDocument.version),
  );
  connection.onDidCloseTextDocument(({ textDocument }) => void session.close(textDocument.uri));
  connection.onDidChangeWatchedFiles(({ changes }) => void session.watched(changes));
  connection.onDidChangeConfiguration(({ settings }) => session.configure(settings?.matrixPreflight ?? settings));
  offerDiagnostics(session);
  offerCodeActions(session);
  offerOwnRequests(session);
  connection.listen();
}
