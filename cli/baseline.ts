import { readFileSync } from 'node:fs';
import type { BaselineComparison, BaselineEntry, NamedFinding } from '../reports/named-findings';
import { UsageError } from './usage';

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

function isEntry(entry: unknown): entry is BaselineEntry {
  return isObject(entry) && ['rule', 'file', 'message', 'fingerprint'].every(field => typeof entry[field] === 'string');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
