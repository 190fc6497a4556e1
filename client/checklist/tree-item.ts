import {
  MarkdownString,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  TreeItemCheckboxState,
  TreeItemCollapsibleState,
} from 'vscode';
import { nameOf } from '../../checklist/sign-offs';
import type { ChecklistItemState } from '../../checklist/types';
import type { WireChecklistItem } from '../../protocol/messages';
import { countedUri } from './decorations';
import type { ChecklistBranch, ChecklistLeaf, ChecklistNode } from './tree';

export const openEvidenceCommand = 'matrixPreflight.openEvidence';

/**
 * How a node looks. Its state is told by the icon, and in words for those who do not see icons or colours.
 * `isExpanded` is what was kept from an earlier session; it must not change while a session lasts, so that a refresh
 * leaves what the user has expanded alone.
 */
export function treeItem(node: ChecklistNode, isExpanded?: boolean): TreeItem {
  const item = node.level === 'item' ? leafItem(node) : branchItem(node, isExpanded);
  item.id = node.id;
  return item;
}

function branchItem({ id, level, title, counts }: ChecklistBranch, isExpanded = level === 'phase'): TreeItem {
  const { failed, settled, total } = counts;
  const item = new TreeItem(title, isExpanded ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.Collapsed);
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
  const { id, title, kind, state, rules, findings, evidence, reason, signOff } = checklistItem;
  const item = new TreeItem(title, TreeItemCollapsibleState.None);
  const words = wordsOf(checklistItem);
  item.description = words;
  item.resourceUri = countedUri(nodeId, state === 'failed' ? findings : 0);
  item.iconPath = stateIcon(state);
  item.tooltip = tooltip(checklistItem, words);
  item.accessibilityInformation = { label: `${title}, ${words}. ${reason}` };
  const signed = signOff ? '.signed' : '';
  item.contextValue = `matrixPreflight.item.${kind}.${state}${signed}${rules.length > 0 ? '.ruled' : ''}`;
  item.command = {
    title: evidence.length > 0 ? 'Open Evidence' : 'Say Why',
    command: openEvidenceCommand,
    arguments: [id],
  };
  if (kind === 'manual') {
    const isSigned = state === 'signed-off';
    item.checkboxState = {
      state: isSigned ? TreeItemCheckboxState.Checked : TreeItemCheckboxState.Unchecked,
      tooltip: isSigned ? 'Withdraw the sign-off' : 'Sign off',
      accessibilityInformation: { label: isSigned ? `Withdraw the sign-off of ${title}` : `Sign ${title} off` },
    };
  }
  return item;
}

/** The state in words, with how many findings stand against the item and who has signed. */
function wordsOf({ state, findings, waived, signOff }: WireChecklistItem): string {
  const by = state === 'signed-off' && signOff ? ` by ${nameOf(signOff.by)}` : '';
  const count = findings === 0 ? '' : findings === 1 ? ', 1 finding' : `, ${findings} findings`;
  return `${stateWords[state]}${by}${count}${waived > 0 && state !== 'waived' ? `, ${waived} waived` : ''}`;
}

function tooltip({ id, title, reason, rules, signOff, assigned }: WireChecklistItem, words: string): MarkdownString {
  const text = new MarkdownString('', true);
  text.appendMarkdown(`**${id}** `).appendText(title).appendMarkdown(`\n\n*${words}*: `).appendText(reason);
  if (signOff) {
    const until = signOff.until ? `, until ${signOff.until}` : '';
    text
      .appendMarkdown('\n\nSigned by ')
      .appendText(`${signOff.by} on ${signOff.at.slice(0, 10)}${until}: ${signOff.note}`);
    if (signOff.evidence) text.appendMarkdown('\n\nEvidence: ').appendText(signOff.evidence);
  }
  if (assigned) text.appendMarkdown('\n\nAssigned to ').appendText(assigned);
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
