import type { GitState } from '../protocol/report';

/** Runs git with these arguments and gives what it prints; rejects if git is missing or fails. */
export type RunGit = (args: readonly string[]) => Promise<string>;

/**
 * The commit that a folder is at, and whether its files differ from it. Undefined outside of a repository, before the
 * first commit, and without git.
 */
export async function gitState(folder: string, run: RunGit): Promise<GitState | undefined> {
  // A repository's own configuration can name a program as its file system monitor; a report has no need to start it.
  const git = async (...args: string[]): Promise<string> =>
    (await run(['-C', folder, '--no-optional-locks', '-c', 'core.fsmonitor=false', ...args])).trim();
  try {
    const commit = await git('rev-parse', 'HEAD');
    if (!/^[0-9a-f]{40,64}$/.test(commit)) return undefined;
    const branch = await git('rev-parse', '--abbrev-ref', 'HEAD');
    const changes = await git('status', '--porcelain', '--', '.');
    return { commit, ...(branch === '' || branch === 'HEAD' ? {} : { branch }), dirty: changes !== '' };
  } catch {
    return undefined;
  }
}
