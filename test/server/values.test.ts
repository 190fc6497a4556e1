import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  CodeAction,
  Diagnostic,
  TextDocumentEdit,
  TextEdit,
  WorkspaceDiagnosticReport,
  WorkspaceEdit,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { secretEntries } from '../../analysis/secret-data';
import { findPlaceholders } from '../../analysis/text/placeholders';
import { valueAt, writtenIn } from '../../credentials/write';
import { externalSecretsRequest, missingResourcesRequest } from '../../protocol/editing';
import { type FixAllValues, fixAllRequest } from '../../protocol/messages';
import { applyWithValuesCommand, type EditWithValues, valueMark, type WireValue } from '../../protocol/values';
import { uriOf, workspaceOf } from '../fixture';
import { type Client, startClient } from './client';

const root = 'examples/broken';
const files = new Map(
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(path => /\.(?:ya?ml|md|json|sh)$/.test(path))
    .map(path => [path, readFileSync(join(root, path), 'utf8')]),
);
const workspace = workspaceOf(files);
/** The credentials of the sample that nobody could take for something else, in every way in which they may be written. */
const credentials = workspace
  .resources('Secret')
  .flatMap(secret => secretEntries(secret))
  .flatMap(({ text }) => (text === undefined || findPlaceholders(text, 'value').length > 0 ? [] : text.split('\n')))
  .map(line => line.trim())
  .filter(line => /^(?=.*\d)(?=.*[A-Za-z])[\w+/=-]{16,}$/.test(line))
  .flatMap(text => [text, Buffer.from(text).toString('base64')]);

describe('values of Secrets', () => {
  let client: Client;
  let diagnostics: readonly { readonly uri: string; readonly diagnostic: Diagnostic }[];

  before(async () => {
    client = await startClient(files, { initializationOptions: { client: { commands: [applyWithValuesCommand] } } });
    await client.ready();
    const { items }: WorkspaceDiagnosticReport = await client.connection.sendRequest('workspace/diagnostic', {
      previousResultIds: [],
    });
    diagnostics = items.flatMap(item =>
      item.kind === 'full' ? item.items.map(diagnostic => ({ uri: item.uri, diagnostic })) : [],
    );
    assert.ok(credentials.length > 50 && diagnostics.length > 50);
  });
  after(() => client.stop());

  it('are in no answer of the server: no finding, no quick fix of any, and no edit of many files', async () => {
    const actions = await allActions();
    const answers = [
      ...diagnostics,
      ...actions,
      await client.connection.sendRequest(fixAllRequest, {}),
      await client.connection.sendRequest(fixAllRequest, { preview: true }),
      await client.connection.sendRequest(missingResourcesRequest),
      await client.connection.sendRequest(externalSecretsRequest),
    ];
    assert.ok(actions.length > 50, `${actions.length} actions`);
    for (const answer of answers) {
      const text = JSON.stringify(answer);
      for (const value of credentials) assert.ok(!text.includes(value), `a value of a Secret in ${text.slice(0, 200)}`);
    }
  });

  it('are put in by the client at the places of their marks, so that the edit is the one that the rule means', async () => {
    const copying = (await allActions()).filter(({ command }) => command?.command === applyWithValuesCommand);
    assert.ok(copying.length > 0);
    for (const { title, edit, command } of copying) {
      assert.equal(edit, undefined);
      const [change] = (command?.arguments ?? []) as EditWithValues[];
      assert.ok(change && change.values.length > 0, title);
      const texts = completed(change.edit as WorkspaceEdit, change.values);
      assert.ok(
        texts.some(text => credentials.some(value => text.includes(value))),
        title,
      );
      for (const text of texts) assert.ok(!text.includes(valueMark), title);
    }
  });

  it('are not copied by clients that cannot put them in', async () => {
    const other = await startClient(files);
    try {
      await other.ready();
      const plain: WorkspaceEdit & FixAllValues = await other.connection.sendRequest(fixAllRequest, {});
      assert.deepEqual(plain.values, []);
      assert.ok(!JSON.stringify(plain).includes(valueMark));
      for (const value of credentials) assert.ok(!JSON.stringify(plain).includes(value));
    } finally {
      await other.stop();
    }
  });

  async function allActions(): Promise<readonly CodeAction[]> {
    const asked = new Set<string>();
    const actions: CodeAction[] = [];
    for (const { uri, diagnostic } of diagnostics) {
      const key = `${uri} ${JSON.stringify(diagnostic.range)}`;
      if (asked.has(key)) continue;
      asked.add(key);
      const found: CodeAction[] = await client.connection.sendRequest('textDocument/codeAction', {
        textDocument: { uri },
        range: diagnostic.range,
        context: { diagnostics: [diagnostic] },
      });
      actions.push(...found);
    }
    return actions;
  }

  function completed(edit: WorkspaceEdit, values: readonly WireValue[]): readonly string[] {
    const texts = values.map(({ uri, range, form, as }) => {
      const path = decodeURIComponent(uri.slice(client.uri('').length));
      const value = valueAt(form, TextDocument.create(uri, 'yaml', 0, files.get(path) ?? '').getText(range));
      assert.ok(value !== undefined && workspace.file(uriOf(path)));
      return writtenIn(value, as);
    });
    return (edit.documentChanges ?? [])
      .flatMap(change => (change as TextDocumentEdit).edits as TextEdit[])
      .map(({ newText }) => newText.replaceAll(/\ue000(\d+)\ue000/g, (_, number) => texts[Number(number)] ?? ''));
  }
});
