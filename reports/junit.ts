import type { SourceFile } from '../manifests/file';
import { escapeXml } from '../picture/xml';
import type { NamedFinding } from './named-findings';
import { type CheckReport, findingsByFile, severityCounts } from './report';

/**
 * JUnit XML: a test suite for each file, and in it a test case for each finding. What the command fails for is a
 * failure, and what is suppressed is skipped. A file without findings has one test case that passes, because CI servers
 * take a report without test cases for a run that went wrong.
 */
export function junitReport(report: CheckReport): string {
  const { workspace, findings, fails } = report;
  const byFile = findingsByFile(findings, workspace);
  const clean = workspace.files.filter(file => file.documents.length > 0 && !byFile.has(file.path));
  const paths = [...byFile.keys(), ...clean.map(file => file.path)].sort();
  const suites = paths.map(path => suite(path, byFile.get(path) ?? [], report));
  const cases = findings.length + clean.length;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="matrix-preflight" tests="${cases}" failures="${findings.filter(fails).length}" errors="0" skipped="${skipped(findings)}">
${suites.join('')}</testsuites>
`;
}

function suite(path: string, findings: readonly NamedFinding[], report: CheckReport): string {
  const cases =
    findings.length > 0
      ? findings.map(finding => testCase(path, finding, report))
      : [`    <testcase${attributes({ name: 'no findings', classname: path, file: path })}/>\n`];
  const counts = {
    name: path,
    tests: cases.length,
    failures: findings.filter(report.fails).length,
    errors: 0,
    skipped: skipped(findings),
  };
  const summary = severityCounts(findings.filter(finding => !finding.suppressed));
  const out = summary && `    <system-out>${escapeXml(summary)}</system-out>\n`;
  return `  <testsuite${attributes(counts)}>\n${cases.join('')}${out}  </testsuite>\n`;
}

function testCase(path: string, finding: NamedFinding, { workspace, fails }: CheckReport): string {
  const { rule, severity, problem, suppressed } = finding;
  const position = positionIn(workspace.file(problem.at.uri), problem.at.span.start);
  const where = `${path}:${position.line}:${position.column}`;
  const name = `${rule.id} (${position.line}:${position.column})`;
  const text = [
    `${where} ${severity} ${problem.message} [${rule.id}]`,
    ...(problem.related ?? []).map(({ at, message }) => {
      const other = workspace.file(at.uri);
      return `${other?.path ?? at.uri}:${positionIn(other, at.span.start).line} ${message}`;
    }),
  ].join('\n');
  const start = `    <testcase${attributes({ name, classname: path, file: path, line: position.line })}>`;
  const outcome = suppressed
    ? `<skipped${attributes({ message: suppressed.reason })}/>`
    : fails(finding)
      ? `<failure${attributes({ type: severity, message: problem.message })}>${escapeXml(text)}</failure>`
      : `<system-out>${escapeXml(text)}</system-out>`;
  return `${start}${outcome}</testcase>\n`;
}

function skipped(findings: readonly NamedFinding[]): number {
  return findings.filter(finding => finding.suppressed).length;
}

function positionIn(file: SourceFile | undefined, offset: number): { line: number; column: number } {
  const { line, character } = file?.lines.position(offset) ?? { line: 0, character: 0 };
  return { line: line + 1, column: character + 1 };
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join('');
}
