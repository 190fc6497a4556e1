import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { orderProposals } from '../../checklist/steps';
import type { JournalEntry } from '../../deploy/journal/entries';
import { readJournal } from '../../deploy/journal/journal';
import { isApplied, runState } from '../../deploy/journal/state';
import { objectTransitions, runTransitions, stepTransitions } from '../../deploy/journal/transitions';
import { planSettings } from '../../deploy/plan/settings';
import type { FailureDecision } from '../../deploy/run/interaction';
import { exitCode } from '../../deploy/run/result';
import { runFiles } from '../../deploy/run/store';
import { Workspace } from '../../manifests/workspace';
import { type Bench, openBench } from './run/bench';

const page = readFileSync(join(__dirname, '../../docs/deploying.md'), 'utf8');
const [steps, objects, runs, ...more] = [...page.matchAll(/```mermaid\n([^`]*)```/g)].map(([, text]) => text ?? '');

describe('the runbook page', function () {
  this.timeout(120_000);

  it('draws the states that the code has', () => {
    assert.equal(more.length, 0);
    assert.deepEqual(drawn(steps), flat(stepTransitions));
    assert.deepEqual(drawn(objects), flat(objectTransitions));
    assert.deepEqual(drawn(runs), flat(runTransitions));
  });

  it('names every exit code', () => {
    const outcomes = ['completed', 'blocked', 'failed', 'paused', 'refused'] as const;
    const codes = outcomes.map(outcome => exitCode({ outcome, run: '', text: '', blockers: [] }));
    const rows = [...page.matchAll(/^\| (\d) +\|/gm)].map(([, code]) => Number(code));
    assert.deepEqual(rows, [...new Set([...codes, 2])].sort());
  });

  it('shows settings that are understood', () => {
    const [, yaml = ''] = /```yaml\n([^`]*)```/.exec(page) ?? [];
    const workspace = new Workspace();
    workspace.update('file:///matrix-preflight.yaml', 'matrix-preflight.yaml', yaml);
    const settings = planSettings(workspace);
    assert.ok(settings.refused.every(id => orderProposals.some(proposal => proposal.id === id)));
    assert.deepEqual([settings.phases.length, settings.steps.size, settings.own.length], [2, 2, 2]);
    assert.equal(settings.own[1]?.helm?.chart, 'livekit/livekit-server');
  });

  it('leaves out no way that a step, an object or a run can go', async () => {
    const seen = { steps: new Set<string>(), objects: new Set<string>(), runs: new Set<string>() };
    for (const scenario of scenarios) {
      const bench = await openBench({ readyMilliseconds: 1 });
      try {
        for (const run of await scenario(bench))
          note(readJournal(runFiles(join(bench.sandbox.directory, 'state'), run).journal).entries, seen);
      } finally {
        await bench.close();
      }
    }
    assert.deepEqual([...seen.steps].sort(), flat(stepTransitions));
    assert.deepEqual([...seen.objects].sort(), flat(objectTransitions));
    assert.deepEqual([...seen.runs].sort(), flat(runTransitions));
  });
});

type Scenario = (bench: Bench) => Promise<readonly string[]>;

const grafana = ['namespaces', 'grafana'];
const dashboard = /^(?!.*dryRun).*\/configmaps\/grafana/;

