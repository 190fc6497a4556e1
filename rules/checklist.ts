import { settingsFileName, settingsOf } from '../analysis/settings';
import type { LiveAnswer } from '../checklist/live';
import { nameOf, type SignOff, signOffState, type Waiver } from '../checklist/sign-offs';
import type { ChecklistItemId, ChecklistItemState } from '../checklist/types';
import type { SourceFile } from '../manifests/file';
import { grouped } from '../manifests/grouped';
import type { Place } from '../manifests/span';
import type { Workspace } from '../manifests/workspace';
import { evidenceFor } from './evidence';
import type { Finding } from './findings';
import { itemsOf, type TreeItem } from './items';
import type { Rule } from './rule';
import { hashOfFile, signOffsOf } from './sign-offs';

/** One checklist item and what the tree says about it. */
export interface ItemReport {
  readonly item: TreeItem;
  readonly state: ChecklistItemState;
  /** One line that says why. */
  readonly reason: string;
  readonly rules: readonly string[];
  /** How many findings stand against the item. */
  readonly findings: number;
  /** The findings' places, else the objects that the item was checked on. */
  readonly evidence: readonly Place[];
  /** A person's word for the item, also where it does not hold any more. */
  readonly signOff: SignOff | undefined;
  /** The waivers that take findings against the item out. */
  readonly waivers: readonly Waiver[];
  /** Who is to look after the item, as the file of sign-offs says. */
  readonly assigned: string | undefined;
}

/**
 * The state of every item, in checklist order.
 *
 * A static item fails by an error or a warning against it, and passes only if there was something to check, it could be
 * read, and no rule that decides it is switched off in the tree. Live items stay unknown until a cluster has answered, as
 * `live` tells, or a person has signed; manual ones are open until then. A sign-off never speaks against a finding or
 * against the cluster.
 *
 * `today` is an ISO date; without it no sign-off expires.
 */
export function itemReports(
  workspace: Workspace,
  findings: readonly Finding[],
  rules: readonly Rule[],
  live: ReadonlyMap<ChecklistItemId, LiveAnswer> = new Map(),
  today?: string,
): readonly ItemReport[] {
  const byItem = grouped(
    findings.flatMap(finding =>
      (finding.problem.items ?? finding.rule.items).map((id): readonly [string, Finding] => [id, finding]),
    ),
  );
  const rulesOfItem = grouped(rules.flatMap(rule => rule.items.map((id): readonly [string, string] => [id, rule.id])));
  const { signOffs, assigned } = signOffsOf(workspace);
  const settings = settingsOf(workspace).rules;
  const isOff = (id: string): boolean => settings.get(id)?.severity === 'off';
  const deciding = new Map(rules.map(rule => [rule.id, rule.severity]));
  return itemsOf(workspace).map(item =>
    report(item, byItem.get(item.id) ?? [], rulesOfItem.get(item.id) ?? [], {
      workspace,
      answer: live.get(item.id),
      today,
      signOff: signOffs.findLast(one => one.item === item.id),
      assigned: assigned.get(item.id)?.text,
      // Without a rule that only informs an item passes as well.
      off: (rulesOfItem.get(item.id) ?? []).filter(
        id => isOff(id) && (deciding.get(id) === 'error' || deciding.get(id) === 'warning'),
      ),
    }),
  );
}

interface Known {
  readonly workspace: Workspace;
  readonly answer: LiveAnswer | undefined;
  readonly today: string | undefined;
  readonly signOff: SignOff | undefined;
  readonly assigned: string | undefined;
  /** The rules of the item that the settings switch off, so that nothing tells what they would find. */
  readonly off: readonly string[];
}

function report(
  item: TreeItem,
  all: readonly Finding[],
  ids: readonly string[],
  { workspace, answer, today, signOff, assigned, off }: Known,
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
    signOff: item.kind === 'static' ? undefined : signOff,
    waivers: against.flatMap(finding => finding.suppressed?.waiver ?? []),
    assigned,
  });
  const places = open.map(finding => finding.problem.at);
  if (item.kind !== 'static') {
    if (open.length > 0) return say('failed', `${plural(open.length)} in the manifests already`, places);
    if (answer && answer.state !== 'unknown') return say(answer.state, answer.reason);
    const signed = signOff && signOffState(signOff, today, path => hashOf(workspace, path));
    if (signOff && signed && signed.state !== 'open')
      return say(signed.state, signed.reason, coveredPlaces(workspace, signOff));
    if (answer) return say(answer.state, answer.reason);
    const isLive = item.kind === 'live';
    return say(
      isLive ? 'unknown' : 'open',
      signed?.reason ?? item.hint ?? (isLive ? 'needs an answer from the cluster' : 'needs a person'),
      item.at ? [item.at] : [],
    );
  }
  const evidence = evidenceFor(item.id, workspace);
  // A script that applies what is switched off fails all the same.
  if (evidence.waived && !(open.length > 0 && item.id.startsWith('B.'))) return say('waived', evidence.waived);
  if (open.length > 0) return say('failed', plural(open.length), places);
  if (ids.length === 0) return say('unknown', 'no rule decides this item yet');
  if (against.length > 0)
    return say(
      'waived',
      waivedWords(against),
      against.map(finding => finding.problem.at),
    );
  if (evidence.places.length === 0) return say('not-applicable', evidence.missing);
  if (off.length > 0)
    return say(
      'waived',
      `${off.join(' and ')} ${off.length === 1 ? 'is' : 'are'} switched off in ${settingsFileName}`,
      offPlaces(workspace, off),
    );
  if (evidence.unread) return say('unknown', evidence.unread, evidence.places);
  return say(
    'passed',
    `checked on ${evidence.places.length === 1 ? 'one place' : `${evidence.places.length} places`}`,
    evidence.places,
  );
}

function offPlaces(workspace: Workspace, ids: readonly string[]): readonly Place[] {
  const { rules } = settingsOf(workspace);
  return ids.flatMap(id => rules.get(id)?.at ?? []);
}

/** How many findings are out, and the first reason, with the name of whoever waived. */
function waivedWords(against: readonly Finding[]): string {
  const [first] = against;
  const waiver = first?.suppressed?.waiver;
  const who = waiver ? ` (${nameOf(waiver.by)}${waiver.expires ? `, until ${waiver.expires}` : ''})` : '';
  const isWaived = against.some(finding => finding.suppressed?.waiver);
  return `${plural(against.length)} ${isWaived ? 'waived' : 'suppressed'}: ${first?.suppressed?.reason ?? ''}${who}`;
}

/** The start of each file that a sign-off covers and that is there. */
function coveredPlaces(workspace: Workspace, { covers }: SignOff): readonly Place[] {
  return covers.flatMap(({ path }) => {
    const file = fileAt(workspace, path);
    return file ? [{ uri: file.uri, span: { start: 0, end: 0 } }] : [];
  });
}

function hashOf(workspace: Workspace, path: string): string | undefined {
  const file = fileAt(workspace, path);
  return file && hashOfFile(file);
}

function fileAt(workspace: Workspace, path: string): SourceFile | undefined {
  return workspace.files.find(file => file.path === path);
}

function plural(count: number): string {
  return count === 1 ? 'one finding' : `${count} findings`;
}
