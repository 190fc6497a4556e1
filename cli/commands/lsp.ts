import {
  createConnection,
  ProposedFeatures,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node';
import { diskReader } from '../../server/disk-reader';
import { serve } from '../../server/serve';
import { parse, UsageError } from '../usage';

/** Runs the language server on standard input and output until the client ends it. */
export async function lsp(argv: readonly string[]): Promise<number> {
  const { values } = parse(argv, { stdio: { type: 'boolean' } });
  if (!values.stdio) throw new UsageError('lsp needs --stdio');
  serve(
    createConnection(
      ProposedFeatures.all,
      new StreamMessageReader(process.stdin),
      new StreamMessageWriter(process.stdout),
    ),
    diskReader,
  );
  return new Promise<number>(() => {});
}
