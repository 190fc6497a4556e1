import { baselineSentence, type NamedFinding } from '../../reports/named-findings';
import type { CheckReport } from '../../reports/report';
import type { Severity } from '../../rules/rule';

/**
 * Workflow commands that GitHub Actions turns into annotations of the changed files
 * (https://docs.github.com/actions/reference/workflow-commands-for-github-actions).
 */
export function githubAnnotations(report: CheckReport): string {
  const reported = report.findings.filter(finding => !finding.suppressed);
  const lines = reported.map(finding => annotation(report, finding));
  // A line that is no command is printed in the log as it is.
  if (report.baseline) lines.push(escapeMessage(baselineSentence(report.baseline)));
  return lines.map(line => `${line}\n`).join('');
}

function annotation({ workspace, pathPrefix }: CheckReport, { rule, severity, problem }: NamedFinding): string {
  const file = workspace.file(problem.at.uri);
  const start = file?.lines.position(problem.at.span.start) ?? { line: 0, character: 0 };
  const end = file?.lines.position(problem.at.span.end) ?? start;
  const properties = {
    file: file ? `${pathPrefix}${file.path}` : problem.at.uri,
    line: start.line + 1,
    endLine: end.line + 1,
    // GitHub takes columns only where an annotation starts and ends on one line.
    ...(end.line === start.line ? { col: start.character + 1, endColumn: end.character + 1 } : {}),
    title: rule.id,
  };
  const written = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::${commands[severity]} ${written.join(',')}::${escapeMessage(problem.message)}`;
}

const commands: Readonly<Record<Severity, 'error' | 'warning' | 'notice'>> = {
  error: 'error',
  warning: 'warning',
  info: 'notice',
  hint: 'notice',
};

function escapeMessage(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
