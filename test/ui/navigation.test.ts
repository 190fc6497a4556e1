import * as assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { deploymentDirectory, openWorkbench, type Workbench } from './workbench';

const config = 'main-instance/01-synapse/configmap.yaml';
const proxy = 'main-instance/02-haproxy/deployment.yaml';

/** From names to what they stand for. Each test goes on where the one before it has led. */
describe('navigation', () => {
  let workbench: Workbench;
  before(async () => {
    workbench = await openWorkbench();
    const status = workbench.page.locator('.statusbar-item[id*="matrixPreflight.status"]');
    await status.filter({ hasText: /Preflight\s+\d/ }).waitFor({ timeout: 40_000 });
  });
  after(() => workbench?.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      await workbench.picture(`failed-${this.currentTest.title.replace(/\W+/g, '-')}`);
  });

  it('goes from a host in an embedded configuration to the Service in another file', async () => {
    const { page } = workbench;
    await workbench.openFile(config);
    await workbench.goTo(...placeOf(config, 'host: ', 'redis'));
    await workbench.pressUntil(['F12'], page.locator('.tab.active[data-resource-name="deployment.yaml"]'));
    await page
      .locator('.monaco-editor.focused .view-line', { hasText: /name:.redis-master/ })
      .first()
      .waitFor();
  });

  it('shows what a renaming changes before it is made', async () => {
    const { page } = workbench;
    const box = page.locator('.rename-box input');
    await workbench.pressUntil(['F2'], box);
    assert.match(await box.inputValue(), /^redis-master$/);
    await box.fill('redis-primary');
    await page.keyboard.press('Control+Enter');
    const preview = page.locator('.refactor-preview-panel, .bulk-edit-panel').first();
    await preview.locator('.monaco-list-row', { hasText: 'redis-primary' }).first().waitFor();
    await workbench.picture('rename-preview');
    await preview.getByRole('button', { name: 'Discard' }).click();
    await preview.waitFor({ state: 'hidden' });
  });

  it('shows who connects to a Service', async () => {
    const { page } = workbench;
    await workbench.goTo(...placeOf(proxy, 'name: ', 'redis-master'));
    await workbench.command('Calls: Show Call Hierarchy');
    const calls = page.locator('.pane-body .monaco-list-row', { hasText: /6379\/TCP: .* in homeserver\.yaml/ });
    await calls.first().waitFor();
    await workbench.picture('call-hierarchy');
  });
});

/** One-based line and column of `after`, where it stands behind `before`. */
function placeOf(file: string, before: string, after: string): [line: number, column: number] {
  const lines = fs.readFileSync(path.join(deploymentDirectory(), file), 'utf8').split('\n');
  const index = lines.findIndex(line => line.includes(before + after));
  assert.notEqual(index, -1);
  return [index + 1, (lines[index] ?? '').indexOf(before) + before.length + 1];
}
