// Bundles the extension, the language server, the command line tool and their browser variants into dist/.
// `node scripts/build.mjs [--development]`: development keeps names readable and writes source maps.
import fs from 'node:fs';
import path from 'node:path';
import esbuild from 'esbuild';

const repository = path.resolve(import.meta.dirname, '..');
const { version } = JSON.parse(fs.readFileSync(path.join(repository, 'package.json'), 'utf8'));
const inRepository = file => path.join(repository, file);

// A package's `module` entry is the one that esbuild can follow; jsonc-parser's `main` requires at run time.
const node = { platform: 'node', target: 'node20.19', format: 'cjs', mainFields: ['module', 'main'] };
const browser = { platform: 'browser', target: 'es2022', mainFields: ['browser', 'module', 'main'] };
// A worker of a web extension is started from its text alone, so it has to be one self-contained script.
const bundles = [
  { entry: 'client/extension.ts', outfile: 'dist/client.js', ...node, external: ['vscode'] },
  { entry: 'server/main.ts', outfile: 'dist/server.js', ...node },
  // The script of the network's page, which runs inside of the editor's window without access to anything.
  { entry: 'client/network/webview/main.ts', outfile: 'dist/network.js', ...browser, format: 'iife' },
  { entry: 'cli/main.ts', outfile: 'dist/cli.js', ...node, banner: { js: '#!/usr/bin/env node' } },
  { entry: 'client/web.ts', outfile: 'dist/web/client.js', ...browser, format: 'cjs', external: ['vscode'] },
  { entry: 'server/web.ts', outfile: 'dist/web/server.js', ...browser, format: 'iife' },
];

/** Writes all bundles; with `development` they are readable and have source maps. */
export async function build({ development = false } = {}) {
  const written = new Set();
  const bundled = new Set();
  for (const { entry, outfile, ...options } of bundles) {
    if (!fs.existsSync(inRepository(entry))) {
      console.warn(`${outfile}: left out, ${entry} is not written yet`);
      continue;
    }
    const { metafile } = await esbuild.build({
      ...options,
      entryPoints: [inRepository(entry)],
      outfile: inRepository(outfile),
      absWorkingDir: repository,
      bundle: true,
      define: { 'process.env.MATRIX_PREFLIGHT_VERSION': JSON.stringify(version) },
      minify: !development,
      sourcemap: development,
      legalComments: 'none',
      logLevel: 'warning',
      metafile: true,
    });
    if (options.banner) fs.chmodSync(inRepository(outfile), 0o755);
    for (const file of Object.keys(metafile.outputs)) written.add(path.normalize(file));
    for (const file of Object.keys(metafile.inputs)) bundled.add(file);
    const size = Math.round((Object.values(metafile.outputs).at(-1)?.bytes ?? 0) / 1024);
    console.log(`${outfile}  ${size} KiB`);
  }
  fs.writeFileSync(inRepository(noticesFile), notices([...bundled]));
  written.add(path.normalize(noticesFile));
  removeOthers('dist', written);
}

const noticesFile = 'dist/THIRD-PARTY-NOTICES.txt';

/** The licences of the packages that these files come from: they ask to be passed on with every copy. */
function notices(files) {
  const directories = new Set(
    files
      .map(file => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0])
      .filter(found => found !== undefined),
  );
  const entries = [...directories].sort().map(directory => {
    const { name, version, license } = JSON.parse(fs.readFileSync(inRepository(`${directory}/package.json`), 'utf8'));
    const text = fs.readdirSync(inRepository(directory)).find(file => /^licen[cs]e/i.test(file));
    if (!text) throw new Error(`${name} has no licence file to pass on`);
    return `${name} ${version} (${license})\n\n${fs.readFileSync(inRepository(`${directory}/${text}`), 'utf8').trim()}\n`;
  });
  return `Matrix Preflight contains these packages.\n\n${entries.join(`\n${'-'.repeat(80)}\n\n`)}`;
}

/** Removes what earlier builds have left, such as source maps; what has just been written stays usable throughout. */
function removeOthers(directory, written) {
  for (const entry of fs.readdirSync(inRepository(directory), { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile() && !written.has(path.relative(repository, file))) fs.rmSync(file);
  }
}

if (process.argv[1] === import.meta.filename) await build({ development: process.argv.includes('--development') });
