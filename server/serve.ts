import type { Connection } from 'vscode-languageserver';
import { callHierarchy } from './features/call-hierarchy';
import { codeActions } from './features/code-actions';
import { codeLens } from './features/code-lens';
import { completion } from './features/completion';
import { ownRequests } from './features/custom';
import { definition } from './features/definition';
import { diagnostics } from './features/diagnostics';
import { editingCredentials } from './features/editing-credentials';
import { editingDomain } from './features/editing-domain';
import { editingMissing } from './features/editing-missing';
import type { Feature } from './features/feature';
import { highlights } from './features/highlights';
import { hover } from './features/hover';
import { inlayHints } from './features/inlay-hints';
import { links } from './features/links';
import { liveResults } from './features/live-results';
import { network } from './features/network';
import { references } from './features/references';
import { rename } from './features/rename';
import { report } from './features/report';
import { semanticTokens } from './features/semantic-tokens';
import { signOffs } from './features/sign-offs';
import { documentSymbols } from './features/symbols';
import { workspaceSymbols } from './features/workspace-symbols';
import type { FolderReader } from './folder-reader';
import { Session } from './session';

/** All that the server offers. The order means nothing. */
const features: readonly Feature[] = [
  codeActions,
  completion,
  diagnostics,
  liveResults,
  ownRequests,
  hover,
  editingCredentials,
  editingDomain,
  editingMissing,
  callHierarchy,
  definition,
  highlights,
  links,
  references,
  rename,
  documentSymbols,
  workspaceSymbols,
  codeLens,
  inlayHints,
  network,
  report,
  semanticTokens,
  signOffs,
];

/** Wires a connection to a session: the one place that knows all parts of the server. */
export function serve(connection: Connection, reader: FolderReader): void {
  const session = new Session(connection, reader);
  connection.onInitialize(params => session.initialize(params, features));
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
  for (const feature of features) feature.offer(session);
  connection.listen();
}
