import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { findingOf, inDeployment, noFindingOf, open, quickFixOf, revertAll } from '../editor';

describe('in a workspace that is not trusted', () => {
  const scanner = inDeployment('antivirus/02-scan-workers/scanner.yaml');
  after(revertAll);

  it('manifests are checked and can be mended', async () => {
    assert.equal(vscode.workspace.isTrusted, false);
    await open(scanner);
    const action = await quickFixOf(scanner, await findingOf(scanner, 'yaml-syntax'), /indent/i);
    assert.ok(action.edit);
    assert.ok(await vscode.workspace.applyEdit(action.edit));
    await noFindingOf(scanner, 'yaml-syntax');
  });
});
