import type { ChecklistItemState } from '../checklist/types';
import type { TextEdit } from '../manifests/span';
import type { Workspace } from '../manifests/workspace';
import type { ItemReport } from './checklist';
import { itemsOf, markdownChecklists } from './items';

/**
 * Edits that make the boxes of the tree's Markdown checklists say what the checklist says: ticked is what has passed,
 * what a person has signed off, and what is waived or does not apply. A task that groups others is ticked when all of
 * them are; unknown items keep the box they have, because only a person can have ticked it.
 */
export function markdownStateEdits(workspace: Workspace, reports: readonly ItemReport[]): readonly TextEdit[] {
  const states = new Map(reports.map(({ item, state }) => [item.id, state]));
  const idAt = new Map(itemsOf(workspace).flatMap(({ id, at }) => (at ? [[`${at.uri} ${at.span.start}`, id]] : [])));
  return markdownChecklists(workspace).flatMap(({ file, checklist }) => {
    const { tasks, itemOf } = checklist;
    const wanted = new Map<(typeof tasks)[number], boolean | undefined>();
    // Groups come before what they group, so the list is read from its end.
    for (const task of [...tasks].reverse()) {
      const id = itemOf.get(task) ?? idAt.get(`${file.uri} ${task.start}`);
      const own = id === undefined ? undefined : isTicked(states.get(id), task.isTicked);
      const below = tasks.filter(other => other.parent === task).map(other => wanted.get(other) ?? other.isTicked);
      wanted.set(task, below.length === 0 ? own : below.every(one => one) && own !== false);
    }
    return tasks.flatMap(task => {
      const { box } = task;
      const tick = wanted.get(task);
      if (box === undefined || tick === undefined || tick === task.isTicked) return [];
      return [{ at: { uri: file.uri, span: { start: box, end: box + 1 } }, newText: tick ? 'x' : ' ' }];
    });
  });
}

function isTicked(state: ChecklistItemState | undefined, was: boolean): boolean {
  if (state === undefined || state === 'unknown') return was;
  return state === 'passed' || state === 'signed-off' || state === 'waived' || state === 'not-applicable';
}
