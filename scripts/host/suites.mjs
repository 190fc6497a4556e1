// What the runs of test/vscode have in common: the suites as JavaScript, and a deployment to open.
import fs from 'node:fs';
import path from 'node:path';
import esbuild from 'esbuild';
import { cacheDirectory, repository } from './provision.mjs';

/** Bundles test/vscode into the cache; gives the path of the module whose `run()` runs the suites. */
export async function bundleTests() {
  const directory = path.join(repository, 'test/vscode');
  const suites = fs.readdirSync(directory, { recursive: true }).filter(file => file.endsWith('.test.ts'));
  const outdir = path.join(cacheDirectory, 'tests');
  fs.rmSync(outdir, { recursive: true, force: true });
  await esbuild.build({
    entryPoints: [...suites, 'index.ts'].map(file => path.join(directory, file)),
    outbase: directory,
    outdir,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    external: ['vscode', 'mocha'],
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  return path.join(outdir, 'index.js');
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
