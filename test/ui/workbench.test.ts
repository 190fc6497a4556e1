import * as assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { deploymentDirectory, openWorkbench, type Workbench } from './workbench';

const policies = 'infrastructure/04-networking/networkpolicies.yaml';
const rule = 'netpol-namespace-selector-label';

/** Where the planted mistake of the sample is: one-based, and found in the text so that the sample may grow. */
function deadSelector(): { readonly line: number; readonly column: number } {
  const lines = fs.readFileSync(path.join(deploymentDirectory(), policies), 'utf8').split('\n');
  const index = lines.findIndex(line => /^ +name: kube-system$/.test(line));
  assert.notEqual(index, -1);
  return { line: index + 1, column: (lines[index] ?? '').indexOf('name') + 1 };
}

describe('the workbench', () => {
  let workbench: Workbench;
  before(async () => {
    workbench = await openWorkbench();
  });
  after(() => workbench?.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      await workbench.picture(`failed-${this.currentTest.title.replace(/\W+/g, '-')}`);
  });

  it('underlines a finding and lists it in the Problems view', async () => {
    const { page } = workbench;
    await workbench.openFile(policies);
    await page.locator('.monaco-editor .squiggly-error').first().waitFor();
    const { line, column } = deadSelector();
    await workbench.goTo(line, column);
    const problems = page.locator('.markers-panel .monaco-list-row');
    await workbench.pressUntil(['Control+Shift+M'], problems);
    // VS Code's own count learns of files that are not open a moment later.
    const status = await page.locator('.statusbar-item[id*="matrixPreflight.status"]').textContent();
    const errors = /\d+/.exec(status ?? '')?.[0];
    assert.ok(errors);
    await page.locator('.statusbar-item[id="status.problems"]', { hasText: new RegExp(`^\\D*${errors}\\D`) }).waitFor();
    await workbench.picture('problems');
    await page.getByPlaceholder(/^Filter \(e\.g\. text/).fill(rule);
    const problem = problems.filter({ hasText: rule }).first();
    await problem.waitFor();
    assert.match((await problem.textContent()) ?? '', /kubernetes\.io\/metadata\.name/);
  });

  it('counts the findings of the whole deployment in the status bar', async () => {
    const item = workbench.page.locator('.statusbar-item[id*="matrixPreflight.status"]');
    await item.filter({ hasText: /Preflight\s+[1-9]\d*/ }).waitFor();
    assert.match((await item.locator('a').getAttribute('aria-label')) ?? '', /^Matrix Preflight: [1-9]\d* errors/);
  });

  it('offers a quick fix that mends the file', async () => {
    const { page } = workbench;
    await page.locator('.tab.active').first().click();
    const { line, column } = deadSelector();
    await workbench.goTo(line, column);
    const fix = page.locator('.action-widget .monaco-list-row', { hasText: 'Select the namespace by' });
    await workbench.pressUntil(['Control+.'], fix);
    await page.locator('.action-widget .monaco-list-row', { hasText: `Explain ${rule}` }).waitFor();
    await workbench.picture('quick-fix');
    await page.keyboard.press('Enter');
    // The Problems view is still filtered by the rule.
    const left = page.locator('.markers-panel .monaco-list-row', { hasText: rule });
    await left.first().waitFor({ state: 'detached' });
    await page.getByPlaceholder(/^Filter \(e\.g\. text/).fill('');
    await page.locator('.tab.active').first().click();
    await page.keyboard.press('Control+S');
    await page.locator('.tab.active:not(.dirty)').waitFor();
    assert.match(fs.readFileSync(path.join(deploymentDirectory(), policies), 'utf8'), /kubernetes\.io\/metadata\.name/);
  });

  it('shows the checklist with its states, and keeps what is expanded when it refreshes', async () => {
    const { page } = workbench;
    const container = '.activitybar .action-item';
    await page
      .locator(`${container}:has(a[aria-label^="Matrix Preflight"]), ${container}[aria-label^="Matrix Preflight"]`)
      .first()
      .click();
    const rows = page.locator('.pane-body .monaco-list-row[role="treeitem"]');
    const section = rows.filter({ hasText: 'MinIO Storage' }).first();
    await section.waitFor();
    await section.click();
    const failed = rows.filter({ hasText: /failed, \d+ finding/ }).first();
    await failed.locator('[class*="itemBadge"]').waitFor();
    assert.match((await failed.getAttribute('aria-label')) ?? '', /failed, \d+ findings?\. /);
    await page.mouse.move(900, 500);
    await workbench.picture('checklist');
    const before = await rows.count();
    await workbench.command('Matrix Preflight: Refresh Checklist');
    await failed.waitFor();
    assert.equal(await rows.count(), before);
    const badge = page.locator(`${container} .badge-content`).filter({ hasText: /^\d+$/ });
    assert.ok((await badge.count()) >= 1);
  });

  it('opens the evidence of a failed item', async () => {
    const { page } = workbench;
    await page
      .locator('.pane-body .monaco-list-row', { hasText: /failed, \d+ finding/ })
      .first()
      .click();
    await page.locator('.tab.active[data-resource-name="credentials.yaml"]').waitFor();
    await page.locator('.monaco-editor .squiggly-error').first().waitFor();
    await workbench.picture('evidence');
  });

  it('explains the rules of an item from its context menu', async () => {
    const { page } = workbench;
    const item = page.locator('.pane-body .monaco-list-row', { hasText: /failed, \d+ finding/ }).first();
    await item.click({ button: 'right' });
    // A click right after the menu has opened may not count.
    await page.getByRole('menuitem', { name: 'Explain Rule…' }).hover();
    await page.keyboard.press('Enter');
    // Several rules decide the item, so one has to be chosen.
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'minio-erasure-parity' }).first().waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.tab.active', { hasText: 'minio-erasure-parity' }).waitFor();
    await workbench.preview().locator('h1', { hasText: 'minio-erasure-parity' }).waitFor();
  });

  it('says on request what the check has found', async () => {
    const { page } = workbench;
    await workbench.command('Matrix Preflight: Check Deployment');
    const toast = page.locator('.notifications-toasts .notification-list-item-message');
    await toast.filter({ hasText: /^\d+ errors?.* in \d+ resources of \d+ files\.$/ }).waitFor();
    await workbench.picture('check');
    await workbench.command('Notifications: Clear All Notifications');
    await toast.waitFor({ state: 'detached' });
  });

  it('shows the deployment plan', async () => {
    const { page } = workbench;
    await workbench.command('Matrix Preflight: Show Deployment Plan');
    await page.locator('.tab.active', { hasText: 'Deployment plan' }).waitFor();
    const preview = workbench.preview();
    await preview.locator('h1', { hasText: 'Deployment plan' }).waitFor();
    assert.ok((await preview.locator('h3').count()) > 10);
    assert.ok((await preview.locator('code', { hasText: 'kubectl apply' }).count()) > 0);
    await workbench.picture('plan');
    const blocker = preview.locator('li a', { hasText: 'cluster.yaml:' }).first();
    await blocker.scrollIntoViewIfNeeded();
    await workbench.picture('plan-blocked');
    await blocker.click();
    await page.locator('.tab.active[data-resource-name="cluster.yaml"]').waitFor();
  });

  it('lets the user choose the phase to deploy', async () => {
    const { page } = workbench;
    await workbench.command('Matrix Preflight: Deploy Phase…');
    const phase = page.locator('.quick-input-list .monaco-list-row', { hasText: /\d+ steps?, / });
    await phase.first().waitFor();
    await workbench.picture('phases');
    await page.keyboard.press('Enter');
    await page.locator('.tab.active', { hasText: 'Deployment plan,' }).waitFor();
    await workbench
      .preview()
      .locator('h1', { hasText: /^Deployment plan: / })
      .waitFor();
    await workbench.picture('phase-plan');
    // What it goes to is asked, and without an answer nothing is deployed.
    const question = page.locator('.quick-input-widget .quick-input-title', { hasText: 'Select Context' });
    await question.waitFor();
    await page.keyboard.press('Escape');
    await question.waitFor({ state: 'hidden' });
    await page.locator('.terminal-wrapper.active .xterm-rows', { hasText: 'No context was chosen.' }).waitFor();
    await page.keyboard.press('Control+J');
  });

  it('explains a rule', async () => {
    const { page } = workbench;
    await workbench.command('Matrix Preflight: Explain Rule…');
    const input = page.locator('.quick-input-widget input');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'error' }).first().waitFor();
    await input.fill(rule);
    await page.locator('.quick-input-list .monaco-list-row', { hasText: rule }).first().waitFor();
    await workbench.picture('rules');
    await page.keyboard.press('Enter');
    await page.locator('.tab.active', { hasText: rule }).waitFor();
    await workbench.preview().locator('h1', { hasText: rule }).waitFor();
    await workbench.picture('rule');
  });
});
