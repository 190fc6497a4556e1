import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readJournal } from '../../../deploy/journal/journal';
import { runState } from '../../../deploy/journal/state';
import { checkContextOf } from '../../../deploy/run/checks';
import type { RunContext } from '../../../deploy/run/context';
import { systemClock } from '../../../deploy/run/context';
import { listRuns } from '../../../deploy/run/store';
import { verify } from '../../../deploy/verify/verify';
import { testKubectl } from '../kubectl';
import { type Bench, openBench } from './bench';
import type { ChildOrder } from './child';

describe('a deployment run with the real kubectl', function () {
  this.timeout(150_000);
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench({ readyMilliseconds: 10 });
    bench.kubectl = context => bench.sandbox.kubectl(context);
  });
  afterEach(() => bench.close());

  it('deploys the whole tree, verifies it, and shows no secret', async () => {
    const result = await bench.deploy();
    assert.equal(result.text, 'All 19 steps are done.');
    const { plan, sources } = bench.current();
    const context = checkContextOf({ kubectl: bench.kubectl('test'), plan, sources, clock: systemClock } as RunContext);
    const checks = await verify(context, text => text);
    assert.deepEqual(
      checks.filter(check => check.verdict !== 'pass').map(check => `${check.id}: ${check.verdict}`),
      ['certificates: skipped'],
      checks.flatMap(check => [check.text, ...check.details]).join('\n'),
    );
    assert.equal(checks.length, 17);
    assert.doesNotMatch(bench.journal(result.run) + bench.shown.join('\n'), /canary|Y2FuYXJ5/);
  });

  it('understands what kubectl says when something is refused', async () => {
    await prepare(bench, ['namespaces']);
    bench.planOptions = { steps: ['grafana'] };
    const failures: string[] = [];
    const attempt = async () => {
      await bench.deploy({
        afterFailure: async ({ diagnosis }) => {
          failures.push(diagnosis.class);
          return { decision: 'stop' };
        },
      });
      bench.server.clearFaults();
    };
    const path = /^(?!.*dryRun).*\/configmaps\/grafana/;
    bench.server.fault({
      path,
      status: 403,
      reason: 'Forbidden',
      message: 'configmaps "x" is forbidden: canary-redis-password',
    });
    await attempt();
    bench.server.fault({
      path,
      status: 422,
      reason: 'Invalid',
      message: 'ConfigMap "x" is invalid: data: field is immutable',
    });
    await attempt();
    bench.server.fault({ path, status: 500, reason: 'InternalError', message: 'failed calling webhook "x": timeout' });
    await attempt();
    bench.server.fault({ path, method: 'PATCH', reset: true });
    await attempt();
    assert.deepEqual(failures, ['forbidden', 'immutable', 'transient', 'transient']);
    assert.doesNotMatch(bench.shown.join('\n'), /canary/);
  });

  it('ends with an unknown object when the person insists on stopping at once', async () => {
    bench.planOptions = { steps: ['namespaces', 'grafana'] };
    const kill = new AbortController();
    bench.server.fault({ path: /^(?!.*dryRun).*grafana-dashboard/, method: 'PATCH', times: 1, delayMilliseconds: 700 });
    const pending = bench.deploy({}, { killSignal: kill.signal });
    await requested(bench, /PATCH (?!.*dryRun).*grafana-dashboard/);
    kill.abort();
    const result = await pending;
    assert.deepEqual([result.outcome, result.reason], ['paused', 'cancelled']);
    assert.match(bench.journal(result.run), /"outcome":"unknown"/);
    await sleep(800);
    const resumed = await bench.deploy({}, { resume: result.run });
    assert.equal(resumed.outcome, 'completed');
    assert.match(bench.journal(result.run), /"outcome":"reconciled"/, 'the server had carried it out all the same');
  });

  describe('killed with SIGKILL', () => {
    const cases: readonly (readonly [string, string, readonly string[], number])[] = [
      ['before kubectl is started', '"type":"intent".*grafana-dashboard', ['namespaces', 'grafana'], 1],
      ['after a result', '"type":"result".*grafana-dashboard', ['namespaces', 'grafana'], 1],
      ['before a Job is started', '"type":"intent".*key-vault-init-db', ['key-vault'], 1],
      ['while a Job is waited for', '"type":"step".*"waiting"', ['key-vault'], 1],
    ];
    for (const [when, dieAt, steps, times] of cases)
      it(`${when}, it goes on and changes nothing twice`, async () => {
        if (steps[0] === 'key-vault') await prepare(bench, ['namespaces', 'postgresql']);
        bench.planOptions = { steps };
        const child = startChild(bench, steps, dieAt);
        const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
        assert.equal(signal, 'SIGKILL');
        const [run] = listRuns(stateDirectory(bench));
        assert.equal(run?.isRunning, false);
        assert.ok(existsSync(run.files.lock), 'the dead process has left its lock behind');
        const resumed = await bench.deploy({ confirmRunOnce: async () => 'run-again' }, { resume: run.files.id });
        assert.equal(resumed.outcome, 'completed', resumed.text);
        const last =
          steps.at(-1) === 'grafana' ? /PATCH (?!.*dryRun).*grafana-dashboard/ : /PATCH (?!.*dryRun).*jobs\/key-vault/;
        assert.equal(bench.server.requests.filter(request => last.test(request)).length, times);
        assert.equal(runState(readJournal(run.files.journal).entries).ended, 'completed');
      });

    it('while kubectl is at work, it compares before it repeats', async () => {
      const steps = ['namespaces', 'grafana'];
      bench.planOptions = { steps };
      bench.server.fault({
        path: /^(?!.*dryRun).*grafana-dashboard/,
        method: 'PATCH',
        times: 1,
        delayMilliseconds: 400,
      });
      const child = startChild(bench, steps);
      await requested(bench, /PATCH (?!.*dryRun).*grafana-dashboard/);
      child.kill('SIGKILL');
      await once(child, 'exit');
      await sleep(500);
      assert.ok(bench.server.get('ConfigMap', 'matrix', 'grafana-dashboard-synapse'), 'the orphaned kubectl went on');
      const [run] = listRuns(stateDirectory(bench));
      const resumed = await bench.deploy({}, { resume: run!.files.id });
      assert.equal(resumed.outcome, 'completed');
      assert.equal(
        bench.server.requests.filter(request => /PATCH (?!.*dryRun).*grafana-dashboard/.test(request)).length,
        1,
      );
    });

    it('refuses to drive a run that another living process drives', async () => {
      const steps = ['namespaces', 'grafana'];
      bench.planOptions = { steps };
      bench.server.fault({
        path: /^(?!.*dryRun).*grafana-dashboard/,
        method: 'PATCH',
        times: 1,
        delayMilliseconds: 3000,
      });
      const child = startChild(bench, steps);
      try {
        await requested(bench, /PATCH (?!.*dryRun).*grafana-dashboard/);
        const [run] = listRuns(stateDirectory(bench));
        assert.equal(run?.isRunning, true);
        const second = await bench.deploy({}, { resume: run.files.id });
        assert.equal(second.outcome, 'refused');
        assert.match(second.text, new RegExp(`Process ${child.pid} `));
      } finally {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    });
  });
});

