import { FileType, Range, type TextDocument, Uri, WorkspaceEdit, workspace } from 'vscode';
import { isSealable, kubesealArguments, type SopsConfig, sopsArguments } from '../../credentials/encrypt';
import type { FillEdit } from '../../credentials/fill';
import { besides, ignoring, joinDocuments, splitFile } from '../../credentials/relocate';
import type { SecretStore, WireSecret } from '../../protocol/editing';
import type { RunProgram } from '../run-program';
import { type KnownCredentials, offsets } from './request';

/** Files that git does not see, by their names. */
const localPattern = '*.local.yaml';

/** The edit that writes values where a person wants to keep them. It holds credentials: it is applied, never shown. */
export async function storingEdit(
  store: Exclude<SecretStore, 'external-secret'>,
  known: KnownCredentials,
  edits: readonly FillEdit[],
  runProgram: RunProgram | undefined,
): Promise<WorkspaceEdit> {
  const edit = new WorkspaceEdit();
  if (store === 'plain') {
    for (const one of edits) replace(edit, known.documents, one);
    return edit;
  }
  const moved = new Set(known.secrets.map(secret => secret.uri));
  for (const uri of moved) {
    const document = known.documents.get(uri);
    if (!document) continue;
    const secrets = known.secrets.filter(secret => secret.uri === uri);
    const ordered = [...secrets].sort((one, other) => one.range.start.line - other.range.start.line);
    const spans = ordered.map(secret => offsets(document, secret.range));
    const inside = edits.filter(
      one => one.uri === uri && spans.some(({ start, end }) => one.start >= start && one.end <= end),
    );
    const eol = document.getText().includes('\r\n') ? '\r\n' : '\n';
    const { taken, filled, rest } = splitFile(document.getText(), spans, inside);
    const target = Uri.parse(besides(uri, suffixes[store]));
    if (await exists(target)) throw new Error(`${workspace.asRelativePath(target)} is there already.`);
    create(edit, target, await storedText(store, ordered, filled, eol, target, runProgram));
    if (store === 'local') await keepTemplate(edit, document.uri, taken);
    if (rest === undefined) edit.deleteFile(document.uri);
    else edit.replace(document.uri, wholeRange(document), rest);
  }
  // Helm values and configurations have no other place to be kept.
  for (const one of edits) if (!moved.has(one.uri)) replace(edit, known.documents, one);
  if (store === 'local') await ignore(edit);
  return edit;
}

const suffixes = { local: 'local', 'sealed-secret': 'sealed', sops: 'sops' } as const;

/** What a store keeps of some Secrets, `filled` being their texts: these, or what a program makes of them. */
async function storedText(
  store: 'local' | 'sealed-secret' | 'sops',
  secrets: readonly WireSecret[],
  filled: readonly string[],
  eol: string,
  target: Uri,
  runProgram: RunProgram | undefined,
): Promise<string> {
  if (store === 'local') return joinDocuments(filled, eol);
  if (!runProgram || !workspace.isTrusted) throw new Error('programs are run in trusted workspaces only.');
  if (store === 'sops')
    return runProgram('sops', sopsArguments(target.fsPath, await sopsConfig(target)), joinDocuments(filled, '\n'));
  const sealed: string[] = [];
  for (const [at, document] of filled.entries()) {
    const { name, namespace } = secrets[at] ?? { name: '', namespace: undefined };
    if (!isSealable(document, namespace))
      throw new Error(`Secret ${name} has no namespace, and what kubeseal makes can be opened in one namespace only.`);
    sealed.push(await runProgram('kubeseal', kubesealArguments, document));
  }
  return joinDocuments(
    sealed.map(document => `${document.trimEnd()}\n`),
    '\n',
  );
}

/** The nearest `.sops.yaml`, as SOPS would find it if it were started beside the file; never one outside of the folder. */
async function sopsConfig(target: Uri): Promise<SopsConfig | undefined> {
  const root = workspace.getWorkspaceFolder(target)?.uri;
  if (!root) return undefined;
  for (
    let folder = Uri.joinPath(target, '..');
    folder.path.startsWith(root.path);
    folder = Uri.joinPath(folder, '..')
  ) {
    const config = Uri.joinPath(folder, '.sops.yaml');
    if (await exists(config))
      return { path: config.fsPath, text: new TextDecoder().decode(await workspace.fs.readFile(config)) };
    if (folder.path === root.path) break;
  }
  return undefined;
}

/** The placeholders stay in git under a name that nobody applies, so that others know what to supply. */
async function keepTemplate(edit: WorkspaceEdit, uri: Uri, text: string): Promise<void> {
  const template = uri.with({ path: `${uri.path}.example` });
  if (!(await exists(template))) create(edit, template, text);
}

async function ignore(edit: WorkspaceEdit): Promise<void> {
  const [folder] = workspace.workspaceFolders ?? [];
  if (!folder) return;
  const uri = Uri.joinPath(folder.uri, '.gitignore');
  if (!(await exists(uri))) {
    create(edit, uri, ignoring('', localPattern));
    return;
  }
  const document = await workspace.openTextDocument(uri);
  const text = ignoring(document.getText(), localPattern);
  if (text !== document.getText()) edit.replace(uri, wholeRange(document), text);
}

function create(edit: WorkspaceEdit, uri: Uri, text: string): void {
  edit.createFile(uri, { contents: new TextEncoder().encode(text) });
}

function replace(edit: WorkspaceEdit, documents: KnownCredentials['documents'], one: FillEdit): void {
  const document = documents.get(one.uri);
  if (document)
    edit.replace(document.uri, new Range(document.positionAt(one.start), document.positionAt(one.end)), one.newText);
}

function wholeRange(document: TextDocument): Range {
  return new Range(document.positionAt(0), document.positionAt(document.getText().length));
}

async function exists(uri: Uri): Promise<boolean> {
  try {
    return (await workspace.fs.stat(uri)).type !== FileType.Unknown;
  } catch {
    return false;
  }
}
