import type { Workspace } from '../manifests/workspace';
import { escapeMarkdown } from './markdown-text';
import { baselineSentence, type NamedFinding } from './named-findings';
import { type CheckReport, findingsByFile, rulePages, severityCounts, treeCounts } from './report';

/** Findings as GitHub-flavoured Markdown, for a comment or a job summary: a table for each file, with counts. */
export function markdownFindings(report: CheckReport): string {
  const { workspace, findings, baseline } = report;
  const reported = findings.filter(finding => !finding.suppressed);
  const waived = findings.filter(finding => finding.suppressed?.waiver).length;
  const suppressed = findings.length - reported.length - waived;
  const { files, resources } = treeCounts(workspace);
  const counts = severityCounts(reported) || 'Nothing to report';
  const parts = [
    '# Matrix Preflight',
    `${counts}${suppressed > 0 ? `, ${suppressed} suppressed` : ''}${waived > 0 ? `, ${waived} waived` : ''} — ${resources} resources in ${files} files`,
    ...(baseline ? [escapeMarkdown(baselineSentence(baseline))] : []),
  ];
  return `${[...parts, ...findingTables(reported, workspace, 2)].join('\n\n')}\n`;
}

/** A heading and a table for each file. */
export function findingTables(
  findings: readonly NamedFinding[],
  workspace: Workspace,
  level: 2 | 3,
): readonly string[] {
  return [...findingsByFile(findings, workspace)].flatMap(([path, own]) => [
    `${'#'.repeat(level)} ${escapeMarkdown(path)} — ${severityCounts(own)}`,
    table(own, workspace),
  ]);
}

function table(findings: readonly NamedFinding[], workspace: Workspace): string {
  const rows = findings.map(({ rule, severity, problem }) => {
    const position = workspace.file(problem.at.uri)?.lines.position(problem.at.span.start);
    const where = position ? `${position.line + 1}:${position.character + 1}` : '';
    return `| ${where} | ${severity} | [${rule.id}](${rulePages}${rule.id}.md) | ${escapeMarkdown(problem.message)} |`;
  });
  return ['| Line | Severity | Rule | Message |', '| ---: | --- | --- | --- |', ...rows].join('\n');
}
