import * as assert from 'node:assert/strict';
import {
  checksNode,
  type DeploymentNode,
  duration,
  isResumable,
  type RunSnapshot,
  runNode,
} from '../../client/deployment/tree';
import type { JournalEntry, JournalFact } from '../../deploy/journal/entries';
import { runState } from '../../deploy/journal/state';
import { type DeployPlan, planDeployment } from '../../deploy/plan/plan';
import type { LiveResults } from '../../deploy/run/results';
import { sourcesOf } from '../deploy/sources';
import { tree as files } from '../deploy/tree';

const start = Date.parse('2030-01-01T00:00:00Z');
const plan: DeployPlan = planDeployment(sourcesOf(files), [], { steps: ['namespaces', 'redis', 'grafana'] });
const redis = plan.phases.flatMap(phase => phase.steps).find(step => step.id === 'redis')!;

const head: readonly JournalFact[] = [
  {
    type: 'run',
    schema: 1,
    run: 'R1',
    tool: 't',
    user: 'u',
    root: '/tree',
    planHash: plan.hash,
    waivers: [],
    kubectl: { path: 'k', version: 'v' },
  },
  {
    type: 'bound',
    cluster: { context: 'staging', server: 'https://x', caHash: '', uid: 'u1', serverVersion: 'v1.32' },
  },
];
const inRedis: readonly JournalFact[] = [
  { type: 'step', step: 'namespaces', state: 'gate' },
  { type: 'step', step: 'namespaces', state: 'done' },
  { type: 'step', step: 'redis', state: 'gate' },
  { type: 'step', step: 'redis', state: 'applying' },
  { type: 'result', step: 'redis', operation: 'apply', object: redis.objects[0]!, outcome: 'created' },
  { type: 'intent', step: 'redis', operation: 'apply', object: redis.objects[1]!, content: 'x' },
];

/** One entry a second. */
function journal(...facts: readonly JournalFact[]): readonly JournalEntry[] {
  return facts.map(
    (fact, seq) =>
      ({ ...fact, seq, time: new Date(start + seq * 1000).toISOString(), previous: '', hash: '' }) as JournalEntry,
  );
}

function show(facts: readonly JournalFact[], more: Partial<RunSnapshot> = {}): DeploymentNode {
  const snapshot = {
    plan,
    entries: journal(...head, ...facts),
    isRunning: false,
    live: undefined,
    asked: undefined,
    ...more,
  };
  return runNode(snapshot, start + 60_000, true);
}

const stepsOf = (run: DeploymentNode) => run.children.flatMap(phase => phase.children);
const stepOf = (run: DeploymentNode, id: string) => stepsOf(run).find(({ step }) => step === id) ?? assert.fail(id);

describe('the tree of a run', () => {
  it('follows a run that goes on', () => {
    const run = show(inRedis, { isRunning: true, live: { step: 'redis', text: 'waiting, 0/1 ready, 9 s left' } });
    assert.deepEqual([run.title, run.state, run.kind], ['staging', 'active', 'running']);
    assert.equal(run.description, 'running, 1 of 3 steps, 1 min 0 s');
    assert.deepEqual(
      stepsOf(run).map(({ step, state }) => [step, state]),
      [
        ['namespaces', 'done'],
        ['redis', 'active'],
        ['grafana', 'pending'],
      ],
    );
    const step = stepOf(run, 'redis');
    assert.equal(step.description, `waiting, 0/1 ready, 9 s left, 1/${redis.objects.length}, 56 s`);
    assert.ok(step.isExpanded);
    assert.deepEqual(
      step.children.map(({ state }) => state),
      ['done', 'active', ...redis.objects.slice(2).map(() => 'pending')],
    );
    const { file, line } = redis.objects[0]!;
    assert.deepEqual(step.children[0]?.place, { root: '/tree', file, line });
  });

  it('says after a crash where it was, and that nobody knows what became of the object under way', () => {
    const run = show(inRedis);
    assert.deepEqual([run.state, run.kind], ['paused', 'resumable']);
    assert.match(run.description, /^interrupted, 1 of 3/);
    assert.match(run.explanation, new RegExp(`after 1 of ${redis.objects.length} objects`));
    assert.equal(stepOf(run, 'redis').state, 'paused');
    assert.equal(stepOf(run, 'redis').children[1]?.state, 'unknown');
  });

  it('marks the step that waits for an answer, and the one that has failed for good', () => {
    const failed: readonly JournalFact[] = [
      ...inRedis,
      { type: 'step', step: 'redis', state: 'failed', reason: 'CrashLoopBackOff' },
    ];
    assert.equal(stepOf(show(failed, { isRunning: true, asked: 'redis' }), 'redis').kind, 'asked');
    const run = show([...failed, { type: 'paused', reason: 'failed', text: 'Redis failed' }]);
    assert.deepEqual([run.state, run.kind], ['failed', 'resumable']);
    assert.match(stepOf(run, 'redis').explanation, /CrashLoopBackOff/);
  });

  it('ends', () => {
    const ended = show([{ type: 'ended', outcome: 'completed-with-waivers' }]);
    assert.deepEqual([ended.state, ended.kind], ['warning', 'ended']);
    const entries = journal(...head, { type: 'ended', outcome: 'completed' });
    assert.equal(isResumable(runState(entries), false), false);
    assert.equal(isResumable(runState(journal(...head)), false), true);
    assert.equal(isResumable(runState(journal(...head)), true), false);
  });

  it('keeps its ids from one reading to the next', () => {
    const ids = (node: DeploymentNode): readonly string[] => [node.id, ...node.children.flatMap(ids)];
    const before = ids(show(inRedis, { isRunning: true }));
    assert.deepEqual(before, ids(show([...inRedis, { type: 'step', step: 'redis', state: 'failed' }])));
    assert.equal(new Set(before).size, before.length);
  });

  it('shows what the cluster has answered, and nothing where it was not asked', () => {
    assert.equal(checksNode(undefined), undefined);
    const check = { items: [], advisory: false, details: [], at: '2030-01-01T00:00:00Z' };
    const results: LiveResults = {
      version: 1,
      root: '/tree',
      cluster: { context: 'staging', server: '', caHash: '', uid: 'u', serverVersion: '' },
      checks: [
        { ...check, id: 'redis', title: 'Redis', verdict: 'pass', text: 'PONG' },
        { ...check, id: 'minio', title: 'MinIO', verdict: 'unknown', text: 'no answer' },
      ],
    };
    const node = checksNode(results);
    assert.deepEqual([node?.state, node?.description], ['failed', 'staging, 1 of 2 passed, 1 not']);
    assert.deepEqual(
      node?.children.map(({ state }) => state),
      ['done', 'unknown'],
    );
  });

  it('tells times in words', () => {
    assert.deepEqual([0, 59_400, 125_000, 3_780_000, Number.NaN].map(duration), [
      '0 s',
      '59 s',
      '2 min 5 s',
      '1 h 3 min',
      '0 s',
    ]);
  });
});
