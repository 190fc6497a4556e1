import type { ItemReport } from '../rules/checklist';
import { type ChecklistReport, checklistByPhase, countsSentence, evidencePlaces } from './checklist';
import { escapeMarkdown } from './markdown-text';

/** The checklist as Markdown with task boxes: ticked is what passed or what a person signed off. */
export function markdownChecklist(report: ChecklistReport): string {
  const parts = [`# Pre-deployment checklist of ${escapeMarkdown(report.root)}`, countsSentence(report.items)];
  return `${[...parts, ...checklistSections(report, 2)].join('\n\n')}\n`;
}

/** The phases and sections as paragraphs, with headings from a level on. */
export function checklistSections(report: ChecklistReport, level: 2 | 3): readonly string[] {
  const heading = '#'.repeat(level);
  return checklistByPhase(report).flatMap(phase => [
    `${heading} ${escapeMarkdown(phase.title)}`,
    ...phase.sections.flatMap(section => [
      `${heading}# ${escapeMarkdown(section.title)}`,
      section.items.map(one => task(one, report)).join('\n'),
    ]),
  ]);
}

function task({ item, state, reason, evidence }: ItemReport, { workspace }: ChecklistReport): string {
  const box = state === 'passed' || state === 'signed-off' ? '[x]' : '[ ]';
  const line = `- ${box} ${item.id} ${escapeMarkdown(item.title)} — **${state}**: ${escapeMarkdown(reason)}`;
  if (state !== 'failed') return line;
  return [line, ...evidencePlaces(evidence, workspace).map(place => `  - ${escapeMarkdown(place)}`)].join('\n');
}
