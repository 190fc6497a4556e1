import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who holds a lock. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** When the process started, in its system's own terms; tells a process from a later one with the same pid. */
  readonly started: string;
  /** Milliseconds since the epoch of the last sign of life. */
  readonly heartbeat: number;
}

export interface Lock {
  /** Renews the heartbeat; false if somebody else has taken the lock over, and then nothing may be changed anymore. */
  renew(): boolean;
  release(): void;
}

/** How long a holder on another machine may be silent before its lock counts as left behind. */
const staleAfterMilliseconds = 60_000;

/**
 * Takes a lock file. Two windows of an editor can be alive for some seconds around a reload, and a command line can
 * run beside them, so only one of them may drive a run.
 *
 * @returns the lock, or who holds it
 */
export function acquireLock(path: string, now: () => number = Date.now): Lock | LockHolder {
  const me: LockHolder = { pid: process.pid, host: hostname(), started: startOf(process.pid), heartbeat: now() };
  for (let attempt = 0; attempt < 3; attempt++) {
    if (placeLock(path, me)) return lockAt(path, me, now);
    const holder = readHolder(path);
    if (holder !== undefined && isAlive(holder, now())) return holder;
    removeLeftBehind(path, now());
  }
  return readHolder(path) ?? me;
}

/** Whether a lock was got, and is not held by somebody else. */
export function isLock(result: Lock | LockHolder): result is Lock {
  return 'renew' in result;
}

/** The holder of a lock file if it is alive; undefined without a file or with one that was left behind. */
export function lockHolder(path: string, now: () => number = Date.now): LockHolder | undefined {
  const holder = readHolder(path);
  return holder !== undefined && isAlive(holder, now()) ? holder : undefined;
}

function lockAt(path: string, me: LockHolder, now: () => number): Lock {
  const isMine = () => {
    const holder = readHolder(path);
    return holder?.pid === me.pid && holder.started === me.started && holder.host === me.host;
  };
  return {
    renew() {
      if (!isMine()) return false;
      const next = `${path}.${me.pid}`;
      writeFileSync(next, JSON.stringify({ ...me, heartbeat: now() }), { mode: 0o600 });
      renameSync(next, path);
      return true;
    },
    release() {
      if (isMine()) rmSync(path, { force: true });
    },
  };
}

/** A link appears with its whole content or not at all, and only if nothing has the name yet. */
function placeLock(path: string, holder: LockHolder): boolean {
  const draft = `${path}.${holder.pid}`;
  writeFileSync(draft, JSON.stringify(holder), { mode: 0o600 });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Renaming succeeds for one of several rivals only. A rival that was slower may have renamed the lock of the faster
 * one, and puts it back.
 */
function removeLeftBehind(path: string, now: number): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return;
  }
  const holder = readHolder(aside);
  if (holder !== undefined && isAlive(holder, now)) placeLock(path, holder);
  rmSync(aside, { force: true });
}

function readHolder(path: string): LockHolder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null && 'pid' in value ? (value as LockHolder) : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(holder: LockHolder, now: number): boolean {
  if (holder.host !== hostname()) return now - holder.heartbeat < staleAfterMilliseconds;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return startOf(holder.pid) === holder.started;
}

/** Linux tells the start of every process; elsewhere the pid alone has to do. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