async function prepare(bench: Bench, steps: readonly string[]): Promise<void> {
  bench.planOptions = { steps };
  assert.equal((await bench.deploy()).outcome, 'completed');
  // The finished run would be the newest one otherwise.
  await sleep(1100);
}

function startChild(bench: Bench, steps: readonly string[], dieAt?: string): ChildProcess {
  const order: ChildOrder = {
    kubectl: testKubectl(),
    directory: bench.sandbox.directory,
    kubeconfig: bench.sandbox.kubeconfig,
    state: stateDirectory(bench),
    files: bench.files,
    steps,
    ...(dieAt === undefined ? {} : { dieAt }),
  };
  return spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'child.ts'), JSON.stringify(order)], {
    stdio: ['ignore', 'ignore', 'inherit'],
    cwd: join(__dirname, '../../..'),
  });
}

function stateDirectory(bench: Bench): string {
  return join(bench.sandbox.directory, 'state');
}

async function requested(bench: Bench, pattern: RegExp): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (bench.server.requests.some(request => pattern.test(request))) return;
    await sleep(50);
  }
  const state = stateDirectory(bench);
  const files = existsSync(state) ? readdirSync(state, { recursive: true }).join(' ') : 'no state';
  assert.fail(
    `no request like ${pattern} came; ${files} ${files.includes('journal') ? readFileSync(listRuns(state)[0]!.files.journal, 'utf8').slice(-500) : ''}`,
  );
}
