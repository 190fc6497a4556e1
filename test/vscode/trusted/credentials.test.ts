import * as assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import * as vscode from 'vscode';
import { findingOf, inDeployment, revertAll } from '../editor';

const secret = (name: string) => `apiVersion: v1
kind: Secret
metadata:
  name: ${name}
  namespace: matrix
stringData:
  password: CHANGEME_OF_THE_TEST # the comment
`;

describe('Fill All Placeholders', () => {
  // Each test has a file of its own: the server learns a moment later that another is gone or there again.
  let count = 0;
  let name = '';
  const programs = mkdtempSync(join(tmpdir(), 'programs-'));
  const path = process.env.PATH;

  beforeEach(async () => {
    name = `test-secrets-${++count}`;
    await vscode.workspace.fs.writeFile(inDeployment(`${name}.yaml`), Buffer.from(secret(name)));
    await findingOf(inDeployment(`${name}.yaml`), 'placeholder-secret');
  });
  afterEach(async () => {
    await revertAll();
    process.env.PATH = path;
    for (const end of ['yaml', 'local.yaml', 'yaml.example', 'sealed.yaml']) await removed(`${name}.${end}`);
    await removed('.gitignore');
  });
  after(() => rmSync(programs, { recursive: true, force: true }));

  it('moves Secrets to a file that git ignores, and leaves their placeholders as a template', async () => {
    await vscode.commands.executeCommand('matrixPreflight.fillCredentials', { store: 'local' });
    await vscode.workspace.saveAll();
    assert.match(await text(`${name}.local.yaml`), /\n {2}password: "?[A-Za-z0-9]{43}"? # the comment\n$/);
    assert.equal(await text(`${name}.yaml.example`), secret(name));
    assert.match(await text('.gitignore'), /^\*\.local\.yaml$/m);
    await assert.rejects(text(`${name}.yaml`));
  });

  it('seals Secrets with kubeseal, which gets them on its standard input', async () => {
    const seen = join(programs, 'seen');
    const kubeseal = join(programs, 'kubeseal');
    writeFileSync(
      kubeseal,
      `#!/bin/sh\necho "$@" > '${seen}'\ncat >> '${seen}'\nprintf 'kind: SealedSecret\\nmetadata: {name: sealed}\\n'\n`,
    );
    chmodSync(kubeseal, 0o755);
    process.env.PATH = `${programs}${delimiter}${path}`;
    await vscode.commands.executeCommand('matrixPreflight.fillCredentials', { store: 'sealed-secret' });
    await vscode.workspace.saveAll();
    assert.equal(await text(`${name}.sealed.yaml`), 'kind: SealedSecret\nmetadata: {name: sealed}\n');
    await assert.rejects(text(`${name}.yaml`));
    assert.match(
      readFileSync(seen, 'utf8'),
      /^--format yaml\napiVersion: v1\n[\s\S]*password: "?[A-Za-z0-9]{43}"? # the comment\n$/,
    );
  });

  it('changes nothing without kubeseal', async () => {
    process.env.PATH = programs;
    rmSync(join(programs, 'kubeseal'), { force: true });
    await vscode.commands.executeCommand('matrixPreflight.fillCredentials', { store: 'sealed-secret' });
    assert.equal(await text(`${name}.yaml`), secret(name));
  });
});

async function text(file: string): Promise<string> {
  return new TextDecoder().decode(await vscode.workspace.fs.readFile(inDeployment(file)));
}

async function removed(file: string): Promise<void> {
  try {
    await vscode.workspace.fs.delete(inDeployment(file));
  } catch {
    // It was not made.
  }
}
