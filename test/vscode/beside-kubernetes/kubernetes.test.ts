import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { eventually, findingOf } from '../editor';
import { hoversWith, offeredOnce, openManifests, openSettings, removeMarked, reported, wanted } from '../schemas';

describe('beside the Kubernetes extension, which gives schemas to the YAML extension', () => {
  afterEach(removeMarked);

  it('everything is offered, explained and reported once', async () => {
    const manifests = await openManifests();
    await reported(manifests, 'replicaz', ['YAML']);
    await findingOf(manifests.uri, 'element-pdb-missing');
    for (const [at, label] of wanted.manifests.entries()) await offeredOnce(manifests.uri, manifests.marks[at]!, label);
    await eventually('a field is explained', async () =>
      (await hoversWith(manifests, 'paused:', 'deployment is paused')) > 0 ? true : undefined,
    );
    assert.equal(await hoversWith(manifests, 'paused:', 'deployment is paused'), 1);
    assert.equal(await hoversWith(manifests, 'web-credentials', '**Secret** `web-credentials`'), 1);
    const settings = await openSettings();
    for (const [at, label] of wanted.settings.entries()) await offeredOnce(settings.uri, settings.marks[at]!, label);
  });

  it('no snippet has the name of another', async () => {
    const { uri, marks } = await openManifests();
    const { items } = await vscode.commands.executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      uri,
      marks[0],
    );
    const labels = items.map(({ label }) => (typeof label === 'string' ? label : label.label));
    assert.ok(labels.includes('Create Kubernetes Deployment'));
    assert.ok(labels.some(label => label.startsWith('mx-')));
    assert.deepEqual(labels.toSorted(), [...new Set(labels)].toSorted());
  });
});
