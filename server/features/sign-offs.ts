import type { TextDocumentEdit, WorkspaceEdit } from 'vscode-languageserver';
import { checklistItem } from '../../checklist/items';
import { signOffsPath } from '../../checklist/sign-offs';
import {
  type EditAnswer,
  type FindingParams,
  fixItemRequest,
  type ItemParams,
  itemFindingsRequest,
  markdownStatesRequest,
  type SignOffParams,
  type SuppressParams,
  signOffEditRequest,
  suppressEditRequest,
  type WaiveParams,
  type WireFinding,
  waiveEditRequest,
  withdrawEditRequest,
} from '../../protocol/sign-offs';
import { coveredFiles } from '../../rules/evidence';
import { type Finding, fixesOf } from '../../rules/findings';
import { fingerprints } from '../../rules/fingerprint';
import { safeFixes } from '../../rules/fix-all';
import { itemsOf } from '../../rules/items';
import { markdownStateEdits } from '../../rules/markdown-states';
import { noSection, type SignOffChange, withdraw, writeSignOff, writeWaiver } from '../../rules/sign-off-edits';
import { hashOfFile, signOffsOf } from '../../rules/sign-offs';
import { suppress } from '../../rules/suppression-edit';
import type { Deployment } from '../deployment';
import type { Session } from '../session';
import { toRange, toTextEdit } from '../to-lsp';
import { itemReportsOf } from './checklist';
import { editOf } from './code-actions';
import type { Feature } from './feature';

/** Writes sign-offs, waivers and suppressions for the client, and fixes what stands against an item. */
export const signOffs: Feature = {
  offer(session) {
    const { connection } = session;
    connection.onRequest(signOffEditRequest, (params: SignOffParams) => signOffEdit(session, params));
    connection.onRequest(withdrawEditRequest, (params: ItemParams) => withdrawEdit(session, params));
    connection.onRequest(waiveEditRequest, (params: WaiveParams) => waiveEdit(session, params));
    connection.onRequest(suppressEditRequest, (params: SuppressParams) => suppressEdit(session, params));
    connection.onRequest(itemFindingsRequest, ({ item }: ItemParams) => wireFindings(session, item));
    connection.onRequest(fixItemRequest, ({ item }: ItemParams) => fixItem(session, item));
    connection.onRequest(markdownStatesRequest, () => markdownStates(session));
  },
};

const noDeployment: EditAnswer = { problem: 'The deployment has not been read yet.' };

/** The deployment that the checklist is about. */
function checklistDeployment(session: Session): Deployment | undefined {
  return session.deployments.find(one => one.isScanned);
}

function signOffEdit(session: Session, { item: id, by, at, note, evidence, expires }: SignOffParams): EditAnswer {
  const deployment = checklistDeployment(session);
  if (!deployment) return noDeployment;
  const { workspace } = deployment;
  const item = itemsOf(workspace).find(one => one.id === id);
  if (!item) return { problem: `There is no item ${id}.` };
  if (item.kind === 'static')
    return { problem: `${id} is decided by the manifests: mend its findings, or waive them.` };
  const covers = coveredFiles(id, workspace).map(file => ({ path: file.path, sha256: hashOfFile(file) }));
  const signOff = {
    item: id,
    by,
    at,
    note,
    covers,
    ...(evidence ? { evidence } : {}),
    ...(expires ? { expires } : {}),
  };
  return answer(session, deployment, writeSignOff(workspace, signOff));
}

function withdrawEdit(session: Session, { item }: ItemParams): EditAnswer {
  const deployment = checklistDeployment(session);
  if (!deployment) return noDeployment;
  const { workspace } = deployment;
  const known = signOffsOf(workspace).signOffs.find(one => one.item === item);
  if (!known) return { problem: `Nobody has signed ${item} off.` };
  return answer(session, deployment, withdraw(workspace, known.entry));
}

function waiveEdit(session: Session, { reason, by, at, expires, ...params }: WaiveParams): EditAnswer {
  const found = findingAt(session, params);
  if (!found) return noFinding;
  const { deployment, finding, fingerprint } = found;
  const { workspace } = deployment;
  const file = workspace.file(finding.problem.at.uri)?.path ?? '';
  const [item = ''] = finding.problem.items ?? finding.rule.items;
  const waiver = { rule: finding.rule.id, file, fingerprint, reason, by, at, ...(expires ? { expires } : {}) };
  return answer(session, deployment, writeWaiver(workspace, waiver, checklistItem(item)?.section ?? noSection));
}

