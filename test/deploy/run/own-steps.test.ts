import assert from 'node:assert/strict';
import { readJournal } from '../../../deploy/journal/journal';
import { runState } from '../../../deploy/journal/state';
import { planSettings } from '../../../deploy/plan/settings';
import { unattended } from '../../../deploy/run/interaction';
import { runFiles } from '../../../deploy/run/store';
import { Workspace } from '../../../manifests/workspace';
import { type Bench, openBench } from './bench';

describe('a run of a plan that the tree has written down', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench({ readyMilliseconds: 5 });
  });
  afterEach(() => bench.close());

  function plan(yaml: string, ...steps: string[]): void {
    const workspace = new Workspace();
    workspace.update('file:///matrix-preflight.yaml', 'matrix-preflight.yaml', `plan:\n${yaml}`);
    bench.planOptions = { steps: ['namespaces', ...steps], settings: planSettings(workspace) };
  }
  const stateOf = (run: string) =>
    runState(readJournal(runFiles(`${bench.sandbox.directory}/state`, run).journal).entries);
  const changes = () =>
    bench.server.requests.filter(
      request => /^PATCH(?!.*dryRun)/.test(request) && !request.includes('/namespaces/matrix?'),
    );

  const calls = `  own:
    - id: calls
      helm: { release: livekit, chart: livekit/livekit-server }
      waits: [{ kind: Deployment, name: livekit-server }]
`;
  const installed = () =>
    bench.server.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'livekit-server', namespace: 'matrix', generation: 1 },
      spec: { replicas: 1, selector: { matchLabels: { a: 'b' } }, template: { metadata: { labels: { a: 'b' } } } },
    });

  it('pauses for a chart with the command, goes on when what it makes is there, and waits for it', async () => {
    plan(calls, 'calls', 'grafana');
    const paused = await bench.deploy();
    assert.deepEqual([paused.outcome, paused.reason], ['paused', 'needs-confirm']);
    assert.match(
      paused.text,
      /Run helm upgrade --install livekit livekit\/livekit-server --namespace=matrix, then resume/,
    );
    assert.deepEqual(changes(), [], 'what comes later is not applied');
    installed();
    const resumed = await bench.deploy({}, { resume: paused.run });
    assert.equal(resumed.outcome, 'completed', resumed.text);
    assert.equal(stateOf(resumed.run).steps.get('calls')?.state, 'done');
    assert.equal(changes().length, 1);
  });

  it('fails when what a chart has made does not get ready', async () => {
    plan(calls, 'calls', 'grafana');
    bench.server.behave('Deployment/livekit-server', 'deadline');
    await bench.deploy({ confirmStep: async () => ({ decision: 'apply' }) });
    installed();
    const failed = await bench.deploy();
    assert.equal(failed.outcome, 'failed');
    assert.match(failed.text, /livekit-server made no progress within its deadline/);
    assert.deepEqual(changes(), []);
  });

  it('does not call a step done that names nothing to wait for', async () => {
    plan('  own: [{ id: calls, helm: { release: a, chart: b } }]\n', 'calls');
    const result = await bench.deploy();
    assert.equal(result.outcome, 'failed');
    assert.match(result.text, /names nothing to wait for/);
  });

  it('leaves a step out, and keeps the reason', async () => {
    plan('  steps: { grafana: { skip: "another team runs it" } }\n', 'grafana');
    const { plan: made } = bench.current();
    const result = await bench.deploy(unattended({ context: 'test', planHash: made.hash }));
    assert.equal(result.outcome, 'completed-with-waivers');
    const grafana = stateOf(result.run).steps.get('grafana');
    assert.deepEqual([grafana?.state, grafana?.reason], ['skipped', 'another team runs it']);
    assert.deepEqual(changes(), []);
  });

  it('applies what must not run twice once, and asks before a second time', async () => {
    plan('  steps: { grafana: { runOnce: [ConfigMap/grafana-dashboard-synapse] } }\n', 'grafana');
    assert.equal((await bench.deploy()).outcome, 'completed');
    assert.equal(changes().length, 1);
    const asked: string[] = [];
    const answer = (decision: 'keep' | 'stop' | 'run-again') =>
      bench.deploy({
        confirmRunOnce: async question => {
          asked.push(question.reason);
          return decision;
        },
      });
    assert.equal((await answer('keep')).outcome, 'completed');
    assert.equal((await answer('stop')).outcome, 'paused');
    assert.equal(changes().length, 1);
    assert.equal((await answer('run-again')).outcome, 'completed');
    assert.equal(changes().length, 2);
    assert.deepEqual([...new Set(asked)], ['The object exists already and was not applied by this run.']);
    assert.equal(asked.length, 3);
  });
});
