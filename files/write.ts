import {
  chmodSync,
  chownSync,
  closeSync,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a file of the tree whole or not at all, so that a full disk or a kill leaves the old text. Keeps the byte order
 * mark, which the reader leaves out, the mode and the owner; a symbolic link stays one. Makes the directories that are
 * missing. Throws the error of the file system.
 */
export function writeTreeFile(path: string, text: string): void {
  const old = existing(path);
  if (!old) mkdirSync(dirname(path), { recursive: true });
  const target = old?.path ?? path;
  const content = old?.hasByteOrderMark ? `\ufeff${text}` : text;
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
  try {
    writeFileSync(temporary, content, { flag: 'wx' });
    if (old) keepRights(temporary, old);
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    // A file may be writable in a directory that is not, or be mounted alone.
    if (!old || !['EACCES', 'EPERM', 'EBUSY', 'EXDEV'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
    writeFileSync(target, content);
  }
}

interface ExistingFile {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly hasByteOrderMark: boolean;
}

function existing(path: string): ExistingFile | undefined {
  try {
    const target = realpathSync(path);
    const { mode, uid, gid } = statSync(target);
    return { path: target, mode, uid, gid, hasByteOrderMark: beginsWithMark(target) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function beginsWithMark(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(3);
    return readSync(file, start, 0, 3, 0) === 3 && start.equals(Buffer.from([0xef, 0xbb, 0xbf]));
  } finally {
    closeSync(file);
  }
}

function keepRights(temporary: string, { mode, uid, gid }: ExistingFile): void {
  const made = statSync(temporary);
  if (made.uid !== uid || made.gid !== gid) chownSync(temporary, uid, gid);
  chmodSync(temporary, mode);
}
