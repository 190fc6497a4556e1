// Bundles the extension, the language server, the command line tool and their browser variants into dist/.
// `node scripts/build.mjs [--development]`: development keeps names readable and writes source maps.
import fs from 'node:fs';
import path from 'node:path';
import { build as bundle } from 'rolldown';

const repository = path.resolve(import.meta.dirname, '..');
const { version } = JSON.parse(fs.readFileSync(path.join(repository, 'package.json'), 'utf8'));
const inRepository = file => path.join(repository, file);

const node = {
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  resolve: {
    // A package's `module` entry is the one that can be followed; jsonc-parser's `main` requires at run time.
    mainFields: ['module', 'main'],
    // What is not used of a package can be left out if it has ES modules, which yaml gives to browsers only.
    alias: { yaml: inRepository('node_modules/yaml/browser/index.js') },
  },
};
const browser = { platform: 'browser', target: 'es2022', resolve: { mainFields: ['browser', 'module', 'main'] } };
// A worker of a web extension is started from its text alone, so it has to be one self-contained script.
const bundles = [
  { entry: 'client/extension.ts', outfile: 'client.js', ...node, external: ['vscode'] },
  { entry: 'server/main.ts', outfile: 'server.js', ...node },
  // The script of the network's page, which runs inside of the editor's window without access to anything.
  { entry: 'client/network/webview/main.ts', outfile: 'network.js', ...browser, format: 'iife' },
  // A command is read from disk when it is run: `--version` need not wait for what only `check` uses.
  { entry: 'cli/main.ts', outfile: 'cli.js', ...node, parts: 'cli-[name].js' },
  { entry: 'client/web.ts', outfile: 'web/client.js', ...browser, format: 'cjs', external: ['vscode'] },
  { entry: 'server/web.ts', outfile: 'web/server.js', ...browser, format: 'iife' },
];

/** Writes all bundles; with `development` they are readable and have source maps. */
export async function build({ development = false } = {}) {
  const written = new Set();
  const bundled = new Set();
  for (const { entry, outfile, parts, format, target, ...options } of bundles) {
    if (!fs.existsSync(inRepository(entry))) {
      console.warn(`dist/${outfile}: left out, ${entry} is not written yet`);
      continue;
    }
    const { output } = await bundle({
      ...options,
      cwd: repository,
      input: inRepository(entry),
      transform: { target, define: { 'process.env.MATRIX_PREFLIGHT_VERSION': JSON.stringify(version) } },
      output: {
        dir: inRepository('dist'),
        entryFileNames: outfile,
        format,
        codeSplitting: parts !== undefined,
        ...(parts ? { chunkFileNames: parts } : {}),
        minify: !development,
        sourcemap: development,
        comments: { legal: false },
      },
      logLevel: 'warn',
    });
    for (const { fileName, moduleIds = [] } of output) {
      written.add(path.join('dist', fileName));
      for (const file of moduleIds) bundled.add(path.relative(repository, file).split(path.sep).join('/'));
    }
    const size = output.reduce((sum, { code = '' }) => sum + Buffer.byteLength(code), 0);
    console.log(`dist/${outfile}  ${Math.round(size / 1024)} KiB`);
  }
  fs.chmodSync(inRepository('dist/cli.js'), 0o755);
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
