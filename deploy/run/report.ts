import { checklistItem } from '../../checklist/items';
import type { CheckVerdict, JournalEntry } from '../journal/entries';
import { isApplied, runState } from '../journal/state';
import { type DeployPlan, plannedSteps } from '../plan/plan';

/** A run as a Markdown document: the checklist's steps ticked, what was waived, and what the checks said. */
export function runReport(plan: DeployPlan, entries: readonly JournalEntry[]): string {
  const state = runState(entries);
  const steps = plannedSteps(plan).map(step => {
    const record = state.steps.get(step.id);
    const applied = [...state.objects].filter(
      ([key, object]) => key.startsWith(`${step.id} `) && isApplied(object),
    ).length;
    const items = step.items.map(id => `${id} ${checklistItem(id)?.title ?? ''}`.trim()).join('; ');
    const reason = record?.reason === undefined ? '' : ` (${inLine(record.reason)})`;
    const box = record?.state === 'done' ? 'x' : ' ';
    return `- [${box}] **${step.title}**: ${record?.state ?? 'pending'}${reason}, ${applied} of ${step.objects.length} objects${items === '' ? '' : ` — ${inLine(items)}`}`;
  });
  const first = entries[0];
  const last = entries.at(-1);
  const checks = [...state.checks].map(
    ([key, check]) => `| ${inLine(key)} | ${verdictWord(check.verdict)} | ${inLine(check.text)} |`,
  );
  const waivers = state.waivers.map(
    waiver => `- ${waiver.step}: ${waiver.rule}, by ${waiver.by}: ${inLine(waiver.reason)}`,
  );
  const confirmations = entries.flatMap(entry =>
    entry.type === 'confirm'
      ? `- ${entry.step}: ${entry.by}, ${entry.time}, differences ${entry.diffHash.slice(0, 12)}`
      : [],
  );
  return [
    `# Deployment ${state.run}`,
    '',
    `- Cluster: ${state.cluster === undefined ? 'none' : `${state.cluster.context} (${state.cluster.server}, Kubernetes ${state.cluster.serverVersion})`}`,
    `- Tree: ${state.root}`,
    `- Plan: ${state.planHash}`,
    `- From ${first?.time ?? 'never'} to ${last?.time ?? 'never'}`,
    `- Outcome: ${state.ended ?? (state.paused === undefined ? 'running or interrupted' : `paused, ${state.paused.reason}: ${inLine(state.paused.text)}`)}`,
    '',
    '## Steps',
    '',
    ...steps,
    ...section(
      'Checks',
      checks.length === 0 ? [] : ['| check | verdict | what was found |', '| --- | --- | --- |', ...checks],
    ),
    ...section('Waivers', waivers),
    ...section('Confirmations', confirmations),
    '',
  ].join('\n');
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines];
}

function verdictWord(verdict: CheckVerdict): string {
  return { pass: 'passed', fail: 'FAILED', warn: 'warning', unknown: 'unknown', skipped: 'nothing to check' }[verdict];
}

/** Text from a cluster must not become markup. */
function inLine(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/([\\`*_[\]<>|#])/g, '\\$1');
}
