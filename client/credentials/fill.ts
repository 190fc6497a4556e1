import { type MessageItem, type QuickPickItem, window, workspace } from 'vscode';
import type { WorkspaceEdit } from 'vscode-languageclient';
import { fillEdits } from '../../credentials/fill';
import { externalSecretsRequest, type SecretStore, type WireCredential } from '../../protocol/editing';
import { count } from '../confirm';
import { alarm, inform, type NoticeAction, showLog } from '../notices';
import { MissingProgram, type RunProgram } from '../run-program';
import type { Server } from '../server';
import { kindNames } from './kinds';
import { type KnownCredentials, requestCredentials, toFill } from './request';
import { storingEdit } from './stores';

/** What the command takes as its argument, for key bindings and for other extensions. */
export interface FillOptions {
  /** Where the values are kept. If it is given, nothing is asked. */
  readonly store?: SecretStore;
}

/**
 * Fills every placeholder that stands for a credential, after one confirmation that names what is filled and no value.
 * The values are made here and go nowhere but into the files.
 */
export async function fillCredentials(
  server: Server,
  runProgram: RunProgram | undefined,
  options?: FillOptions,
): Promise<void> {
  try {
    const known = await requestCredentials(server, {});
    const open = known.credentials.filter(({ places }) => places.some(place => place.isOpen));
    const fillable = open.filter(one => one.obstacle === undefined);
    if (fillable.length === 0) {
      inform(open.length === 0 ? 'No placeholder stands for a credential.' : onlyForYou(open), ...problems(open));
      return;
    }
    const given = options?.store !== undefined && options.store in titles ? options.store : undefined;
    const store = given ?? (await confirm(fillable, open, known));
    if (store === undefined) return;
    if (store === 'external-secret') await sketchExternalSecrets(server);
    else await write(store, fillable, open, known, runProgram);
  } catch (error) {
    const message = error instanceof MissingProgram ? `${error.message}: ${installation}` : messageOf(error);
    alarm(`The placeholders were not filled: ${message}`, showLog);
  }
}

const installation = 'install it, or choose another place for the values. Nothing has been changed.';

async function write(
  store: Exclude<SecretStore, 'external-secret'>,
  fillable: readonly WireCredential[],
  open: readonly WireCredential[],
  known: KnownCredentials,
  runProgram: RunProgram | undefined,
): Promise<void> {
  const { edits, unfit } = await fillEdits(
    fillable.map(one => toFill(one, known.documents, { replaceReal: false })),
    uri => known.documents.get(uri)?.getText() ?? '',
  );
  const edit = await storingEdit(store, known, edits, runProgram);
  if (!(await workspace.applyEdit(edit, { isRefactoring: true }))) {
    alarm('The placeholders were not filled, because a file has been edited meanwhile. Run the command again.');
    return;
  }
  const left = open.filter(one => !fillable.includes(one));
  const written = `${count(edits.length, 'placeholder')} filled in ${count(new Set(edits.map(({ uri }) => uri)).size, 'file')}.`;
  const misfits = unfit.length === 0 ? '' : ` The value cannot stand at ${unfit.map(({ label }) => label).join(', ')}.`;
  inform(`${written}${misfits}${left.length === 0 ? '' : ` ${onlyForYou(left)}`}`, ...problems(left));
}

async function sketchExternalSecrets(server: Server): Promise<void> {
  const answer = await server.client.sendRequest<WorkspaceEdit>(externalSecretsRequest);
  const edit = await server.client.protocol2CodeConverter.asWorkspaceEdit(answer);
  if (edit === undefined || edit.size === 0 || !(await workspace.applyEdit(edit, { isRefactoring: true }))) {
    inform('Nothing was changed.');
    return;
  }
  inform('The keys are fetched from the secret store now. Check the names of the store and of its entries.');
}

interface StoreChoice extends QuickPickItem {
  readonly store: SecretStore;
}

/** Where the values go, or undefined if nothing is to be done: the one question that is asked. */
async function confirm(
  fillable: readonly WireCredential[],
  open: readonly WireCredential[],
  { inUse }: KnownCredentials,
): Promise<SecretStore | undefined> {
  const places = fillable.flatMap(one => one.places.filter(place => place.isOpen));
  const files = new Set(places.map(({ uri }) => uri)).size;
  const [first = 'plain'] = inUse;
  const primary = { title: first === 'plain' ? 'Fill' : titles[first] } satisfies MessageItem;
  const other = { title: 'Choose Where…' } satisfies MessageItem;
  const answer = await window.showWarningMessage(
    `Fill ${count(places.length, 'placeholder')} in ${count(files, 'file')} with ${count(fillable.length, 'credential')}?`,
    { modal: true, detail: summary(fillable, open) },
    primary,
    other,
  );
  if (answer === primary) return first;
  return answer === other ? pickStore(inUse) : undefined;
}

async function pickStore(inUse: readonly SecretStore[]): Promise<SecretStore | undefined> {
  const rest = (Object.keys(titles) as SecretStore[]).filter(store => !inUse.includes(store));
  const items = [...inUse, ...rest].map(
    store =>
      ({
        store,
        label: titles[store],
        detail: details[store],
        ...(inUse.includes(store) ? { description: 'used by this deployment' } : {}),
      }) satisfies StoreChoice,
  );
  return (await window.showQuickPick(items, { title: 'Where to Keep the Values' }))?.store;
}

const titles: Readonly<Record<SecretStore, string>> = {
  plain: 'Fill in Place',
  local: 'Keep Out of Git',
  'external-secret': 'Use External Secrets',
  'sealed-secret': 'Use Sealed Secrets',
  sops: 'Use SOPS',
};
const details: Readonly<Record<SecretStore, string>> = {
  plain: 'Plain Secrets, as the manifests have them now.',
  local: 'Moves the Secrets to *.local.yaml, which .gitignore names; the placeholders stay in *.example.',
  'external-secret': 'Writes ExternalSecrets that fetch the keys from a store; makes no values.',
  'sealed-secret': 'Encrypts the Secrets with kubeseal for the cluster of its configuration, into *.sealed.yaml.',
  sops: 'Encrypts the Secrets with sops by the rules of .sops.yaml, into *.sops.yaml.',
};

const longestList = 14;

/** One line for each credential: what it is, how it comes about and how many places get it. */
function summary(fillable: readonly WireCredential[], open: readonly WireCredential[]): string {
  const lines = fillable.map(({ title, kind, places }) => {
    const number = places.filter(place => place.isOpen).length;
    const origin = places.some(place => !place.isOpen)
      ? 'the present value'
      : `new ${kind ? kindNames[kind] : 'value'}`;
    return `• ${title}: ${origin}${number > 1 ? `, ${number} places` : ''}`;
  });
  const left = open.length - fillable.length;
  return [
    ...lines.slice(0, longestList),
    ...(lines.length > longestList ? [`and ${lines.length - longestList} more.`] : []),
    ...(left > 0 ? ['', `${left} more can only be supplied by you.`] : []),
    '',
    'Values that are there already stay as they are.',
  ].join('\n');
}

function onlyForYou(left: readonly WireCredential[]): string {
  const number = left.flatMap(one => one.places.filter(place => place.isOpen)).length;
  return `${count(number, 'placeholder')} can only be filled by you: see the Problems view.`;
}

function problems(left: readonly WireCredential[]): readonly NoticeAction[] {
  return left.length === 0 ? [] : [{ title: 'Show Problems', command: 'workbench.actions.view.problems' }];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
