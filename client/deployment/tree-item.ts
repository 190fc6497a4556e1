import { MarkdownString, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState } from 'vscode';
import type { DeploymentNode, NodeState } from './tree';

export const openManifestCommand = 'matrixPreflight.openManifest';

/** How a line of the view looks. */
export function treeItem(node: DeploymentNode): TreeItem {
  const expansion = node.isExpanded ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.Collapsed;
  const item = new TreeItem(node.title, node.children.length === 0 ? TreeItemCollapsibleState.None : expansion);
  // A line that becomes the active one has to unfold, and VS Code keeps the state of an id for good.
  item.id = `${node.id}${node.isExpanded ? '+' : ''}`;
  item.description = node.description;
  item.iconPath = icon(node.state);
  const text = new MarkdownString();
  item.tooltip = text.appendText(node.explanation);
  item.accessibilityInformation = {
    label: [node.title, stateWords[node.state], node.description].filter(part => part !== '').join(', '),
  };
  item.contextValue = `matrixPreflight.${node.level}.${node.kind}`;
  if (node.level === 'object')
    item.command = { title: 'Open Manifest', command: openManifestCommand, arguments: [node] };
  return item;
}

function icon(state: NodeState): ThemeIcon {
  const [name, color] = icons[state];
  return new ThemeIcon(name, color === undefined ? undefined : new ThemeColor(color));
}

const icons: Readonly<Record<NodeState, readonly [name: string, color?: string]>> = {
  pending: ['circle-large-outline'],
  active: ['sync~spin', 'progressBar.background'],
  done: ['pass', 'testing.iconPassed'],
  warning: ['warning', 'list.warningForeground'],
  failed: ['error', 'testing.iconFailed'],
  paused: ['debug-pause', 'list.warningForeground'],
  skipped: ['debug-step-over', 'testing.iconSkipped'],
  unknown: ['question', 'testing.iconUnset'],
};

const stateWords: Readonly<Record<NodeState, string>> = {
  pending: 'not begun',
  active: 'under way',
  done: 'done',
  warning: 'done with a warning',
  failed: 'failed',
  paused: 'stopped',
  skipped: 'skipped',
  unknown: 'unknown',
};