const scenarios: readonly Scenario[] = [
  // Dies after each entry in turn, with an object under way that the cluster has or has not.
  async bench => {
    const runs: string[] = [];
    bench.planOptions = { steps: grafana };
    let last = 0;
    await bench.deploy(
      {},
      {
        afterWrite: ({ seq }) => {
          last = seq;
        },
      },
    );
    for (let death = 0; death <= last; death++) {
      const fresh = await openBench({ readyMilliseconds: 1 });
      try {
        fresh.planOptions = bench.planOptions;
        let run = '';
        const more = {
          onRun: (id: string) => {
            run = id;
          },
          afterWrite: (entry: JournalEntry) => {
            if (entry.seq === death) throw new Error('died');
          },
        };
        await fresh.deploy({}, more).catch(() => {});
        if (death < last) await fresh.deploy({}, { resume: run });
        // Its directory goes away with the bench, so what it says is kept elsewhere.
        const { entries } = readJournal(runFiles(join(fresh.sandbox.directory, 'state'), run).journal);
        kept.push(entries);
      } finally {
        await fresh.close();
      }
    }
    return runs;
  },
  // Every way in which a step fails, and every answer to it.
  async bench => {
    bench.planOptions = { steps: grafana };
    const answers: FailureDecision[] = [{ decision: 'retry' }, { decision: 'skip', reason: 'later' }];
    bench.server.fault({ path: dashboard, method: 'PATCH', times: 1, status: 422, reason: 'Invalid', message: 'no' });
    const failing = { afterFailure: async () => answers.shift() ?? ({ decision: 'stop' } as const) };
    const first = await bench.deploy(failing);
    bench.server.fault({ path: /dryRun/, times: 1, status: 422, reason: 'Invalid', message: 'no' });
    answers.push({ decision: 'retry' });
    const second = await bench.deploy(failing);
    bench.server.onReview(() => false);
    answers.push({ decision: 'skip', reason: 'forbidden' }, { decision: 'skip', reason: 'forbidden' });
    const third = await bench.deploy(failing);
    bench.server.onReview(() => true);
    return [first.run, second.run, third.run];
  },
  // Somebody else owns a field; a step is refused; a file changes while a person thinks.
  async bench => {
    bench.planOptions = { steps: grafana };
    bench.server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'matrix' } });
    bench.server.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'grafana-dashboard-synapse', namespace: 'matrix' },
      data: { 'synapse.json': 'theirs' },
    });
    const conflicting = await bench.deploy();
    const skipped = await bench.deploy({ confirmStep: async () => ({ decision: 'skip', reason: 'not now' }) });
    return [conflicting.run, skipped.run];
  },
  // What does not get ready, checks that do not pass, and results that are accepted.
  async bench => {
    bench.planOptions = { steps: ['namespaces', 'redis'] };
    bench.server.behave('StatefulSet/redis', 'image-pull');
    const waiting = await bench.deploy();
    bench.server.behave('StatefulSet/redis', 'ready');
    bench.server.onExec(() => ({ stdout: 'LOADING\n' }));
    bench.files['infrastructure/02-redis/redis.yaml'] += '\n';
    const other = await openBench({ readyMilliseconds: 1 });
    try {
      other.planOptions = bench.planOptions;
      other.server.onExec(() => ({ stdout: 'LOADING\n' }));
      const answers: FailureDecision[] = [{ decision: 'retry' }, { decision: 'accept', reason: 'known' }];
      const { run } = await other.deploy({ afterFailure: async () => answers.shift()! });
      kept.push(readJournal(runFiles(join(other.sandbox.directory, 'state'), run).journal).entries);
    } finally {
      await other.close();
    }
    return [waiting.run];
  },
  // A Job that exists is kept, runs again after it has failed, and its answer is lost; an absent step waits for a decision.
  async bench => {
    bench.planOptions = { steps: ['namespaces', 'postgresql', 'key-vault'] };
    bench.server.behave('Job/key-vault-init-db', 'fail');
    const failed = await bench.deploy();
    bench.server.behave('Job/key-vault-init-db', 'ready');
    const again = await bench.deploy({ confirmRunOnce: async () => 'run-again' }, { resume: failed.run });
    const keeping = await bench.deploy({ confirmRunOnce: async () => 'keep' });
    bench.planOptions = { steps: ['synapse-li-workers'] };
    const absent = await bench.deploy({ skipAbsent: async () => ({ decision: 'stop' }) });
    await bench.deploy({}, { resume: absent.run });
    return [failed.run, again.run, keeping.run, absent.run];
  },
  // An answer is lost, before or after the server has done it; what was done falls and is changed before it is resumed.
  async bench => {
    bench.planOptions = { steps: grafana };
    const runs: string[] = [];
    bench.server.fault({ path: dashboard, method: 'PATCH', times: 1, reset: true });
    bench.server.fault({ path: dashboard, method: 'PATCH', times: 1, cut: true });
    runs.push((await bench.deploy()).run);
    bench.server.clearFaults();
    bench.planOptions = { steps: [...grafana, 'redis'] };
    bench.server.fault({ path: dashboard, method: 'PATCH', times: 1, status: 422, reason: 'Invalid', message: 'no' });
    const path = 'monitoring/02-grafana/dashboards.yaml';
    bench.files[path] = bench.files[path]!.replace('"{}"', '"{ }"');
    const paused = await bench.deploy();
    const redis = 'infrastructure/02-redis/redis.yaml';
    bench.files[redis] = bench.files[redis]!.replace('replicas: 3', 'replicas: 5');
    bench.server.onExec((pod, _container, command) => ({
      stdout: /ping/.test(command.join(' '))
        ? 'PONG'
        : pod === 'redis-0'
          ? 'role:master\nconnected_slaves:4'
          : 'role:slave',
    }));
    await bench.deploy({}, { resume: paused.run });
    return [...runs, paused.run];
  },
  // A chart that a person installs.
  async bench => {
    const workspace = new Workspace();
    const yaml = 'plan: { own: [{ id: x, helm: { release: a, chart: b }, waits: [{ kind: ConfigMap, name: made }] }] }';
    workspace.update('file:///matrix-preflight.yaml', 'matrix-preflight.yaml', yaml);
    bench.planOptions = { steps: ['namespaces', 'x'], settings: planSettings(workspace) };
    const { run } = await bench.deploy();
    bench.server.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'made', namespace: 'matrix' } });
    await bench.deploy({}, { resume: run });
    return [run];
  },
];

