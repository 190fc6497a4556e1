import { type QuickPickItem, QuickPickItemKind, window } from 'vscode';
import type { ChecklistReport } from '../../protocol/messages';
import { type ChecklistFilter, type Grouping, groupings, type ViewState } from './view-state';

/** Lets the user set the filter; undefined if they give up. The words of the search stay as they are. */
export async function askFilter(
  { filter }: ViewState,
  phases: ChecklistReport['phases'],
): Promise<ChecklistFilter | undefined> {
  type Choice = QuickPickItem & { readonly part?: ChecklistFilter };
  const shown: Choice[] = [
    { label: 'Failing only', part: { failing: true }, picked: filter.failing === true },
    {
      label: 'Mine',
      description: 'signed by me, or assigned to me',
      part: { mine: true },
      picked: filter.mine === true,
    },
    { label: 'phase', kind: QuickPickItemKind.Separator },
    ...phases.map(({ id, title }) => ({ label: title, part: { phase: id }, picked: filter.phase === id })),
  ];
  const picked = await window.showQuickPick(shown, {
    title: 'Filter the Checklist',
    placeHolder: 'What to show; nothing chosen shows everything',
    canPickMany: true,
  });
  if (picked === undefined) return undefined;
  const text = filter.text === undefined ? {} : { text: filter.text };
  return Object.assign({}, text, ...picked.map(({ part }) => part ?? {}));
}

/** Asks for words; an empty answer takes the search away. */
export async function askSearch({ filter }: ViewState): Promise<ChecklistFilter | undefined> {
  const given = await window.showInputBox({
    title: 'Search the Checklist',
    prompt: 'Words of the title, the reason, the rules or the id; leave it empty to show everything.',
    value: filter.text ?? '',
  });
  if (given === undefined) return undefined;
  const { text: _old, ...rest } = filter;
  return given.trim() === '' ? rest : { ...rest, text: given.trim() };
}

export async function askGrouping({ grouping }: ViewState): Promise<Grouping | undefined> {
  const choice = groupings.map(one => ({
    label: `By ${one}`,
    description: one === grouping ? 'as it is now' : '',
    grouping: one,
  }));
  return (await window.showQuickPick(choice, { title: 'Group the Checklist' }))?.grouping;
}