function suppressEdit(session: Session, { reason, ...params }: SuppressParams): EditAnswer {
  const found = findingAt(session, params);
  if (!found) return noFinding;
  const edit = suppress(found.finding, reason, found.deployment.workspace);
  return typeof edit === 'string'
    ? { problem: edit }
    : { edit: workspaceEdit(session, found.deployment, { edits: [edit], creates: [] }) };
}

const noFinding: EditAnswer = { problem: 'The finding is not there any more.' };

/** The finding of a rule that begins where it is said to, with its fingerprint. */
function findingAt(
  session: Session,
  { uri, rule, range }: FindingParams,
): { readonly deployment: Deployment; readonly finding: Finding; readonly fingerprint: string } | undefined {
  const deployment = session.deploymentOf(uri);
  const file = deployment?.workspace.file(uri);
  if (!deployment || !file) return undefined;
  // Fingerprints are numbered where findings are alike, so all of the file are asked for theirs.
  const findings = deployment.judgedFindings().filter(({ problem }) => problem.at.uri === uri);
  const names = fingerprints(findings, deployment.workspace);
  const index = findings.findIndex(finding => {
    const { start } = toRange(file, finding.problem.at.span);
    return (
      !finding.suppressed &&
      finding.rule.id === rule &&
      start.line === range.start.line &&
      start.character === range.start.character
    );
  });
  const finding = findings[index];
  return finding && { deployment, finding, fingerprint: names[index] ?? '' };
}

function wireFindings(session: Session, item: string): readonly WireFinding[] {
  const deployment = checklistDeployment(session);
  if (!deployment) return [];
  return findingsAgainst(deployment, item).flatMap((finding): WireFinding[] => {
    const { rule, problem } = finding;
    const file = deployment.workspace.file(problem.at.uri);
    const fixes = fixesOf(finding, deployment.workspace);
    const fix = fixes.some(({ safe }) => safe) ? 'safe' : fixes.length > 0 ? 'choice' : 'none';
    const range = file && toRange(file, problem.at.span);
    return range ? [{ uri: problem.at.uri, rule: rule.id, range, message: problem.message, fix }] : [];
  });
}

function findingsAgainst(deployment: Deployment, item: string): readonly Finding[] {
  return deployment
    .allFindings()
    .filter(
      ({ severity, problem, rule }) =>
        (severity === 'error' || severity === 'warning') && (problem.items ?? rule.items).includes(item),
    );
}

function fixItem(session: Session, item: string): EditAnswer {
  const deployment = checklistDeployment(session);
  if (!deployment) return noDeployment;
  const edit = editOf(session, deployment, safeFixes(findingsAgainst(deployment, item), deployment.workspace));
  return edit ? { edit } : { problem: 'No problem of this item has a fix that is safe to make unasked.' };
}

function markdownStates(session: Session): EditAnswer {
  const deployment = checklistDeployment(session);
  if (!deployment) return noDeployment;
  const edits = markdownStateEdits(deployment.workspace, itemReportsOf(session, deployment));
  return edits.length === 0
    ? { problem: 'No Markdown checklist of the workspace has a box that says something else.' }
    : { edit: workspaceEdit(session, deployment, { edits, creates: [] }) };
}

function answer(session: Session, deployment: Deployment, change: SignOffChange | undefined): EditAnswer {
  return change
    ? { edit: workspaceEdit(session, deployment, change) }
    : { problem: `${signOffsPath} is not understood. Mend it first.` };
}

/** Unlike a fix, this is what the person has asked for in so many words, so a new file needs no confirmation. */
function workspaceEdit(session: Session, deployment: Deployment, { edits, creates }: SignOffChange): WorkspaceEdit {
  const byUri = new Map<string, TextDocumentEdit>();
  for (const { at, newText } of edits) {
    const file = deployment.workspace.file(at.uri);
    if (!file) continue;
    const known = byUri.get(at.uri);
    const edit = toTextEdit(file, at.span, newText);
    if (known) known.edits.push(edit);
    else byUri.set(at.uri, { textDocument: { uri: at.uri, version: session.versionOf(at.uri) }, edits: [edit] });
  }
  return {
    documentChanges: [
      ...byUri.values(),
      ...creates.flatMap(({ path, text }) => {
        const uri = `${deployment.rootUri}/${path}`;
        return [
          { kind: 'create' as const, uri, options: { ignoreIfExists: true } },
          { textDocument: { uri, version: null }, edits: [{ range: start, newText: text }] },
        ];
      }),
    ],
  };
}

const start = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
