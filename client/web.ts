import { commands, type ExtensionContext, Uri, workspace } from 'vscode';
import {
  BrowserMessageReader,
  BrowserMessageWriter,
  LanguageClient,
  type MessageTransports,
} from 'vscode-languageclient/browser';
import { compose } from './compose';

/**
 * Starts the extension where there is no Node, as on vscode.dev: the language server is a worker of the browser. Nothing
 * here can start a program, so whatever speaks to a cluster is left out.
 */
export function activate(context: ExtensionContext): void {
  void commands.executeCommand('setContext', 'matrixPreflight.inBrowser', true);
  compose(
    context,
    (id, name, options) => new LanguageClient(id, name, () => startWorker(context.extensionUri), options),
  );
}

/** A browser starts no worker from the address of another host, and the extension's files may lie on one. */
async function startWorker(extensionUri: Uri): Promise<MessageTransports> {
  const program = await workspace.fs.readFile(Uri.joinPath(extensionUri, 'dist/web/server.js'));
  // Never revoked: VS Code starts workers by a script of its own, which loads this one at some later moment.
  const address = URL.createObjectURL(new Blob([program as BlobPart], { type: 'text/javascript' }));
  const worker = new Worker(address, { name: 'Matrix Preflight' });
  return { reader: new BrowserMessageReader(worker), writer: new BrowserMessageWriter(worker) };
}
