import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';

/**
 * Imports only go down. For each folder: the folders it may import from, and the packages. `node` stands for Node's own
 * modules. Type-only imports of a folder are listed with `type:`.
 */
const floors: Readonly<Record<string, { readonly folders: readonly string[]; readonly packages: readonly string[] }>> =
  {
    manifests: { folders: [], packages: ['yaml', 'js-yaml', 'alien-signals'] },
    checklist: { folders: [], packages: [] },
    analysis: { folders: ['manifests'], packages: ['unbash', 'jsonc-parser'] },
    rules: { folders: ['manifests', 'checklist', 'analysis'], packages: ['alien-signals', '@noble/hashes'] },
    deploy: {
      folders: ['manifests', 'checklist', 'analysis', 'type:protocol'],
      packages: ['node', '@noble/hashes', 'diff'],
    },
    credentials: { folders: ['type:analysis'], packages: [] },
    files: { folders: ['manifests'], packages: ['node'] },
    picture: { folders: ['type:protocol'], packages: ['@dagrejs/dagre'] },
    reports: {
      folders: ['picture', 'rules', 'analysis', 'manifests', 'checklist', 'type:protocol'],
      packages: [],
    },
    protocol: { folders: ['type:checklist', 'type:rules', 'type:analysis', 'type:deploy'], packages: [] },
    server: {
      folders: ['rules', 'reports', 'analysis', 'manifests', 'files', 'protocol', 'checklist', 'deploy'],
      packages: ['node', 'vscode-languageserver', 'vscode-languageserver-textdocument'],
    },
    cli: {
      folders: [
        'rules',
        'reports',
        'picture',
        'deploy',
        'files',
        'analysis',
        'manifests',
        'checklist',
        'credentials',
        'type:protocol',
        'server',
      ],
      packages: ['node', 'picocolors', 'diff', 'vscode-languageserver'],
    },
    client: {
      folders: ['protocol', 'picture', 'checklist', 'deploy', 'credentials'],
      packages: ['node', 'vscode', 'vscode-languageclient'],
    },
  };

/** What runs in a browser worker must not reach for the outside world. */
const pure = ['manifests', 'checklist', 'analysis', 'rules', 'picture', 'reports'];
const forbiddenGlobals =
  /\b(?:process\.(?:env|argv|platform|cwd|exit|nextTick|stdout|stderr|version|hrtime|memoryUsage|on)\b|Buffer\b|Date\.now|new Date\b|Math\.random|setTimeout|setInterval|fetch\(|XMLHttpRequest|require\()/;

interface Violation {
  readonly file: string;
  readonly what: string;
}

describe('floors', () => {
  for (const folder of Object.keys(floors)) {
    it(`${folder} imports only what lies below it`, () => {
      const files = sources(folder);
      assert.notEqual(files.length, 0);
      assert.deepEqual(
        files.flatMap(file => violations(file, readFileSync(file, 'utf8'))),
        [],
      );
    });
  }

  // A document keeps every test and pattern that it was searched with, to follow edits: one that is made anew for each
  // search is never known again, and all of them run at every letter.
  it('searches documents only with tests and patterns that have names', () => {
    const madeAnew = /\.(?:scalars\((?!\w*\))|(?:linesThat|textWith)\((?!\w+\)))[^\n]*/g;
    assert.deepEqual(' x.scalars(text => text); x.textWith(/a/)'.match(madeAnew)?.length, 1);
    assert.equal(' x.scalars(isHost); x.scalars(); x.textWith(helm)'.match(madeAnew), null);
    const found = ['analysis', 'rules', 'deploy', 'server'].flatMap(sources).flatMap(file => {
      const searches = readFileSync(file, 'utf8').match(madeAnew) ?? [];
      return searches.map(search => `${file}: ${search}`);
    });
    assert.deepEqual(found, []);
  });

  // The name of an object, a key or an option may be `constructor`, which an object literal has.
  it('looks names up in tables that inherit nothing', () => {
    const literal =
      /^(?:export )?const \w+: (?:Readonly<)?(?:Record<string, |\{ readonly \[\w+: string\])[^\n]*=\s*\{/gm;
    assert.equal('const a: Readonly<Record<string, string>> = {\nconst b = table<string>({'.match(literal)?.length, 1);
    const found = ['manifests', 'analysis', 'rules', 'server'].flatMap(sources).flatMap(file => {
      const tables = file.endsWith('.generated.ts') ? [] : (readFileSync(file, 'utf8').match(literal) ?? []);
      return tables.map(one => `${file}: ${one}`);
    });
    assert.deepEqual(found, []);
  });

  it('finds planted violations', () => {
    const planted: [string, string][] = [
      ['manifests/x.ts', "import { rules } from '../rules/catalogue';"],
      ['manifests/x.ts', "import fs from 'node:fs';"],
      ['rules/x.ts', "import type { Diagnostic } from 'vscode-languageserver';"],
      ['rules/yaml/x.ts', 'const now = Date.now();'],
      ['client/x.ts', "import { checkWorkspace } from '../rules/findings';"],
      ['server/x.ts', "export * from '../client/extension';"],
      ['cli/x.ts', "const x = await import('../test/fixture');"],
      ['protocol/x.ts', "import { rules } from '../rules/catalogue';"],
    ];
    for (const [file, text] of planted) assert.notDeepEqual(violations(file, text), [], `${file}: ${text}`);
    assert.deepEqual(violations('protocol/x.ts', "import type { Rule } from '../rules/rule';"), []);
  });
});

function violations(file: string, text: string): Violation[] {
  const folder = file.split('/')[0] ?? '';
  const floor = floors[folder];
  if (!floor) return [{ file, what: `the folder ${folder} has no floor` }];
  const found: Violation[] = [];
  for (const match of text.matchAll(
    /(?:^|\n)\s*(import|export)( type)?[^;'"]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)import '([^']+)'/g,
  )) {
    const specifier = match[3] ?? match[4] ?? match[5] ?? '';
    const isType = match[2] !== undefined;
    if (specifier.startsWith('.')) {
      const target = relative('.', join(dirname(file), specifier)).split('/')[0] ?? '';
      if (target !== folder && !floor.folders.includes(target) && !(isType && floor.folders.includes(`type:${target}`)))
        found.push({ file, what: specifier });
    } else {
      const name = specifier.startsWith('@')
        ? specifier.split('/').slice(0, 2).join('/')
        : (specifier.split('/')[0] ?? '');
      const isNode = specifier.startsWith('node:') || builtinModules.includes(name);
      if (!(isNode ? floor.packages.includes('node') : floor.packages.includes(name)))
        found.push({ file, what: specifier });
    }
  }
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|`(?:[^`\\]|\\.)*`|'(?:[^'\\\n]|\\.)*'/g, '');
  const reach = pure.includes(folder) ? forbiddenGlobals.exec(code) : null;
  if (reach) found.push({ file, what: reach[0] });
  return found;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .map(path => join(folder, path))
    .filter(path => path.endsWith('.ts') && statSync(path).isFile())
    .sort();
}
