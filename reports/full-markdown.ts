import { capitalised } from '../analysis/wording';
import { networkMatrix } from '../picture/tables';
import { flowReason, flowTitle, namesIn, openingTitle, signs, summarySentence, verdictWords } from '../picture/words';
import type { NetworkReport } from '../protocol/network';
import type { RunSummary } from '../protocol/report';
import { signOffsOf } from '../rules/sign-offs';
import { countsSentence } from './checklist';
import { checklistSections } from './checklist-markdown';
import type { FullReport } from './full';
import { findingTables } from './markdown';
import { escapeMarkdown } from './markdown-text';
import { severityCounts } from './report';
import { factsOf, verdictOf } from './verdict';

/** The whole report as GitHub-flavoured Markdown. */
export function fullMarkdown(report: FullReport): string {
  const { workspace, root, items, findings, network, facts } = report;
  const verdict = verdictOf(report);
  const reported = findings.filter(finding => !finding.suppressed);
  const { waivers } = signOffsOf(workspace);
  const signed = items.flatMap(({ item, signOff, state }) => (signOff ? [{ item, signOff, state }] : []));
  const parts = [
    `# Preflight report of ${escapeMarkdown(root)}`,
    `**${verdict.title}.** ${verdict.sentence}`,
    table(
      ['', ''],
      factsOf(report).map(([name, text]) => [name, text]),
    ),
    '## Checklist',
    countsSentence(items),
    ...checklistSections({ workspace, root, items }, 3),
    '## Sign-offs',
    signed.length === 0
      ? 'Nobody has signed anything off.'
      : table(
          ['Item', 'By', 'When', 'State', 'Note', 'Evidence'],
          signed.map(({ item, signOff, state }) => [
            `${item.id} ${item.title}`,
            signOff.by,
            signOff.at,
            state,
            `${signOff.note}${signOff.expires === undefined ? '' : ` (until ${signOff.expires})`}`,
            signOff.evidence ?? '',
          ]),
        ),
    '## Waivers',
    waivers.length === 0
      ? 'Nothing is waived.'
      : table(
          ['Rule', 'File', 'By', 'When', 'Reason'],
          waivers.map(({ rule, file, by, at, reason, expires }) => [
            rule,
            file,
            by,
            at,
            `${reason}${expires === undefined ? '' : ` (until ${expires})`}`,
          ]),
        ),
    '## Findings',
    severityCounts(reported) || 'Nothing to report.',
    ...findingTables(reported, workspace, 3),
    '## Network',
    summarySentence(network),
    ...networkSections(network),
    '## Deployments',
    ...((facts.runs ?? []).length === 0 ? ['None is recorded.'] : (facts.runs ?? []).map(runSection)),
  ];
  return `${parts.join('\n\n')}\n`;
}

function networkSections(network: NetworkReport): readonly string[] {
  const nameOf = namesIn(network);
  const listed = (['blocked', 'unknown'] as const).flatMap(verdict => {
    const flows = network.flows.filter(flow => flow.verdict === verdict);
    if (flows.length === 0) return [];
    const lines = flows.map(
      flow => `- **${escapeMarkdown(flowTitle(flow, nameOf))}**: ${escapeMarkdown(flowReason(flow))}`,
    );
    return [`### ${capitalised(verdictWords[verdict])}`, lines.join('\n')];
  });
  const open = network.unneeded.map(opening => `- ${escapeMarkdown(openingTitle(opening, nameOf))}`);
  const { columns, rows } = networkMatrix(network);
  const matrix = table(
    ['from', ...columns.map(({ id }) => nameOf(id))],
    rows.map(({ component, cells }) => [
      nameOf(component.id),
      ...cells.map(cell => cell.map(({ verdict, ports }) => `${signs[verdict]} ${ports.join(', ')}`).join('; ')),
    ]),
  );
  return [
    ...listed,
    ...(open.length > 0 ? [`### ${capitalised(verdictWords.open)}`, open.join('\n')] : []),
    ...(rows.length > 0
      ? [
          '### Who may reach whom',
          'Rows connect, columns listen: ✓ needed and allowed, ✕ needed and blocked, ? not certain, ○ open and not needed.',
          matrix,
        ]
      : []),
  ];
}

function runSection({ run, cluster, from, to, outcome, steps, waivers }: RunSummary): string {
  const when = from === undefined ? '' : `, ${from} to ${to ?? from}`;
  return [
    `### ${escapeMarkdown(run)}`,
    `${escapeMarkdown(outcome)}${cluster === undefined ? '' : ` on ${escapeMarkdown(cluster)}`}${when}`,
    table(
      ['Step', 'State', ''],
      steps.map(step => [step.title, step.state, step.reason ?? '']),
    ),
    ...waivers.map(
      ({ rule, by, reason }) => `- waived ${escapeMarkdown(rule)}, by ${escapeMarkdown(by)}: ${escapeMarkdown(reason)}`,
    ),
  ].join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  return [line(head), `|${head.map(() => ' --- |').join('')}`, ...rows.map(line)].join('\n');
}
