import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JournalFact } from '../../../deploy/journal/entries';
import { JournalError, openJournal, readJournal } from '../../../deploy/journal/journal';
import { acquireLock, isLock, type LockHolder, lockHolder } from '../../../deploy/journal/lock';
import { isApplied, objectKey, runState } from '../../../deploy/journal/state';

const object = { apiVersion: 'v1', kind: 'Secret', name: 's', namespace: 'matrix', file: 'a.yaml', line: 1 };
const facts: JournalFact[] = [
  { type: 'step', step: 'redis', state: 'applying' },
  { type: 'intent', step: 'redis', operation: 'apply', object, content: 'hmac' },
  { type: 'result', step: 'redis', operation: 'apply', object, outcome: 'created', uid: 'u' },
];

describe('the journal', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'preflight-journal-'));
    path = join(directory, 'journal.jsonl');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const write = (...written: JournalFact[]) => {
    const journal = openJournal(path, () => 0);
    for (const fact of written) journal.append(fact);
    journal.close();
  };

  it('is read as it was written, and is private', () => {
    write(...facts);
    const { entries, torn } = readJournal(path);
    assert.equal(torn, false);
    assert.deepEqual(
      entries.map(entry => [entry.seq, entry.type, entry.time]),
      facts.map((fact, index) => [index, fact.type, '1970-01-01T00:00:00.000Z']),
    );
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('is on the disk before append returns', () => {
    const seen: number[] = [];
    const journal = openJournal(
      path,
      () => 0,
      entry => seen.push(readJournal(path).entries.length - entry.seq),
    );
    for (const fact of facts) journal.append(fact);
    journal.close();
    assert.deepEqual(seen, [1, 1, 1]);
  });

  it('loses at most a torn last line, wherever it was torn, and goes on after it', () => {
    write(...facts);
    const whole = readFileSync(path);
    const beforeLast = whole.lastIndexOf(0x0a, whole.length - 2) + 1;
    for (let length = beforeLast + 1; length < whole.length; length++) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      assert.deepEqual([readJournal(path).torn, readJournal(path).entries.length], [true, 2], `cut at ${length}`);
    }
    write(facts[2]!);
    assert.deepEqual([readJournal(path).torn, readJournal(path).entries.length], [false, 3]);
  });

  it('is refused when an entry was changed, removed or added by hand', () => {
    write(...facts);
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    const refuse = (changed: string[]) => {
      writeFileSync(path, `${changed.join('\n')}\n`);
      assert.throws(() => readJournal(path), JournalError);
    };
    refuse([lines[0]!, lines[1]!.replace('hmac', 'hmaC'), lines[2]!]);
    refuse([lines[0]!, lines[2]!]);
    refuse([lines[0]!, lines[1]!, lines[1]!]);
    refuse(['not json', ...lines]);
  });

  it('of another schema is refused', () => {
    const run = {
      type: 'run',
      schema: 99,
      run: 'r',
      tool: 't',
      user: 'u',
      root: '/',
      planHash: '',
      waivers: [],
      kubectl: { path: '', version: '' },
    };
    write(run as unknown as JournalFact);
    assert.throws(() => readJournal(path), /another version/);
  });

  it('does not cut off what a crash did not write', () => {
    write(...facts);
    appendFileSync(path, '{"type":"step"');
    assert.equal(readJournal(path).entries.length, 3);
  });

  describe('adds up to a state', () => {
    const stateOf = (...written: JournalFact[]) => {
      write(...written);
      return runState(readJournal(path).entries);
    };

    it('in which an intent without a result is in flight', () => {
      const record = stateOf(facts[0]!, facts[1]!).objects.get(objectKey('redis', object));
      assert.deepEqual([record?.state, record?.content, isApplied(record)], ['inFlight', 'hmac', false]);
    });

    it('in which a result counts, a failure does not', () => {
      const created = stateOf(...facts).objects.get(objectKey('redis', object));
      assert.deepEqual([created?.state, created?.uid, isApplied(created)], ['created', 'u', true]);
      const failed = stateOf({ ...(facts[2] as object), outcome: 'failed' } as JournalFact).objects.get(
        objectKey('redis', object),
      );
      assert.equal(isApplied(failed), false);
    });

    it('in which a deleted Job is gone and a resumed run is not paused', () => {
      const state = stateOf(
        ...facts,
        { type: 'result', step: 'redis', operation: 'delete', object, outcome: 'deleted' },
        { type: 'paused', reason: 'cancelled', text: '' },
        { type: 'resumed', user: 'u' },
      );
      assert.equal(state.objects.size, 0);
      assert.equal(state.paused, undefined);
    });
  });
});

describe('the lock of a run', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'preflight-lock-'));
    path = join(directory, 'lock');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('is held by one', () => {
    const first = acquireLock(path);
    assert.ok(isLock(first));
    const second = acquireLock(path);
    assert.ok(!isLock(second));
    assert.equal(second.pid, process.pid);
    assert.equal(first.renew(), true);
    first.release();
    assert.ok(isLock(acquireLock(path)));
  });

  it('of a dead process, or of a later process with the same pid, is taken over', () => {
    const acquired = acquireLock(path);
    assert.ok(isLock(acquired));
    const mine = JSON.parse(readFileSync(path, 'utf8')) as LockHolder;
    for (const dead of [
      { ...mine, pid: 2 ** 22 + 1 },
      { ...mine, started: 'earlier' },
    ]) {
      writeFileSync(path, JSON.stringify(dead));
      assert.equal(lockHolder(path), undefined);
      assert.ok(isLock(acquireLock(path)));
    }
  });

  it('of another machine is respected until its heart has stopped for a minute', () => {
    writeFileSync(path, JSON.stringify({ pid: 1, host: 'elsewhere', started: '', heartbeat: 1_000_000 }));
    assert.ok(!isLock(acquireLock(path, () => 1_059_000)));
    assert.ok(isLock(acquireLock(path, () => 1_061_000)));
  });

  it('that was taken over is lost, and is neither renewed nor removed by its former holder', () => {
    const mine = acquireLock(path);
    assert.ok(isLock(mine));
    const other = JSON.stringify({ pid: 1, host: 'elsewhere', started: '', heartbeat: 0 });
    writeFileSync(path, other);
    assert.equal(mine.renew(), false);
    mine.release();
    assert.equal(readFileSync(path, 'utf8'), other);
  });

  it('with a file that says nothing is taken over', () => {
    writeFileSync(path, '');
    assert.ok(isLock(acquireLock(path)));
  });
});
