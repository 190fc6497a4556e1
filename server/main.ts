import {
  createConnection,
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  ProposedFeatures,
} from 'vscode-languageserver/node';
import { runnerArgument } from '../protocol/deployment';
import { diskReader } from './disk-reader';
import { serveRunner } from './runner/runner';
import { serve } from './serve';

// One program for both, because a deployment is gated by the same rules that the language server runs.
if (process.argv.includes(runnerArgument))
  serveRunner(createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process)));
else serve(createConnection(ProposedFeatures.all), diskReader);
