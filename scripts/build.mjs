// Bundles the extension, the language server, the command line tool and their browser variants into dist/.
// `node scripts/build.mjs [--development]`: development keeps names readable and writes source maps.
import fs from 'node:fs';
import path from 'node:path';
import esbuild from 'esbuild';

const repository = path.resolve(import.meta.dirname, '..');
const inRepository = file => path.join(repository, file);

const node = { platform: 'node', target: 'node20.19', format: 'cjs' };
const browser = { platform: 'browser', target: 'es2022', mainFields: ['browser', 'module', 'main'] };
// A worker of a web extension is started from its text alone, so it has to be one self-contained script.
const bundles = [
  { entry: 'client/extension.ts', outfile: 'dist/client.js', ...node, external: ['vscode'] },
  { entry: 'server/main.ts', outfile: 'dist/server.js', ...node },
  { entry: 'cli/main.ts', outfile: 'dist/cli.js', ...node, banner: { js: '#!/usr/bin/env node' } },
  { entry: 'client/web.ts', outfile: 'dist/web/client.js', ...browser, format: 'cjs', external: ['vscode'] },
  { entry: 'server/web.ts', outfile: 'dist/web/server.js', ...browser, format: 'iife' },
];

/** Writes all bundles; with `development` they are readable and have source maps. */
export async function build({ development = false } = {}) {
  const written = new Set();
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
      minify: !development,
      // Stack traces of the published bundles keep the functions' names.
      keepNames: !development,
      sourcemap: development,
      legalComments: 'none',
      logLevel: 'warning',
      metafile: true,
    });
    if (options.banner) fs.chmodSync(inRepository(outfile), 0o755);
    for (const file of Object.keys(metafile.outputs)) written.add(path.normalize(file));
    const size = Math.round((Object.values(metafile.outputs).at(-1)?.bytes ?? 0) / 1024);
    console.log(`${outfile}  ${size} KiB`);
  }
  removeOthers('dist', written);
}

/** Removes what earlier builds have left, such as source maps; what has just been written stays usable throughout. */
function removeOthers(directory, written) {
  for (const entry of fs.readdirSync(inRepository(directory), { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile() && !written.has(path.relative(repository, file))) fs.rmSync(file);
  }
}

if (process.argv[1] === import.meta.filename) await build({ development: process.argv.includes('--development') });
