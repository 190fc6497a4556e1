import type { ChecklistItemId } from './types';

/** Where sign-offs and waivers are kept, from the root of the tree. */
export const signOffsPath = '.matrix-preflight/sign-offs.yaml';

/** A person's word for an item that no manifest can decide. */
export interface SignOff {
  readonly item: ChecklistItemId;
  /** As git names the person: `Name <address>`. */
  readonly by: string;
  /** ISO 8601, a date or a time in UTC. */
  readonly at: string;
  readonly note: string;
  /** A link or a path to what proves it. */
  readonly evidence?: string;
  /** The last day it holds, `YYYY-MM-DD`. */
  readonly expires?: string;
  /** The files it speaks about, as they were. */
  readonly covers: readonly CoveredFile[];
}

export interface CoveredFile {
  /** Relative to the root of the tree, with forward slashes. */
  readonly path: string;
  /** SHA-256 of the text with line feeds, in hexadecimal digits. */
  readonly sha256: string;
}

/** A finding that the deployment lives with, by its fingerprint, which survives edits elsewhere. */
export interface Waiver {
  readonly rule: string;
  readonly file: string;
  readonly fingerprint: string;
  /** A waiver without a reason waives nothing. */
  readonly reason: string;
  readonly by: string;
  readonly at: string;
  readonly expires?: string;
}

/** What has become of a sign-off, with one line that says why. */
export interface SignOffState {
  /** `open`: it has expired, and counts as if it had not been made. */
  readonly state: 'signed-off' | 'stale' | 'open';
  readonly reason: string;
}

/**
 * Whether a sign-off still holds.
 *
 * `today` is an ISO date, or undefined where there is no clock; then nothing expires. `hashOf` gives the hash that a file
 * has now, undefined for one that is gone. What has expired is open again, whatever became of the files.
 */
export function signOffState(
  signOff: SignOff,
  today: string | undefined,
  hashOf: (path: string) => string | undefined,
): SignOffState {
  const who = `by ${nameOf(signOff.by)} on ${dayOf(signOff.at)}`;
  const { expires } = signOff;
  if (hasExpired(expires, today))
    return { state: 'open', reason: `the sign-off ${who} expired on ${expires}: ${signOff.note}` };
  const changes = signOff.covers.flatMap(({ path, sha256 }) => {
    const now = hashOf(path);
    return now === sha256 ? [] : [`${path} ${now === undefined ? 'is gone' : 'has changed'}`];
  });
  if (changes.length > 0) return { state: 'stale', reason: `signed ${who}, since then ${listed(changes)}` };
  return { state: 'signed-off', reason: `${who}${expires ? `, until ${expires}` : ''}: ${signOff.note}` };
}

/** Whether the last day of validity is over. Without a date, or without a clock, nothing expires. */
export function hasExpired(expires: string | undefined, today: string | undefined): boolean {
  return expires !== undefined && today !== undefined && dayOf(today) > dayOf(expires);
}

/** The day of an ISO date or time. */
export function dayOf(at: string): string {
  return at.slice(0, 10);
}

/** `Ada Example` of `Ada Example <ada@example.org>`. */
export function nameOf(person: string): string {
  return /^(.*?)\s*<[^>]*>$/.exec(person)?.[1] || person;
}

/** Whether two names are of one person: git's address decides where both have one. */
export function isSamePerson(a: string, b: string): boolean {
  const [one, other] = [addressOf(a), addressOf(b)];
  if (one !== undefined && other !== undefined) return one === other;
  const known = one ?? other;
  return (
    nameOf(a).trim().toLowerCase() === nameOf(b).trim().toLowerCase() ||
    (known !== undefined && [a, b].some(person => person.trim().toLowerCase() === known))
  );
}

/** Whether a text is a date of the calendar, written `YYYY-MM-DD`, with or without a time behind it. */
export function isDate(text: string): boolean {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?$/.exec(text);
  if (!match) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return day >= 1 && day <= days;
}

function addressOf(person: string): string | undefined {
  return /<([^>]+)>$/.exec(person.trim())?.[1]?.toLowerCase();
}

/** The first three, and how many more. */
function listed(changes: readonly string[]): string {
  const shown = changes.slice(0, 3).join(', ');
  return changes.length > 3 ? `${shown} and ${changes.length - 3} more` : shown;
}
