import { homedir } from 'node:os';
import { join } from 'node:path';
import { workspace } from 'vscode';
import { defaultStateDirectory } from '../../deploy/run/store';
import type { RunnerTarget } from '../../protocol/deployment';

/**
 * What a runner is told. Which program is started, with which credentials and how patiently, is read from the user's own
 * settings only; a workspace may add protected contexts and narrow the allowed ones, never the other way round.
 */
export function runnerTarget(root: string, kubeconfig: string | undefined): RunnerTarget {
  const settings = workspace.getConfiguration('matrixPreflight');
  const own = <T>(name: string): T | undefined => settings.inspect<T>(name)?.globalValue;
  const everywhere = <T>(name: string): readonly (readonly T[])[] => {
    const found = settings.inspect<readonly T[]>(name);
    return [found?.globalValue, found?.workspaceValue, found?.workspaceFolderValue].filter(list => Array.isArray(list));
  };
  const seconds = (name: string): number | undefined => {
    const value = own<unknown>(name);
    return typeof value === 'number' && value >= 0 ? value * 1000 : undefined;
  };
  const kubectlPath = expanded(own<string>('kubectl.path'));
  const ownKubeconfig = expanded(own<string>('kubectl.kubeconfig')) ?? kubeconfig;
  const [first, ...others] = everywhere<string>('deploy.allowedContexts').filter(list => list.length > 0);
  const allowedContexts = first?.filter(name => others.every(list => list.includes(name)));
  const poll = seconds('deploy.pollSeconds');
  const secondThoughts = seconds('deploy.secondThoughtsSeconds');
  return {
    root,
    roots: (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file').map(({ uri }) => uri.fsPath),
    stateDirectory: stateDirectory(),
    settings,
    ...(kubectlPath === undefined ? {} : { kubectlPath }),
    ...(ownKubeconfig === undefined ? {} : { kubeconfig: ownKubeconfig }),
    ...(allowedContexts === undefined ? {} : { allowedContexts }),
    protection: {
      protectedPatterns: everywhere<string>('deploy.protectedContexts').flat(),
      unprotectedContexts: own<readonly string[]>('deploy.unprotectedContexts') ?? [],
    },
    pace: {
      ...(poll === undefined ? {} : { poll: Math.max(poll, 50) }),
      ...(secondThoughts === undefined ? {} : { secondThoughts }),
    },
  };
}

/** Where runs are kept; the command line uses the same place, so that either can go on with a run of the other. */
export function stateDirectory(): string {
  return defaultStateDirectory(process.env);
}

/** A path with `~` for the user's own directory; undefined if it is empty or not set. */
function expanded(path: string | undefined): string | undefined {
  if (typeof path !== 'string' || path === '') return undefined;
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}
