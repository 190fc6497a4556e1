import {
  type CodeAction,
  CodeActionKind,
  type CodeActionParams,
  type TextDocumentEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver';
import type { Finding } from '../../rules/findings';
import { safeFixes } from '../../rules/fix-all';
import type { Fix } from '../../rules/rule';
import type { Deployment } from '../deployment';
import type { Session } from '../session';
import { overlaps, toDiagnostic, toRange, toTextEdit } from '../to-lsp';
import type { Feature } from './feature';

/** The fix-all kind that `editor.codeActionsOnSave` can name. */
export const fixAllKind = `${CodeActionKind.SourceFixAll}.matrixPreflight`;
const codeActionKinds = [CodeActionKind.QuickFix, fixAllKind] as const;

/** The fixes of the findings that the asked range touches. */
export const codeActions: Feature = {
  capabilities: () => ({ codeActionProvider: { codeActionKinds: [...codeActionKinds], resolveProvider: false } }),
  offer,
};

function offer(session: Session): void {
  session.connection.onCodeAction((params): CodeAction[] => {
    const uri = params.textDocument.uri;
    const deployment = session.deploymentOf(uri);
    const file = deployment?.workspace.file(uri);
    if (!deployment || !file) return [];
    const findings = deployment.findings(uri);
    const wants = (kind: string): boolean =>
      params.context.only?.some(only => kind === only || kind.startsWith(`${only}.`)) ?? true;
    const actions: CodeAction[] = [];
    if (wants(CodeActionKind.QuickFix)) {
      for (const finding of findings) {
        if (overlaps(toRange(file, finding.problem.at.span), params.range))
          actions.push(...quickFixes(session, deployment, finding, params));
      }
      actions.push(...fixRule(session, deployment, uri, findings, params, file));
    }
    if (wants(fixAllKind) && params.context.only?.some(only => only.startsWith('source'))) {
      const edit = editOf(session, deployment, safeFixes(findings));
      if (edit) actions.push({ title: 'Fix all safe problems of this file', kind: fixAllKind, edit });
    }
    return actions;
  });
}

/** One LSP edit for several fixes; undefined if there is nothing to do. */
export function editOf(session: Session, deployment: Deployment, fixes: readonly Fix[]): WorkspaceEdit | undefined {
  const { workspace } = deployment;
  const edits = new Map<string, TextDocumentEdit>();
  const creates = fixes.flatMap(fix => fix.creates ?? []);
  for (const { at, newText } of fixes.flatMap(fix => fix.edits)) {
    const file = workspace.file(at.uri);
    if (!file) continue;
    const edit = toTextEdit(file, at.span, newText);
    const known = edits.get(at.uri);
    if (known) known.edits.push(edit);
    else edits.set(at.uri, { textDocument: { uri: at.uri, version: session.versionOf(at.uri) }, edits: [edit] });
  }
  if (edits.size === 0 && creates.length === 0) return undefined;
  const annotation = creates.length > 0 && session.canAnnotateChanges ? 'creates-files' : undefined;
  return {
    documentChanges: [
      ...edits.values(),
      ...creates.flatMap(({ path, text }) => {
        const uri = `${deployment.rootUri}/${path.split('/').map(encodeURIComponent).join('/')}`;
        return [
          {
            kind: 'create' as const,
            uri,
            options: { ignoreIfExists: false, overwrite: false },
            ...(annotation ? { annotationId: annotation } : {}),
          },
          { textDocument: { uri, version: null }, edits: [{ range: start, newText: text }] },
        ];
      }),
    ],
    ...(annotation ? { changeAnnotations: { [annotation]: { label: 'Create files', needsConfirmation: true } } } : {}),
  };
}

const start = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

function quickFixes(
  session: Session,
  deployment: Deployment,
  finding: Finding,
  params: CodeActionParams,
): CodeAction[] {
  const fixes = finding.problem.fixes?.() ?? [];
  const known = params.context.diagnostics.filter(
    diagnostic => diagnostic.source === 'matrix-preflight' && diagnostic.code === finding.rule.id,
  );
  const diagnostics = known.length > 0 ? known : [toDiagnostic(finding, deployment.workspace)];
  return fixes.flatMap((fix, index) => {
    const edit = editOf(session, deployment, [fix]);
    return edit
      ? [
          {
            title: fix.title,
            kind: CodeActionKind.QuickFix,
            diagnostics,
            edit,
            ...(index === 0 && fix.safe ? { isPreferred: true } : {}),
          },
        ]
      : [];
  });
}

/** "Fix all of this rule in the file", for rules with more than one safely fixable finding. */
function fixRule(
  session: Session,
  deployment: Deployment,
  uri: string,
  findings: readonly Finding[],
  params: CodeActionParams,
  file: NonNullable<ReturnType<Deployment['workspace']['file']>>,
): CodeAction[] {
  const ids = new Set(
    findings
      .filter(finding => overlaps(toRange(file, finding.problem.at.span), params.range))
      .map(finding => finding.rule.id),
  );
  return [...ids].flatMap(id => {
    const fixes = safeFixes(findings.filter(finding => finding.rule.id === id && finding.problem.at.uri === uri));
    const edit = fixes.length > 1 ? editOf(session, deployment, fixes) : undefined;
    return edit
      ? [{ title: `Fix all ${fixes.length} problems of ${id} in this file`, kind: CodeActionKind.QuickFix, edit }]
      : [];
  });
}
