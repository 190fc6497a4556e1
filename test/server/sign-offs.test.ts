import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Diagnostic, TextDocumentEdit, WorkspaceEdit } from 'vscode-languageserver';
import { signOffsPath } from '../../checklist/sign-offs';
import { type ChecklistReport, checklistRequest, type WireChecklistItem } from '../../protocol/messages';
import {
  type EditAnswer,
  itemFindingsRequest,
  markdownStatesRequest,
  signOffEditRequest,
  suppressEditRequest,
  type WireFinding,
  waiveEditRequest,
  withdrawEditRequest,
} from '../../protocol/sign-offs';
import { type Client, startClient } from './client';

const policies = 'infrastructure/04-networking/networkpolicies.yaml';
const rule = 'netpol-namespace-selector-label';
const markdown = `# Our go-live

## Final Checklist

- [ ] All pods running and healthy
- [ ] Backup procedures tested
- [x] Security scan completed
- [ ] Load testing performed
- [ ] The on-call rota is agreed
`;

describe('sign-offs over the wire', function () {
  this.timeout(30_000);
  let client: Client;
  const versions = new Map<string, number>();

  before(async () => {
    const read = (path: string): string => readFileSync(resolve('examples/broken', path), 'utf8');
    client = await startClient(
      new Map([
        [policies, read(policies)],
        ['GO-LIVE.md', markdown],
      ]),
    );
    await client.ready();
  });
  after(() => client?.stop());

  async function item(id: string): Promise<WireChecklistItem | undefined> {
    const { items } = await client.connection.sendRequest<ChecklistReport>(checklistRequest);
    return items.find(one => one.id === id);
  }

  /** Makes the edit of an answer as an editor would, and gives the new text of the one file it is about. */
  function apply({ edit, problem }: EditAnswer<WorkspaceEdit>): { readonly path: string; readonly text: string } {
    assert.ok(edit, problem);
    const document = edit.documentChanges?.find((one): one is TextDocumentEdit => 'textDocument' in one);
    assert.ok(document);
    const path = document.textDocument.uri.slice(client.uri('').length);
    const known = versions.get(path) ?? 0;
    let text = known > 0 ? (texts.get(path) ?? '') : onDisk(path);
    const lines = text.split('\n');
    const offset = ({ line, character }: { line: number; character: number }): number =>
      lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0) + character;
    const edits = document.edits.map(one => {
      assert.ok('newText' in one);
      return { from: offset(one.range.start), to: offset(one.range.end), newText: one.newText };
    });
    for (const { from, to, newText } of edits.sort((a, b) => b.from - a.from))
      text = text.slice(0, from) + newText + text.slice(to);
    setText(path, text);
    return { path, text };
  }

  const texts = new Map<string, string>();
  function setText(path: string, text: string): void {
    const version = (versions.get(path) ?? 0) + 1;
    versions.set(path, version);
    texts.set(path, text);
    if (version === 1) client.open(path, text);
    else
      void client.connection.sendNotification('textDocument/didChange', {
        textDocument: { uri: client.uri(path), version },
        contentChanges: [{ text }],
      });
  }

  function onDisk(path: string): string {
    try {
      return readFileSync(join(client.root, path), 'utf8');
    } catch {
      return '';
    }
  }

  const who = { by: 'Ada Example <ada@example.org>', at: '2026-01-31T10:00:00Z' };

  it('signs a manual item off and takes it back', async () => {
    assert.equal((await item('F.8'))?.state, 'open');
    const params = { item: 'F.8', ...who, note: 'Restored on Sunday.', expires: '2999-12-31' };
    const { path, text } = apply(await client.connection.sendRequest(signOffEditRequest, params));
    assert.equal(path, signOffsPath);
    assert.match(text, /\n {2}- item: F\.8\n/);
    const signed = await item('F.8');
    assert.equal(signed?.state, 'signed-off');
    assert.deepEqual(signed?.signOff, { ...who, note: 'Restored on Sunday.', until: '2999-12-31' });
    apply(await client.connection.sendRequest(withdrawEditRequest, { item: 'F.8' }));
    assert.equal((await item('F.8'))?.state, 'open');
  });

  it('refuses to sign what the manifests decide', async () => {
    const answer: EditAnswer = await client.connection.sendRequest(signOffEditRequest, {
      item: '1.4.a',
      ...who,
      note: 'x',
    });
    assert.match(answer.problem ?? '', /decided by the manifests/);
    assert.equal(answer.edit, undefined);
  });

  it('waives a finding: it is gone from the diagnostics and the item is waived', async () => {
    const diagnostics = (await client.pull(policies)).filter(({ code }) => code === rule);
    const findings: readonly WireFinding[] = await client.connection.sendRequest(itemFindingsRequest, {
      item: '1.4.a',
    });
    assert.equal(findings.length, diagnostics.length);
    for (const _ of diagnostics) {
      const [first] = (await client.pull(policies)).filter(({ code }: Diagnostic) => code === rule);
      assert.ok(first);
      const params = {
        uri: client.uri(policies),
        rule,
        range: first.range,
        reason: 'Labelled by the platform.',
        ...who,
      };
      apply(await client.connection.sendRequest(waiveEditRequest, params));
    }
    assert.deepEqual(
      (await client.pull(policies)).filter(({ code }) => code === rule),
      [],
    );
    const waived = await item('1.4.a');
    assert.equal(waived?.state, 'waived');
    assert.equal(waived?.waived, diagnostics.length);
  });

  it('suppresses a finding where it stands, and says when the comment is not needed any more', async () => {
    setText(signOffsPath, 'signOffs:\nwaivers:\n');
    const [first] = (await client.pull(policies)).filter(({ code }) => code === rule);
    assert.ok(first);
    const params = { uri: client.uri(policies), rule, range: first.range, reason: 'Labelled (by the platform).' };
    const { text } = apply(await client.connection.sendRequest(suppressEditRequest, params));
    assert.match(
      text,
      /\n +# preflight-ignore: netpol-namespace-selector-label \(Labelled \[by the platform\]\.\)\n +name: kube-system\n/,
    );
    const rest = (await client.pull(policies)).filter(({ code }) => code === rule || code === 'suppression-unused');
    assert.ok(rest.every(({ range }) => range.start.line !== first.range.start.line + 1));
    setText(policies, text.replace(/( +)name: kube-system\n/, '$1kubernetes.io/metadata.name: kube-system\n'));
    const unused = (await client.pull(policies)).filter(({ code }) => code === 'suppression-unused');
    assert.equal(unused.length, 1);
  });

  it('lists what the Markdown checklist adds, and ticks its boxes by the states', async () => {
    const added = await item('own.the-on-call-rota-is-agreed');
    assert.equal(added?.kind, 'manual');
    assert.equal(added?.section, 'F');
    assert.equal(added?.state, 'open');
    apply(
      await client.connection.sendRequest(signOffEditRequest, {
        item: 'own.the-on-call-rota-is-agreed',
        ...who,
        note: 'In the calendar.',
      }),
    );
    const { path, text } = apply(await client.connection.sendRequest(markdownStatesRequest));
    assert.equal(path, 'GO-LIVE.md');
    assert.match(text, /- \[x\] The on-call rota is agreed/);
    assert.match(text, /- \[ \] Security scan completed/);
    assert.match(text, /- \[ \] Backup procedures tested/);
  });
});
