import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { isBinary, isIgnored, isRelevant, largestFile, sortKey, unreadReasons } from './relevant';

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
  if (path.split('/').some(isIgnored)) return;
  const kind = linkTarget(absolutePath);
  if (kind === 'directory') yield* walk(root, absolutePath, new Set(), () => false);
  else if (kind === 'file' && isRelevant(path)) yield readFile(root, absolutePath);
}

function readFile(root: string, absolutePath: string): DiskFile {
  const path = relative(root, absolutePath).split(sep).join('/');
  try {
    const { size } = statSync(absolutePath);
    if (size > largestFile) return unread(absolutePath, path, unreadReasons.tooLarge);
    const text = readFileSync(absolutePath, 'utf8');
    if (isBinary(text)) return unread(absolutePath, path, unreadReasons.notText);
    const hasByteOrderMark = text.charCodeAt(0) === 0xfeff;
    return { absolutePath, path, text: hasByteOrderMark ? text.slice(1) : text, hasByteOrderMark, unread: undefined };
  } catch (error) {
    return unread(absolutePath, path, reasonOf(error));
  }
}

function* walk(
  root: string,
  directory: string,
  seen: Set<string>,
  isExcluded: (path: string) => boolean,
): Iterable<DiskFile> {
  const real = realpathSync(directory);
  if (seen.has(real)) return;
  seen.add(real);
  const entries = readdirSync(directory, { withFileTypes: true }).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  for (const entry of entries) {
    const absolutePath = join(directory, entry.name);
    const path = relative(root, absolutePath).split(sep).join('/');
    if (isIgnored(entry.name) || isExcluded(path)) continue;
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
    } else if (kind === 'file' && isRelevant(entry.name)) yield readFile(root, absolutePath);
  }
}

function keyOf(entry: { readonly name: string; isDirectory(): boolean }): string {
  return sortKey(entry.name, entry.isDirectory());
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
    ? unreadReasons.denied
    : code === 'ENOENT'
      ? unreadReasons.gone
      : `reading it failed (${code ?? 'unknown error'})`;
}
