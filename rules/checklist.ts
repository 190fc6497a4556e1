import { checklistItems } from '../checklist/items';
import type { LiveAnswer } from '../checklist/live';
import type { ChecklistItem, ChecklistItemId, ChecklistItemState } from '../checklist/types';
import type { Place } from '../manifests/span';
import type { Workspace } from '../manifests/workspace';
import { evidenceFor } from './evidence';
import type { Finding } from './findings';
import type { Rule } from './rule';

/** One checklist item and what the tree says about it. */
export interface ItemReport {
  readonly item: ChecklistItem;
  readonly state: ChecklistItemState;
  /** One line that says why. */
  readonly reason: string;
  readonly rules: readonly string[];
  /** How many findings stand against the item. */
  readonly findings: number;
  /** The findings' places, else the objects that the item was checked on. */
  readonly evidence: readonly Place[];
}

/**
 * The state of every item, in checklist order.
 *
 * A static item fails by an error or a warning against it, and passes only if there was something to check. Live items
 * stay unknown until a cluster has answered, as `live` tells, manual ones open until a person has signed.
 */
export function itemReports(
  workspace: Workspace,
  findings: readonly Finding[],
  rules: readonly Rule[],
  live: ReadonlyMap<ChecklistItemId, LiveAnswer> = new Map(),
): readonly ItemReport[] {
  const byItem = new Map<string, Finding[]>();
  for (const finding of findings) {
    for (const id of finding.problem.items ?? finding.rule.items) {
      const known = byItem.get(id);
      if (known) known.push(finding);
      else byItem.set(id, [finding]);
    }
  }
  const rulesOfItem = new Map<string, string[]>();
  for (const rule of rules) for (const id of rule.items) rulesOfItem.set(id, [...(rulesOfItem.get(id) ?? []), rule.id]);
  return checklistItems.map(item =>
    report(item, byItem.get(item.id) ?? [], rulesOfItem.get(item.id) ?? [], workspace, live.get(item.id)),
  );
}

function report(
  item: ChecklistItem,
  all: readonly Finding[],
  ids: readonly string[],
  workspace: Workspace,
  answer: LiveAnswer | undefined,
): ItemReport {
  const against = all.filter(finding => finding.severity === 'error' || finding.severity === 'warning');
  const open = against.filter(finding => !finding.suppressed);
  const say = (state: ChecklistItemState, reason: string, evidence: readonly Place[] = []): ItemReport => ({
    item,
    state,
    reason,
    rules: ids,
    findings: open.length,
    evidence,
  });
  const places = open.map(finding => finding.problem.at);
  if (item.kind === 'live') {
    if (open.length > 0) return say('failed', `${plural(open.length)} in the manifests already`, places);
    return answer ? say(answer.state, answer.reason) : say('unknown', item.hint ?? 'needs an answer from the cluster');
  }
  if (item.kind === 'manual') return say('open', item.hint ?? 'needs a person');
  const evidence = evidenceFor(item.id, workspace);
  if (evidence.waived) return say('waived', evidence.waived);
  if (open.length > 0) return say('failed', plural(open.length), places);
  if (ids.length === 0) return say('unknown', 'no rule decides this item yet');
  if (against.length > 0)
    return say(
      'waived',
      `${plural(against.length)} suppressed: ${against[0]?.suppressed?.reason ?? ''}`,
      against.map(finding => finding.problem.at),
    );
  if (evidence.places.length === 0) return say('not-applicable', evidence.missing);
  return say(
    'passed',
    `checked on ${evidence.places.length === 1 ? 'one place' : `${evidence.places.length} places`}`,
    evidence.places,
  );
}

function plural(count: number): string {
  return count === 1 ? 'one finding' : `${count} findings`;
}
