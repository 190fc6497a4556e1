import { writeFileSync } from 'node:fs';
import { checklistItems } from '../../checklist/items';
import { checklistPhases } from '../../checklist/phases';
import { rules } from '../../rules/catalogue';
import { type ItemReport, itemReports } from '../../rules/checklist';
import { location } from '../formats/json';
import { findingsOf, loadWorkspace } from '../load';
import { oneOf, parse, treeRoot } from '../usage';

/** Prints the state of every checklist item. */
export function checklist(argv: readonly string[]): number {
  const { values, positionals } = parse(argv, {
    format: { type: 'string' },
    output: { type: 'string' },
    config: { type: 'string' },
  });
  const format = oneOf('--format', values.format, ['pretty', 'json'], 'pretty');
  const workspace = loadWorkspace(treeRoot(positionals), values.config);
  const reports = itemReports(workspace, findingsOf(workspace), rules);
  const text =
    format === 'json'
      ? `${JSON.stringify(
          {
            version: 1,
            items: reports.map(({ item, state, rules: ids, findings, evidence }) => ({
              id: item.id,
              phase: item.phase,
              section: item.section,
              title: item.title,
              kind: item.kind,
              state,
              rules: ids,
              findings,
              evidence: evidence.map(place => location(workspace, place)),
            })),
            summary: summary(reports),
          },
          null,
          2,
        )}\n`
      : pretty(reports);
  if (values.output === undefined) process.stdout.write(text);
  else writeFileSync(values.output, text);
  return reports.some(report => report.state === 'failed') ? 1 : 0;
}

function summary(reports: readonly ItemReport[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of reports) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

function pretty(reports: readonly ItemReport[]): string {
  const lines: string[] = [];
  for (const phase of checklistPhases) {
    lines.push('', phase.title);
    for (const section of phase.sections) {
      const own = reports.filter(({ item }) => item.section === section.id);
      if (own.length === 0) continue;
      lines.push(`  ${section.title}`);
      for (const { item, state, reason } of own)
        lines.push(`    ${marks[state]} ${item.id.padEnd(8)} ${item.title} — ${reason}`);
    }
  }
  const counts = Object.entries(summary(reports)).map(([state, count]) => `${count} ${state}`);
  lines.push('', `${counts.join(', ')} of ${checklistItems.length} items`, '');
  return lines.slice(1).join('\n');
}

const marks: Readonly<Record<ItemReport['state'], string>> = {
  passed: '✔',
  failed: '✘',
  waived: '◌',
  'not-applicable': '–',
  unknown: '?',
  'signed-off': '✔',
  stale: '!',
  open: '·',
};
