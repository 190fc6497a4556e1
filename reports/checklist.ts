import type { ChecklistItemState } from '../checklist/types';
import type { Place } from '../manifests/span';
import type { Workspace } from '../manifests/workspace';
import type { ItemReport } from '../rules/checklist';
import { phasesOf } from '../rules/items';
import { location, waiverObject } from './json';

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
    items: items.map(({ item, state, reason, rules: ids, findings, evidence, signOff, waivers, assigned }) => ({
      id: item.id,
      phase: item.phase,
      section: item.section,
      title: item.title,
      kind: item.kind,
      state,
      rules: ids,
      findings,
      evidence: evidence.map(place => location(workspace, place)),
      reason,
      ...(signOff
        ? {
            signOff: {
              by: signOff.by,
              at: signOff.at,
              note: signOff.note,
              ...(signOff.evidence ? { evidence: signOff.evidence } : {}),
              ...(signOff.expires ? { until: signOff.expires } : {}),
              covers: signOff.covers.map(({ path }) => path),
            },
          }
        : {}),
      ...(waivers.length > 0 ? { waivers: waivers.map(waiverObject) } : {}),
      ...(assigned ? { assigned } : {}),
    })),
    summary: { ...noItems, ...stateCounts(items) },
  };
}

/** The checklist for a person at a terminal. */
export function prettyChecklist(report: ChecklistReport): string {
  const { items } = report;
  const lines: string[] = [];
  for (const { title, sections } of checklistByPhase(report)) {
    lines.push('', title);
    for (const section of sections) {
      lines.push(`  ${section.title}`);
      for (const { item, state, reason, signOff } of section.items)
        lines.push(`    ${marks[state]} ${item.id.padEnd(8)} ${item.title} — ${reason}${proof(state, signOff)}`);
    }
  }
  lines.push('', countsSentence(items), '');
  return lines.slice(1).join('\n');
}

/** Where the proof of a sign-off is kept, if it says so. */
function proof(state: ChecklistItemState, signOff: ItemReport['signOff']): string {
  return state === 'signed-off' && signOff?.evidence ? ` (${signOff.evidence})` : '';
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

/** The contract promises a number for each state. */
const noItems: Readonly<Record<ChecklistItemState, number>> = {
  passed: 0,
  failed: 0,
  waived: 0,
  'not-applicable': 0,
  unknown: 0,
  'signed-off': 0,
  stale: 0,
  open: 0,
};

/** How many items are in each state; states without items are left out. */
export function stateCounts(items: readonly ItemReport[]): Readonly<Record<string, number>> {
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
export function checklistByPhase({ workspace, items }: ChecklistReport): readonly {
  readonly title: string;
  readonly sections: readonly { readonly title: string; readonly items: readonly ItemReport[] }[];
}[] {
  return phasesOf(workspace).map(phase => ({
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
