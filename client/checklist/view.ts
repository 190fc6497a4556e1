import {
  commands,
  Disposable,
  EventEmitter,
  type ExtensionContext,
  type TreeDataProvider,
  TreeItemCheckboxState,
  Uri,
  window,
  workspace,
} from 'vscode';
import type { WorkspaceEdit } from 'vscode-languageclient';
import { type ChecklistReport, checklistRequest, type WireChecklistItem } from '../../protocol/messages';
import { type EditAnswer, fixItemRequest, markdownStatesRequest } from '../../protocol/sign-offs';
import { alarm, inform, showLog } from '../notices';
import type { Server } from '../server';
import { registerDecorations } from './decorations';
import { makeEdit } from './edits';
import { openEvidence } from './evidence';
import { registerExceptions } from './exceptions';
import { askFilter, askGrouping, askSearch } from './filter';
import { createPerson } from './person';
import { pickItem, signOff, withdrawSignOff } from './sign-off';
import { type ChecklistBranch, type ChecklistLeaf, type ChecklistNode, checklistTree, countsOf } from './tree';
import { openEvidenceCommand, treeItem } from './tree-item';
import { isFiltered, type ViewState, viewStateFrom, viewWords } from './view-state';

/** Statuses come with every edit; the view follows when they pause. */
const refreshDelayMilliseconds = 200;

const viewStateKey = 'checklist.view';
const expansionKey = 'checklist.expanded';

