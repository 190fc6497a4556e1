import * as assert from 'node:assert/strict';
import childProcess from 'node:child_process';
import fs from 'node:fs';
import * as vscode from 'vscode';
import { eventually, findingOf, inDeployment } from '../editor';

describe('the compiled program of the server', () => {
  const { fork } = childProcess;
  const directories: string[] = [];

  const scanner = inDeployment('antivirus/02-scan-workers/scanner.yaml');

  before(async () => {
    await findingOf(scanner, 'yaml-syntax');
    // The client looks up `fork` when it starts a server.
    childProcess.fork = ((module: string, args: readonly string[], options: childProcess.ForkOptions) => {
      directories.push(String(options.env?.NODE_COMPILE_CACHE));
      return fork(module, args, options);
    }) as typeof fork;
  });
  after(() => {
    childProcess.fork = fork;
  });

  it('is kept among the data of the extension when the server ends, where Node can do that', async () => {
    for (const _ of ['to have one that keeps it', 'to end that']) {
      await vscode.commands.executeCommand('matrixPreflight.restartServer');
      await findingOf(scanner, 'yaml-syntax');
    }
    const [directory, ...others] = directories;
    assert.ok(directory);
    assert.match(directory.toLowerCase(), /globalstorage[/\\]matrix-preflight\.matrix-preflight[/\\]compile-cache$/);
    assert.deepEqual(others, [directory]);
    const isKept = () =>
      fs.existsSync(directory) && fs.readdirSync(directory, { recursive: true }).length > 1 ? true : undefined;
    if (canKeep(process.versions.node)) await eventually('there is something in it', isKept);
    else assert.equal(isKept(), undefined);
  });
});

/** `NODE_COMPILE_CACHE` came with Node 22.1. */
function canKeep(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 1);
}
