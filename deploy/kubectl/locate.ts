import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, relative, resolve } from 'node:path';

/** Why no kubectl may be used, in one sentence for the user. */
export class KubectlRefused extends Error {}

/**
 * Finds kubectl once, as an absolute path outside the workspace: a deployment tree may come from anybody, and a
 * program in it must never run because somebody opened it.
 *
 * @param configured path from the user's own settings; undefined looks it up in PATH
 * @param roots directories of the workspace
 * @throws {KubectlRefused} with a sentence for the user
 */
export function locateKubectl(
  configured: string | undefined,
  environment: { readonly [name: string]: string | undefined },
  roots: readonly string[],
): string {
  if (configured !== undefined && configured !== '') return checked(configured, roots);
  const names = process.platform === 'win32' ? ['kubectl.exe'] : ['kubectl'];
  for (const directory of (environment.PATH ?? environment.Path ?? '').split(delimiter)) {
    // A relative entry means the current directory, which may be the workspace.
    if (!isAbsolute(directory) || isInside(directory, roots)) continue;
    for (const name of names) {
      const candidate = join(directory, name);
      if (isProgram(candidate)) return checked(candidate, roots);
    }
  }
  throw new KubectlRefused('kubectl was not found in PATH. Install it, or set its path in your user settings.');
}

/**
 * Refuses a kubeconfig that lies in the workspace, because its credential plugin may be any program.
 *
 * @returns the paths of KUBECONFIG that lie in the workspace
 */
export function kubeconfigsInside(
  environment: { readonly [name: string]: string | undefined },
  roots: readonly string[],
): readonly string[] {
  return (environment.KUBECONFIG ?? '')
    .split(delimiter)
    .filter(path => path !== '')
    .filter(path => isInside(resolve(path), roots));
}

/** Whether a path is one of the directories or lies in one, symbolic links resolved. */
function isInside(path: string, directories: readonly string[]): boolean {
  return directories.some(directory => {
    const way = relative(real(directory), real(path));
    return way === '' || (!way.startsWith('..') && !isAbsolute(way));
  });
}

function checked(path: string, roots: readonly string[]): string {
  if (!isAbsolute(path)) throw new KubectlRefused(`The path of kubectl must be absolute, not ${path}.`);
  if (/\.(cmd|bat|ps1)$/i.test(path)) throw new KubectlRefused(`${path} is a script; kubectl must be a program.`);
  if (isInside(path, roots)) throw new KubectlRefused(`${path} lies in the workspace; kubectl must not.`);
  if (!isProgram(path)) throw new KubectlRefused(`${path} is not a program that can be run.`);
  // The link itself is kept: a dispatcher looks at the name it was called by and at the files beside it.
  return path;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
