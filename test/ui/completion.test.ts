import * as assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { deploymentDirectory, openWorkbench, type Workbench } from './workbench';

const job = 'infrastructure/03-minio/wheels-job.yaml';
const config = 'main-instance/01-synapse/configmap.yaml';
const worker = 'main-instance/03-workers/synchrotron-statefulset.yaml';

describe('completion', () => {
  let workbench: Workbench;
  const texts = new Map([job, config, worker].map(file => [file, '']));
  before(async () => {
    for (const file of texts.keys()) texts.set(file, read(file));
    workbench = await openWorkbench();
    // Before the tree has been read the editor offers the words of the file.
    const status = workbench.page.locator('.statusbar-item[id*="matrixPreflight.status"]');
    await status.filter({ hasText: /Preflight\s+\d/ }).waitFor();
  });
  after(async () => {
    await workbench?.close();
    for (const [file, text] of texts) fs.writeFileSync(path.join(deploymentDirectory(), file), text);
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      await workbench.picture(`failed-${this.currentTest.title.replace(/\W+/g, '-')}`);
  });

  it('has the keys of the Secret that a variable names', async () => {
    await workbench.openFile(job);
    await workbench.goTo(...placeOf(job, 'key: ', 'access-key'));
    const labels = await suggestions();
    assert.deepEqual(labels.slice(0, 2), ['access-key', 'secret-key']);
    await workbench.picture('completion-secret-key');
    await workbench.page.keyboard.press('Escape');
  });

  it('has the options of Synapse inside a ConfigMap, with what they are', async () => {
    const { page } = workbench;
    await workbench.openFile(config);
    const [line] = placeOf(config, 'report_stats: ', 'false');
    await workbench.goTo(line, 1);
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    // The list comes by itself while one types.
    await page.keyboard.type('rc_', { delay: 60 });
    await page.locator('.suggest-widget.visible .monaco-list-row', { hasText: 'rc_login' }).waitFor();
    const labels = await suggestions();
    assert.ok(labels.includes('rc_login') && labels.includes('rc_joins'), labels.join());
    await page.locator('.suggest-details', { hasText: /How fast/ }).waitFor();
    await workbench.picture('completion-homeserver');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+Z');
  });

  it('has the options of a worker in a here-document, and the variables of its container', async () => {
    const { page } = workbench;
    await workbench.openFile(worker);
    const [line] = placeOf(worker, 'worker_name: ', '${HOSTNAME}');
    await workbench.goTo(line, 1);
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    const row = page.locator('.suggest-widget.visible .monaco-list-row');
    await page.keyboard.type('worker_re', { delay: 60 });
    await row.filter({ hasText: 'worker_replication_secret' }).first().waitFor();
    await suggestions();
    await workbench.picture('completion-here-document');
    await page.keyboard.press('Escape');
    await page.keyboard.type('plication_secret: ${', { delay: 60 });
    await row.filter({ hasText: 'key REPLICATION_SECRET of Secret/synapse-secrets' }).waitFor();
    await workbench.picture('completion-variable');
    await page.keyboard.press('Escape');
    for (let at = 0; at < 4; at++) await page.keyboard.press('Control+Z');
  });

  /** The labels of the list, once it is there with its details beside it. */
  async function suggestions(): Promise<readonly string[]> {
    const { page } = workbench;
    const rows = page.locator('.suggest-widget.visible .monaco-list-row');
    // The key opens the list, and in an open one it shows the details or hides them, which come after the list.
    if (!(await rows.first().isVisible())) await workbench.pressUntil(['Control+Space'], rows.first());
    const details = page.locator('.suggest-details-container, .suggest-details').first();
    for (let left = 3; left > 0 && !(await isThere(details)); left--) await page.keyboard.press('Control+Space');
    return rows.locator('.label-name').allTextContents();
  }
});

/** Whether something is there, or comes at once. */
async function isThere(what: Locator): Promise<boolean> {
  return what.waitFor({ timeout: 2_000 }).then(
    () => true,
    () => false,
  );
}

/** One-based line and column behind `before`, where `after` follows. */
function placeOf(file: string, before: string, after: string): [line: number, column: number] {
  const lines = read(file).split('\n');
  const index = lines.findIndex(line => line.includes(before + after));
  assert.notEqual(index, -1);
  return [index + 1, (lines[index] ?? '').indexOf(before) + before.length + 1];
}

function read(file: string): string {
  return fs.readFileSync(path.join(deploymentDirectory(), file), 'utf8');
}
