import * as vscode from 'vscode';
import { eventually, inDeployment, open } from './editor';

/*
 * What schemas say, asked of everybody who is installed: a file with two manifests and one with settings, in which
 * positions are marked by ‸.
 */

const manifests = `apiVersion: v1
kind: Secret
metadata:
  name: web-credentials
  namespace: matrix
stringData:
  password: CHANGEME
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: element-web
  namespace: matrix
spec:
  replicaz: 2
  paused: false
  ‸
  selector:
    matchLabels:
      app: element-web
  template:
    metadata:
      labels:
        app: element-web
    spec:
      containers:
        - name: web
          image: vectorim/element-web:v1.11.90
          imagePullPolicy: ‸
          envFrom:
            - secretRef:
                name: ‸web-credentials
          env:
            - name: PASSWORD
              valueFrom:
                secretKeyRef:
                  name: web-credentials
                  key: ‸password
`;
const settings = `components:
  keyvault: auto
  ‸
profile: ‸
rules:
  ‸
`;

/** What has to be among what is offered at the marks, in their order. */
export const wanted = {
  manifests: ['replicas', 'IfNotPresent', 'web-credentials', 'password'],
  settings: ['keyVault', 'strict', 'pg-cron-six-fields'],
};

export interface Marked {
  readonly uri: vscode.Uri;
  readonly document: vscode.TextDocument;
  readonly marks: readonly vscode.Position[];
}

export const openManifests = (): Promise<Marked> => openMarked('beside.yaml', manifests);
export const openSettings = (): Promise<Marked> => openMarked('matrix-preflight.yaml', settings);

async function openMarked(path: string, text: string): Promise<Marked> {
  const uri = inDeployment(path);
  const parts = text.split('‸');
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(parts.join('')));
  const document = await open(uri);
  const marks = parts.slice(1).map((_, at) => document.positionAt(parts.slice(0, at + 1).join('').length));
  return { uri, document, marks };
}

/** Everything that is offered at a position, without snippets, as it is shown. */
export async function labelsAt(uri: vscode.Uri, at: vscode.Position): Promise<readonly string[]> {
  const { items } = await vscode.commands.executeCommand<vscode.CompletionList>(
    'vscode.executeCompletionItemProvider',
    uri,
    at,
  );
  return items
    .filter(({ kind }) => kind !== vscode.CompletionItemKind.Snippet)
    .map(({ label }) => (typeof label === 'string' ? label : label.label))
    .map(label => label.replace(/^- |:$|"/g, ''));
}

/** Asks until what is wanted is offered at a position, and wants nothing twice. */
export async function offeredOnce(uri: vscode.Uri, at: vscode.Position, label: string): Promise<void> {
  // Where a setting has just changed, the one may be told of it before the other.
  await eventually(`${label} is offered, and nothing twice`, async () => {
    const found = await labelsAt(uri, at);
    return found.includes(label) && new Set(found).size === found.length ? true : undefined;
  });
}

/** The hovers at the first place of a text that hold another text. */
export async function hoversWith({ uri, document }: Marked, where: string, text: string): Promise<number> {
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
    'vscode.executeHoverProvider',
    uri,
    document.positionAt(document.getText().indexOf(where) + 1),
  );
  return hovers
    .flatMap(({ contents }) => contents.map(one => (typeof one === 'string' ? one : one.value)))
    .filter(content => content.includes(text)).length;
}

/** Who reports an error at the first place of a text. */
export function reportersAt({ uri, document }: Marked, where: string): readonly string[] {
  const start = document.positionAt(document.getText().indexOf(where));
  return vscode.languages
    .getDiagnostics(uri)
    .filter(({ range }) => range.contains(start))
    .map(({ source }) => source?.replace(/^yaml-schema: .*/, 'YAML') ?? '');
}

export async function reported(marked: Marked, where: string, sources: readonly string[]): Promise<void> {
  await eventually(`${where} is reported by ${sources}`, () => {
    const found = reportersAt(marked, where);
    return found.length === sources.length && sources.every(source => found.includes(source)) ? true : undefined;
  });
}

/** Sets a setting of the workspace for the time of a test. */
export async function withSetting(section: string, name: string, value: unknown, test: () => Promise<void>) {
  const update = (to: unknown) =>
    vscode.workspace.getConfiguration(section).update(name, to, vscode.ConfigurationTarget.Workspace);
  const before = vscode.workspace.getConfiguration(section).inspect(name)?.workspaceValue;
  await update(value);
  try {
    await test();
  } finally {
    await update(before);
  }
}

export function formatted(uri: vscode.Uri): Thenable<readonly vscode.TextEdit[] | undefined> {
  return vscode.commands.executeCommand('vscode.executeFormatDocumentProvider', uri, {
    tabSize: 2,
    insertSpaces: true,
  });
}

/** Removes what the tests of this file have written. */
export async function removeMarked(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  for (const path of ['beside.yaml', 'matrix-preflight.yaml'])
    await vscode.workspace.fs.delete(inDeployment(path)).then(undefined, () => {});
}
