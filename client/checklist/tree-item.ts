import { MarkdownString, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { ChecklistItemState } from '../../checklist/types';
import { countedUri } from './decorations';
import type { ChecklistBranch, ChecklistLeaf, ChecklistNode } from './tree';

export const openEvidenceCommand = 'matrixPreflight.openEvidence';

/** How a node looks. Its state is told by the icon, and in words for those who do not see icons or colours. */
export function treeItem(node: ChecklistNode): TreeItem {
  const item = node.level === 'item' ? leafItem(node) : branchItem(node);
  item.id = node.id;
  return item;
}

function branchItem({ id, level, title, counts }: ChecklistBranch): TreeItem {
  const { failed, settled, total } = counts;
  // The level's state of expansion never changes, so that a refresh leaves what the user has expanded alone.
  const expansion = level === 'phase' ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.Collapsed;
  const item = new TreeItem(title, expansion);
  item.description = `${settled} of ${total}`;
  item.resourceUri = countedUri(id, failed);
  item.iconPath = stateIcon(failed > 0 ? 'failed' : settled === total ? 'passed' : 'open');
  const words = `${settled} of ${total} ${total === 1 ? 'item' : 'items'} settled, ${failed} failed`;
  item.tooltip = `${title}: ${words}`;
  item.accessibilityInformation = { label: `${title}, ${words}` };
  item.contextValue = `matrixPreflight.${level}`;
  return item;
}

function leafItem({ id: nodeId, item: checklistItem }: ChecklistLeaf): TreeItem {
  const { id, title, kind, state, rules, findings, evidence, reason } = checklistItem;
  const item = new TreeItem(title, TreeItemCollapsibleState.None);
  const words = stateWords[state];
  const count = findings === 0 ? '' : findings === 1 ? ', 1 finding' : `, ${findings} findings`;
  item.description = `${words}${count}`;
  item.resourceUri = countedUri(nodeId, state === 'failed' ? findings : 0);
  item.iconPath = stateIcon(state);
  item.tooltip = tooltip(id, title, `${words}${count}`, reason, rules);
  item.accessibilityInformation = { label: `${title}, ${words}${count}. ${reason}` };
  item.contextValue = `matrixPreflight.item.${kind}.${state}${rules.length > 0 ? '.ruled' : ''}`;
  item.command = {
    title: evidence.length > 0 ? 'Open Evidence' : 'Say Why',
    command: openEvidenceCommand,
    arguments: [id],
  };
  return item;
}

function tooltip(id: string, title: string, state: string, reason: string, rules: readonly string[]): MarkdownString {
  const text = new MarkdownString('', true);
  text.appendMarkdown(`**${id}** `).appendText(title).appendMarkdown(`\n\n*${state}*: `).appendText(reason);
  if (rules.length > 0) text.appendMarkdown(`\n\nRules: ${rules.map(rule => `\`${rule}\``).join(', ')}`);
  return text;
}

export const stateWords: Readonly<Record<ChecklistItemState, string>> = {
  passed: 'passed',
  failed: 'failed',
  waived: 'waived',
  'not-applicable': 'not applicable',
  unknown: 'unknown',
  'signed-off': 'signed off',
  stale: 'sign-off out of date',
  open: 'open',
};

function stateIcon(state: ChecklistItemState): ThemeIcon {
  const [icon, color] = icons[state];
  return new ThemeIcon(icon, color === undefined ? undefined : new ThemeColor(color));
}

const icons: Readonly<Record<ChecklistItemState, readonly [icon: string, color?: string]>> = {
  passed: ['pass', 'testing.iconPassed'],
  failed: ['error', 'testing.iconFailed'],
  waived: ['circle-slash', 'testing.iconSkipped'],
  'not-applicable': ['dash', 'testing.iconSkipped'],
  unknown: ['question', 'testing.iconUnset'],
  'signed-off': ['verified', 'testing.iconPassed'],
  stale: ['history', 'list.warningForeground'],
  open: ['circle-large-outline'],
};
