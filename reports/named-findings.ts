import type { Workspace } from '../manifests/workspace';
import type { Finding } from '../rules/findings';
import { fingerprints } from '../rules/fingerprint';

/** A finding with the name that stays the same while other lines are edited. */
export interface NamedFinding extends Finding {
  readonly fingerprint: string;
}

/** One finding of an earlier report of `check --format json`. */
export interface BaselineEntry {
  readonly rule: string;
  readonly file: string;
  readonly message: string;
  readonly fingerprint: string;
}

/** What an earlier report says of the findings of now. */
export interface BaselineComparison {
  /** How many findings stood in the earlier report already, and are left out. */
  readonly known: number;
  /** Findings of the earlier report that do not occur any more. */
  readonly gone: readonly BaselineEntry[];
}

/** Findings with the fingerprints by which later reports know them again. */
export function namedFindings(findings: readonly Finding[], workspace: Workspace): readonly NamedFinding[] {
  const names = fingerprints(findings, workspace);
  return findings.map((finding, index) => ({ ...finding, fingerprint: names[index] ?? '' }));
}

/** The comparison in a sentence, for people. */
export function baselineSentence({ known, gone }: BaselineComparison): string {
  const left = `${known} ${known === 1 ? 'finding' : 'findings'} of the baseline left out`;
  if (gone.length === 0) return left;
  const names = gone.map(({ rule, file }) => `${rule} in ${file}`).join(', ');
  return `${left}; ${gone.length} no longer ${gone.length === 1 ? 'occurs' : 'occur'}: ${names}`;
}
