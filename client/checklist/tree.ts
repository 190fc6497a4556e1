import type { ChecklistItemState } from '../../checklist/types';
import type { ChecklistReport, WireChecklistItem } from '../../protocol/messages';
import { isWanted, type ViewState } from './view-state';

/** A heading or an item of the checklist; the ids stay the same from report to report. */
export type ChecklistNode = ChecklistBranch | ChecklistLeaf;
export interface ChecklistBranch {
  readonly id: string;
  /** `group`: a component or a file. */
  readonly level: 'phase' | 'section' | 'group';
  readonly title: string;
  readonly counts: Counts;
  readonly children: readonly ChecklistNode[];
}
export interface ChecklistLeaf {
  readonly id: string;
  readonly level: 'item';
  readonly item: WireChecklistItem;
}

export interface Counts {
  readonly failed: number;
  /** Items that ask for nothing more: passed, signed off, waived or not applicable. */
  readonly settled: number;
  readonly total: number;
}

/** What a tree takes from outside. */
export interface TreeContext {
  readonly view: ViewState;
  /** The person in front of the screen, as git names them. */
  readonly me: string | undefined;
  /** The path of a file for people, from its uri. */
  pathOf(uri: string): string;
}

/** The report as a tree, grouped and filtered as the view is set; headings without an item are left out. */
export function checklistTree(report: ChecklistReport, context: TreeContext): readonly ChecklistBranch[] {
  const items = report.items.filter(item => isWanted(item, context.view.filter, context.me));
  switch (context.view.grouping) {
    case 'phase':
      return byPhase(report, items);
    case 'component':
      return groups(
        items.map(item => [item.component, item] as const),
        'component',
      );
    case 'file':
      return groups(
        items.flatMap(item => filesOf(item, context).map(path => [path, item] as const)),
        'file',
      ).sort((a, b) => rank(a) - rank(b) || (a.title < b.title ? -1 : 1));
  }
}

const nowhere = 'In no file';

function byPhase({ phases }: ChecklistReport, items: readonly WireChecklistItem[]): readonly ChecklistBranch[] {
  return phases.flatMap(phase => {
    const ofPhase = items.filter(item => item.phase === phase.id);
    const sections = phase.sections.flatMap(section => {
      const ofSection = ofPhase.filter(item => item.section === section.id);
      const leaves = ofSection.map((item): ChecklistLeaf => ({ id: `item:${item.id}`, level: 'item', item }));
      return branch('section', `section:${phase.id}/${section.id}`, section.title, leaves, ofSection);
    });
    return branch('phase', `phase:${phase.id}`, phase.title, sections, ofPhase);
  });
}

/** One branch for each name, in the order in which the names come. */
function groups(
  pairs: readonly (readonly [name: string, item: WireChecklistItem])[],
  kind: 'component' | 'file',
): ChecklistBranch[] {
  return [...new Set(pairs.map(([name]) => name))].flatMap(name => {
    const items = pairs.flatMap(([own, item]) => (own === name ? [item] : []));
    // An item has evidence in several files, so its id alone would not be unique.
    const leaves = items.map(
      (item): ChecklistLeaf => ({
        id: kind === 'file' ? `item:${item.id}@${name}` : `item:${item.id}`,
        level: 'item',
        item,
      }),
    );
    return branch('group', `${kind}:${name}`, name, leaves, items);
  });
}

function filesOf({ evidence }: WireChecklistItem, { pathOf }: TreeContext): readonly string[] {
  return evidence.length === 0 ? [nowhere] : [...new Set(evidence.map(({ uri }) => pathOf(uri)))];
}

function rank({ title }: ChecklistBranch): number {
  return title === nowhere ? 1 : 0;
}

function branch(
  level: ChecklistBranch['level'],
  id: string,
  title: string,
  children: readonly ChecklistNode[],
  items: readonly WireChecklistItem[],
): readonly ChecklistBranch[] {
  return items.length === 0 ? [] : [{ id, level, title, counts: countsOf(items), children }];
}

const settledStates: ReadonlySet<ChecklistItemState> = new Set(['passed', 'signed-off', 'waived', 'not-applicable']);

export function countsOf(items: readonly WireChecklistItem[]): Counts {
  return {
    failed: items.filter(({ state }) => state === 'failed').length,
    settled: items.filter(({ state }) => settledStates.has(state)).length,
    total: items.length,
  };
}