/** The view `matrixPreflight.checklist`, kept up to date with what the server finds. */
export function registerChecklist({ workspaceState }: ExtensionContext, server: Server): Disposable {
  const changed = new EventEmitter<void>();
  const person = createPerson(workspaceState);
  let me: string | undefined;
  let report: ChecklistReport | undefined;
  let tree: readonly ChecklistBranch[] = [];
  let state = viewStateFrom(workspaceState.get(viewStateKey));
  const keptExpansion = workspaceState.get<Record<string, boolean>>(expansionKey) ?? {};
  const expansion = { ...keptExpansion };

  const provider: TreeDataProvider<ChecklistNode> = {
    onDidChangeTreeData: changed.event,
    getTreeItem: node => treeItem(node, keptExpansion[node.id]),
    getChildren: node => [...(node === undefined ? tree : node.level === 'item' ? [] : node.children)],
    getParent: node => parentOf(node, tree),
  };
  const view = window.createTreeView('matrixPreflight.checklist', {
    treeDataProvider: provider,
    showCollapseAll: true,
    // A tick asks for a note first, so the boxes show what is written and not what was clicked.
    manageCheckboxStateManually: true,
  });

  const draw = () => {
    const pathOf = (uri: string) => workspace.asRelativePath(Uri.parse(uri), false);
    tree = report ? checklistTree(report, { view: state, me, pathOf }) : [];
    // Below the title, because beside the buttons of a narrow view there is no room for words.
    const words = report && viewWords(state, report.phases);
    view.message = words === undefined ? '' : tree.length === 0 ? `Nothing to show: ${words}` : `Shown: ${words}`;
    commands.executeCommand('setContext', 'matrixPreflight.checklistFiltered', isFiltered(state.filter));
    changed.fire();
  };
  const show = (next: ChecklistReport | undefined) => {
    if (JSON.stringify(next) === JSON.stringify(report)) return;
    report = next;
    const failed = next ? countsOf(next.items).failed : 0;
    view.badge =
      failed === 0
        ? undefined
        : { value: failed, tooltip: failed === 1 ? '1 checklist item fails' : `${failed} checklist items fail` };
    draw();
  };
  const become = async (next: ViewState) => {
    state = next;
    if (state.filter.mine) me = await person.asked();
    draw();
    await workspaceState.update(viewStateKey, state);
  };
  const refresh = async () => {
    const { state: known } = server;
    if (known.state !== 'ready') return;
    me ??= await person.known();
    // Without a manifest there is no deployment, and a list of failures about nothing would help nobody.
    show(known.resources === 0 ? undefined : await server.client.sendRequest<ChecklistReport>(checklistRequest));
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

  /** A click gives the id, the context menu gives the node. */
  const itemOf = (given: string | ChecklistLeaf | undefined): WireChecklistItem | undefined =>
    given === undefined
      ? undefined
      : report?.items.find(({ id }) => id === (typeof given === 'string' ? given : given.item.id));
  const command = <T>(name: string, run: (given: T) => unknown) =>
    commands.registerCommand(name, async (given: T) => {
      try {
        return await run(given);
      } catch (error) {
        alarm(`That did not work: ${error instanceof Error ? error.message : String(error)}`, showLog);
      }
      return undefined;
    });
  const sign = async (given?: string | ChecklistLeaf) => {
    await refresh();
    const item = itemOf(given) ?? (await pickItem(report?.items ?? []));
    if (item) await signOff(server, person, item);
  };
  const withdraw = async (given?: string | ChecklistLeaf) => {
    const signed = report?.items.filter(item => item.signOff) ?? [];
    const item = itemOf(given) ?? (await pickItem(signed));
    if (item) await withdrawSignOff(server, item);
  };

  const remember = ({ id }: ChecklistNode, isExpanded: boolean) => {
    expansion[id] = isExpanded;
    workspaceState.update(expansionKey, expansion);
  };
  return Disposable.from(
    view,
    changed,
    registerDecorations(),
    registerExceptions(server, person),
    server.onDidChangeState(follow),
    view.onDidExpandElement(({ element }) => remember(element, true)),
    view.onDidCollapseElement(({ element }) => remember(element, false)),
    view.onDidChangeCheckboxState(async ({ items: [ticked] }) => {
      const [node, box] = ticked ?? [];
      if (node?.level !== 'item') return;
      await commands.executeCommand(
        box === TreeItemCheckboxState.Checked ? 'matrixPreflight.signOff' : 'matrixPreflight.withdrawSignOff',
        node,
      );
      // Shows the box as it was if the user has given up; otherwise the next report does.
      changed.fire();
    }),
    command('matrixPreflight.refreshChecklist', refresh),
    command('matrixPreflight.signOff', sign),
    command('matrixPreflight.withdrawSignOff', withdraw),
    command('matrixPreflight.fixItem', (given: string | ChecklistLeaf) => fixItem(server, itemOf(given))),
    command('matrixPreflight.writeMarkdownStates', () => makeEdit(server, markdownStatesRequest)),
    command('matrixPreflight.filterChecklist', async () => {
      const filter = await askFilter(state, report?.phases ?? []);
      if (filter) await become({ ...state, filter });
    }),
    command('matrixPreflight.searchChecklist', async () => {
      const filter = await askSearch(state);
      if (filter) await become({ ...state, filter });
    }),
    command('matrixPreflight.groupChecklist', async () => {
      const grouping = await askGrouping(state);
      if (grouping) await become({ ...state, grouping });
    }),
    command('matrixPreflight.clearChecklistFilter', () => become({ ...state, filter: {} })),
    command(openEvidenceCommand, (given: string | ChecklistLeaf) => {
      const item = itemOf(given);
      return item ? openEvidence(item, server.client.protocol2CodeConverter) : undefined;
    }),
    { dispose: () => clearTimeout(timer) },
  );
}

/** Makes the safe fixes of an item; without one it opens the first finding and offers what can be chosen there. */
async function fixItem(server: Server, item: WireChecklistItem | undefined): Promise<void> {
  if (!item) return;
  const answer = await server.client.sendRequest<EditAnswer<WorkspaceEdit>>(fixItemRequest, { item: item.id });
  const edit = answer.edit && (await server.client.protocol2CodeConverter.asWorkspaceEdit(answer.edit));
  if (edit) {
    if (await workspace.applyEdit(edit, { isRefactoring: true })) inform(`Fixed what was safe to fix of ${item.id}.`);
    return;
  }
  const [first] = item.evidence;
  if (!first) return;
  const converter = server.client.protocol2CodeConverter;
  await window.showTextDocument(converter.asUri(first.uri), { selection: converter.asRange(first.range) });
  await commands.executeCommand('editor.action.quickFix');
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
