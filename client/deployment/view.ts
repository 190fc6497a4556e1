import { Disposable, EventEmitter, type TreeDataProvider, type TreeView, window } from 'vscode';
import type { LiveResults } from '../../deploy/run/results';
import type { Operations } from './operations';
import type { KnownRun } from './runs';
import { checksNode, type DeploymentNode, runNode } from './tree';
import { treeItem } from './tree-item';

/** What the view shows, read anew whenever it may have changed. */
export interface Shown {
  readonly runs: readonly KnownRun[];
  readonly results: LiveResults | undefined;
}

export interface DeploymentView extends Disposable {
  readonly view: TreeView<DeploymentNode>;
  /** Reads and shows everything anew, soon; many calls become one. */
  refresh(): void;
}

/** Events come in bursts, and elapsed times are told by the second. */
const refreshDelayMilliseconds = 150;
const tickMilliseconds = 1000;

/**
 * The view `matrixPreflight.deployment`: the runs of the tree as their journals tell them, so that it is the same after
 * the window was reloaded, and what the cluster has answered to the checks.
 */
export function registerView(
  read: () => Shown,
  operations: Operations,
  onShown: (shown: Shown) => void,
): DeploymentView {
  const changed = new EventEmitter<void>();
  let roots: readonly DeploymentNode[] = [];
  let text = '';
  let isRunning = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const provider: TreeDataProvider<DeploymentNode> = {
    onDidChangeTreeData: changed.event,
    getTreeItem: treeItem,
    getChildren: node => [...(node === undefined ? roots : node.children)],
    getParent: node => parentOf(node, roots),
  };
  const view = window.createTreeView('matrixPreflight.deployment', {
    treeDataProvider: provider,
    showCollapseAll: true,
  });

  const show = () => {
    timer = undefined;
    const shown = read();
    const { active } = operations;
    const now = Date.now();
    const nodes = shown.runs.map((run, index) => {
      const isOurs = active?.run === run.files.id;
      const snapshot = {
        ...run,
        isRunning: run.isRunning,
        live: isOurs ? active.live : undefined,
        asked: isOurs ? active.failure?.step.id : undefined,
      };
      return runNode(snapshot, now, index === 0);
    });
    const checks = checksNode(shown.results);
    roots = checks === undefined ? nodes : [...nodes, checks];
    isRunning = shown.runs.some(run => run.isRunning);
    onShown(shown);
    const next = JSON.stringify(roots);
    if (next !== text) {
      text = next;
      const failed =
        roots[0]?.children.flatMap(phase => phase.children).filter(step => step.state === 'failed').length ?? 0;
      view.badge =
        failed === 0
          ? undefined
          : { value: failed, tooltip: failed === 1 ? '1 step has failed' : `${failed} steps have failed` };
      changed.fire();
    }
  };
  const refresh = () => {
    timer ??= setTimeout(show, refreshDelayMilliseconds);
  };
  // Also follows a run that the command line drives.
  const ticking = setInterval(() => {
    if (isRunning) refresh();
  }, tickMilliseconds);
  refresh();
  const parts = Disposable.from(
    view,
    changed,
    operations.onDidChange(refresh),
    view.onDidChangeVisibility(refresh),
    window.onDidChangeWindowState(refresh),
  );
  return {
    view,
    refresh,
    dispose: () => {
      clearTimeout(timer);
      clearInterval(ticking);
      parts.dispose();
    },
  };
}

function parentOf(node: DeploymentNode, nodes: readonly DeploymentNode[]): DeploymentNode | undefined {
  for (const candidate of nodes) {
    if (candidate.children.some(({ id }) => id === node.id)) return candidate;
    const parent = parentOf(node, candidate.children);
    if (parent) return parent;
  }
  return undefined;
}
