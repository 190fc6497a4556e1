// Bundles the extension, the language server, the command line tool and their browser variants into dist/.
// `node scripts/build.mjs [--development]`: development keeps names readable and writes source maps.
import fs from 'node:fs';
import path from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import esbuild from 'esbuild';
import { tsImport } from 'tsx/esm/api';

const repository = path.resolve(import.meta.dirname, '..');
const { version } = JSON.parse(fs.readFileSync(path.join(repository, 'package.json'), 'utf8'));
const inRepository = file => path.join(repository, file);

const node = {
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  // A package's `module` entry is the one that can be followed; jsonc-parser's `main` requires at run time.
  mainFields: ['module', 'main'],
  // What is not used of a package can be left out if it has ES modules, which yaml gives to browsers only.
  alias: { yaml: inRepository('node_modules/yaml/browser/index.js') },
};
const browser = { platform: 'browser', target: 'es2022', mainFields: ['browser', 'module', 'main'] };
const bundles = [
  { entry: 'client/extension.ts', outfile: 'dist/client.js', ...node, external: ['vscode'] },
  { entry: 'server/main.ts', outfile: 'dist/server.js', ...node },
  // The script of the network's page, which runs inside of the editor's window without access to anything.
  { entry: 'client/network/webview/main.ts', outfile: 'dist/network.js', ...browser, format: 'iife' },
  { entry: 'cli/main.ts', outfile: 'dist/cli.js', ...node },
  { entry: 'client/web.ts', outfile: 'dist/web/client.js', ...browser, format: 'cjs', external: ['vscode'] },
  // A worker is started from its text alone, so it is one script that holds everything, the texts of the rules too.
  { entry: 'server/web.ts', outfile: 'dist/web/server.js', ...browser, format: 'iife', plugins: [] },
];

/** Writes all bundles; with `development` they are readable and have source maps. */
export async function build({ development = false } = {}) {
  const written = new Set();
  const bundled = new Set();
  for (const { entry, outfile, ...options } of bundles) {
    const { metafile } = await esbuild.build({
      plugins: [withoutTexts],
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
    for (const file of Object.keys(metafile.outputs)) written.add(path.normalize(file));
    for (const file of Object.keys(metafile.inputs)) bundled.add(file);
    console.log(`${outfile}  ${Math.round((metafile.outputs[outfile]?.bytes ?? 0) / 1024)} KiB`);
  }
  fs.chmodSync(inRepository('dist/cli.js'), 0o755);
  const beside = {
    'THIRD-PARTY-NOTICES.txt': notices([...bundled]),
    'rule-texts.json.br': await ruleTexts(),
    'sample.json': JSON.stringify(sample()),
  };
  for (const [name, content] of Object.entries(beside)) {
    fs.writeFileSync(inRepository(`dist/${name}`), content);
    written.add(path.join('dist', name));
  }
  removeOthers('dist', written);
}

const textKeys = ['why', 'remedy', 'traps', 'sources', 'examples'];

/** What is taken out of the rules, by their ids; compressed, because the archive of an extension does that less well. */
async function ruleTexts() {
  const { rules } = await tsImport('../rules/catalogue.ts', import.meta.url);
  const texts = rules.map(rule => [rule.id, Object.fromEntries(textKeys.map(key => [key, rule[key]]))]);
  return brotliCompressSync(JSON.stringify(Object.fromEntries(texts)));
}

/** The texts of the sample deployment by path: one file is a third of what the archive would make of so many. */
function sample() {
  const root = inRepository('examples/broken');
  const files = fs.readdirSync(root, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
  const paths = files.map(({ parentPath, name }) => path.relative(root, path.join(parentPath, name))).sort();
  return Object.fromEntries(
    paths.map(file => [file.split(path.sep).join('/'), fs.readFileSync(path.join(root, file), 'utf8')]),
  );
}

/** Takes the texts out of the files of rules, where they are a quarter of the code that is parsed at every start. */
const withoutTexts = {
  name: 'without-texts',
  setup(build) {
    build.onLoad({ filter: /[/\\]rules[/\\][^/\\]+[/\\][^/\\]+\.ts$/ }, ({ path: file }) => {
      const code = fs.readFileSync(file, 'utf8');
      return /^export default /m.test(code) ? { contents: codeOf(file, code), loader: 'ts' } : undefined;
    });
  },
};

/** A rule without its texts, line by line as it was. Properties stand where the formatter puts them: two spaces in. */
function codeOf(file, code) {
  const [, before, rule, after] = /^(.*^export default \{\n)(.*?)(^\} satisfies Rule;.*)/ms.exec(code) ?? [];
  const properties = rule?.split(/^(?= {2}[\w*])/m) ?? [];
  const isText = property => textKeys.includes(/^ {2}(\w+):/.exec(property)?.[1]);
  if (properties.filter(isText).length < 3) throw new Error(`${file} has no texts to take out`);
  const rest = properties.map(property => (isText(property) ? property.replace(/[^\n]+/g, '') : property));
  return `${before}${rest.join('')}${after}`;
}

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
