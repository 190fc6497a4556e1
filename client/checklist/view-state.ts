import { isSamePerson } from '../../checklist/sign-offs';
import type { ChecklistReport, WireChecklistItem } from '../../protocol/messages';

export const groupings = ['phase', 'component', 'file'] as const;
export type Grouping = (typeof groupings)[number];

/** Which items are shown; what is absent filters nothing. All conditions have to hold. */
export interface ChecklistFilter {
  readonly failing?: boolean;
  /** Signed by the person in front of the screen, or assigned to them. */
  readonly mine?: boolean;
  /** Id of a phase. */
  readonly phase?: string;
  /** Words that all occur in the item, in any order. */
  readonly text?: string;
}

/** How the checklist is shown; kept for the workspace. */
export interface ViewState {
  readonly grouping: Grouping;
  readonly filter: ChecklistFilter;
}

export const plainView: ViewState = { grouping: 'phase', filter: {} };

/** Reads what an earlier version may have kept; what is not understood is as if it had never been set. */
export function viewStateFrom(kept: unknown): ViewState {
  if (typeof kept !== 'object' || kept === null) return plainView;
  const { grouping, filter } = kept as { readonly grouping?: unknown; readonly filter?: unknown };
  const given = (typeof filter === 'object' && filter !== null ? filter : {}) as Record<string, unknown>;
  return {
    grouping: groupings.find(one => one === grouping) ?? plainView.grouping,
    filter: {
      ...(given.failing === true ? { failing: true } : {}),
      ...(given.mine === true ? { mine: true } : {}),
      ...(typeof given.phase === 'string' ? { phase: given.phase } : {}),
      ...(typeof given.text === 'string' && given.text !== '' ? { text: given.text } : {}),
    },
  };
}

/** Whether a filter shows an item. */
export function isWanted(item: WireChecklistItem, filter: ChecklistFilter, me: string | undefined): boolean {
  if (filter.failing && item.state !== 'failed') return false;
  if (filter.mine && !isMine(item, me)) return false;
  if (filter.phase !== undefined && item.phase !== filter.phase) return false;
  if (!filter.text) return true;
  const { id, title, reason, component, state, rules, signOff } = item;
  const text = [id, title, reason, component, state, ...rules, signOff?.by, signOff?.note].join('\n').toLowerCase();
  return filter.text
    .toLowerCase()
    .split(/\s+/)
    .every(word => text.includes(word));
}

export function isFiltered({ failing, mine, phase, text }: ChecklistFilter): boolean {
  return failing === true || mine === true || phase !== undefined || text !== undefined;
}

/** What the view says of how it is set; undefined for the plain view. */
export function viewWords({ grouping, filter }: ViewState, phases: ChecklistReport['phases']): string | undefined {
  const { failing, mine, phase, text } = filter;
  const words = [
    grouping === 'phase' ? undefined : `by ${grouping}`,
    failing ? 'failing only' : undefined,
    mine ? 'mine' : undefined,
    phase === undefined ? undefined : (phases.find(({ id }) => id === phase)?.title ?? phase),
    text ? `“${text}”` : undefined,
  ].filter(one => one !== undefined);
  return words.length === 0 ? undefined : words.join(' · ');
}

function isMine({ signOff, assigned }: WireChecklistItem, me: string | undefined): boolean {
  if (me === undefined) return false;
  return [signOff?.by, assigned].some(person => person !== undefined && isSamePerson(person, me));
}
