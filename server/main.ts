import {
  createConnection,
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  ProposedFeatures,
} from 'vscode-languageserver/node';
import { runnerArgument } from '../protocol/deployment';
import { diskReader } from './disk-reader';
import { editorReader } from './editor-reader';
import type { FolderReader } from './folder-reader';
import { serveRunner } from './runner/runner';
import { serve } from './serve';

// One program for both, because a deployment is gated by the same rules that the language server runs.
if (process.argv.includes(runnerArgument))
  serveRunner(createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process)));
else {
  const connection = createConnection(ProposedFeatures.all);
  serve(connection, nodeReader(editorReader(connection)));
}

/** Reads from disk what is on it, and through the editor what only that can read, such as a repository on a host. */
function nodeReader(editor: FolderReader): FolderReader {
  return {
    ...diskReader,
    read: (rootUri, uri) => (rootUri.startsWith('file:') ? diskReader : editor).read(rootUri, uri),
  };
}
