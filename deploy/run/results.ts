import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CheckVerdict, ClusterIdentity } from '../journal/entries';
import type { VerifiedCheck } from '../verify/verify';

/** The last answers of a cluster to the checks of a deployment tree; texts are redacted. */
export interface LiveResults {
  readonly version: 1;
  readonly root: string;
  readonly cluster: ClusterIdentity;
  readonly checks: readonly LiveResult[];
}

export interface LiveResult {
  readonly id: string;
  readonly title: string;
  /** The live items of the checklist it speaks for. */
  readonly items: readonly string[];
  /** True if it informs and never decides an item. */
  readonly advisory: boolean;
  readonly verdict: CheckVerdict;
  readonly text: string;
  readonly details: readonly string[];
  /** When the cluster answered, ISO 8601. */
  readonly at: string;
}

/**
 * Keeps the answers of a verification beside the runs, for the checklist and its reports. Answers of another cluster are
 * dropped: a deployment is not verified by pieces of two.
 *
 * @param now milliseconds since the epoch
 */
export function saveResults(
  stateDirectory: string,
  { root, cluster, checks }: { root: string; cluster: ClusterIdentity; checks: readonly VerifiedCheck[] },
  now: number,
): void {
  const before = readResults(stateDirectory, root);
  const kept = before?.cluster.uid === cluster.uid ? before.checks : [];
  const at = new Date(now).toISOString();
  const answered = checks.map(({ id, title, items, advisory, verdict, text, details }): LiveResult => {
    return { id, title, items, advisory, verdict, text, details, at };
  });
  const others = kept.filter(old => !answered.some(({ id }) => id === old.id));
  const results: LiveResults = { version: 1, root, cluster, checks: [...others, ...answered] };
  const path = fileOf(stateDirectory, root);
  mkdirSync(join(stateDirectory, 'results'), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(results, undefined, 2), { mode: 0o600 });
  renameSync(draft, path);
}

/** The answers that are kept for a tree; undefined if there are none or they cannot be read. */
export function readResults(stateDirectory: string, root: string): LiveResults | undefined {
  try {
    const results = JSON.parse(readFileSync(fileOf(stateDirectory, root), 'utf8')) as LiveResults;
    return results.version === 1 && Array.isArray(results.checks) ? results : undefined;
  } catch {
    return undefined;
  }
}

function fileOf(stateDirectory: string, root: string): string {
  return join(stateDirectory, 'results', `${createHash('sha256').update(root).digest('hex').slice(0, 32)}.json`);
}
