import { type ExtensionContext, Uri } from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';
import { runSummaries } from '../deploy/run/summary';
import { compose } from './compose';
import { registerDeployment } from './deployment/deployment';
import { stateDirectory } from './deployment/settings';
import { runProgram } from './programs';

/** Starts the extension where Node is at hand: the language server is a process of its own. */
export function activate(context: ExtensionContext): void {
  const module = context.asAbsolutePath('dist/server.js');
  const transport = TransportKind.ipc;
  // Half of the server's start is compiling its program, which Node 22.1 and later keep from one start to the next.
  const env = { NODE_COMPILE_CACHE: Uri.joinPath(context.globalStorageUri, 'compile-cache').fsPath };
  compose(
    context,
    (id, name, options) =>
      new LanguageClient(
        id,
        name,
        {
          run: { module, transport, options: { env } },
          debug: { module, transport, options: { execArgv: ['--nolazy', '--inspect=6009'] } },
        },
        options,
      ),
    registerDeployment,
    runProgram,
    root => runSummaries(stateDirectory(), root),
  );
}