/** Journals of benches that were closed within a scenario. */
const kept: (readonly JournalEntry[])[] = [];

function note(
  entries: readonly JournalEntry[],
  seen: { readonly steps: Set<string>; readonly objects: Set<string>; readonly runs: Set<string> },
): void {
  for (const journal of [entries, ...kept.splice(0)]) {
    for (let length = 1; length <= journal.length; length++) {
      const entry = journal[length - 1]!;
      const before = runState(journal.slice(0, length - 1));
      const now = runState(journal.slice(0, length));
      if (entry.type === 'step') seen.steps.add(`${before.steps.get(entry.step)?.state ?? 'pending'} ${entry.state}`);
      if (entry.type === 'intent' || entry.type === 'result')
        for (const key of new Set([...before.objects.keys(), ...now.objects.keys()])) {
          const [was, is] = [before.objects.get(key), now.objects.get(key)];
          const word = (record: typeof was) => (isApplied(record) ? 'applied' : (record?.state ?? 'planned'));
          const isOfEntry = key.startsWith(`${entry.step} `) && key.endsWith(entry.object.name);
          if (isOfEntry && (was !== is || entry.operation === 'apply') && !(word(was) === word(is) && was === is))
            seen.objects.add(`${word(was)} ${word(is)}`);
        }
      if (entry.type === 'paused') seen.runs.add('running paused');
      if (entry.type === 'resumed') seen.runs.add('paused running');
      if (entry.type === 'ended') seen.runs.add(`running ${entry.outcome}`);
    }
  }
}

function flat(transitions: { readonly [from: string]: readonly string[] }): readonly string[] {
  return Object.entries(transitions)
    .flatMap(([from, targets]) => targets.map(to => `${from} ${to}`))
    .sort();
}

function drawn(diagram = ''): readonly string[] {
  // Mermaid takes no hyphens in the names of states.
  const arrows = [...diagram.matchAll(/^ +(\w+) --> (\w+)(?::[^:;\n]*)?$/gm)];
  assert.equal(arrows.length, diagram.split('-->').length - diagram.split('[*]').length, 'every line can be drawn');
  return arrows.map(([, from, to]) => `${from} ${to}`.replaceAll('_', '-')).sort();
}
