import { runCommand } from './run';

runCommand(process.argv.slice(2)).then(
  code => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`matrix-preflight: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 2;
  },
);
