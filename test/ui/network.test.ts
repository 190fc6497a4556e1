import * as assert from 'node:assert/strict';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type Browser, chromium, type Frame } from 'playwright-core';
import { loadWorkspace } from '../../cli/load';
import { fullReport, reportText } from '../../reports/full';
import { rules } from '../../rules/catalogue';
import { itemReports } from '../../rules/checklist';
import { checkWorkspace } from '../../rules/findings';
import { textsOf } from '../fixture';
import { deploymentDirectory, openWorkbench, type Workbench } from './workbench';

const axeSource = fs.readFileSync(createRequire(__filename).resolve('axe-core/axe.min.js'), 'utf8');

describe('the network', () => {
  let workbench: Workbench;
  before(async () => {
    workbench = await openWorkbench();
  });
  after(() => workbench?.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      await workbench.picture(`failed-${this.currentTest.title.replace(/\W+/g, '-')}`);
  });

  it('is drawn, and has no accessibility violation in any of its views', async () => {
    await workbench.command('Matrix Preflight: Show Network');
    const page = workbench.preview();
    await page.locator('[data-edge]').first().waitFor();
    assert.match((await page.locator('#summary').textContent()) ?? '', /^Of \d+ needed connections \d+ are allowed/);
    await workbench.picture('network');
    for (const tab of ['Picture', 'Matrix', 'List']) {
      await page.getByRole('tab', { name: tab }).click();
      assert.deepEqual(await violations(await frameOfNetwork(workbench)), [], tab);
      if (tab === 'Matrix') await workbench.picture('network-matrix');
    }
    await page.getByRole('tab', { name: 'Picture' }).click();
  });

  it('can be filtered by instance and by verdict', async () => {
    const page = workbench.preview();
    const all = await page.locator('[data-component]').count();
    await page.locator('#instance').selectOption('li');
    const ofLi = await page.locator('[data-component]').count();
    assert.ok(ofLi > 0 && ofLi < all, `${ofLi} of ${all}`);
    await workbench.picture('network-li');
    await page.locator('#instance').selectOption('');
    await page.getByRole('checkbox', { name: 'allowed' }).uncheck();
    assert.equal(await page.locator('.edge.allowed').count(), 0);
    assert.ok((await page.locator('.edge.blocked').count()) > 0);
  });

  it('is walked through with the keyboard', async () => {
    const page = workbench.preview();
    const focused = page.locator(':is([data-component], [data-edge]):focus');
    await page.locator('[data-component]').first().focus();
    const first = await focused.getAttribute('aria-label');
    await workbench.page.keyboard.press('End');
    await page.locator('[data-edge]:focus').waitFor();
    assert.notEqual(await focused.getAttribute('aria-label'), first);
    assert.match((await page.locator('#details').textContent()) ?? '', /→/);
  });

  it('leads from a blocked connection to its finding and its quick fix', async () => {
    const { page } = workbench;
    await workbench.preview().locator('.edge.blocked .pill').first().click();
    await page.locator('.monaco-editor .squiggly-error').first().waitFor();
    await workbench.picture('network-finding');
    const explain = page.locator('.action-widget .monaco-list-row', { hasText: 'Explain netpol-flow-blocked' });
    await workbench.pressUntil(['Control+.'], explain);
    const fixes = await page.locator('.action-widget .monaco-list-row').allTextContents();
    assert.ok(
      fixes.some(title => /^(?:Allow|Let|Admit|Add|Open)\b/.test(title.trim())),
      fixes.join('; '),
    );
    await page.keyboard.press('Escape');
  });

  it('is exported as SVG', async () => {
    const { page } = workbench;
    await workbench.preview().getByRole('button', { name: 'Export SVG…' }).click();
    await page.locator('.quick-input-widget input').first().waitFor();
    const target = path.join(deploymentDirectory(), 'network.svg');
    await page.keyboard.press('Enter');
    for (let waited = 0; !fs.existsSync(target) && waited < 50; waited++) await page.waitForTimeout(100);
    assert.match(fs.readFileSync(target, 'utf8'), /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[\s\S]*<\/svg>\n$/);
    fs.rmSync(target);
  });
});

describe('the report', () => {
  let workbench: Workbench;
  before(async () => {
    workbench = await openWorkbench();
  });
  after(() => workbench?.close());

  it('is exported in the format and to the file that the user chooses', async () => {
    const { page } = workbench;
    // The command is there as soon as the extension has been read; a busy machine takes its time for that.
    await page.locator('.statusbar-item[id*="matrixPreflight.status"]').filter({ hasText: /\d/ }).waitFor();
    await workbench.command('Matrix Preflight: Export Report…');
    await page.locator('.quick-input-list .monaco-list-row', { hasText: 'Markdown' }).click();
    const input = page.locator('.quick-input-widget input').first();
    await page.waitForFunction(
      "document.querySelector('.quick-input-widget input')?.value.endsWith('preflight-report.md')",
    );
    await input.press('Enter');
    await workbench.preview().locator('h1', { hasText: 'Preflight report of deployment' }).waitFor();
    const target = path.join(deploymentDirectory(), 'preflight-report.md');
    assert.match(fs.readFileSync(target, 'utf8'), /\*\*Not ready\.\*\*/);
    await workbench.picture('report-markdown');
    fs.rmSync(target);
  });
});

describe('the report as a page', () => {
  let browser: Browser;
  before(async () => {
    browser = await chromium.connect(process.env.UI_BROWSER ?? '');
  });
  after(() => browser?.close());

  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has no accessibility violation, asks for nothing and fits the window in ${colorScheme}`, async () => {
      const workspace = loadWorkspace('examples/broken');
      const findings = checkWorkspace(workspace, rules);
      const items = itemReports(workspace, findings, rules);
      const report = fullReport(workspace, { root: 'deployment', facts: { version: '1.2.3' }, items, findings });
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme });
      const asked: string[] = [];
      page.on('request', request => asked.push(request.url()));
      await page.setContent(reportText(report, 'html', textsOf));
      assert.deepEqual(await violations(page.mainFrame()), []);
      assert.deepEqual(asked, []);
      assert.ok(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'));
      await page.screenshot({ path: path.join(process.env.UI_ARTIFACTS ?? '.', `report-${colorScheme}.png`) });
      await page.close();
    });
  }
});

async function frameOfNetwork({ page }: Workbench): Promise<Frame> {
  for (const frame of page.frames())
    if (
      (await frame
        .locator('#canvas')
        .count()
        .catch(() => 0)) > 0
    )
      return frame;
  throw new Error('the page of the network is not open');
}

/** What axe-core finds wrong, as `rule: element`. */
async function violations(frame: Frame): Promise<readonly string[]> {
  await frame.evaluate(axeSource);
  return frame.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const { violations } = await axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 120)}`));
  });
}
