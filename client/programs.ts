import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { MissingProgram, type RunProgram } from './run-program';

const timeoutMilliseconds = 60_000;

/**
 * Runs a program without a shell, in the home directory: Windows looks for programs in the current directory first, and
 * a deployment must not bring its own. Rejects with what the program says, or with {@link MissingProgram}.
 */
export const runProgram: RunProgram = (program, args, input) =>
  new Promise((resolve, reject) => {
    const options = { cwd: homedir(), timeout: timeoutMilliseconds, maxBuffer: 16 * 1024 * 1024 };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else if (error.code === 'ENOENT') reject(new MissingProgram(`${program} is not installed`));
      // Error.message would repeat the command line; what the program was given is not for people's eyes.
      else reject(new Error(stderr.trim().split('\n').at(-1) || `${program} ended with ${error.code ?? error.signal}`));
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
