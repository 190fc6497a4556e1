import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { readResults } from '../../deploy/run/results';
import { defaultStateDirectory } from '../../deploy/run/store';
import { liveAnswers } from '../../deploy/verify/live-items';
import type { ChecklistReport } from '../../reports/checklist';
import { rules } from '../../rules/catalogue';
import { itemReports } from '../../rules/checklist';
import { findingsOf, loadWorkspace, today } from '../load';
import { oneOf, parse, treeRoot } from '../usage';

/** Prints the state of every checklist item. */
export async function checklist(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parse(argv, {
    format: { type: 'string' },
    output: { type: 'string' },
    config: { type: 'string' },
  });
  const format = oneOf('--format', values.format, formats, 'pretty');
  const root = treeRoot(positionals);
  const workspace = loadWorkspace(root, values.config);
  const live = liveAnswers(readResults(defaultStateDirectory(process.env), root));
  const items = itemReports(workspace, findingsOf(workspace), rules, live, today());
  const text = await formatted(format, { workspace, root: basename(root), items });
  if (values.output === undefined) process.stdout.write(text);
  else writeFileSync(values.output, text);
  return items.some(({ state }) => state === 'failed') ? 1 : 0;
}

const formats = ['pretty', 'json', 'markdown', 'html'] as const;

async function formatted(format: (typeof formats)[number], report: ChecklistReport): Promise<string> {
  switch (format) {
    case 'pretty':
      return (await import('../../reports/checklist')).prettyChecklist(report);
    case 'json':
      return `${JSON.stringify((await import('../../reports/checklist')).checklistObject(report), null, 2)}\n`;
    case 'markdown':
      return (await import('../../reports/checklist-markdown')).markdownChecklist(report);
    case 'html':
      return (await import('../../reports/checklist-html')).htmlChecklist(report);
  }
}
