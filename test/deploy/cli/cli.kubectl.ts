import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiServer } from '../api-server/server';
import { createSandbox, type Sandbox } from '../kubectl';
import { startProductionCluster } from '../production';

/** The built command line, the real kubectl and the sample deployment. */
describe('deploying from the command line', function () {
  this.timeout(150_000);
  let server: ApiServer;
  let sandbox: Sandbox;
  let state: string;
  beforeEach(async () => {
    server = await startProductionCluster();
    sandbox = createSandbox(server, 'staging');
    state = mkdtempSync(join(tmpdir(), 'preflight-state-'));
  });
  afterEach(async () => {
    sandbox.remove();
    rmSync(state, { recursive: true, force: true });
    await server.close();
  });

  const cli = (...args: string[]): Promise<{ code: number | null; out: string; err: string }> =>
    new Promise(resolve => {
      const child = spawn(process.execPath, ['dist/cli.js', ...args], {
        env: { ...sandbox.environment, XDG_STATE_HOME: state },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let out = '';
      let err = '';
      child.stdout.on('data', data => {
        out += data;
      });
      child.stderr.on('data', data => {
        err += data;
      });
      child.once('close', code => resolve({ code, out, err }));
    });
  const hashOf = async (...selection: string[]): Promise<string> =>
    JSON.parse((await cli('plan', 'examples/production', '--format', 'json', ...selection)).out).hash;

  it('applies only the steps that were asked for and confirmed by hash and context', async () => {
    const selection = ['--step', 'namespaces', '--step', 'redis'];
    const hash = await hashOf(...selection);
    const { code, out, err } = await cli(
      'deploy',
      'examples/production',
      '--context',
      'staging',
      '--yes',
      '--confirm-context',
      'staging',
      '--plan-hash',
      hash,
      ...selection,
    );
    const events = out
      .trim()
      .split('\n')
      .map(line => JSON.parse(line));
    assert.ok(
      events.some(event => event.type === 'object' && event.object.kind === 'StatefulSet'),
      err,
    );
    assert.ok(server.get('StatefulSet', 'matrix', 'redis'), err);
    assert.equal(code, 0, err);
    assert.doesNotMatch(out + err, /BEGIN RSA|ed25519 a_/);
  });

  it('cannot verify a context that there is not, which is an input error', async () => {
    const { code, out, err } = await cli('verify', 'examples/production', '--context', 'other', '--format', 'json');
    assert.deepEqual([code, out], [2, ''], err);
    assert.match(err, /no context "other"/);
  });

  it('refuses another plan, another context and a missing confirmation', async () => {
    const selection = ['--step', 'namespaces'];
    const hash = await hashOf(...selection);
    const wrongHash = await cli(
      'deploy',
      'examples/production',
      '--context',
      'staging',
      '--yes',
      '--confirm-context',
      'staging',
      '--plan-hash',
      'x'.repeat(64),
      ...selection,
    );
    assert.equal(wrongHash.code, 5, wrongHash.err);
    assert.equal(
      (
        await cli(
          'deploy',
          'examples/production',
          '--context',
          'other',
          '--yes',
          '--confirm-context',
          'other',
          '--plan-hash',
          hash,
          ...selection,
        )
      ).code,
      5,
    );
    assert.equal(
      (
        await cli(
          'deploy',
          'examples/production',
          '--context',
          'staging',
          '--yes',
          '--confirm-context',
          'other',
          '--plan-hash',
          hash,
          ...selection,
        )
      ).code,
      2,
    );
    assert.equal((await cli('deploy', 'examples/production')).code, 2);
    assert.deepEqual(
      server.requests.filter(request => /^(?:PATCH|POST|PUT|DELETE)/.test(request) && !/selfsubject/.test(request)),
      [],
    );
  });

  it('is blocked by the findings of the broken sample', async () => {
    const { code, err } = await cli(
      'deploy',
      'examples/broken',
      '--context',
      'staging',
      '--yes',
      '--confirm-context',
      'staging',
      '--plan-hash',
      'x',
      '--phase',
      'infrastructure',
    );
    assert.equal(code, 1);
    assert.match(err, /pg-superuser-secret-undefined/);
  });
});
