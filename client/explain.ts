import {
  CodeAction,
  CodeActionKind,
  commands,
  type Diagnostic,
  Disposable,
  languages,
  type QuickPickItem,
  QuickPickItemKind,
  window,
} from 'vscode';
import { type ExplainResult, explainRequest, type RuleSummary, rulesRequest } from '../protocol/messages';
import type { ChecklistLeaf } from './checklist/tree';
import { documentSelector } from './documents';
import { alarm, showLog } from './notices';
import type { Server } from './server';
import type { VirtualDocuments } from './virtual-documents';

const kind = 'rule';

/** The pages of the rules: the command that opens one, and a code action that does so for a finding. */
export function registerExplain(server: Server, documents: VirtualDocuments): Disposable {
  documents.serve(kind, async rule => {
    const { markdown } = await server.client.sendRequest<ExplainResult>(explainRequest, { rule });
    return markdown ?? `# ${rule}\n\nThere is no rule of this name.`;
  });
  return Disposable.from(
    commands.registerCommand('matrixPreflight.explainRule', async (given?: unknown) => {
      try {
        const rule = await ruleGiven(given, server);
        if (rule !== undefined) await documents.show(kind, rule, rule);
      } catch (error) {
        alarm(`The rule cannot be explained: ${error instanceof Error ? error.message : String(error)}`, showLog);
      }
    }),
    languages.registerCodeActionsProvider(
      server.client.protocol2CodeConverter.asDocumentSelector(documentSelector),
      { provideCodeActions: (_document, _range, { diagnostics }) => [...rulesOf(diagnostics)].map(explainAction) },
      { providedCodeActionKinds: [CodeActionKind.QuickFix] },
    ),
  );
}

/** The rule that the command's argument stands for: its id, or the checklist item whose context menu was used. */
async function ruleGiven(given: unknown, server: Server): Promise<string | undefined> {
  if (typeof given === 'string') return given;
  const rules = await server.client.sendRequest<readonly RuleSummary[]>(rulesRequest);
  if (!isLeaf(given)) return pickRule(rules, rulesAtCursor());
  const ofItem = new Set(given.item.rules);
  return ofItem.size === 1
    ? given.item.rules[0]
    : pickRule(
        rules.filter(({ id }) => ofItem.has(id)),
        new Set(),
      );
}

function isLeaf(given: unknown): given is ChecklistLeaf {
  return typeof given === 'object' && given !== null && 'item' in given;
}

/** Lets the user choose a rule; the preferred ones come first. */
async function pickRule(rules: readonly RuleSummary[], preferred: ReadonlySet<string>): Promise<string | undefined> {
  const items = (chosen: readonly RuleSummary[]): QuickPickItem[] =>
    chosen.map(({ id, summary, severity }) => ({ label: id, description: severity, detail: summary }));
  const first = items(rules.filter(({ id }) => preferred.has(id)));
  const others = items(rules.filter(({ id }) => !preferred.has(id)));
  const separator = (label: string): QuickPickItem => ({ label, kind: QuickPickItemKind.Separator });
  const choice = first.length === 0 ? others : [separator('at the cursor'), ...first, separator('all'), ...others];
  const options = { title: 'Explain a Rule', matchOnDetail: true, placeHolder: 'Name or subject of a rule' };
  return (await window.showQuickPick(choice, options))?.label;
}

function rulesAtCursor(): ReadonlySet<string> {
  const editor = window.activeTextEditor;
  const diagnostics = editor ? languages.getDiagnostics(editor.document.uri) : [];
  return rulesOf(diagnostics.filter(({ range }) => editor && range.intersection(editor.selection)));
}

/** The ids of our own rules among some diagnostics. */
function rulesOf(diagnostics: readonly Diagnostic[]): ReadonlySet<string> {
  return new Set(
    diagnostics
      .filter(({ source }) => source === 'matrix-preflight')
      .map(({ code }) => String(typeof code === 'object' ? code.value : code)),
  );
}

function explainAction(rule: string): CodeAction {
  const title = `Explain ${rule}`;
  const action = new CodeAction(title, CodeActionKind.QuickFix);
  action.command = { title, command: 'matrixPreflight.explainRule', arguments: [rule] };
  return action;
}
