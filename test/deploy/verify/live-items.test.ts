import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CheckVerdict } from '../../../deploy/journal/entries';
import { readResults, saveResults } from '../../../deploy/run/results';
import { liveAnswers } from '../../../deploy/verify/live-items';

const cluster = { context: 'staging', server: 'https://x', caHash: '', uid: 'u1', serverVersion: 'v1.32' };
const now = Date.parse('2030-01-02T03:04:05Z');

describe('answers of a cluster', () => {
  let state: string;
  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), 'preflight-results-'));
  });
  afterEach(() => rmSync(state, { recursive: true, force: true }));

  const check = (id: string, items: readonly string[], verdict: CheckVerdict, advisory = false) => {
    return { id, title: id, items, advisory, verdict, text: `${id} says ${verdict}`, details: [] };
  };
  const save = (checks: ReturnType<typeof check>[], uid = 'u1', at = now) =>
    saveResults(state, { root: '/tree', cluster: { ...cluster, uid }, checks }, at);
  const answers = () => liveAnswers(readResults(state, '/tree'));

  it('decide live items, with the cluster and the time', () => {
    save([check('kubernetes-version', ['A.4.a'], 'pass'), check('cert-manager', ['A.4.b'], 'fail')]);
    assert.deepEqual(answers().get('A.4.a'), {
      state: 'passed',
      reason: 'kubernetes-version says pass (staging, 2030-01-02 03:04 UTC)',
    });
    assert.equal(answers().get('A.4.b')?.state, 'failed');
    assert.equal(answers().get('A.4.c'), undefined, 'nobody has asked');
  });

  it('pass an item only if all of its checks have passed', () => {
    save([check('pods-running', ['C.1.a', 'F.1'], 'pass')]);
    assert.equal(answers().get('C.1.a')?.state, 'passed');
    assert.equal(answers().get('F.1')?.state, 'unknown');
    save([check('no-crash-loop', ['C.1.b', 'F.1'], 'pass'), check('workloads', ['F.1'], 'unknown')]);
    assert.equal(answers().get('F.1')?.state, 'unknown');
    save([check('workloads', ['F.1'], 'pass')]);
    assert.equal(answers().get('F.1')?.state, 'passed');
  });

  it('do not decide by checks that only inform, nor by those that had nothing to look at', () => {
    save([check('pod-logs', ['F.2'], 'pass', true), check('replication', ['C.4.a', 'F.6'], 'skipped')]);
    assert.equal(answers().get('F.2'), undefined);
    assert.equal(answers().get('C.4.a')?.state, 'not-applicable');
  });

  it('are never mixed from two clusters', () => {
    save([check('kubernetes-version', ['A.4.a'], 'pass')]);
    save([check('cert-manager', ['A.4.b'], 'pass')], 'u2');
    assert.deepEqual([...answers().keys()], ['A.4.b']);
  });

  it('are kept for the user only, and a file that cannot be read is no answer', () => {
    save([check('redis', ['C.2.b'], 'pass')]);
    const [file] = readdirSync(join(state, 'results'));
    assert.equal(statSync(join(state, 'results', file ?? '')).mode & 0o077, 0);
    assert.equal(readResults(state, '/other'), undefined);
    assert.deepEqual([...liveAnswers(undefined)], []);
  });
});
