import { checklistItems } from '../checklist/items';
import { addedItemId, type MarkdownChecklist, readMarkdownChecklist } from '../checklist/markdown';
import { checklistPhases } from '../checklist/phases';
import type { ChecklistItem, ChecklistPhase } from '../checklist/types';
import type { SourceFile } from '../manifests/file';
import type { Place } from '../manifests/span';
import type { Index, Workspace } from '../manifests/workspace';

/** An item of the catalogue, or one that the tree's own Markdown checklist adds. */
export interface TreeItem extends ChecklistItem {
  /** Where the tree's checklist has it; undefined for items that no such file adds. */
  readonly at: Place | undefined;
}

/** The Markdown file of a tree that is a checklist. */
export interface FoundChecklist {
  readonly file: SourceFile;
  readonly checklist: MarkdownChecklist;
}

/** All items of a tree: those of the catalogue in its order, each section followed by what the tree adds to it. */
export function itemsOf(workspace: Workspace): readonly TreeItem[] {
  return workspace.shared(allItems);
}

/** The headings of a tree's items, with one more for what the catalogue has no heading for. */
export function phasesOf(workspace: Workspace): readonly ChecklistPhase[] {
  const sections = [
    ...new Set(itemsOf(workspace).flatMap(({ phase, section }) => (phase === ownPhase ? section : []))),
  ];
  if (sections.length === 0) return checklistPhases;
  return [
    ...checklistPhases,
    {
      id: ownPhase,
      title: 'Your Own Items',
      sections: sections.map(id => ({ id, title: id.slice(ownPhase.length + 1) })),
    },
  ];
}

/** The Markdown checklists of a tree, in the order of their paths. */
export function markdownChecklists(workspace: Workspace): readonly FoundChecklist[] {
  return workspace.lookup(checklists, '');
}

const ownPhase = 'own';

const checklists: Index<FoundChecklist> = {
  name: 'Markdown checklists',
  *textFile(file) {
    if (!/\.(?:md|markdown)$/i.test(file.path) || !/^[ \t]*(?:[-*+]|\d+[.)])[ \t]+\[[ xX]\]/m.test(file.text)) return;
    const checklist = readMarkdownChecklist(file.text, checklistItems, checklistPhases);
    if (checklist) yield ['', { file, checklist }];
  },
};

function allItems(workspace: Workspace): readonly TreeItem[] {
  const taken = new Set<string>();
  const added = markdownChecklists(workspace).flatMap(({ file, checklist }) =>
    checklist.added.map(({ task, section }): TreeItem => {
      const id = addedItemId(task.title, taken);
      taken.add(id);
      return {
        id,
        ...(section ?? { phase: ownPhase, section: `${ownPhase}:${file.path}` }),
        title: task.title,
        kind: 'manual',
        hint: `an item of ${file.path}, line ${task.line + 1}${task.isTicked ? '; ticked there, but nobody has signed' : ''}`,
        at: { uri: file.uri, span: { start: task.start, end: task.end } },
      };
    }),
  );
  const known = checklistItems.map((item): TreeItem => ({ ...item, at: undefined }));
  if (added.length === 0) return known;
  const sections = new Set(known.map(({ section }) => section));
  return [
    ...[...sections].flatMap(id => [...known, ...added].filter(({ section }) => section === id)),
    ...added.filter(({ section }) => !sections.has(section)),
  ];
}
