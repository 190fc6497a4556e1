// What the runs of test/vscode have in common: the suites as JavaScript, and a deployment to open.
import fs from 'node:fs';
import path from 'node:path';
import esbuild from 'esbuild';
import { cacheDirectory, repository } from './provision.mjs';

const bundle = { bundle: true, platform: 'node', target: 'node20.19', format: 'cjs', logLevel: 'warning' };

/** Bundles test/vscode into the cache; gives the path of the module whose `run()` runs the suites. */
export async function bundleTests() {
  const directory = path.join(repository, 'test/vscode');
  const suites = fs
    .readdirSync(directory, { recursive: true })
    .filter(file => file.endsWith('.test.ts') && !file.startsWith('web'));
  const outdir = path.join(cacheDirectory, 'tests');
  fs.rmSync(outdir, { recursive: true, force: true });
  await esbuild.build({
    ...bundle,
    entryPoints: [...suites, 'index.ts'].map(file => path.join(directory, file)),
    outdir,
    outbase: directory,
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
  });
  return path.join(outdir, 'index.js');
}

/** Bundles test/vscode/web for the extension host of a browser; gives the path of the module whose `run()` runs it. */
export async function bundleWebTests() {
  const directory = path.join(repository, 'test/vscode/web');
  const outfile = path.join(cacheDirectory, 'web-tests/index.js');
  await esbuild.build({
    ...bundle,
    platform: 'browser',
    target: 'es2022',
    entryPoints: [path.join(directory, 'index.ts')],
    outfile,
    external: ['vscode'],
    alias: { 'node:assert/strict': path.join(directory, 'assert.ts') },
  });
  return outfile;
}

/**
 * Makes a directory of installed extensions that holds the stand-ins for others, named after the folders
 * test/vscode/<name>-extension; gives its path.
 */
export async function installedBeside(names, temporary) {
  const directory = path.join(temporary, 'extensions');
  for (const name of names) {
    const source = path.join(repository, `test/vscode/${name}-extension`);
    const { publisher, name: id, version } = JSON.parse(fs.readFileSync(path.join(source, 'package.json'), 'utf8'));
    const folder = path.join(directory, `${publisher}.${id}-${version}`);
    fs.mkdirSync(folder, { recursive: true });
    fs.copyFileSync(path.join(source, 'package.json'), path.join(folder, 'package.json'));
    await esbuild.build({
      ...bundle,
      entryPoints: [path.join(source, 'extension.ts')],
      outfile: path.join(folder, 'extension.js'),
      external: ['vscode'],
    });
  }
  return directory;
}

/** Writes the Kubernetes schema that the stand-ins use into the cache; gives its path. */
export async function testKubernetesSchema() {
  await import('tsx');
  const { default: schemas } = await import('../../test/vscode/kubernetes-schema.ts');
  const file = path.join(cacheDirectory, 'kubernetes-schema.json');
  fs.writeFileSync(file, JSON.stringify(schemas.kubernetesSchema()));
  return file;
}

/** Copies the sample that is ready to be deployed into a directory, under a fixed name, for one run. */
export function productionDeployment(directory) {
  const folder = path.join(directory, 'production');
  fs.cpSync(path.join(repository, 'examples/production'), folder, { recursive: true });
  return folder;
}

/** The real kubectl for the tests; fetched on first use where there is none. */
export async function testKubectl() {
  await import('tsx');
  // The sources are loaded as CommonJS, whose exports are all in the default one.
  const { default: provisioning } = await import('../../test/deploy/provision.ts');
  const { default: kubectl } = await import('../../test/deploy/kubectl.ts');
  provisioning.mochaGlobalSetup();
  return kubectl.testKubectl();
}

/** Copies the deployment of the tests into a directory, under a fixed name, for one run. */
export function testDeployment(directory) {
  const folder = path.join(directory, 'deployment');
  fs.cpSync(path.join(repository, 'test/vscode/deployment'), folder, { recursive: true });
  return folder;
}
