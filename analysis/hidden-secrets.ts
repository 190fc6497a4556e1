import type { Index, Workspace } from '../manifests/workspace';
import { foundCommands } from './commands';
import { filesMeant } from './script-paths';
import type { ManifestPath } from './text/cluster-commands';

/**
 * Whether scripts or runbooks apply Secrets from where the tree does not show them: from a file that is called after them
 * and is not in the tree, as one that Git ignores, from outside of the tree, or from a password manager.
 */
export function appliesHiddenSecrets(workspace: Workspace): boolean {
  return workspace.lookup(decrypting, '').length > 0 || workspace.shared(appliesHiddenFiles);
}

function appliesHiddenFiles(workspace: Workspace): boolean {
  return foundCommands(workspace).some(
    ({ command, file }) =>
      command.kind === 'apply' &&
      command.verb !== 'delete' &&
      [...command.files, ...command.kustomizations].some(
        path => isForSecrets(path) && !path.hasGlob && !filesMeant(workspace, file, path)?.length,
      ),
  );
}

/** Whether a file or folder is called after what is secret, which Git is often told to ignore. */
export function isForSecrets({ path }: ManifestPath): boolean {
  return /secret|credential|passw|vault|private/i.test(path);
}

const decrypting: Index<true> = {
  name: 'scripts that apply what they decrypt',
  *textFile({ path, text }) {
    if (/\.(?:sh|md)$/i.test(path) && decrypted.test(text.replaceAll(/\\\r?\n/g, ' '))) yield ['', true];
  },
};

const decrypted =
  /\b(?:gpg2?|age|rage|pass|gopass|bw|op|vault|ansible-vault|doppler|infisical)\s[^\n|]*\|[^\n]*\bkubectl\b[^\n]*\b(?:apply|create|replace)\s+[^\n]*-f\s*-/;
