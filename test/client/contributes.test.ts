import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';

interface Command {
  readonly command: string;
  readonly title?: string;
  readonly category?: string;
  readonly icon?: string;
  readonly enablement?: string;
}
interface MenuItem {
  readonly command: string;
  readonly when?: string;
  readonly group?: string;
}
interface Step {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly media: { readonly svg: string; readonly altText: string };
  readonly completionEvents: readonly string[];
}
interface Setting {
  readonly order?: number;
  readonly description?: string;
  readonly markdownDescription?: string;
  readonly scope?: string;
}

const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly contributes: {
    readonly commands: readonly Command[];
    readonly menus: Readonly<Record<string, readonly MenuItem[]>>;
    readonly viewsWelcome: readonly { readonly contents: string }[];
    readonly walkthroughs: readonly { readonly steps: readonly Step[] }[];
    readonly configuration: { readonly properties: Readonly<Record<string, Setting>> };
  };
};
const ids = new Set(contributes.commands.map(({ command }) => command));

/** These work without a deployment and without a workspace. */
const alwaysEnabled = ['explainRule', 'openSample', 'restartServer', 'showLog'];

describe('what the extension contributes', () => {
  it('gives every command a title, a category and an icon, and says when it is enabled', () => {
    assert.ok(contributes.commands.length > 20);
    for (const { command, title, category, icon, enablement } of contributes.commands) {
      assert.match(command, /^matrixPreflight\.[a-z][A-Za-z]+$/);
      assert.equal(category, 'Matrix Preflight', command);
      assert.ok(title && !title.startsWith('Matrix Preflight'), command);
      assert.match(icon ?? '', /^\$\([a-z-]+\)$/, command);
      const palette = contributes.menus.commandPalette?.find(item => item.command === command);
      const isAlwaysEnabled = alwaysEnabled.includes(command.replace('matrixPreflight.', ''));
      // What is hidden from the palette is reached only where it makes sense.
      assert.ok(enablement !== undefined || palette?.when !== undefined || isAlwaysEnabled, command);
    }
    assert.equal(ids.size, contributes.commands.length);
  });

  it('names only its own commands in menus, welcome views and the walkthrough', () => {
    const named = [
      ...Object.values(contributes.menus).flatMap(items => items.map(({ command }) => command)),
      ...contributes.viewsWelcome.flatMap(({ contents }) => commandsIn(contents)),
      ...contributes.walkthroughs.flatMap(({ steps }) => steps.flatMap(({ description }) => commandsIn(description))),
    ].filter(command => command.startsWith('matrixPreflight.'));
    assert.ok(named.length > 20);
    for (const command of named) assert.ok(ids.has(command), command);
  });

  it('leads from opening a deployment to its report, with a picture and an end of each step', () => {
    const [walkthrough] = contributes.walkthroughs;
    assert.deepEqual(
      walkthrough?.steps.map(({ id }) => id),
      ['open', 'check', 'fix', 'sign-off', 'plan', 'network', 'report'],
    );
    for (const { title, description, media, completionEvents } of walkthrough?.steps ?? []) {
      assert.ok(title && description && media.altText);
      assert.ok(existsSync(media.svg), media.svg);
      assert.ok(completionEvents.length > 0, title);
      for (const event of completionEvents) assert.match(event, /^on(?:Command|Context):[\w.]+$/);
    }
    assert.equal(readdirSync('client/walkthrough').length, walkthrough?.steps.length);
  });

  it('describes every setting in a sentence and gives it a place', () => {
    const settings = Object.entries(contributes.configuration.properties);
    assert.ok(settings.length > 10);
    for (const [name, { order, description, markdownDescription, scope }] of settings) {
      assert.match(name, /^matrixPreflight\./);
      assert.match(markdownDescription ?? description ?? '', /^[A-Z`][\s\S]*\.$/, name);
      assert.ok(order !== undefined && scope !== undefined, name);
    }
  });
});

function commandsIn(text: string): readonly string[] {
  return [...text.matchAll(/\(command:([\w.]+)/g)].map(match => match[1] ?? '');
}
