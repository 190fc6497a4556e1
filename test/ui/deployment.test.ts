import * as assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import type { ApiServer } from '../deploy/api-server/server';
import { startProductionCluster } from '../deploy/production';
import { secretsIn } from '../vscode/secrets';
import { given, openWorkbench, type Workbench } from './workbench';

const patience = 60_000;

/** A protected context, a step that fails, a reload in the middle: as a person sees and answers them. */
describe('a deployment in the workbench', function () {
  this.timeout(150_000);
  let server: ApiServer;
  let workbench: Workbench;
  let secrets: readonly string[];
  before(async () => {
    server = await startProductionCluster({ readyMilliseconds: 100 });
    const directory = path.dirname(given('UI_KUBECONFIG'));
    fs.renameSync(server.kubeconfig(directory, 'prod-matrix', 'kind-staging'), given('UI_KUBECONFIG'));
    secrets = secretsIn(given('UI_PRODUCTION'));
    assert.ok(secrets.length > 10);
    workbench = await openWorkbench(given('UI_PRODUCTION'));
    await workbench.page.setViewportSize({ width: 1280, height: 900 });
  });
  after(async () => {
    await workbench?.close();
    await server?.close();
  });
  // Each test goes on where the one before has stopped. Mocha's own bail would leave all out if another suite had failed.
  let isBroken = false;
  beforeEach(() => assert.ok(!isBroken, 'the test before has failed'));
  afterEach(async function () {
    isBroken ||= this.currentTest?.state === 'failed';
    if (this.currentTest?.state === 'failed')
      await workbench.picture(`failed-${this.currentTest.title.replace(/\W+/g, '-')}`);
  });

  const rows = () => workbench.page.locator('.quick-input-list .monaco-list-row');
  const input = () => workbench.page.locator('.quick-input-widget input');
  const titled = (text: string | RegExp) =>
    workbench.page.locator('.quick-input-widget .quick-input-title', { hasText: text });
  const line = (text: string | RegExp) =>
    workbench.page.locator('.pane-body .monaco-list-row[role="treeitem"]', { hasText: text }).first();
  const toast = (text: string | RegExp) =>
    workbench.page.locator('.notifications-toasts .notification-list-item', { hasText: text }).first();
  const seen = (what: Locator) => what.first().waitFor({ timeout: patience });

  /** A picture, and the promise that no text on it is a secret. */
  async function picture(name: string): Promise<void> {
    await workbench.picture(`deployment-${name}`);
    const text = await workbench.page.evaluate('document.body.innerText + document.body.innerHTML');
    assert.deepEqual(
      secrets.filter(secret => String(text).includes(secret)),
      [],
      name,
    );
  }

  /** Confirms the question about a step. */
  async function apply(step: string): Promise<void> {
    await seen(titled(step));
    await rows()
      .filter({ hasText: `Apply ${step}` })
      .first()
      .click();
  }

  it('begins with nothing, and shows a protected context in the error colour', async () => {
    const { page } = workbench;
    // Before the manifests are read, not all commands are offered yet.
    await seen(page.locator('.statusbar-item[id*="matrixPreflight.status"] .codicon-pass'));
    await workbench.command('Matrix Preflight: Select Context…');
    await seen(rows().filter({ hasText: 'prod-matrix' }));
    await picture('contexts');
    await input().fill('prod-matrix');
    await page.keyboard.press('Enter');
    const item = page.locator('.statusbar-item[id*="matrixPreflight.context"]');
    await seen(item.filter({ hasText: 'prod-matrix' }));
    await seen(page.locator('.statusbar-item.has-background-color[id*="matrixPreflight.context"]'));
    assert.match((await item.locator('a').getAttribute('aria-label')) ?? '', /protected/);
    await page.locator('.activitybar .action-item:has(a[aria-label^="Matrix Preflight"])').first().click();
    await seen(page.locator('.pane-body', { hasText: 'Nothing has been deployed from this folder yet' }));
    await picture('welcome');
  });

  it('shows the plan, and wants the name of the context typed', async () => {
    const { page } = workbench;
    await workbench.command('Matrix Preflight: Deploy Phase…');
    await seen(rows().filter({ hasText: 'Infrastructure' }));
    await input().fill('Infrastructure');
    await page.keyboard.press('Enter');
    await seen(titled('Deploy to the protected context prod-matrix'));
    await seen(page.locator('.tab', { hasText: 'Deployment plan, Infrastructure' }));
    await input().fill('prod');
    await input().press('Enter');
    await seen(page.locator('.quick-input-widget', { hasText: 'This is not the name prod-matrix' }));
    await picture('typed-confirmation');
    assert.deepEqual(changes(), []);
    await input().fill('prod-matrix');
    await input().press('Enter');
  });

  it('shows what a step changes before it changes it', async () => {
    const { page } = workbench;
    await apply('Namespaces');
    await seen(titled('PostgreSQL clusters'));
    assert.equal(changes().filter(change => change.includes('postgresql')).length, 0);
    await rows().filter({ hasText: 'Cluster/matrix-postgresql' }).first().click();
    await seen(page.locator('.tab.active', { hasText: 'cluster ↔ planned' }));
    await seen(page.locator('.monaco-diff-editor .line-insert'));
    await picture('diff');
    await apply('PostgreSQL clusters');
  });

  it('says why a step failed, and goes on when it is mended', async () => {
    const { page } = workbench;
    server.behave('StatefulSet/redis', 'crash-loop');
    server.logs('redis-0', `fatal: cannot read the configuration ${secrets[0]}\n`);
    await seen(titled('Redis'));
    await picture('step');
    await apply('Redis');
    const failure = toast(/failed: redis/);
    await seen(failure);
    await seen(page.locator('.tab', { hasText: /Why Redis.* failed/ }));
    await seen(workbench.preview().locator('h1', { hasText: 'has failed' }));
    await seen(workbench.preview().locator('code', { hasText: 'cannot read the configuration [redacted]' }));
    await seen(line('Redis'));
    await picture('failure');
    await failure.getByRole('button', { name: 'Open Manifest' }).click();
    await seen(page.locator('.tab.active[data-resource-name$=".yaml"]'));
    await picture('manifest');
    const { metadata, ...rest } = server.get('StatefulSet', 'matrix', 'redis') ?? assert.fail('redis is there');
    server.behave('StatefulSet/redis', 'ready');
    server.create({ ...rest, metadata: { ...metadata, annotations: { mended: 'yes' } } });
    await seen(toast(/failed: redis/));
    await toast(/failed: redis/)
      .getByRole('button', { name: 'Retry' })
      .click();
  });

  it('is as it was after a reload, and goes on', async () => {
    const { page } = workbench;
    await seen(titled('MinIO'));
    await apply('MinIO');
    await page.waitForFunction(`/MinIO[^]*\\d\\/5/.test(document.body.innerText)`, undefined, { timeout: patience });
    await picture('running');
    await page.reload();
    await seen(page.locator('.statusbar-item[id*="matrixPreflight.context"]', { hasText: 'prod-matrix' }));
    await seen(toast('was interrupted'));
    if (!(await line('prod-matrix').isVisible()))
      await page.locator('.activitybar .action-item:has(a[aria-label^="Matrix Preflight"])').first().click();
    await seen(line('prod-matrix').filter({ hasText: /paused|interrupted/ }));
    await picture('reloaded');
    await workbench.command('Matrix Preflight: Resume Deployment');
    await seen(titled('Deploy to the protected context prod-matrix'));
    await input().fill('prod-matrix');
    await input().press('Enter');
  });

  it('skips a step with a reason, and says in the end what was skipped', async () => {
    const { page } = workbench;
    // Where it was interrupted decides whether MinIO is asked about once more.
    const question = page.locator('.quick-input-title', { hasText: /MinIO|Networking policies/ });
    await seen(question);
    if (/MinIO/.test((await question.textContent()) ?? '')) await apply('MinIO');
    await seen(titled('Networking policies'));
    await rows().filter({ hasText: 'Skip This Step' }).first().click();
    await seen(titled(/^Skip/));
    await input().fill('The policies come with the cluster.');
    await input().press('Enter');
    await seen(toast('All 5 steps are done'));
    await seen(line('prod-matrix').filter({ hasText: 'completed with waivers' }));
    await picture('finished');
    const kept = fs.readdirSync(given('UI_STATE'), { recursive: true, withFileTypes: true });
    for (const file of kept.filter(entry => entry.isFile() && entry.name !== 'key')) {
      const text = fs.readFileSync(path.join(file.parentPath, file.name), 'utf8');
      assert.deepEqual(
        secrets.filter(secret => text.includes(secret)),
        [],
        file.name,
      );
    }
  });

  it('keeps what the prerequisites say, and decides items of the checklist by it', async () => {
    await workbench.command('Matrix Preflight: Check Prerequisites');
    await seen(toast(/7 of 7 checks of prod-matrix passed/));
    await seen(line('Checks').filter({ hasText: '7 of 7 passed' }));
    await picture('checks');
  });

  function changes(): readonly string[] {
    return server.requests.filter(
      request => /^(?:PATCH|POST|PUT|DELETE)/.test(request) && !/selfsubject|dryRun=All/.test(request),
    );
  }
});
