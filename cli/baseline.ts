import { readFileSync } from 'node:fs';
import type { Workspace } from '../manifests/workspace';
import type { Finding } from '../rules/findings';
import { fingerprints } from '../rules/fingerprint';
import { UsageError } from './usage';

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

export function namedFindings(findings: readonly Finding[], workspace: Workspace): readonly NamedFinding[] {
  const names = fingerprints(findings, workspace);
  return findings.map((finding, index) => ({ ...finding, fingerprint: names[index] ?? '' }));
}

/**
 * Takes the findings out that a baseline has. With `rules`, only entries of these can be gone, as no other rule ran.
 * Suppressed findings stay: they are listed as suppressed, and fail nothing anyway.
 */
export function compareWithBaseline(
  findings: readonly NamedFinding[],
  baseline: readonly BaselineEntry[],
  rules: readonly string[] = [],
): BaselineComparison & { readonly findings: readonly NamedFinding[] } {
  const before = new Set(baseline.map(entry => entry.fingerprint));
  const now = new Set(findings.map(finding => finding.fingerprint));
  const isNew = findings.filter(finding => finding.suppressed || !before.has(finding.fingerprint));
  return {
    findings: isNew,
    known: findings.length - isNew.length,
    gone: baseline.filter(entry => !now.has(entry.fingerprint) && (rules.length === 0 || rules.includes(entry.rule))),
  };
}

/** Reads a report of `check --format json`. Throws {@link UsageError} if the file is none. */
export function readBaseline(path: string): readonly BaselineEntry[] {
  let report: unknown;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const findings = isObject(report) && report.version === 1 ? report.findings : undefined;
  if (!Array.isArray(findings) || !findings.every(isEntry))
    throw new UsageError(`${path} is no report of "check --format json"`);
  return findings.map(({ rule, file, message, fingerprint }) => ({ rule, file, message, fingerprint }));
}

/** The comparison in a sentence, for people. */
export function baselineSentence({ known, gone }: BaselineComparison): string {
  const left = `${known} ${known === 1 ? 'finding' : 'findings'} of the baseline left out`;
  if (gone.length === 0) return left;
  const names = gone.map(({ rule, file }) => `${rule} in ${file}`).join(', ');
  return `${left}; ${gone.length} no longer ${gone.length === 1 ? 'occurs' : 'occur'}: ${names}`;
}

function isEntry(entry: unknown): entry is BaselineEntry {
  return isObject(entry) && ['rule', 'file', 'message', 'fingerprint'].every(field => typeof entry[field] === 'string');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
