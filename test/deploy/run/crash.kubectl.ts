import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { readJournal } from '../../../deploy/journal/journal';
import { isApplied, runState } from '../../../deploy/journal/state';
import { listRuns } from '../../../deploy/run/store';
import { inProcessKubectl } from '../api-server/in-process';
import { testKubectl } from '../kubectl';
import { secret, tree } from '../tree';
import { type Bench, openBench } from './bench';
import { type CrashOrder, mostlyReal } from './crash-child';

/** Two steps with three objects, one of them a Job that must never run twice. */
const steps = ['namespaces', 'sync-system'];
const files = {
  'namespace.yaml': tree['namespace.yaml']!,
  'li-instance/04-sync-system/sync.yaml': `${secret('sync-secrets', 'PASSWORD', 'canary-sync-password')}---
apiVersion: batch/v1
kind: Job
metadata: { name: sync-once, namespace: matrix }
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: job, image: 'postgres:16-alpine' }]
`,
};

describe('a run that is killed with SIGKILL at every write of its journal', function () {
  this.timeout(240_000);
  this.retries(0);
  let bundles: string;
  let writes = 0;
  /** Writes right after which the cluster is changed; to die there is not the same as to die in the next write. */
  let announcements: readonly number[] = [];
  let undisturbed = '';
  before(async () => {
    bundles = mkdtempSync(join(tmpdir(), 'preflight-crash-'));
    buildSync({
      entryPoints: [join(__dirname, 'crash-child.ts')],
      outfile: join(bundles, 'crash-child.js'),
      bundle: true,
      platform: 'node',
      logLevel: 'error',
    });
    const bench = await open();
    try {
      const result = await bench.deploy();
      assert.equal(result.outcome, 'completed', result.text);
      const { entries } = readJournal(listRuns(stateOf(bench))[0]!.files.journal);
      writes = entries.length;
      announcements = entries.flatMap(({ type, seq }) => (type === 'intent' ? [seq + 1] : []));
      undisturbed = clusterState(bench);
    } finally {
      await bench.close();
    }
  });
  after(() => rmSync(bundles, { recursive: true, force: true }));

  it('has writes to be killed at', () => {
    assert.ok(writes > 25, `${writes} writes`);
    assert.equal(announcements.length, 3);
    assert.match(undisturbed, /Job\/matrix\/sync-once/);
  });

  it('in the middle of each, and after those that announce a change, it goes on and does everything exactly once', async () => {
    const queue: [number, CrashOrder['when']][] = Array.from({ length: writes }, (_, index) => [index + 1, 'torn']);
    queue.push(...[...announcements, writes].map((write): [number, CrashOrder['when']] => [write, 'after']));
    const wanted = queue.length;
    let tried = 0;
    const work = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        await killAndResume(...next);
        tried++;
      }
    };
    await Promise.all(Array.from({ length: 8 }, work));
    assert.equal(tried, wanted);
  });

  async function killAndResume(write: number, when: CrashOrder['when']): Promise<void> {
    const bench = await open();
    const where = `killed ${when === 'torn' ? 'in' : 'after'} write ${write} of ${writes}`;
    try {
      const order: CrashOrder = {
        kubectl: testKubectl(),
        url: bench.server.url,
        directory: bench.sandbox.directory,
        kubeconfig: bench.sandbox.kubeconfig,
        state: stateOf(bench),
        files,
        steps,
        write,
        when,
      };
      const child = spawn(process.execPath, [join(bundles, 'crash-child.js'), JSON.stringify(order)], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
      assert.equal(signal, 'SIGKILL', where);
      const [run, ...others] = listRuns(stateOf(bench));
      assert.ok(run !== undefined && others.length === 0, `${where}: the journal can be opened`);
      const { entries, torn } = readJournal(run.files.journal);
      assert.deepEqual([entries.length, torn], when === 'torn' ? [write - 1, true] : [write, false], where);
      if (run.state.ended === undefined) {
        const resumed = await bench.deploy({ confirmRunOnce: async () => 'run-again' }, { resume: run.files.id });
        assert.equal(resumed.outcome, 'completed', `${where}: ${resumed.text}`);
      } else assert.equal(write, writes, where);
      const state = runState(readJournal(run.files.journal).entries);
      assert.equal(state.ended, 'completed', where);
      assert.deepEqual(
        [...state.steps].map(([id, step]) => [id, step.state]),
        steps.map(id => [id, 'done']),
        where,
      );
      assert.equal([...state.objects.values()].filter(isApplied).length, 3, where);
      const changes = bench.server.requests.filter(request => /^(PATCH|POST|DELETE)(?!.*dryRun)/.test(request));
      const jobs = changes.filter(request => request.includes('/jobs'));
      assert.equal(jobs.length, 1, `${where}: ${jobs.join(', ')}`);
      assert.match(jobs[0]!, /^PATCH .*\/jobs\/sync-once\?/, where);
      assert.equal(clusterState(bench), undisturbed, where);
    } finally {
      await bench.close();
    }
  }
});

async function open(): Promise<Bench> {
  const bench = await openBench({ readyMilliseconds: 1 });
  bench.kubectl = context => {
    const quick = inProcessKubectl(bench.server, context);
    const kubectl = mostlyReal(bench.sandbox.kubectl(context), quick);
    return call => (call.args[0] === 'logs' ? quick(call) : kubectl(call));
  };
  bench.files = files;
  bench.planOptions = { steps };
  return bench;
}

function stateOf(bench: Bench): string {
  return join(bench.sandbox.directory, 'state');
}

/** What the cluster holds, without what differs between any two runs. */
function clusterState(bench: Bench): string {
  return ['Namespace', 'Secret', 'ConfigMap', 'Job', 'Pod']
    .flatMap(kind => bench.server.list(kind))
    .map(object => {
      const { metadata, ...rest } = object;
      const lasting = JSON.stringify({ ...rest, labels: metadata.labels }).replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'T');
      return `${object.kind}/${metadata.namespace ?? ''}/${metadata.name} ${lasting}`;
    })
    .join('\n');
}
