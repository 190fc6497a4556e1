import * as assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { deploymentDirectory, openWorkbench, type Workbench } from './workbench';

const config = 'main-instance/01-synapse/configmap.yaml';
const redis = 'infrastructure/02-redis/redis-statefulset.yaml';

/** What stands beside and above the text, and what the mouse tells. */
describe('authoring help', () => {
  let workbench: Workbench;
  before(async () => {
    workbench = await openWorkbench();
    await workbench.openFile(redis);
  });
  after(() => workbench?.close());
  afterEach(async function () {
    if (this.currentTest?.state === 'failed')
      await workbench.picture(`failed-${this.currentTest.title.replace(/\W+/g, '-')}`);
  });

  it('has code lenses that peek the places where an object is used', async () => {
    const { page } = workbench;
    const lenses = page.locator('.codelens-decoration');
    await lenses.filter({ hasText: /step \d+ of \d+: Redis/ }).waitFor();
    const used = lenses.filter({ hasText: /used by \d+ (workload|object)/ }).first();
    await used.waitFor();
    await workbench.picture('code-lenses');
    await used.locator('a').first().click();
    await page.locator('.peekview-widget .reference-zone-widget, .reference-zone-widget').first().waitFor();
    await workbench.picture('code-lens-peek');
    await page.keyboard.press('Escape');
  });

  it('says in a hover that no step replaces a placeholder, with a link to the rule', async () => {
    await workbench.goTo(...placeOf(redis, 'requirepass ', 'REDIS_PASSWORD_PLACEHOLDER'));
    const text = await hoverText('hover-finding');
    assert.match(text, /Replaced by no step[\s\S]*redis-password-not-applied/);
  });

  it('shows the numbers of named ports behind their names', async () => {
    const { page } = workbench;
    await workbench.goTo(...placeOf(redis, 'targetPort: ', 'redis'));
    await page.locator('.monaco-editor .view-line', { hasText: /targetPort:.redis.?→.6379/ }).waitFor();
    const hover = page.locator('.monaco-hover:visible', { hasText: 'Service' });
    const [line] = placeOf(redis, 'kind: ', 'Service');
    await workbench.goTo(line, 8);
    await workbench.pressUntil(['Control+K', 'Control+I'], hover);
    await workbench.picture('hover-service');
  });

  it('says in a hover which step replaces a placeholder, and which key it gets', async () => {
    await workbench.openFile(config);
    await workbench.goTo(...placeOf(config, 'turn_shared_secret: ', 'TURN_SECRET_PLACEHOLDER'));
    const text = await hoverText('hover-placeholder');
    assert.match(text, /Replaced with \$TURN_SECRET\. It is key \S+ of Secret [\s\S]*init container/);
  });

  async function hoverText(picture: string): Promise<string> {
    const { page } = workbench;
    const hover = page.locator('.monaco-hover:visible', { hasText: /Replaced (by|with)/ });
    await workbench.pressUntil(['Control+K', 'Control+I'], hover);
    const text = await hover.textContent();
    await workbench.picture(picture);
    await page.keyboard.press('Escape');
    return text ?? '';
  }
});

/** The one-based line and column of a text behind another. */
function placeOf(file: string, before: string, text: string): [line: number, column: number] {
  const lines = fs.readFileSync(path.join(deploymentDirectory(), file), 'utf8').split('\n');
  const index = lines.findIndex(line => line.includes(before + text));
  assert.notEqual(index, -1, text);
  return [index + 1, (lines[index] ?? '').indexOf(before + text) + before.length + 2];
}
