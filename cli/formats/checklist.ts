import { checklistPhases } from '../../checklist/phases';
import type { ChecklistItemState } from '../../checklist/types';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { ItemReport } from '../../rules/checklist';
import { location } from './json';

/** What every format of `checklist` is made from. */
export interface ChecklistReport {
  readonly workspace: Workspace;
  /** The name of the tree's folder. */
  readonly root: string;
  /** All items, in checklist order. */
  readonly items: readonly ItemReport[];
}

/** What `checklist --format json` prints; the shape is part of the contract with users' scripts. */
export function checklistObject({ workspace, items }: ChecklistReport): object {
  return {
    version: 1,
    items: items.map(({ item, state, rules: ids, findings, evidence }) => ({
      id: item.id,
      phase: item.phase,
      section: item.section,
      title: item.title,
      kind: item.kind,
      state,
      rules: ids,
      findings,
      evidence: evidence.map(place => location(workspace, place)),
    })),
    summary: stateCounts(items),
  };
}

/** The checklist for a person at a terminal. */
export function prettyChecklist({ items }: ChecklistReport): string {
  const lines: string[] = [];
  for (const { title, sections } of checklistByPhase(items)) {
    lines.push('', title);
    for (const section of sections) {
      lines.push(`  ${section.title}`);
      for (const { item, state, reason } of section.items)
        lines.push(`    ${marks[state]} ${item.id.padEnd(8)} ${item.title} — ${reason}`);
    }
  }
  lines.push('', countsSentence(items), '');
  return lines.slice(1).join('\n');
}

export const marks: Readonly<Record<ChecklistItemState, string>> = {
  passed: '✔',
  failed: '✘',
  waived: '◌',
  'not-applicable': '–',
  unknown: '?',
  'signed-off': '✔',
  stale: '!',
  open: '·',
};

/** How many items are in each state; states without items are left out. */
function stateCounts(items: readonly ItemReport[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { state } of items) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** `80 passed, 3 failed of 123 items`. */
export function countsSentence(items: readonly ItemReport[]): string {
  const counts = Object.entries(stateCounts(items)).map(([state, count]) => `${count} ${state}`);
  return `${counts.join(', ')} of ${items.length} items`;
}

/** The items under their headings, without headings that have none. */
export function checklistByPhase(items: readonly ItemReport[]): readonly {
  readonly title: string;
  readonly sections: readonly { readonly title: string; readonly items: readonly ItemReport[] }[];
}[] {
  return checklistPhases.map(phase => ({
    title: phase.title,
    sections: phase.sections
      .map(({ id, title }) => ({ title, items: items.filter(({ item }) => item.section === id) }))
      .filter(section => section.items.length > 0),
  }));
}

/** The first places of the evidence as `file:line`, with the number of those left out. */
export function evidencePlaces(evidence: readonly Place[], workspace: Workspace, most = 5): readonly string[] {
  const places = evidence.map(({ uri, span }) => {
    const file = workspace.file(uri);
    return file ? `${file.path}:${file.lines.position(span.start).line + 1}` : uri;
  });
  const distinct = [...new Set(places)];
  return distinct.length > most ? [...distinct.slice(0, most), `and ${distinct.length - most} more`] : distinct;
}
