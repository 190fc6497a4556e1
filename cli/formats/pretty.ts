import pc from 'picocolors';
import { endOfLine } from '../../manifests/lines';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import { baselineSentence } from '../../reports/named-findings';
import { type CheckReport, plural, severities, treeCounts } from '../../reports/report';
import { type Finding, fixesOf } from '../../rules/findings';
import type { Severity } from '../../rules/rule';
import { withoutSecrets } from './masked';

/** Findings for a person at a terminal: code frames with carets, and counts by rule. */
export function prettyFindings({ workspace, findings, color, milliseconds, baseline }: CheckReport): string {
  const paint = pc.createColors(color);
  const reported = findings.filter(finding => !finding.suppressed);
  const secrets = findings.filter(({ problem }) => problem.isSecret).map(({ problem }) => problem.at);
  const out = reported.map(finding => frame(workspace, finding, secrets, paint));
  const waived = findings.filter(finding => finding.suppressed?.waiver).length;
  const suppressed = findings.length - reported.length - waived;
  const { files, resources } = treeCounts(workspace);
  if (reported.length > 0) out.push(countsByRule(reported, paint));
  const said = severities
    .map(severity => [severity, reported.filter(finding => finding.severity === severity).length] as const)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => colour(paint, severity)(plural(count, severity)));
  out.push(
    `${said.length > 0 ? said.join(', ') : paint.green('Nothing to report')}${suppressed > 0 ? `, ${suppressed} suppressed` : ''}${waived > 0 ? `, ${waived} waived` : ''} — ${resources} resources in ${files} files, ${milliseconds} ms\n`,
  );
  if (baseline) out.push(`${baselineSentence(baseline)}\n`);
  return out.join('\n');
}

type Paint = ReturnType<typeof pc.createColors>;

function frame(
  workspace: Workspace,
  { rule, severity, problem }: Finding,
  secrets: readonly Place[],
  paint: Paint,
): string {
  const file = workspace.file(problem.at.uri);
  const message = printable(problem.message);
  if (!file) return `${severity}: ${message} [${rule.id}]\n`;
  const { start, end } = problem.at.span;
  const from = file.lines.position(start);
  const to = file.lines.position(end);
  const others = secrets.filter(({ uri }) => uri === file.uri).map(({ span }) => span);
  const line = printable(lineText(withoutSecrets(file, others), file.lines.startOf(from.line)));
  const width = Math.max(1, (to.line === from.line ? to.character : line.length) - from.character);
  const number = String(from.line + 1);
  const gutter = ' '.repeat(number.length);
  const fixes = fixesOf({ rule, problem }, workspace);
  const related = (problem.related ?? []).map(({ at, message }) => {
    const other = workspace.file(at.uri);
    return printable(
      `${gutter} = ${message} (${other ? `${other.path}:${other.lines.position(at.span.start).line + 1}` : at.uri})`,
    );
  });
  return [
    `${paint.bold(`${printable(file.path)}:${number}:${from.character + 1}`)} ${colour(paint, severity)(severity)} ${message} ${paint.dim(`[${rule.id}]`)}`,
    `${paint.dim(`${number} |`)} ${line}`,
    `${paint.dim(`${gutter} |`)} ${line.slice(0, from.character).replace(/[^\t]/g, ' ')}${colour(paint, severity)('^'.repeat(width))}`,
    ...related.map(paint.dim),
    ...(fixes[0]
      ? [paint.dim(`${gutter} = ${fixes[0].safe ? 'fix' : 'possible fix'}: ${printable(fixes[0].title)}`)]
      : []),
    '',
  ].join('\n');
}

function countsByRule(findings: readonly Finding[], paint: Paint): string {
  const counts = new Map<string, { severity: Severity; count: number }>();
  for (const { rule, severity } of findings) {
    const known = counts.get(rule.id);
    if (known) known.count++;
    else counts.set(rule.id, { severity, count: 1 });
  }
  const rows = [...counts].sort((a, b) => b[1].count - a[1].count || (a[0] < b[0] ? -1 : 1));
  const width = String(rows[0]?.[1].count ?? 0).length;
  return `${rows.map(([id, { severity, count }]) => `${String(count).padStart(width)} ${colour(paint, severity)(id)}`).join('\n')}\n`;
}

function colour(paint: Paint, severity: Severity): (text: string) => string {
  return { error: paint.red, warning: paint.yellow, info: paint.blue, hint: paint.dim }[severity];
}

/**
 * A text for a terminal: characters that would move its cursor, colour it or turn the direction of what follows are
 * replaced, one by one. Names of files and texts in them may hold any.
 */
function printable(text: string): string {
  return text.replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

function lineText(text: string, start: number): string {
  return text.slice(start, endOfLine(text, start)).replace(/\r$/, '');
}
