import { FileType, Range, type TextDocument, Uri, WorkspaceEdit, workspace } from 'vscode';
import type { FillEdit } from '../../credentials/fill';
import { besides, ignoring, joinDocuments, splitFile } from '../../credentials/relocate';
import type { SecretStore, WireSecret } from '../../protocol/editing';
import type { RunProgram } from '../programs';
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
  const moved = new Map<string, readonly WireSecret[]>();
  for (const secret of known.secrets) moved.set(secret.uri, [...(moved.get(secret.uri) ?? []), secret]);
  for (const [uri, secrets] of moved) {
    const document = known.documents.get(uri);
    if (!document) continue;
    const spans = secrets.map(secret => offsets(document, secret.range));
    const inside = edits.filter(
      one => one.uri === uri && spans.some(({ start, end }) => one.start >= start && one.end <= end),
    );
    const eol = document.getText().includes('\r\n') ? '\r\n' : '\n';
    const { taken, filled, rest } = splitFile(document.getText(), spans, inside);
    const target = Uri.parse(besides(uri, suffixes[store]));
    if (await exists(target)) throw new Error(`${workspace.asRelativePath(target)} is there already.`);
    create(edit, target, await storedText(store, filled, eol, target, runProgram));
    if (store === 'local') await keepTemplate(edit, document.uri, taken);
    if (rest === undefined) edit.deleteFile(document.uri);
    else edit.replace(document.uri, wholeRange(document), rest);
  }
  // Helm values and configurations have no other place to be kept.
  for (const one of edits) {
    const spans = (moved.get(one.uri) ?? []).map(secret => {
      const document = known.documents.get(one.uri);
      return document ? offsets(document, secret.range) : { start: 0, end: 0 };
    });
    if (spans.length === 0) replace(edit, known.documents, one);
  }
  if (store === 'local') await ignore(edit);
  return edit;
}

const suffixes = { local: 'local', 'sealed-secret': 'sealed', sops: 'sops' } as const;

/** What a store keeps of some Secrets: their plain text, or what a program makes of it. */
async function storedText(
  store: 'local' | 'sealed-secret' | 'sops',
  filled: readonly string[],
  eol: string,
  target: Uri,
  runProgram: RunProgram | undefined,
): Promise<string> {
  if (store === 'local') return joinDocuments(filled, eol);
  if (!runProgram || !workspace.isTrusted) throw new Error('programs are run in trusted workspaces only.');
  if (store === 'sops') return runProgram('sops', await sopsArguments(target), joinDocuments(filled, '\n'));
  const sealed: string[] = [];
  for (const document of filled) sealed.push(await runProgram('kubeseal', ['--format', 'yaml'], document));
  return joinDocuments(sealed, '\n');
}

/**
 * The rules of a .sops.yaml are chosen by the path that the result will have. Without a file name SOPS reads its standard
 * input (since 3.10); it could not open /dev/stdin, which is a socket here.
 */
async function sopsArguments(target: Uri): Promise<readonly string[]> {
  const folder = workspace.getWorkspaceFolder(target);
  const config = folder && Uri.joinPath(folder.uri, '.sops.yaml');
  return [
    ...(config && (await exists(config)) ? ['--config', config.fsPath] : []),
    'encrypt',
    '--filename-override',
    target.fsPath,
    '--input-type',
    'yaml',
    '--output-type',
    'yaml',
  ];
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
