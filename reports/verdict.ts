import type { ChecklistItemState } from '../checklist/types';
import { stateCounts } from './checklist';
import type { FullReport } from './full';

/** Whether a deployment may go ahead, as far as the checklist tells. */
export interface ReportVerdict {
  readonly state: 'ready' | 'open' | 'blocked';
  /** A few words for a heading. */
  readonly title: string;
  readonly sentence: string;
}

/** Sums a report up: what fails blocks, what nobody has answered is open, and otherwise all is said. */
export function verdictOf({ items }: FullReport): ReportVerdict {
  const counts = stateCounts(items);
  const { failed = 0, stale = 0, unknown = 0, open = 0 } = counts;
  const pending = stale + unknown + open;
  const settled = items.length - failed - pending;
  if (failed > 0)
    return {
      state: 'blocked',
      title: 'Not ready',
      sentence: `${things(failed, 'item fails', 'items fail')}, ${pending} more wait for an answer, ${settled} of ${items.length} are settled.`,
    };
  if (pending > 0)
    return {
      state: 'open',
      title: 'Nothing fails, not everything is answered',
      sentence: `${things(pending, 'item waits', 'items wait')} for a person or for the cluster, ${settled} of ${items.length} are settled.`,
    };
  return { state: 'ready', title: 'Ready', sentence: `All ${items.length} items are settled.` };
}

/** States in the order in which they ask for attention. */
export const statesByUrgency: readonly ChecklistItemState[] = [
  'failed',
  'stale',
  'open',
  'unknown',
  'waived',
  'passed',
  'signed-off',
  'not-applicable',
];

/** `1 item fails`, `3 items fail`. */
export function things(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** What the report is about, as pairs of a name and a text. */
export function factsOf({ root, facts, network }: FullReport): readonly (readonly [name: string, text: string])[] {
  const { version, generatedAt, git } = facts;
  return [
    ['Deployment', root],
    ...(generatedAt === undefined
      ? []
      : [['Written', generatedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')] as const]),
    ...(git
      ? [
          [
            'Commit',
            `${git.commit}${git.branch === undefined ? '' : ` on ${git.branch}`}${git.dirty ? ', with changes that are not committed' : ''}`,
          ] as const,
        ]
      : []),
    ['Tool', `Matrix Preflight ${version}`],
    ['Components', String(network.components.filter(({ kind }) => kind !== undefined).length)],
  ];
}
