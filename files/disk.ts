import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/** A file of the tree as it is on disk, or why it was not read. */
export interface DiskFile {
  readonly absolutePath: string;
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  /** Without a byte order mark, as editors show it. */
  readonly text: string;
  readonly hasByteOrderMark: boolean;
  readonly unread: string | undefined;
}

/** Larger files are no manifests; reading them would only cost time and memory. */
export const largestFile = 8 * 1024 * 1024;

/**
 * Reads every file below `root` that can matter to a deployment, in the order of their paths.
 *
 * Symbolic links are followed, each directory once. What cannot be read is returned with the reason, never thrown,
 * except that a root that is no readable directory throws the error of the file system.
 */
export function* readTree(root: string, isExcluded: (path: string) => boolean = () => false): Iterable<DiskFile> {
  const seen = new Set<string>();
  yield* walk(root, root, seen, isExcluded);
}

/** Reads what {@link readTree} would read at a path or below it: one file, those of a directory, or none. */
export function* readAt(root: string, absolutePath: string): Iterable<DiskFile> {
  const path = relative(root, absolutePath).split(sep).join('/');
  if (path.split('/').some(part => ignoredDirectories.has(part))) return;
  const kind = linkTarget(absolutePath);
  if (kind === 'directory') yield* walk(root, absolutePath, new Set(), () => false);
  else if (kind === 'file' && relevant.test(path)) yield readFile(root, absolutePath);
}

function readFile(root: string, absolutePath: string): DiskFile {
  const path = relative(root, absolutePath).split(sep).join('/');
  try {
    const { size } = statSync(absolutePath);
    if (size > largestFile) return unread(absolutePath, path, `it is larger than ${largestFile / 1024 / 1024} MiB`);
    const bytes = readFileSync(absolutePath);
    if (bytes.subarray(0, 8192).includes(0)) return unread(absolutePath, path, 'it is not a text file');
    const text = bytes.toString('utf8');
    const hasByteOrderMark = text.charCodeAt(0) === 0xfeff;
    return { absolutePath, path, text: hasByteOrderMark ? text.slice(1) : text, hasByteOrderMark, unread: undefined };
  } catch (error) {
    return unread(absolutePath, path, reasonOf(error));
  }
}

// Keys and properties are what Secrets and ConfigMaps are generated from.
const relevant = /\.(?:ya?ml|json|cfg|conf|sql|sh|env|md|properties|key|pem|env\.example)$/i;
const ignoredDirectories = new Set(['.git', 'node_modules', '.vscode', '.vscode-test', 'dist']);

function* walk(
  root: string,
  directory: string,
  seen: Set<string>,
  isExcluded: (path: string) => boolean,
): Iterable<DiskFile> {
  const real = realpathSync(directory);
  if (seen.has(real)) return;
  seen.add(real);
  const entries = readdirSync(directory, { withFileTypes: true }).sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  for (const entry of entries) {
    const absolutePath = join(directory, entry.name);
    const path = relative(root, absolutePath).split(sep).join('/');
    if (ignoredDirectories.has(entry.name) || isExcluded(path)) continue;
    const kind = entry.isSymbolicLink()
      ? linkTarget(absolutePath)
      : entry.isDirectory()
        ? 'directory'
        : entry.isFile()
          ? 'file'
          : 'other';
    if (kind === 'directory') {
      try {
        yield* walk(root, absolutePath, seen, isExcluded);
      } catch (error) {
        yield unread(absolutePath, path, reasonOf(error));
      }
    } else if (kind === 'file' && relevant.test(entry.name)) yield readFile(root, absolutePath);
  }
}

/** Directories sort as if their name ended in a slash, so that the walk yields paths in order. */
function sortKey(entry: { readonly name: string; isDirectory(): boolean }): string {
  return entry.isDirectory() ? `${entry.name}/` : entry.name;
}

function linkTarget(path: string): 'directory' | 'file' | 'other' {
  try {
    const target = statSync(path);
    return target.isDirectory() ? 'directory' : target.isFile() ? 'file' : 'other';
  } catch {
    return 'other';
  }
}

function unread(absolutePath: string, path: string, reason: string): DiskFile {
  return { absolutePath, path, text: '', hasByteOrderMark: false, unread: reason };
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'EACCES' || code === 'EPERM'
    ? 'permission is denied'
    : code === 'ENOENT'
      ? 'it is gone'
      : `reading it failed (${code ?? 'unknown error'})`;
}
