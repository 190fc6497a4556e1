import * as assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

describe('the package', () => {
  it('installs exactly these files', () => {
    const directory = process.env.UI_EXTENSIONS;
    assert.ok(directory, 'UI_EXTENSIONS is set by scripts/test-ui.mjs');
    const [extension, ...others] = fs.readdirSync(directory).filter(name => name.startsWith('matrix-preflight'));
    assert.ok(extension);
    assert.deepEqual(others, []);
    const files = fs
      .readdirSync(path.join(directory, extension), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => path.relative(path.join(directory, extension), path.join(entry.parentPath, entry.name)));
    assert.deepEqual(files.sort(), [
      // What VS Code itself adds.
      '.vsixmanifest',
      'LICENSE.txt',
      'changelog.md',
      'client/media/icon.png',
      'client/media/matrix-preflight.svg',
      'client/walkthrough/check.svg',
      'client/walkthrough/fix.svg',
      'client/walkthrough/network.svg',
      'client/walkthrough/open.svg',
      'client/walkthrough/plan.svg',
      'client/walkthrough/report.svg',
      'client/walkthrough/sign-off.svg',
      'dist/THIRD-PARTY-NOTICES.txt',
      'dist/client.js',
      'dist/network.js',
      'dist/rule-texts.json.br',
      'dist/sample.json',
      'dist/server.js',
      'dist/web/client.js',
      'dist/web/server.js',
      'package.json',
      'readme.md',
      'schemas/field-docs.txt',
      'schemas/matrix-preflight.schema.json',
      'snippets/matrix-preflight.code-snippets',
      'syntaxes/conf.matrix-preflight.tmLanguage.json',
      'syntaxes/embedded.matrix-preflight.tmLanguage.json',
      'syntaxes/placeholders.matrix-preflight.tmLanguage.json',
      'syntaxes/suppressions.matrix-preflight.tmLanguage.json',
    ]);
  });
});
