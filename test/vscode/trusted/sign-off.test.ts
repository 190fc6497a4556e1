import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { signOffsPath } from '../../../checklist/sign-offs';
import { Workspace } from '../../../manifests/workspace';
import { checkWorkspace } from '../../../rules/findings';
import { fingerprints } from '../../../rules/fingerprint';
import selectorLabel from '../../../rules/network/netpol-namespace-selector-label';
import {
  eventually,
  findingOf,
  findings,
  inDeployment,
  noFindingOf,
  open,
  quickFixOf,
  revertAll,
  setText,
} from '../editor';

const policiesPath = 'infrastructure/04-networking/networkpolicies.yaml';
const rule = selectorLabel.id;

describe('sign-offs and waivers', () => {
  const policies = inDeployment(policiesPath);
  const file = inDeployment(signOffsPath);
  const markdown = inDeployment('GO-LIVE.md');
  const write = (uri: vscode.Uri, text: string) => vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));

  afterEach(async () => {
    await revertAll();
    await vscode.workspace.fs.delete(inDeployment('.matrix-preflight'), { recursive: true });
  });
  after(() => vscode.workspace.fs.delete(markdown));

  it('takes a waived finding out, and brings it back when the waiver is deleted', async () => {
    await findingOf(policies, rule);
    await write(file, await waivers(policies));
    await noFindingOf(policies, rule);
    await write(file, 'waivers:\n');
    await findingOf(policies, rule);
  });

  it('offers to suppress and to waive each finding', async () => {
    await write(file, 'waivers:\n');
    await open(policies);
    const finding = await findingOf(policies, rule);
    const suppress = await quickFixOf(policies, finding, /^Suppress netpol-namespace-selector-label with a reason…$/);
    assert.equal(suppress.command?.command, 'matrixPreflight.suppressFinding');
    const waive = await quickFixOf(policies, finding, /^Waive this finding/);
    assert.equal(waive.command?.command, 'matrixPreflight.waiveFinding');
  });

  it('reports an entry without effect in the file itself', async () => {
    await write(file, 'signOffs:\n  - item: F.88\n    by: Ada\n    at: 2026-01-31\n    note: x\n');
    const finding = await findingOf(file, 'sign-offs-invalid');
    assert.match(finding.message, /There is no item F\.88/);
    assert.equal(findings(file).length, 1);
  });

  it('writes the states to the Markdown checklist: ticked by a sign-off, and no more when a covered file changes', async () => {
    const document = await open(policies);
    const hash = await sha256(document.getText());
    await write(
      file,
      `signOffs:\n  - item: own.the-rota-is-agreed\n    by: Ada\n    at: 2026-01-31\n    note: In the calendar.\n    covers:\n      ${policiesPath}: ${hash}\n`,
    );
    await write(
      markdown,
      '# Final Checklist\n\n- [ ] Backup procedures tested\n- [ ] Security scan completed\n- [ ] Load testing performed\n- [ ] The rota is agreed\n',
    );
    const text = async () => new TextDecoder().decode(await vscode.workspace.fs.readFile(markdown));
    await eventually('the item is ticked', async () => {
      await vscode.commands.executeCommand('matrixPreflight.writeMarkdownStates');
      return (await text()).includes('- [x] The rota is agreed') || undefined;
    });
    assert.match(await text(), /- \[ \] Backup procedures tested/);
    await setText(document, `${document.getText()}# one more line\n`);
    await eventually('the tick is gone', async () => {
      await vscode.commands.executeCommand('matrixPreflight.writeMarkdownStates');
      return (await text()).includes('- [ ] The rota is agreed') || undefined;
    });
  });
});

/** A file of sign-offs with a waiver for each finding of the rule, as `matrix-preflight waive` writes it. */
async function waivers(policies: vscode.Uri): Promise<string> {
  const workspace = new Workspace();
  const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(policies));
  workspace.update(policies.toString(), policiesPath, text);
  const found = checkWorkspace(workspace, [selectorLabel]);
  assert.notEqual(found.length, 0);
  const entries = fingerprints(found, workspace).map(
    fingerprint =>
      `  - rule: ${rule}\n    file: ${policiesPath}\n    fingerprint: ${fingerprint}\n    reason: Labelled elsewhere.\n    by: Ada\n    at: 2026-01-31\n`,
  );
  return `waivers:\n${entries.join('')}`;
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, '0')).join('');
}
