#!/usr/bin/env node
import { compileFrugally } from './frugal';
import { runCommand } from './run';

// A reader that has seen enough, such as `head`, closes the pipe; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
  fail(error);
  process.exit();
});

// A language server stays, and is faster for what was optimised.
if (process.argv[2] !== 'lsp') compileFrugally();

runCommand(process.argv.slice(2)).then(code => {
  process.exitCode = code;
}, fail);

function fail(error: unknown): void {
  process.stderr.write(`matrix-preflight: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
