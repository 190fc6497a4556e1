import { type ExecFileSyncOptionsWithStringEncoding, execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A program of Debian that reads credentials: its path. Installs its package where that is possible, else throws. */
export function consumer(program: string, debianPackage: string): string {
  const found = find(program);
  if (found) return found;
  const isRoot = process.getuid?.() === 0;
  if (isRoot && find('apt-get')) {
    const options = { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } } as const;
    spawnSync('apt-get', ['update'], options);
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', debianPackage], options);
  }
  const installed = find(program);
  if (!installed)
    throw new Error(`${program} is needed to test credentials: install the Debian package ${debianPackage}`);
  return installed;
}

/** Runs a program as an ordinary user, as which alone PostgreSQL starts; its standard output. */
export function asOrdinaryUser(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  const options: ExecFileSyncOptionsWithStringEncoding = {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  };
  return process.getuid?.() === 0
    ? execFileSync('runuser', ['-u', 'postgres', '--', program, ...args], options)
    : execFileSync(program, [...args], options);
}

function find(program: string): string | undefined {
  const postgresql = '/usr/lib/postgresql';
  const versions = existsSync(postgresql)
    ? readdirSync(postgresql).map(version => join(postgresql, version, 'bin'))
    : [];
  return [...(process.env.PATH ?? '').split(delimiter), ...versions, '/usr/sbin', '/usr/bin']
    .map(directory => join(directory, program))
    .find(path => existsSync(path));
}
