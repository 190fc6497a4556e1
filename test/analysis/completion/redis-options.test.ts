import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisDirectives } from '../../../analysis/completion/redis-options';
import { consumer } from '../../credentials/consumers';

/** Directives of the file alone, which CONFIG GET does not know. */
const ofTheFile = new Set(['user', 'rename-command', 'include', 'loadmodule']);

/** How Redis refuses a word that is none of its own. */
const refusal = /must be one of|must be 'yes' or 'no'/;

describe('the directives of redis.conf', () => {
  it('are those of a real server, and so are the words that they take', async () => {
    const server = consumer('redis-server', 'redis-server');
    const client = consumer('redis-cli', 'redis-tools');
    const directory = mkdtempSync(join(tmpdir(), 'preflight-redis-'));
    const socket = join(directory, 'redis.sock');
    const running = spawn(server, ['--port', '0', '--unixsocket', socket, '--save', ''], {
      cwd: directory,
      stdio: 'ignore',
    });
    try {
      const ask = (input: string): readonly string[] =>
        execFileSync(client, ['-s', socket], { input, encoding: 'utf8', stdio: 'pipe' }).split('\n');
      await answers(() => ask('PING\n'));
      const known = new Set(ask('CONFIG GET *\n'));
      const own = redisDirectives().filter(({ name }) => !ofTheFile.has(name));
      assert.deepEqual(
        own.map(({ name }) => name).filter(name => !known.has(name)),
        [],
      );
      assert.match(ask('CONFIG SET loglevel loud\n')[0] ?? '', refusal);
      const settings = own.flatMap(({ name, args: [words = ''] }) =>
        words.includes('|') ? words.split('|').map(word => `CONFIG SET ${name} ${word}`) : [],
      );
      assert.ok(settings.length > 60);
      const refused = ask(`${settings.join('\n')}\n`).filter(answer => refusal.test(answer));
      assert.deepEqual(refused, []);
    } finally {
      running.kill();
      await new Promise(resolve => (running.exitCode === null ? running.once('exit', resolve) : resolve(undefined)));
      rmSync(directory, { recursive: true, force: true });
    }
  }).timeout(30_000);
});

async function answers(ask: () => readonly string[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      if (ask()[0] === 'PONG') return;
    } catch (error) {
      if (attempt === 100) throw error;
    }
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}
