import { execFileSync } from 'node:child_process';
import { UsageError } from './usage';

/** Who vouches: `--by`, else whom git would name as the author. Throws {@link UsageError} if nobody is known. */
export function person(root: string, given: string | undefined): string {
  if (given !== undefined && given.trim() !== '') return given.trim();
  const name = configured(root, 'user.name');
  const address = configured(root, 'user.email');
  if (name === undefined) throw new UsageError('git has no user.name here; say who vouches with --by "NAME <ADDRESS>"');
  return address === undefined ? name : `${name} <${address}>`;
}

function configured(root: string, key: string): string | undefined {
  try {
    const text = execFileSync('git', ['config', '--get', key], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return text === '' ? undefined : text;
  } catch {
    // Git ends with 1 for a key that is not set, and is not everywhere.
    return undefined;
  }
}
