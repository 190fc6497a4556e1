import { commands, Disposable, type QuickPickItem, Uri, window, workspace } from 'vscode';
import { type DeployPlan, type PlanPhase, planRequest } from '../../protocol/messages';
import { alarm, showLog } from '../notices';
import type { Server } from '../server';
import type { VirtualDocuments } from '../virtual-documents';
import { isResolved, type LinkTo, planMarkdown } from './plan-markdown';

const kind = 'plan';

/** The commands that show what a deployment would do, as documents that follow the manifests while they are open. */
export function registerPlan(server: Server, documents: VirtualDocuments): Disposable {
  const request = async () => {
    await server.ready();
    return server.client.sendRequest<DeployPlan>(planRequest);
  };
  documents.serve(kind, async phase => {
    const plan = await request();
    return planMarkdown(plan, linkInto(plan), phase === '' ? undefined : phase);
  });
  const orAlarm = (show: () => Promise<void>) => () =>
    show().catch(error =>
      alarm(`The plan cannot be shown: ${error instanceof Error ? error.message : error}`, showLog),
    );
  return Disposable.from(
    server.onDidChangeState(({ state }) => {
      if (state === 'ready') documents.refresh(kind);
    }),
    commands.registerCommand(
      'matrixPreflight.showPlan',
      orAlarm(() => documents.show(kind, '', 'Deployment plan')),
    ),
  );
}

/** Shows the plan of one phase, as a document. */
export async function showPhasePlan(documents: VirtualDocuments, { id, title }: PlanPhase): Promise<void> {
  await documents.show(kind, id, `Deployment plan, ${title.replaceAll('/', ' ')}`);
}

/** Lets the user choose a phase; undefined if none is chosen. */
export async function pickPhase(phases: readonly PlanPhase[]): Promise<PlanPhase | undefined> {
  const items = phases.map(
    phase => ({ label: phase.title, detail: readiness(phase), phase }) satisfies QuickPickItem & { phase: PlanPhase },
  );
  const options = {
    title: 'Deploy Phase',
    placeHolder: 'Phase to deploy; its plan is shown, and nothing is changed before you confirm',
    matchOnDetail: true,
  };
  return (await window.showQuickPick(items, options))?.phase;
}

function readiness({ steps }: PlanPhase): string {
  const blocked = steps.filter(({ blockedBy }) => blockedBy.length > 0).length;
  const unresolved = steps.filter(step => !isResolved(step)).length;
  return [
    steps.length === 1 ? '1 step' : `${steps.length} steps`,
    blocked === 0 ? 'none blocked by findings' : `${blocked} blocked by findings`,
    ...(unresolved === 0 ? [] : [`${unresolved} without clear manifests`]),
  ].join(', ');
}

/**
 * The Markdown preview opens no `file:` links. It does open paths that start with a slash, and takes them from the
 * first workspace folder, so places outside of it get no link.
 */
export function linkInto({ root }: DeployPlan): LinkTo {
  const folder = workspace.workspaceFolders?.[0]?.uri;
  const base = root === undefined ? folder : Uri.parse(root);
  if (!folder || !base || !`${base.path}/`.startsWith(`${folder.path}/`)) return () => undefined;
  return (file, line) => {
    const path = Uri.joinPath(base, file).path.slice(folder.path.length);
    return `${path.split('/').map(encodeURIComponent).join('/')}#L${line}`;
  };
}
