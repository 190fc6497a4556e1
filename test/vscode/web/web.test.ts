import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import {
  eventually,
  extensionId,
  findingOf,
  findings,
  inDeployment,
  noFindingOf,
  open,
  quickFixOf,
  revertAll,
} from '../editor';

describe('in a browser', () => {
  const scanner = inDeployment('antivirus/02-scan-workers/scanner.yaml');
  // Everything is loaded over the network here, so the first findings take their time.
  before(async function () {
    this.timeout(60_000);
    await open(scanner);
    while (findings(scanner).length === 0) await new Promise(resolve => setTimeout(resolve, 100));
  });
  after(revertAll);

  it('manifests are checked, those that are not open too, and can be mended', async () => {
    const extension = vscode.extensions.getExtension(extensionId);
    assert.ok(extension);
    assert.equal(extension.extensionKind, vscode.ExtensionKind.UI);
    const action = await quickFixOf(scanner, await findingOf(scanner, 'yaml-syntax'), /indent/i);
    assert.ok(action.edit);
    assert.ok(await vscode.workspace.applyEdit(action.edit));
    await noFindingOf(scanner, 'yaml-syntax');
    const others = vscode.languages.getDiagnostics().filter(([uri]) => uri.path !== scanner.path);
    assert.ok(others.some(([uri]) => findings(uri).length > 0));
  });

  it('what changes in the folder is read again', async () => {
    const added = inDeployment('infrastructure/added.yaml');
    const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: added\n data: {}\n';
    await vscode.workspace.fs.writeFile(added, new TextEncoder().encode(text));
    try {
      await findingOf(added, 'yaml-syntax');
    } finally {
      await vscode.workspace.fs.delete(added);
    }
    await noFindingOf(added, 'yaml-syntax');
  });

  it('rules are explained, and fields of Kubernetes objects', async () => {
    await vscode.commands.executeCommand('matrixPreflight.explainRule', 'yaml-syntax');
    const page = await eventually('the page of a rule is open', () =>
      vscode.workspace.textDocuments.find(
        ({ uri, languageId }) => languageId === 'markdown' && /yaml-syntax/.test(uri.path),
      ),
    );
    assert.match(page.getText(), /Why/);
    const document = await open(inDeployment('namespace.yaml'));
    const at = document.positionAt(document.getText().indexOf('metadata'));
    const hovers = await eventually('a hover is shown', async () => {
      const given = await vscode.commands.executeCommand<vscode.Hover[]>(
        'vscode.executeHoverProvider',
        document.uri,
        at,
      );
      return given.length > 0 ? given : undefined;
    });
    const words = hovers.flatMap(({ contents }) => contents.map(one => (typeof one === 'string' ? one : one.value)));
    assert.match(words.join('\n'), /Standard object's metadata/);
  });

  it('every command is there that is not switched off in a browser', async () => {
    const there = await vscode.commands.getCommands(true);
    const extension = vscode.extensions.getExtension(extensionId);
    assert.ok(extension);
    const { contributes } = extension.packageJSON as {
      readonly contributes: {
        readonly commands: readonly { readonly command: string; readonly enablement?: string }[];
        readonly menus: { readonly commandPalette: readonly { readonly command: string; readonly when: string }[] };
      };
    };
    const palette = new Map(contributes.menus.commandPalette.map(({ command, when }) => [command, when]));
    // The others are of a run, which a browser cannot have.
    const isOff = /inBrowser|deployment\.(?:running|asked)/;
    const missing = contributes.commands.filter(
      ({ command, enablement }) => !there.includes(command) && !isOff.test(enablement ?? palette.get(command) ?? ''),
    );
    assert.deepEqual(
      missing.map(({ command }) => command),
      ['matrixPreflight.openManifest'],
      'this one is in no palette, but in the view of deployments',
    );
  });
});
