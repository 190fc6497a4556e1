import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';

const require = createRequire(import.meta.url);

/**
 * The grammars of package.json, injected as it says into a small YAML grammar of our own. The `*.test.yaml` files of
 * this folder hold their expectations in the notation of vscode-tmgrammar-test.
 */
describe('grammars', () => {
  const folder = import.meta.dirname;
  const repository = resolve(folder, '../..');
  const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  const contributed: readonly Grammar[] = manifest.contributes.grammars;
  let scratch: string;

  before(() => {
    scratch = mkdtempSync(join(tmpdir(), 'matrix-preflight-grammars-'));
    const own = contributed.map(grammar => ({ ...grammar, path: join(repository, grammar.path) }));
    const base = readdirSync(join(folder, 'grammars')).map(name => {
      const path = join(folder, 'grammars', name);
      return { path, scopeName: scopeNameOf(path) };
    });
    writeConfiguration('all.json', [...base, ...own]);
    // Without the injections every expectation about them has to fail, or it proves nothing.
    writeConfiguration('base.json', base);
  });

  after(() => rmSync(scratch, { recursive: true }));

  const cases = readdirSync(folder).filter(name => name.endsWith('.test.yaml'));

  it('has expectations for each grammar', () => {
    assert.deepEqual(
      cases.map(name => name.split('.')[0]).sort(),
      readdirSync(join(repository, 'syntaxes'))
        .map(name => name.split('.')[0])
        .sort(),
    );
  });

  it('is declared with the scope name of its file', () => {
    assert.deepEqual(
      contributed.map(({ path }) => resolve(repository, path)).sort(),
      readdirSync(join(repository, 'syntaxes'))
        .map(name => join(repository, 'syntaxes', name))
        .sort(),
    );
    for (const { path, scopeName } of contributed) assert.equal(scopeNameOf(join(repository, path)), scopeName);
  });

  for (const name of cases) {
    it(name, () => {
      const { status, output } = run(name, 'all.json');
      assert.equal(status, 0, output);
      assert.ok(output.includes(name), output);
    }).timeout(30_000);
  }

  it('fails without the injections', () => {
    const { status, output } = run('*.test.yaml', 'base.json');
    assert.notEqual(status, 0);
    for (const name of cases) assert.ok(output.includes(name), `${name} passes without the grammars`);
  }).timeout(30_000);

  function writeConfiguration(name: string, grammars: readonly Grammar[]): void {
    // The tester reads paths relative to the configuration, even absolute ones.
    const relatives = grammars.map(grammar => ({ ...grammar, path: relative(scratch, grammar.path) }));
    writeFileSync(join(scratch, name), JSON.stringify({ contributes: { grammars: relatives } }));
  }

  function run(pattern: string, configuration: string): { readonly status: number | null; readonly output: string } {
    const tester = require.resolve('vscode-tmgrammar-test/dist/unit.js');
    const { status, stdout, stderr, error } = spawnSync(
      process.execPath,
      [tester, '--compact', '--config', join(scratch, configuration), join(folder, pattern)],
      { encoding: 'utf8' },
    );
    if (error) throw error;
    return { status, output: stdout + stderr };
  }
});

interface Grammar {
  readonly path: string;
  readonly scopeName: string;
  readonly injectTo?: readonly string[];
}

function scopeNameOf(path: string): string {
  return JSON.parse(readFileSync(path, 'utf8')).scopeName;
}
