import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { eventually, findingOf, findings, inDeployment, open, quickFixOf, revertAll, setText } from '../editor';
import {
  formatted,
  hoversWith,
  offeredOnce,
  openManifests,
  openSettings,
  removeMarked,
  reported,
  wanted,
  withSetting,
} from '../schemas';

describe('beside the YAML extension with a Kubernetes schema', () => {
  before(() =>
    vscode.workspace
      .getConfiguration('yaml')
      .update('schemas', { kubernetes: 'beside*.yaml' }, vscode.ConfigurationTarget.Workspace),
  );
  afterEach(removeMarked);

  it('every field, word, name and rule is offered once', async () => {
    const manifests = await openManifests();
    const { uri, marks } = manifests;
    // Both are at work from here on.
    await reported(manifests, 'replicaz', ['YAML']);
    await findingOf(uri, 'element-pdb-missing');
    for (const [at, label] of wanted.manifests.entries()) await offeredOnce(uri, marks[at]!, label);
    const settings = await openSettings();
    for (const [at, label] of wanted.settings.entries()) await offeredOnce(settings.uri, settings.marks[at]!, label);
  });

  it('fields are explained once, and what only the tree knows is told as ever', async () => {
    const manifests = await openManifests();
    await eventually('a field is explained', async () =>
      (await hoversWith(manifests, 'paused:', 'deployment is paused')) > 0 ? true : undefined,
    );
    assert.equal(await hoversWith(manifests, 'paused:', 'deployment is paused'), 1);
    assert.equal(await hoversWith(manifests, 'selector:', 'Label selector for pods'), 1);
    assert.equal(await hoversWith(manifests, 'selector:', '1 pod'), 1);
    assert.equal(await hoversWith(manifests, 'web-credentials', '**Secret** `web-credentials`'), 1);
  });

  it('an error that both find is shown once, as long as the other shows it, and can be mended', async () => {
    const manifests = await openManifests();
    await reported(manifests, 'replicaz', ['YAML']);
    const at = new vscode.Diagnostic(new vscode.Range(14, 4, 14, 4), 'replicaz');
    assert.match((await quickFixOf(manifests.uri, at, /replicas/)).title, /replicas/);
    await withSetting('yaml', 'validate', false, () => reported(manifests, 'replicaz', ['matrix-preflight']));
    await reported(manifests, 'replicaz', ['YAML']);
    await withSetting('matrixPreflight', 'schemaHelp', 'on', () =>
      reported(manifests, 'replicaz', ['YAML', 'matrix-preflight']),
    );
    await reported(manifests, 'replicaz', ['YAML']);
    // What the schema does not know stays.
    await findingOf(manifests.uri, 'element-pdb-missing');

    await reported(await openSettings(), 'keyvault', ['YAML']);

    const broken = inDeployment('namespace.yaml');
    const document = await open(broken);
    await setText(document, 'apiVersion: v1\nkind: Namespace\nmetadata: [\n');
    await eventually('what is no YAML is reported there', () =>
      vscode.languages.getDiagnostics(broken).some(({ source }) => source === 'YAML') ? true : undefined,
    );
    await eventually('it is not reported here, too', () =>
      findings(broken, 'yaml-syntax').length === 0 ? true : undefined,
    );
    await revertAll();
  });

  it('formatting is that of the YAML extension alone', async () => {
    const { uri } = await openManifests();
    assert.equal(
      vscode.workspace.getConfiguration('editor', { uri, languageId: 'yaml' }).get('defaultFormatter'),
      null,
    );
    const edits = await eventually('a formatter answers', () => formatted(uri));
    assert.equal(edits.length > 0, true);
    await withSetting('yaml', 'format.enable', false, () =>
      eventually('no formatter is left', async () => ((await formatted(uri)) === undefined ? true : undefined)).then(
        () => {},
      ),
    );
  });

  it('names are renamed and found through it', async () => {
    const { uri, marks } = await openManifests();
    const edit = await vscode.commands.executeCommand<vscode.WorkspaceEdit>(
      'vscode.executeDocumentRenameProvider',
      uri,
      marks[2]!,
      'renamed',
    );
    assert.equal(edit.get(uri).length, 3);
    const definitions = await vscode.commands.executeCommand<unknown[]>(
      'vscode.executeDefinitionProvider',
      uri,
      marks[2]!,
    );
    assert.equal(definitions.length, 1);
  });

  it('fields are ours again where it has no Kubernetes schema, or completes or explains nothing', async () => {
    const manifests = await openManifests();
    const [field, word] = manifests.marks;
    const fields = async () => {
      await offeredOnce(manifests.uri, field!, 'replicas');
      await offeredOnce(manifests.uri, word!, 'IfNotPresent');
    };
    const explained = () =>
      eventually('a field is explained once', async () =>
        (await hoversWith(manifests, 'paused:', 'deployment is paused')) === 1 ? true : undefined,
      );
    await withSetting('yaml', 'schemas', undefined, async () => {
      await explained();
      await fields();
      const settings = await openSettings();
      for (const [at, label] of wanted.settings.entries()) await offeredOnce(settings.uri, settings.marks[at]!, label);
    });
    await withSetting('yaml', 'completion', false, fields);
    await withSetting('yaml', 'hover', false, async () => void (await explained()));
  });
});
