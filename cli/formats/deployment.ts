import type { RunRecord } from '../../deploy/run/report';
import type { VerifiedCheck } from '../../deploy/verify/verify';
import { escapeXml } from '../../picture/xml';
import { UsageError } from '../usage';

interface Case {
  readonly group: string;
  readonly name: string;
  readonly seconds?: number;
  readonly verdict: 'passed' | 'failed' | 'skipped';
  readonly text: string;
  readonly details?: string;
}

/** A run as JUnit XML: one case for each finding that blocked it, each step, and each check of a step. */
export function junitRun(record: RunRecord): string {
  const blocked = record.blockers.map(
    ({ step, rule, file, line, message }): Case => ({
      group: `deploy.${step}`,
      name: rule,
      verdict: 'failed',
      text: message ?? `${rule} blocks the step.`,
      details: `${file}:${line}`,
    }),
  );
  const steps = record.steps.flatMap((step): Case[] => {
    const verdict = step.state === 'done' ? 'passed' : isOver(step.state) ? 'failed' : 'skipped';
    const objects = step.objects.map(({ kind, name, state, file, line }) => `${kind}/${name} ${state} ${file}:${line}`);
    return [
      {
        group: `deploy.${step.phase}`,
        name: step.title,
        seconds: step.seconds,
        verdict,
        text: step.reason ?? step.state,
        details: objects.join('\n'),
      },
      ...step.checks.map(
        ({ check, verdict: answer, text }): Case => ({
          group: `deploy.${step.phase}.${step.id}`,
          name: check,
          verdict: answer === 'skipped' ? 'skipped' : answer === 'pass' || answer === 'warn' ? 'passed' : 'failed',
          text,
        }),
      ),
    ];
  });
  return suite('deploy', [...blocked, ...steps]);
}

/** The answers of a cluster as JUnit XML; a check that only informs never fails. */
export function junitChecks(checks: readonly VerifiedCheck[]): string {
  return suite(
    'verify',
    checks.map(({ title, verdict, advisory, text, details }) => ({
      group: 'verify',
      name: title,
      verdict:
        verdict === 'skipped'
          ? 'skipped'
          : !advisory && (verdict === 'fail' || verdict === 'unknown')
            ? 'failed'
            : 'passed',
      text,
      details: details.join('\n'),
    })),
  );
}

/** How a report is written, by the ending of its file. Throws {@link UsageError} for any other. */
export function reportFormat(file: string | undefined): 'json' | 'junit' | undefined {
  if (file === undefined) return undefined;
  if (file.endsWith('.json')) return 'json';
  if (file.endsWith('.xml')) return 'junit';
  throw new UsageError(`--report takes a file that ends in .json or .xml (JUnit), not "${file}"`);
}

/** A step that was begun and did not come to its end; one that was interrupted counts as failed too. */
function isOver(state: string): boolean {
  return state !== 'pending' && state !== 'skipped' && state !== 'absent';
}

function suite(name: string, cases: readonly Case[]): string {
  const count = (verdict: Case['verdict']) => cases.filter(one => one.verdict === verdict).length;
  const rows = cases.map(({ group, name: title, seconds, verdict, text, details = '' }) => {
    const time = seconds === undefined ? '' : ` time="${seconds.toFixed(3)}"`;
    const open = `    <testcase classname="${escapeXml(group)}" name="${escapeXml(title)}"${time}>`;
    if (verdict === 'failed')
      return `${open}<failure message="${escapeXml(text)}">${escapeXml(details)}</failure></testcase>`;
    return verdict === 'skipped' ? `${open}<skipped message="${escapeXml(text)}"/></testcase>` : `${open}</testcase>`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n  <testsuite name="${name}" tests="${cases.length}" failures="${count('failed')}" skipped="${count('skipped')}">\n${rows.join('\n')}\n  </testsuite>\n</testsuites>\n`;
}
