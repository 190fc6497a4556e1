import * as assert from 'node:assert/strict';
import childProcess from 'node:child_process';
import * as vscode from 'vscode';
import { eventually, findingOf, inDeployment, noFindingOf } from '../editor';

describe('a server that crashes', () => {
  const scanner = inDeployment('antivirus/02-scan-workers/scanner.yaml');
  const { fork } = childProcess;
  let servers: childProcess.ChildProcess[] = [];

  before(async () => {
    // The client looks up `fork` when it starts a server, so the servers of a restart can be caught here.
    childProcess.fork = ((...args: Parameters<typeof fork>) => {
      const server = fork(...args);
      servers.push(server);
      return server;
    }) as typeof fork;
  });
  beforeEach(async () => {
    servers = [];
    await vscode.commands.executeCommand('matrixPreflight.restartServer');
    await findingOf(scanner, 'yaml-syntax');
    assert.equal(servers.length, 1);
  });
  after(async () => {
    childProcess.fork = fork;
    await vscode.commands.executeCommand('matrixPreflight.restartServer');
  });

  it('is started again, and the findings come back', async () => {
    servers[0]?.kill('SIGKILL');
    await eventually('another server is started', () => servers.length === 2 || undefined);
    await findingOf(scanner, 'yaml-syntax');
    assert.equal(servers[1]?.exitCode, null);
  });

  it('is started again though messages to it were lost before its end was told', async () => {
    const [server] = servers;
    assert.ok(server);
    let lost = 0;
    server.send = ((...args: readonly unknown[]) => {
      lost++;
      const told = args.at(-1);
      if (typeof told === 'function') told(new Error('write EPIPE'));
      return false;
    }) as typeof server.send;
    // What is asked now is never answered, and fails with the server at the latest.
    const asked = Array.from({ length: 8 }, (_, line) =>
      vscode.commands.executeCommand('vscode.executeHoverProvider', scanner, new vscode.Position(line, 0)),
    );
    await eventually('eight messages are lost', () => lost >= 8 || undefined);
    server.kill('SIGKILL');
    await eventually('another server is started', () => servers.length === 2 || undefined);
    await findingOf(scanner, 'yaml-syntax');
    await Promise.allSettled(asked);
  });

  it('stays off after the fifth crash, until the user restarts it', async () => {
    for (let crash = 1; crash <= 5; crash++) {
      await eventually(`server ${crash} runs`, () => servers.length === crash || undefined);
      await findingOf(scanner, 'yaml-syntax');
      servers.at(-1)?.kill('SIGKILL');
      await eventually(`server ${crash} is gone`, () => servers[crash - 1]?.signalCode ?? undefined);
    }
    await noFindingOf(scanner, 'yaml-syntax');
    await new Promise(resolve => setTimeout(resolve, 1000));
    assert.equal(servers.length, 5);
    await vscode.commands.executeCommand('matrixPreflight.restartServer');
    await findingOf(scanner, 'yaml-syntax');
    assert.equal(servers.length, 6);
  });
});
