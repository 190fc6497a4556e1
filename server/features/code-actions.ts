import {
  type CodeAction,
  CodeActionKind,
  type CodeActionParams,
  type CreateFile,
  type TextDocumentEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver';
import { applyWithValuesCommand, type EditWithValues } from '../../protocol/values';
import { type Finding, fixesOf } from '../../rules/findings';
import { safeFixes } from '../../rules/fix-all';
import type { Fix } from '../../rules/rule';
import type { Deployment } from '../deployment';
import type { Session } from '../session';
import { overlaps, toDiagnostic, toRange, toTextEdit } from '../to-lsp';
import { carriesValues, type Hiding, hiding } from '../values';
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
      // Nobody wants to be asked while a file is saved; what would need it is left to the lamp.
      const fixes = safeFixes(findings, deployment.workspace).filter(fix => delicate(deployment, fix) === undefined);
      const edit = editOf(session, deployment, fixes);
      if (edit) actions.push({ title: 'Fix all safe problems of this file', kind: fixAllKind, edit });
    }
    return actions;
  });
}

type HeadingOf = (fix: Fix) => string | undefined;

/**
 * One LSP edit for several fixes; undefined if there is nothing to do. `headingOf` says under which heading of a preview
 * a fix is shown, and so that there is a preview; by default those that create files or write to Secrets. Fixes that copy
 * credentials are left out: the edit would hold them.
 */
export function editOf(
  session: Session,
  deployment: Deployment,
  fixes: readonly Fix[],
  headingOf?: HeadingOf,
): WorkspaceEdit | undefined {
  const open = fixes.filter(fix => !carriesValues(deployment, fix));
  return made(session, deployment, open, headingOf, { hide: text => text, values: [] });
}

/** The same with those that copy credentials, for a client that puts them in itself; values are numbered from `firstNumber`. */
export function editWithValuesOf(
  session: Session,
  deployment: Deployment,
  fixes: readonly Fix[],
  headingOf?: HeadingOf,
  firstNumber = 0,
): (EditWithValues & { readonly edit: WorkspaceEdit }) | undefined {
  const hidden = hiding(session, deployment, firstNumber);
  const tellable = fixes.filter(({ edits, creates = [] }) =>
    [...edits.map(({ newText }) => newText), ...creates.map(({ text }) => text)].every(
      text => hidden.hide(text) !== undefined,
    ),
  );
  const edit = made(session, deployment, tellable, headingOf, hidden);
  return edit && { edit, values: hidden.values };
}

function made(
  session: Session,
  deployment: Deployment,
  fixes: readonly Fix[],
  headingOf: HeadingOf = fix => delicate(deployment, fix),
  { hide }: Hiding,
): WorkspaceEdit | undefined {
  const { workspace } = deployment;
  const edits = new Map<string, TextDocumentEdit>();
  const created: (CreateFile | TextDocumentEdit)[] = [];
  const headings = new Set<string>();
  for (const fix of fixes) {
    const heading = session.canAnnotateChanges ? headingOf(fix) : undefined;
    if (heading !== undefined) headings.add(heading);
    const annotated = heading === undefined ? {} : { annotationId: heading };
    for (const { at, newText } of fix.edits) {
      const file = workspace.file(at.uri);
      if (!file) continue;
      const edit = { ...toTextEdit(file, at.span, hide(newText) ?? ''), ...annotated };
      const known = edits.get(at.uri);
      if (known) known.edits.push(edit);
      else edits.set(at.uri, { textDocument: { uri: at.uri, version: session.versionOf(at.uri) }, edits: [edit] });
    }
    for (const { path, text } of fix.creates ?? []) {
      const uri = `${deployment.rootUri}/${path.split('/').map(encodeURIComponent).join('/')}`;
      created.push(
        { kind: 'create', uri, options: { ignoreIfExists: false, overwrite: false }, ...annotated },
        { textDocument: { uri, version: null }, edits: [{ range: start, newText: hide(text) ?? '' }] },
      );
    }
  }
  if (edits.size === 0 && created.length === 0) return undefined;
  return {
    documentChanges: [...edits.values(), ...created],
    ...(headings.size === 0
      ? {}
      : {
          changeAnnotations: Object.fromEntries(
            [...headings].map(heading => [heading, { label: heading, needsConfirmation: true }]),
          ),
        }),
  };
}

/** What a person should see before it is done: a new file, or another value in a Secret. */
function delicate({ workspace }: Deployment, { edits, creates = [] }: Fix): string | undefined {
  if (creates.length > 0) return 'Create files';
  const writesSecret = edits.some(({ at }) =>
    workspace
      .file(at.uri)
      ?.documents.flatMap(document => document.resources)
      .filter(resource => resource.qualifiedKind === 'Secret')
      .flatMap(({ root }) => [root.at('data'), root.at('stringData')])
      .some(values => values.exists && values.span.start <= at.span.end && at.span.start <= values.span.end),
  );
  return writesSecret ? 'Write to Secrets' : undefined;
}

const start = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

function quickFixes(
  session: Session,
  deployment: Deployment,
  finding: Finding,
  params: CodeActionParams,
): CodeAction[] {
  const fixes = fixesOf(finding, deployment.workspace);
  const known = params.context.diagnostics.filter(
    diagnostic => diagnostic.source === 'matrix-preflight' && diagnostic.code === finding.rule.id,
  );
  const diagnostics = known.length > 0 ? known : [toDiagnostic(finding, deployment.workspace)];
  return fixes.flatMap((fix, index) => {
    const change = changeOf(session, deployment, fix);
    return change
      ? [
          {
            title: fix.title,
            kind: CodeActionKind.QuickFix,
            diagnostics,
            ...change,
            ...(index === 0 && fix.safe ? { isPreferred: true } : {}),
          },
        ]
      : [];
  });
}

/** An edit; for a fix that copies a credential a command, where the client has it. */
function changeOf(
  session: Session,
  deployment: Deployment,
  fix: Fix,
): Pick<CodeAction, 'edit' | 'command'> | undefined {
  if (!carriesValues(deployment, fix)) {
    const edit = editOf(session, deployment, [fix]);
    return edit && { edit };
  }
  if (!session.canRun(applyWithValuesCommand)) return undefined;
  const edit = editWithValuesOf(session, deployment, [fix]);
  return edit && { command: { title: fix.title, command: applyWithValuesCommand, arguments: [edit] } };
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
    const fixes = safeFixes(
      findings.filter(finding => finding.rule.id === id && finding.problem.at.uri === uri),
      deployment.workspace,
    ).filter(fix => !carriesValues(deployment, fix));
    const edit = fixes.length > 1 ? editOf(session, deployment, fixes) : undefined;
    return edit
      ? [{ title: `Fix all ${fixes.length} problems of ${id} in this file`, kind: CodeActionKind.QuickFix, edit }]
      : [];
  });
}
