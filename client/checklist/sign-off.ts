import { type QuickPickItem, window } from 'vscode';
import { isDate } from '../../checklist/sign-offs';
import type { WireChecklistItem } from '../../protocol/messages';
import { type SignOffParams, signOffEditRequest, withdrawEditRequest } from '../../protocol/sign-offs';
import type { Server } from '../server';
import { makeEdit } from './edits';
import type { Person } from './person';

/** Asks what was done and for how long it holds, and writes the sign-off. False if the user gives up. */
export async function signOff(server: Server, person: Person, item: WireChecklistItem): Promise<boolean> {
  const title = `Sign Off ${item.id}: ${item.title}`;
  const note = await window.showInputBox({
    title,
    prompt: item.state === 'open' || item.state === 'unknown' ? item.reason : 'What was done?',
    placeHolder: 'What was done, and what came of it',
    value: item.signOff?.note ?? '',
    ignoreFocusOut: true,
    validateInput: text => (text.trim() === '' ? 'Say what was done.' : undefined),
  });
  if (note === undefined) return false;
  const evidence = await window.showInputBox({
    title,
    prompt: 'Where is the proof? A link or a path; leave it empty if there is none.',
    placeHolder: 'https://…',
    value: item.signOff?.evidence ?? '',
    ignoreFocusOut: true,
  });
  if (evidence === undefined) return false;
  const expires = await askExpiry(title);
  if (expires === undefined) return false;
  const by = await person.asked();
  if (by === undefined) return false;
  const params: SignOffParams = {
    item: item.id,
    by,
    at: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    note: note.trim(),
    ...(evidence.trim() === '' ? {} : { evidence: evidence.trim() }),
    ...(expires === 'never' ? {} : { expires }),
  };
  return makeEdit(server, signOffEditRequest, params);
}

/** Takes a sign-off back after asking, because its note goes with it. */
export async function withdrawSignOff(server: Server, { id, title, signOff }: WireChecklistItem): Promise<boolean> {
  const detail = signOff ? `Signed by ${signOff.by} on ${signOff.at.slice(0, 10)}: ${signOff.note}` : '';
  const withdraw = 'Withdraw';
  const answer = await window.showWarningMessage(
    `Withdraw the sign-off of ${id} “${title}”?`,
    { modal: true, detail },
    withdraw,
  );
  return answer === withdraw && makeEdit(server, withdrawEditRequest, { item: id });
}

/** Lets the user choose among the items that no manifest decides. */
export async function pickItem(items: readonly WireChecklistItem[]): Promise<WireChecklistItem | undefined> {
  const choice = items
    .filter(({ kind }) => kind !== 'static')
    .map(item => ({ label: item.title, description: item.id, detail: item.reason, item }));
  const options = { title: 'Sign Off', placeHolder: 'An item that no manifest decides', matchOnDescription: true };
  return (await window.showQuickPick(choice, options))?.item;
}

/** A date, `never`, or undefined if the user gives up. */
export async function askExpiry(title: string): Promise<string | undefined> {
  const choices: readonly (QuickPickItem & { readonly date: string })[] = [
    { label: 'Does not expire', date: 'never' },
    ...[
      [3, 'three months'],
      [6, 'half a year'],
      [12, 'a year'],
    ].map(([months, words]) => ({
      label: `Holds for ${words}`,
      description: `until ${inMonths(Number(months))}`,
      date: inMonths(Number(months)),
    })),
    { label: 'Holds until…', date: '' },
  ];
  const chosen = await window.showQuickPick(choices, {
    title,
    placeHolder: 'How long does it hold?',
    ignoreFocusOut: true,
  });
  if (chosen === undefined || chosen.date !== '') return chosen?.date;
  return window.showInputBox({
    title,
    prompt: 'The last day it holds',
    placeHolder: 'YYYY-MM-DD',
    ignoreFocusOut: true,
    validateInput: text =>
      text.length === 10 && isDate(text) ? undefined : 'Write a date of the calendar as YYYY-MM-DD.',
  });
}

function inMonths(months: number): string {
  const date = new Date();
  date.setUTCMonth(date.getUTCMonth() + months);
  return date.toISOString().slice(0, 10);
}
