import { code, plain } from '../../../analysis/describe/markdown';
import { settingsFileName } from '../../../analysis/settings';
import { count, few } from '../../../analysis/wording';
import { checklistItems } from '../../../checklist/items';
import type { SourceFile } from '../../../manifests/file';
import type { Span } from '../../../manifests/span';
import { rules } from '../../../rules/catalogue';
import { itemReports } from '../../../rules/checklist';
import type { Rule } from '../../../rules/rule';
import { suppressionsOf } from '../../../rules/suppressions';
import type { PointedAt } from '../../at';
import { today } from '../../deployment';

/** The id of a checklist item at an offset: anywhere in Markdown, and in the comments of other files. */
export function itemAt({ file, offset }: PointedAt): { readonly id: string; readonly span: Span } | undefined {
  const { start: lineStart, text } = lineAt(file, offset);
  const begins = /\.md$/i.test(file.path) ? 0 : commentStart(text);
  for (const match of begins === undefined ? [] : text.slice(begins).matchAll(/[\w.-]*\w/g)) {
    const start = lineStart + (begins ?? 0) + match.index;
    const span = { start, end: start + match[0].length };
    if (span.start <= offset && offset <= span.end && itemIds.has(match[0])) return { id: match[0], span };
  }
  return undefined;
}

/** A checklist item with its state in the tree, as Markdown. */
export function itemText({ deployment, workspace }: PointedAt, id: string): string | undefined {
  const reports = itemReports(workspace, deployment.judgedFindings(), rules, undefined, today());
  const report = reports.find(({ item }) => item.id === id);
  if (!report) return undefined;
  const { item, state, reason } = report;
  return [
    `**Checklist ${plain(id)}**: ${plain(item.title)}`,
    `${plain(state.charAt(0).toUpperCase() + state.slice(1).replace('-', ' '))}: ${plain(reason)}`,
    ...(report.rules.length > 0
      ? [`Checked by ${count(report.rules.length, 'rule')}: ${few(report.rules.map(code), 8)}`]
      : []),
    ...(item.hint ? [plain(item.hint)] : []),
  ].join('\n\n');
}

/** The rule that a suppression or the settings file names at an offset. */
export function namedRuleAt({ file, offset }: PointedAt): { readonly rule: Rule; readonly span: Span } | undefined {
  const suppression = suppressionsOf(file).find(({ span }) => span.start <= offset && offset <= span.end);
  const id = suppression?.rule ?? (file.name === settingsFileName ? wordAt(file, offset) : undefined);
  const rule = rules.find(one => one.id === id);
  if (!rule) return undefined;
  return { rule, span: suppression?.span ?? { start: offset, end: offset } };
}

const itemIds = new Set(checklistItems.map(({ id }) => id));

function commentStart(line: string): number | undefined {
  const match = /(?:^|\s)(?:#|\/\/|--)\s/.exec(line);
  return match ? match.index : undefined;
}

function wordAt(file: SourceFile, offset: number): string | undefined {
  const { start, text } = lineAt(file, offset);
  for (const match of text.matchAll(/[\w-]+/g))
    if (start + match.index <= offset && offset <= start + match.index + match[0].length) return match[0];
  return undefined;
}

function lineAt({ lines, text }: SourceFile, offset: number): { readonly start: number; readonly text: string } {
  const line = lines.lineOf(offset);
  const start = lines.startOf(line);
  return { start, text: text.slice(start, line + 1 < lines.lineCount ? lines.startOf(line + 1) : text.length) };
}
