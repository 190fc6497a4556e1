import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { postDeploymentChecks } from '../../../checklist/validation';
import type { DeployPlan } from '../../../deploy/plan/plan';
import type { RunRecord } from '../../../deploy/run/report';
import type { ApiServer } from '../api-server/server';
import { createSandbox, type Sandbox, testKubectl } from '../kubectl';
import { startProductionCluster } from '../production';

const root = 'examples/production';

/** The built command line and the real kubectl, one step of a pipeline after the other. */
describe('the whole sample deployment from the command line', function () {
  this.timeout(300_000);
  this.retries(0);
  let server: ApiServer;
  let sandbox: Sandbox;
  let said = '';
  before(async () => {
    server = await startProductionCluster();
    sandbox = createSandbox(server, 'staging');
    const programs = join(sandbox.directory, 'bin');
    mkdirSync(programs);
    symlinkSync(testKubectl(), join(programs, 'kubectl'));
  });
  after(async () => {
    await server.close();
    sandbox.remove();
  });

  const cli = (...args: string[]): Promise<{ code: number | null; out: string; err: string }> =>
    new Promise(resolve => {
      const path = [join(sandbox.directory, 'bin'), process.env.PATH].join(delimiter);
      const child = spawn(process.execPath, ['dist/cli.js', ...args], {
        env: { ...sandbox.environment, PATH: path, XDG_STATE_HOME: join(sandbox.directory, 'state') },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let [out, err] = ['', ''];
      child.stdout.on('data', data => {
        out += data;
      });
      child.stderr.on('data', data => {
        err += data;
      });
      child.once('close', code => {
        said += out + err;
        resolve({ code, out, err });
      });
    });
  const report = (name: string) => join(sandbox.directory, name);

  it('is deployed', async () => {
    const plan = JSON.parse((await cli('plan', root, '--format', 'json')).out) as DeployPlan;
    const { code, out, err } = await cli(
      ...['deploy', root, '--context', 'staging', '--yes', '--confirm-context', 'staging', '--plan-hash', plan.hash],
      ...['--report', report('run.json')],
    );
    assert.equal(code, 0, err + out.slice(-2000));
    const objects = plan.phases.flatMap(phase => phase.steps).flatMap(step => step.objects);
    assert.ok(objects.length > 100, `${objects.length} objects`);
    for (const { kind, namespace, name } of objects)
      assert.ok(server.get(kind, namespace ?? '', name), `${kind}/${name} is in the cluster`);
    const record = JSON.parse(readFileSync(report('run.json'), 'utf8')) as RunRecord;
    assert.ok(['completed', 'completed-with-waivers'].includes(record.outcome));
    assert.deepEqual(
      record.steps.filter(step => step.state !== 'done').map(step => [step.id, step.state, step.objects.length]),
      record.steps.filter(step => step.objects.length === 0).map(step => [step.id, 'skipped', 0]),
      'only steps without objects are skipped',
    );
    assert.equal(
      record.steps.flatMap(step => step.objects).filter(({ state }) => state === 'created').length,
      objects.length,
    );
  });

  it('is verified, by every check', async () => {
    const { code, out, err } = await cli(
      ...['verify', root, '--context', 'staging', '--watch', '0', '--format', 'json', '--report', report('verify.xml')],
    );
    const { verified, checks } = JSON.parse(out) as {
      verified: boolean;
      checks: { id: string; verdict: string; text: string; details: string[] }[];
    };
    const others = checks.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'skipped');
    assert.deepEqual([code, verified, others], [0, true, []], err);
    const wanted = postDeploymentChecks.filter(({ optIn }) => !optIn).map(({ id }) => id);
    assert.deepEqual(
      wanted.filter(id => !checks.some(check => check.id === id)),
      [],
    );
    assert.match(readFileSync(report('verify.xml'), 'utf8'), /<testsuite name="verify" tests="\d+" failures="0"/);
  });

  it('has shown and kept no value of any Secret', () => {
    const state = textsIn(join(sandbox.directory, 'state'));
    const everything = [
      said,
      ...state,
      readFileSync(report('run.json'), 'utf8'),
      readFileSync(report('verify.xml'), 'utf8'),
    ].join('\n');
    assert.ok(state.length >= 3 && everything.length > 10_000);
    const values = server
      .list('Secret')
      .flatMap(({ data }) => Object.values((data ?? {}) as { [key: string]: string }))
      .flatMap(value => [value, Buffer.from(value, 'base64').toString('utf8')])
      .filter(value => value.length >= 12 && /[^a-z.-]/.test(value));
    assert.ok(values.length > 10, `${values.length} values`);
    assert.deepEqual(
      values.filter(value => everything.includes(value)),
      [],
    );
  });
});

function textsIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
}
