import { env, type MessageItem, type QuickPickItem, window, workspace } from 'vscode';
import { fillEdits } from '../../credentials/fill';
import { generators } from '../../credentials/generate';
import type { CredentialKind, WireCredential } from '../../protocol/editing';
import { alarm, inform, showLog } from '../notices';
import type { Server } from '../server';
import { kindNames } from './kinds';
import { type KnownCredentials, requestCredentials, toFill } from './request';
import { storingEdit } from './stores';

/**
 * Writes a new credential to all places that have to hold it: those of the entry at the cursor, else of one that is
 * picked. A real value is replaced only if that is what a person chooses.
 */
export async function generateCredential(server: Server): Promise<void> {
  try {
    const atCursor = await requestAtCursor(server);
    const known = atCursor ?? (await requestCredentials(server, {}));
    const chosen = atCursor ? atCursor.credentials[0] : await pick(known);
    if (chosen === 'clipboard') await toClipboard();
    else if (chosen) await write(chosen, known);
  } catch (error) {
    alarm(`No credential was written: ${error instanceof Error ? error.message : String(error)}`, showLog);
  }
}

async function requestAtCursor(server: Server): Promise<KnownCredentials | undefined> {
  const editor = window.activeTextEditor;
  if (!editor || !/^(?:yaml|json|helm|kubernetes)/.test(editor.document.languageId)) return undefined;
  const { line, character } = editor.selection.active;
  const at = { uri: editor.document.uri.toString(), range: { start: { line, character }, end: { line, character } } };
  const known = await requestCredentials(server, { at });
  return known.credentials.length > 0 ? known : undefined;
}

interface CredentialItem extends QuickPickItem {
  readonly chosen: WireCredential | 'clipboard';
}

async function pick({ credentials }: KnownCredentials): Promise<WireCredential | 'clipboard' | undefined> {
  const items: CredentialItem[] = credentials
    .filter(({ places, kind }) => kind !== undefined || places.some(place => place.isOpen))
    .map(one => ({
      chosen: one,
      label: one.title,
      description: one.places.some(place => place.isOpen) ? 'placeholder' : 'has a value',
      detail: one.places.map(({ label }) => label).join(', '),
    }))
    .sort((a, b) => Number(b.description === 'placeholder') - Number(a.description === 'placeholder'));
  items.push({ chosen: 'clipboard', label: 'Copy a new value to the clipboard…' });
  const options = { title: 'Generate Credential', matchOnDetail: true, placeHolder: 'Credential to write' };
  return (await window.showQuickPick(items, options))?.chosen;
}

async function toClipboard(): Promise<void> {
  const kind = await pickKind();
  if (kind === undefined) return;
  await env.clipboard.writeText(await generators[kind]());
  inform('A new credential is in the clipboard.');
}

async function write(credential: WireCredential, known: KnownCredentials): Promise<void> {
  const kind = credential.kind ?? (await pickKind());
  if (kind === undefined) return;
  const choice = await confirm(credential, kind);
  if (choice === undefined) return;
  const fill = toFill({ ...credential, kind }, known.documents, { replaceReal: choice === 'all' });
  const { edits, unfit } = await fillEdits([fill], uri => known.documents.get(uri)?.getText() ?? '');
  const edit = await storingEdit('plain', known, edits, undefined);
  if (edits.length === 0 || !(await workspace.applyEdit(edit, { isRefactoring: true }))) {
    alarm('Nothing was written: the value cannot stand there, or a file has been edited meanwhile.');
    return;
  }
  const misfits = unfit.length === 0 ? '' : ` It cannot stand at ${unfit.map(({ label }) => label).join(', ')}.`;
  inform(`${credential.title}: written to ${edits.length === 1 ? '1 place' : `${edits.length} places`}.${misfits}`);
}

/** Which places are to be written; undefined for none. */
async function confirm(credential: WireCredential, kind: CredentialKind): Promise<'all' | 'open' | undefined> {
  const { title, places, obstacle } = credential;
  const open = places.filter(place => place.isOpen);
  const hasReal = open.length < places.length;
  const all = {
    title: hasReal ? `Replace ${places.length === 1 ? 'the Value' : `All ${places.length}`}` : 'Generate',
  } satisfies MessageItem;
  const onlyOpen = { title: 'Fill Only Placeholders' } satisfies MessageItem;
  const detail = [
    ...places.map(({ label, isOpen }) => `• ${label}${isOpen ? '' : ' (has a value)'}`),
    ...(hasReal ? ['', 'A program that runs keeps the old value until it is restarted.'] : []),
    ...(obstacle === undefined ? [] : ['', obstacle]),
  ].join('\n');
  const answer = await window.showWarningMessage(
    hasReal ? `Replace ${title} by a new ${kindNames[kind]}?` : `Write a new ${kindNames[kind]} for ${title}?`,
    { modal: true, detail },
    ...(hasReal && open.length > 0 ? [onlyOpen] : []),
    all,
  );
  return answer === all ? 'all' : answer === onlyOpen ? 'open' : undefined;
}

async function pickKind(): Promise<CredentialKind | undefined> {
  const items = (Object.keys(kindNames) as CredentialKind[]).map(value => ({ value, label: kindNames[value] }));
  return (await window.showQuickPick(items, { title: 'Kind of Credential' }))?.value;
}
