import * as assert from 'node:assert/strict';
import path from 'node:path';
import { type Browser, chromium, type FrameLocator, type Locator, type Page } from 'playwright-core';

/** The page of a workbench and what a user does in it, by keyboard where a click could hit something else. */
export interface Workbench {
  readonly page: Page;
  /** Opens a file of the deployment by its name. */
  openFile(name: string): Promise<void>;
  /** Puts the cursor on a one-based line and column. */
  goTo(line: number, column: number): Promise<void>;
  /** Picks a command in the command palette by its whole label. */
  command(label: string): Promise<void>;
  /** Presses keys again until something is there to be seen, because a busy workbench may lose a key. */
  pressUntil(keys: readonly string[], seen: Locator): Promise<void>;
  /** The Markdown preview that is in front. */
  preview(): FrameLocator;
  picture(name: string): Promise<void>;
  close(): Promise<void>;
}

const attempts = 6;
const attemptMilliseconds = 2500;

/** Opens the folder of the tests, or another one, in a browser of its own. */
export async function openWorkbench(folder?: string): Promise<Workbench> {
  const browser: Browser = await chromium.connect(given('UI_BROWSER'));
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
  page.setDefaultTimeout(20_000);
  const url = new URL(given('UI_URL'));
  if (folder !== undefined) url.searchParams.set('folder', folder);
  await page.goto(url.href);
  // Before these are there the workbench has neither its theme nor its icons.
  await page.locator('.monaco-workbench:is(.vs, .vs-dark, .hc-black, .hc-light)').waitFor();
  await page.locator('.explorer-folders-view .monaco-list-row').first().waitFor();

  const quickInput = page.locator('.quick-input-widget input');
  const quickRows = page.locator('.quick-input-list .monaco-list-row');
  const pressUntil = async (keys: readonly string[], seen: Locator) => {
    for (let attempt = 1; ; attempt++) {
      for (const key of keys) await page.keyboard.press(key);
      try {
        await seen.first().waitFor({ timeout: attemptMilliseconds });
        return;
      } catch (error) {
        if (attempt === attempts) throw error;
        await page.keyboard.press('Escape');
      }
    }
  };
  // What is picked while the list is still being made goes nowhere, so this is done again until it can be seen.
  const pick = async (key: string, text: string, row: Locator, seen: Locator) => {
    for (let left = 3; ; left--) {
      await pressUntil([key], quickInput);
      await quickInput.fill(text);
      if (await isSeen(row)) await page.keyboard.press('Enter');
      if (await isSeen(seen)) return;
      assert.ok(left > 0, `${key} with ${text} leads nowhere`);
      await page.keyboard.press('Escape');
    }
  };
  return {
    page,
    pressUntil,
    openFile: async name => {
      const row = quickRows.filter({ hasText: path.posix.basename(name) }).first();
      const tab = page.locator(`.tab.active[data-resource-name="${path.posix.basename(name)}"]`);
      await pick('Control+P', name, row, tab);
    },
    goTo: async (line, column) => {
      const there = page.locator('.statusbar-item', { hasText: `Ln ${line}, Col ${column}` });
      await pick('Control+G', `:${line}:${column}`, quickRows.first(), there);
    },
    command: async label => {
      const row = quickRows.filter({ hasText: label }).first();
      // The list has the commands that were enabled when it was opened, and does not follow.
      for (let left = 3; ; left--) {
        await pressUntil(['F1'], quickInput);
        await quickInput.fill(`>${label}`);
        if (await isSeen(row)) break;
        assert.ok(left > 0, `the command is not offered: ${label}`);
        await page.keyboard.press('Escape');
      }
      await page.keyboard.press('Enter');
    },
    preview: () => page.frameLocator('iframe.webview.ready >> visible=true').frameLocator('iframe#active-frame'),
    picture: async name => {
      await page.screenshot({
        path: path.join(given('UI_ARTIFACTS'), `${name}.png`),
        animations: 'disabled',
        caret: 'hide',
      });
    },
    close: () => browser.close(),
  };
}

/** Whether something appears within a while. */
async function isSeen(what: Locator): Promise<boolean> {
  try {
    await what.waitFor({ timeout: 6_000 });
    return true;
  } catch {
    return false;
  }
}

/** The deployment's directory on disk. */
export function deploymentDirectory(): string {
  return given('UI_FOLDER');
}

export function given(name: string): string {
  const value = process.env[name];
  assert.ok(value, `${name} is set by scripts/test-ui.mjs`);
  return value;
}
