import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { network } from '../../cli/commands/network';
import { report } from '../../cli/commands/report';
import { matrix, svg } from '../../cli/formats/network';
import { UsageError } from '../../cli/usage';
import type { NetworkReport } from '../../protocol/network';

describe('network and report on the command line', function () {
  this.timeout(60_000);
  let folder = '';
  const out = (): string => join(folder, 'out');
  const written = (): string => readFileSync(out(), 'utf8');
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'matrix-preflight-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('print the same network as lines, data, matrix and picture', async () => {
    assert.equal(await network(['examples/broken', '--output', out()]), 0);
    const denied = written()
      .split('\n')
      .filter(line => line.startsWith('denied'));
    assert.equal(await network(['examples/broken', '--format', 'json', '--output', out()]), 0);
    const data = JSON.parse(written()) as NetworkReport;
    const { summary, flows } = data;
    assert.ok(summary.blocked > 0 && denied.length >= summary.blocked);
    const blocked = flows.find(({ verdict }) => verdict === 'blocked');
    assert.match(blocked?.finding?.rule ?? '', /^netpol-/);
    const lines = matrix(data);
    assert.match(lines, /^haproxy\n( {2}\S+ +[✓✕?○] \d+.*\n)+/m);
    assert.match(lines, /\nOpen, and not known to be needed:\n/);
    assert.match(svg(data), /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  });

  it('refuse a format for one pair', async () => {
    await assert.rejects(
      network(['examples/broken', '--from', 'haproxy', '--to', 'redis', '--port', '6379', '--format', 'json']),
      UsageError,
    );
    await assert.rejects(network(['examples/broken', '--format', 'dot']), UsageError);
    await assert.rejects(report(['examples/broken', '--format', 'pdf']), UsageError);
  });

  it('write the report and fail while items fail', async () => {
    assert.equal(await report(['examples/broken', '--format', 'json', '--output', out()]), 1);
    const { states, generatedAt } = JSON.parse(written());
    assert.ok(states.failed > 0);
    assert.match(generatedAt, /^\d{4}-\d{2}-\d{2}T/);
    await report([folder, '--format', 'markdown', '--output', out()]);
    assert.match(written(), /^# Preflight report of matrix-preflight-/);
    // The folder is in no repository.
    assert.doesNotMatch(written(), /\| Commit \|/);
  });
});
