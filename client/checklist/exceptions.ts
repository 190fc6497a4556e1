import {
  CodeAction,
  CodeActionKind,
  commands,
  type Diagnostic,
  Disposable,
  languages,
  type Range,
  type Uri,
  window,
} from 'vscode';
import {
  type FindingParams,
  itemFindingsRequest,
  suppressEditRequest,
  type WaiveParams,
  type WireFinding,
  waiveEditRequest,
} from '../../protocol/sign-offs';
import { documentSelector } from '../documents';
import { alarm, inform, showLog } from '../notices';
import type { Server } from '../server';
import { makeEdit } from './edits';
import type { Person } from './person';
import { askExpiry } from './sign-off';
import type { ChecklistLeaf } from './tree';

/**
 * The two ways to live with a finding: a comment where it stands, and a waiver in the file of sign-offs with a name and
 * an end. Both want a reason. They are code actions of every finding, and actions of failed items.
 */
export function registerExceptions(server: Server, person: Person): Disposable {
  const command = (name: string, run: (finding: FindingParams) => Promise<unknown>) =>
    commands.registerCommand(`matrixPreflight.${name}`, async (given?: FindingParams | ChecklistLeaf) => {
      try {
        const finding = await findingMeant(server, given);
        if (finding) await run(finding);
      } catch (error) {
        alarm(`That did not work: ${error instanceof Error ? error.message : String(error)}`, showLog);
      }
    });
  return Disposable.from(
    command('suppressFinding', async finding => {
      const reason = await askReason(`Suppress ${finding.rule}`);
      if (reason !== undefined) await makeEdit(server, suppressEditRequest, { ...finding, reason });
    }),
    command('waiveFinding', async finding => {
      const title = `Waive ${finding.rule}`;
      const reason = await askReason(title);
      const expires = reason === undefined ? undefined : await askExpiry(title);
      const by = expires === undefined ? undefined : await person.asked();
      if (reason === undefined || expires === undefined || by === undefined) return;
      const params: WaiveParams = {
        ...finding,
        reason,
        by,
        at: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
        ...(expires === 'never' ? {} : { expires }),
      };
      await makeEdit(server, waiveEditRequest, params);
    }),
    languages.registerCodeActionsProvider(
      server.client.protocol2CodeConverter.asDocumentSelector(documentSelector),
      {
        provideCodeActions: (document, _range, { diagnostics }) =>
          diagnostics.filter(isOwn).flatMap(diagnostic => {
            const finding = paramsOf(document.uri, diagnostic);
            return [
              action(`Suppress ${finding.rule} with a reason…`, 'suppressFinding', finding, diagnostic),
              action(`Waive this finding of ${finding.rule}…`, 'waiveFinding', finding, diagnostic),
            ];
          }),
      },
      { providedCodeActionKinds: [CodeActionKind.QuickFix] },
    ),
  );
}

function action(title: string, command: string, finding: FindingParams, diagnostic: Diagnostic): CodeAction {
  const one = new CodeAction(title, CodeActionKind.QuickFix);
  one.command = { title, command: `matrixPreflight.${command}`, arguments: [finding] };
  one.diagnostics = [diagnostic];
  return one;
}

function askReason(title: string): Thenable<string | undefined> {
  return window.showInputBox({
    title,
    prompt: 'Why is this right, or acceptable? Whoever reads it later has to be able to tell whether it still holds.',
    ignoreFocusOut: true,
    validateInput: text => (text.trim() === '' ? 'Nothing is ignored without a reason.' : undefined),
  });
}

/** The finding of the argument, one of those against the item of the argument, or one at the cursor. */
async function findingMeant(
  server: Server,
  given: FindingParams | ChecklistLeaf | undefined,
): Promise<FindingParams | undefined> {
  if (given && 'rule' in given) return given;
  if (given && 'item' in given) {
    const found = await server.client.sendRequest<readonly WireFinding[]>(itemFindingsRequest, { item: given.item.id });
    return pick(found.map(finding => ({ finding, message: finding.message })));
  }
  const editor = window.activeTextEditor;
  const here = editor
    ? languages
        .getDiagnostics(editor.document.uri)
        .filter(one => isOwn(one) && one.range.intersection(editor.selection))
        .map(one => ({ finding: paramsOf(editor.document.uri, one), message: one.message }))
    : [];
  if (here.length === 0) inform('There is no finding at the cursor.');
  return pick(here);
}

async function pick(
  findings: readonly { readonly finding: FindingParams; readonly message: string }[],
): Promise<FindingParams | undefined> {
  if (findings.length < 2) return findings[0]?.finding;
  const choice = findings.map(({ finding, message }) => ({
    label: finding.rule,
    description: `${decodeURIComponent(finding.uri.slice(finding.uri.lastIndexOf('/') + 1))}:${finding.range.start.line + 1}`,
    detail: message,
    finding,
  }));
  return (await window.showQuickPick(choice, { title: 'Which Finding?', matchOnDetail: true }))?.finding;
}

function isOwn({ source }: Diagnostic): boolean {
  return source === 'matrix-preflight';
}

function paramsOf(uri: Uri, { code, range }: Diagnostic): FindingParams {
  const rule = String(typeof code === 'object' ? code.value : code);
  return { uri: uri.toString(), rule, range: plainRange(range) };
}

function plainRange({ start, end }: Range): FindingParams['range'] {
  return {
    start: { line: start.line, character: start.character },
    end: { line: end.line, character: end.character },
  };
}
