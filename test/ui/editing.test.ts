import * as assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { deploymentDirectory, openWorkbench, type Workbench } from './workbench';

const credentials = 'main-instance/01-synapse/credentials.yaml';
const ingress = 'main-instance/02-haproxy/ingress.yaml';
const domain = 'chat.tessera.test';

describe('the editing commands', () => {
  let workbench: Workbench;
  const texts = new Map([credentials, ingress].map(file => [file, '']));
  before(async () => {
    for (const file of texts.keys()) texts.set(file, read(file));
    workbench = await openWorkbench();
  });
  after(async () => {
    await workbench?.close();
    for (const [file, text] of texts) fs.writeFileSync(path.join(deploymentDirectory(), file), text);
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      await workbench.picture(`failed-${this.currentTest.title.replace(/\W+/g, '-')}`);
  });

  it('preview all safe fixes, by rule, and make none that is discarded', async () => {
    const { page } = workbench;
    await workbench.command('Matrix Preflight: Fix All Safe Problems');
    const dialog = page.locator('.monaco-dialog-box');
    await dialog.waitFor();
    assert.match((await dialog.textContent()) ?? '', /• pg-cron-six-fields: 1/);
    await workbench.picture('fix-all');
    await dialog.getByRole('button', { name: 'Choose in Preview…' }).click();
    const preview = page.locator('.refactor-preview-panel, .bulk-edit-panel').first();
    await preview.waitFor();
    await preview.locator('.monaco-list-row').first().waitFor();
    await workbench.picture('fix-preview');
    await preview.getByRole('button', { name: 'Discard' }).click();
    await preview.waitFor({ state: 'hidden' });
  });

  it('fill placeholders after a confirmation that shows no value', async () => {
    const { page } = workbench;
    await workbench.command('Matrix Preflight: Fill All Placeholders…');
    const dialog = page.locator('.monaco-dialog-box');
    await dialog.waitFor();
    assert.match((await dialog.textContent()) ?? '', /Fill 1 placeholder in 1 file with 1 credential\?/);
    assert.match(
      (await dialog.textContent()) ?? '',
      /MACAROON_SECRET of Secret synapse-secrets: new secret of 64 hexadecimal digits/,
    );
    await workbench.picture('fill-placeholders');
    await dialog.getByRole('button', { name: 'Fill', exact: true }).click();
    const toast = page.locator('.notifications-toasts .notification-list-item-message');
    await toast.filter({ hasText: '1 placeholder filled in 1 file.' }).waitFor();
    await workbench.command('File: Save All Files');
    await eventually(
      () =>
        /MACAROON_SECRET: [0-9a-f]{64}$/m.test(read(credentials)) ||
        /MACAROON_SECRET: "[0-9a-f]{64}"$/m.test(read(credentials)),
    );
    await workbench.command('Notifications: Clear All Notifications');
  });

  it('show the places of a domain by kind before one is replaced', async () => {
    const { page } = workbench;
    await workbench.command('Matrix Preflight: Replace Domain…');
    const input = page.locator('.quick-input-widget input');
    await page.locator('.quick-input-widget', { hasText: 'to stand where example.com stands now' }).waitFor();
    await input.fill('not a domain');
    await page.locator('.quick-input-widget', { hasText: 'A domain has two labels or more' }).waitFor();
    await input.fill(domain);
    await page.keyboard.press('Enter');
    const dialog = page.locator('.monaco-dialog-box');
    await dialog.filter({ hasText: '• Ingress: 2' }).waitFor();
    await workbench.picture('replace-domain');
    await dialog.getByRole('button', { name: 'Choose in Preview…' }).click();
    const preview = page.locator('.refactor-preview-panel, .bulk-edit-panel').first();
    const file = preview.locator('.monaco-list-row', { hasText: 'ingress.yaml' });
    await file.locator('.monaco-checkbox, [role="checkbox"]').first().click();
    await workbench.picture('replace-domain-preview');
    await preview.getByRole('button', { name: 'Apply' }).click();
    await workbench.command('File: Save All Files');
    await eventually(() => read(ingress).includes(`host: matrix.${domain}`));
    assert.ok(!/^[^#]*example\.com/m.test(read(ingress)));
  });
});

function read(file: string): string {
  return fs.readFileSync(path.join(deploymentDirectory(), file), 'utf8');
}

async function eventually(isSo: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 40 && !isSo(); attempt++) await new Promise(resolve => setTimeout(resolve, 250));
  assert.ok(isSo());
}
