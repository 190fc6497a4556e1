import assert from 'node:assert/strict';
import { type NetworkReport, networkRequest } from '../../protocol/network';
import { type ReportResult, reportRequest } from '../../protocol/report';
import rule from '../../rules/network/netpol-flow-blocked';
import { readFixture } from '../fixture';
import { startClient } from './client';

describe('requests for the network and the report', function () {
  this.timeout(30_000);

  it('answer for the deployment as it is being edited', async () => {
    const { files } = readFixture(rule.examples.bad);
    const client = await startClient(files, { pulls: true });
    try {
      await client.ready();
      const before = await client.connection.sendRequest<NetworkReport>(networkRequest);
      assert.equal(before.root, client.uri('').replace(/\/$/, ''));
      const [blocked] = before.flows.filter(({ verdict }) => verdict === 'blocked');
      assert.equal(blocked?.finding?.rule, 'netpol-flow-blocked');
      assert.equal(blocked?.finding?.place.file, 'livekit.yaml');
      assert.deepEqual(before.summary, { components: 2, allowed: 0, blocked: 1, unknown: 0, unneeded: 0 });
      client.open('policies.yaml', readFixture(rule.examples.good).files.get('policies.yaml') ?? '');
      const after = await client.connection.sendRequest<NetworkReport>(networkRequest);
      assert.deepEqual(after.summary, { components: 2, allowed: 1, blocked: 0, unknown: 0, unneeded: 0 });
      const facts = { version: '9.9.9', git: { commit: 'f'.repeat(40), dirty: false } };
      for (const format of ['markdown', 'html', 'json', 'sarif', 'junit'] as const) {
        const { text, root } = await client.connection.sendRequest<ReportResult>(reportRequest, { format, facts });
        assert.equal(root, before.root);
        assert.ok((text?.length ?? 0) > 500, format);
        if (format === 'markdown' || format === 'html') assert.ok(text?.includes('f'.repeat(40)), format);
      }
    } finally {
      await client.stop();
    }
  });

  it('are empty for a folder without manifests', async () => {
    const client = await startClient(new Map(), { pulls: true });
    try {
      await client.ready();
      const report = await client.connection.sendRequest<NetworkReport>(networkRequest);
      assert.deepEqual([report.components, report.flows, report.reach], [[], [], []]);
    } finally {
      await client.stop();
    }
  });
});
