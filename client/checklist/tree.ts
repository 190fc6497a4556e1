import type { ChecklistItemState } from '../../checklist/types';
import type { ChecklistReport, WireChecklistItem } from '../../protocol/messages';

/** A heading or an item of the checklist; the ids stay the same from report to report. */
export type ChecklistNode = ChecklistBranch | ChecklistLeaf;
export interface ChecklistBranch {
  readonly id: string;
  readonly level: 'phase' | 'section';
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

/** The report as phases that hold sections that hold items; headings without an item are left out. */
export function checklistTree({ phases, items }: ChecklistReport): readonly ChecklistBranch[] {
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

function branch(
  level: 'phase' | 'section',
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
