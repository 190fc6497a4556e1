import type { ItemReport } from '../rules/checklist';
import { type ChecklistReport, checklistByPhase, countsSentence, evidencePlaces } from './checklist';
import { escapeMarkdown } from './markdown-text';

/** The checklist as Markdown with task boxes: ticked is what passed or what a person signed off. */
export function markdownChecklist(report: ChecklistReport): string {
  const { workspace, root, items } = report;
  const parts = [`# Pre-deployment checklist of ${escapeMarkdown(root)}`, countsSentence(items)];
  for (const phase of checklistByPhase(report)) {
    parts.push(`## ${escapeMarkdown(phase.title)}`);
    for (const section of phase.sections)
      parts.push(`### ${escapeMarkdown(section.title)}`, section.items.map(one => task(one)).join('\n'));
  }
  return `${parts.join('\n\n')}\n`;

  function task({ item, state, reason, evidence }: ItemReport): string {
    const box = state === 'passed' || state === 'signed-off' ? '[x]' : '[ ]';
    const line = `- ${box} ${item.id} ${escapeMarkdown(item.title)} — **${state}**: ${escapeMarkdown(reason)}`;
    if (state !== 'failed') return line;
    return [line, ...evidencePlaces(evidence, workspace).map(place => `  - ${escapeMarkdown(place)}`)].join('\n');
  }
}
