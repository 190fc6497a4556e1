// Writes matrix-preflight-<version>.vsix from a fresh production build: `node scripts/package.mjs`.
import fs from 'node:fs';
import path from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { build } from './build.mjs';

const repository = path.resolve(import.meta.dirname, '..');

/** Builds and packs the extension; gives the path of the VSIX. */
export async function packageExtension() {
  await build();
  const { name, version } = JSON.parse(fs.readFileSync(path.join(repository, 'package.json'), 'utf8'));
  const packagePath = path.join(repository, `${name}-${version}.vsix`);
  // The bundles hold all they need, so no node_modules are packed. What is packed is listed in .vscodeignore.
  await createVSIX({ cwd: repository, packagePath, dependencies: false, allowMissingRepository: true });
  return packagePath;
}

if (process.argv[1] === import.meta.filename) await packageExtension();
