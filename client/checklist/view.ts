import { commands, Disposable, EventEmitter, type TreeDataProvider, window } from 'vscode';
import { type ChecklistReport, checklistRequest } from '../../protocol/messages';
import type { Server } from '../server';
import { registerDecorations } from './decorations';
import { openEvidence } from './evidence';
import { type ChecklistBranch, type ChecklistLeaf, type ChecklistNode, checklistTree, countsOf } from './tree';
import { openEvidenceCommand, treeItem } from './tree-item';

/** Statuses come with every edit; the view follows when they pause. */
const refreshDelayMilliseconds = 200;

/** The view `matrixPreflight.checklist`, kept up to date with what the server finds. */
export function registerChecklist(server: Server): Disposable {
  const changed = new EventEmitter<void>();
  let report: ChecklistReport | undefined;
  let tree: readonly ChecklistBranch[] = [];

  const provider: TreeDataProvider<ChecklistNode> = {
    onDidChangeTreeData: changed.event,
    getTreeItem: treeItem,
    getChildren: node => [...(node === undefined ? tree : node.level === 'item' ? [] : node.children)],
    getParent: node => parentOf(node, tree),
  };
  const view = window.createTreeView('matrixPreflight.checklist', {
    treeDataProvider: provider,
    showCollapseAll: true,
  });

  const show = (next: ChecklistReport | undefined) => {
    if (JSON.stringify(next) === JSON.stringify(report)) return;
    report = next;
    tree = next ? checklistTree(next) : [];
    const failed = next ? countsOf(next.items).failed : 0;
    view.badge =
      failed === 0
        ? undefined
        : { value: failed, tooltip: failed === 1 ? '1 checklist item fails' : `${failed} checklist items fail` };
    changed.fire();
  };
  const refresh = async () => {
    const { state } = server;
    if (state.state !== 'ready') return;
    // Without a manifest there is no deployment, and a list of failures about nothing would help nobody.
    show(state.resources === 0 ? undefined : await server.client.sendRequest<ChecklistReport>(checklistRequest));
  };

  let timer: ReturnType<typeof setTimeout> | undefined;
  const follow = () => {
    clearTimeout(timer);
    // An empty view says why it is empty.
    commands.executeCommand('setContext', 'matrixPreflight.server', server.state.state);
    if (server.state.state === 'stopped') show(undefined);
    timer = setTimeout(
      () => refresh().catch(error => server.client.error('The checklist is not up to date.', error, false)),
      refreshDelayMilliseconds,
    );
  };
  follow();
  return Disposable.from(
    view,
    changed,
    registerDecorations(),
    server.onDidChangeState(follow),
    commands.registerCommand('matrixPreflight.refreshChecklist', refresh),
    commands.registerCommand(openEvidenceCommand, (given: string | ChecklistLeaf) => {
      // A click gives the id, the context menu gives the node.
      const id = typeof given === 'string' ? given : given.item.id;
      const item = report?.items.find(candidate => candidate.id === id);
      return item ? openEvidence(item, server.client.protocol2CodeConverter) : undefined;
    }),
    { dispose: () => clearTimeout(timer) },
  );
}

function parentOf(node: ChecklistNode, branches: readonly ChecklistBranch[]): ChecklistBranch | undefined {
  for (const branch of branches) {
    if (branch.children.some(({ id }) => id === node.id)) return branch;
    const parent = parentOf(
      node,
      branch.children.filter(child => child.level !== 'item'),
    );
    if (parent) return parent;
  }
  return undefined;
}
