import { join } from 'node:path';
import {
  commands,
  Disposable,
  type ExtensionContext,
  type TaskDefinition,
  TaskRevealKind,
  tasks,
  Uri,
  window,
  workspace,
} from 'vscode';
import { plannedSteps } from '../../deploy/plan/plan';
import type { FailureQuestion } from '../../deploy/run/interaction';
import { readResults } from '../../deploy/run/results';
import type { RunnerEvent } from '../../protocol/deployment';
import { liveResultsNotification } from '../../protocol/deployment';
import { type DeployPlan, planRequest } from '../../protocol/messages';
import { linkInto, pickPhase, showPhasePlan } from '../deploy/plan';
import { alarm, inform, type NoticeAction } from '../notices';
import type { Server } from '../server';
import type { VirtualDocuments } from '../virtual-documents';
import { contextChoice } from './context';
import { diagnosisMarkdown, predictionsOf } from './diagnosis';
import { registerDifferences } from './differences';
import { kubernetesExtension } from './kubernetes-extension';
import { createOperations, skipFailed } from './operations';
import { openRunner } from './runner';
import { type KnownRun, runsIn } from './runs';
import { runnerTarget, stateDirectory } from './settings';
import { registerContextItem } from './status-bar';
import { openAt, operationTask, registerFileLinks, taskType } from './terminal';
import { type DeploymentNode, isResumable } from './tree';
import { openManifestCommand } from './tree-item';
import { registerView } from './view';

const activeRunKey = 'matrixPreflight.activeRun';

/**
 * Everything that speaks to a cluster: the view, its commands, the tasks and the status bar item. Needs Node, so the
 * browser's extension goes without. In a workspace that is not trusted nothing of it starts a program.
 */
export function registerDeployment(context: ExtensionContext, server: Server, documents: VirtualDocuments): Disposable {
  const runs = runsIn(stateDirectory());
  const kubernetes = kubernetesExtension();
  const choice = contextChoice(context.workspaceState, kubernetes);
  const differences = registerDifferences();
  const program = context.asAbsolutePath('dist/server.js');
  let shownFailure: FailureQuestion | undefined;

  const open = async (onEvent?: (event: RunnerEvent) => void) => {
    if (!workspace.isTrusted) throw new Error('Nothing is run in a workspace that is not trusted.');
    const root = rootDirectory();
    if (root === undefined) throw new Error('No folder of this computer is open.');
    return openRunner(program, runnerTarget(root, await kubernetes.kubeconfig()), onEvent);
  };
  const operations = createOperations({
    open,
    context: choice,
    differences,
    remember: run => void context.workspaceState.update(activeRunKey, run),
    showFailure: question => {
      shownFailure = question;
      tellFailure(question);
    },
    verified: () => {
      view.refresh();
      sendResults();
    },
  });

  let latest: KnownRun | undefined;
  const setContext = (name: string, value: unknown) =>
    void commands.executeCommand('setContext', `matrixPreflight.deployment.${name}`, value);
  const view = registerView(
    () => {
      const root = rootDirectory();
      return root === undefined
        ? { runs: [], results: undefined }
        : { runs: runs.of(root), results: readResults(stateDirectory(), root) };
    },
    operations,
    ({ runs: [newest] }) => {
      latest = newest;
      setContext('hasRun', newest !== undefined);
      setContext('resumable', newest !== undefined && isResumable(newest.state, newest.isRunning));
    },
  );
  const follow = () => {
    setContext('running', operations.status.word !== undefined);
    setContext('asked', operations.active?.failure !== undefined);
    setContext('mayAccept', operations.active?.failure?.mayAccept === true);
  };

  const plan = async () => {
    await server.ready();
    return server.client.sendRequest<DeployPlan>(planRequest);
  };
  const showDiagnosis = async () => {
    const failure = operations.active?.failure ?? shownFailure;
    if (failure)
      await documents.show('diagnosis', failure.step.id, `Why ${failure.step.title.replaceAll('/', ' ')} failed`);
  };
  documents.serve('diagnosis', async step => {
    const failure = operations.active?.failure ?? shownFailure;
    // After a reload the journal still has the cause.
    if (failure === undefined || failure.step.id !== step) return recordedFailure(latest, step);
    return diagnosisMarkdown(failure.step.title, failure.diagnosis, predictionsFor(failure), linkInto(await plan()));
  });
  documents.serve(
    'deployment-log',
    async run => `\`\`\`\`text\n${runs.logOf(run) ?? 'No log was kept of this run.'}\n\`\`\`\`\n`,
  );

  let sent: string | undefined;
  const sendResults = () => {
    const root = rootDirectory();
    if (server.state.state !== 'ready' || root === undefined) return;
    const results = readResults(stateDirectory(), root);
    const text = JSON.stringify(results);
    if (text === sent) return;
    sent = text;
    server.client.sendNotification(liveResultsNotification, { results: results ?? null }).catch(() => {});
  };

  const run = async (work: () => Promise<unknown>) => {
    if (!workspace.isTrusted) {
      alarm('Nothing is run in a workspace that is not trusted.', manageTrust);
      return;
    }
    try {
      await work();
    } catch (error) {
      alarm(error instanceof Error ? error.message : String(error), selectContext);
    }
  };
  const command = (name: string, work: (...args: unknown[]) => unknown) =>
    commands.registerCommand(`matrixPreflight.${name}`, work);
  const guarded = (name: string, work: (...args: unknown[]) => Promise<unknown>) =>
    command(name, (...args) => run(() => work(...args)));

  follow();
  sendResults();
  remindOfInterrupted(context, runs.read);
  return Disposable.from(
    view,
    differences,
    operations,
    operations.onDidChange(follow),
    registerContextItem(choice, operations),
    registerFileLinks(rootDirectory),
    server.onDidChangeState(({ state }) => {
      // A server that was started anew knows nothing of earlier answers.
      if (state === 'starting') sent = undefined;
      sendResults();
    }),
    tasks.registerTaskProvider(taskType, {
      provideTasks: () => offeredTasks.map(definition => taskOf(definition)).filter(task => task !== undefined),
      resolveTask: task => taskOf(task.definition),
    }),
    guarded('selectContext', given => choice.choose(open, given)),
    guarded('deployPhase', async given => {
      const { phases } = await plan();
      const phase = phases.find(({ id }) => id === given) ?? (await pickPhase(phases));
      if (phase === undefined) return;
      await showPhasePlan(documents, phase);
      await operations.deploy(phase.title, { phases: [phase.id] });
    }),
    guarded('deployAll', () => operations.deploy('all phases', {})),
    guarded('deployNext', async () => {
      const root = rootDirectory();
      const done = new Set(
        (root === undefined ? [] : runs.of(root))
          .filter(({ state }) => state.cluster?.context === choice.chosen?.name)
          .flatMap(({ state }) =>
            [...state.steps].filter(([, { state: word }]) => settled.has(word)).map(([id]) => id),
          ),
      );
      const next = (await plan()).phases.find(({ steps }) => steps.some(({ id }) => !done.has(id)));
      if (next === undefined) return inform('Every step of the plan has been carried out.');
      await operations.deploy(next.title, { phases: [next.id] });
    }),
    guarded('resumeDeployment', async given => {
      const id = isNode(given) ? given.run : typeof given === 'string' ? given : latest?.files.id;
      const known = id === undefined ? undefined : runs.read(id);
      if (known === undefined || !isResumable(known.state, known.isRunning))
        return inform(known?.isRunning ? 'This run is under way.' : 'There is no deployment to go on with.');
      await operations.resume(known);
    }),
    guarded('verifyDeployment', () => operations.verify('all')),
    guarded('checkPrerequisites', () => operations.verify('prerequisites')),
    command('pauseDeployment', () => operations.pause()),
    command('cancelDeployment', () => operations.cancel()),
    guarded('retryStep', async () => operations.answer({ decision: 'retry' })),
    guarded('skipStep', () => skipFailed(operations, 'skip')),
    guarded('acceptStep', () => skipFailed(operations, 'accept')),
    command('showDiagnosis', showDiagnosis),
    command('refreshDeployment', () => view.refresh()),
    command('showDeploymentLog', async given => {
      const terminal = window.terminals.findLast(
        ({ name }) => name.includes('Matrix deployment') || name.includes('Matrix verification'),
      );
      if (terminal !== undefined && !isNode(given)) return terminal.show();
      const id = isNode(given) ? given.run : latest?.files.id;
      if (id !== undefined) await documents.show('deployment-log', id, `Deployment log ${id}`);
    }),
    commands.registerCommand(openManifestCommand, async (given?: unknown) => {
      const root = rootDirectory();
      const object = (operations.active?.failure ?? shownFailure)?.diagnosis.object;
      const place = isNode(given) ? given.place : object && root ? { ...object, root } : undefined;
      if (place) await openAt(Uri.file(join(place.root, place.file)), place.line);
    }),
  );

  function taskOf(definition: TaskDefinition) {
    const operation = operations.operationOf(definition);
    if (operation === undefined) return undefined;
    const task = operationTask(String(definition.operation), definition, operation);
    task.presentationOptions = { reveal: TaskRevealKind.Always };
    return task;
  }

  function predictionsFor({ step, diagnosis: { object } }: FailureQuestion) {
    const root = rootDirectory();
    if (object === undefined || root === undefined) return [];
    const lines = plannedObjectsOf(step, object.file);
    const next = lines.find(line => line > object.line) ?? Number.POSITIVE_INFINITY;
    return predictionsOf(Uri.file(join(root, object.file)), object.line, next);
  }

  function tellFailure(question: FailureQuestion): void {
    const { diagnosis, step, mayAccept } = question;
    const predicted = predictionsFor(question).map(({ rule }) => rule);
    const hint = diagnosis.hints[0]?.title;
    const words = [
      `${step.title} failed: ${sentence(diagnosis.text.split('\n')[0] ?? '')}`,
      ...(predicted.length === 0 ? [] : [`Predicted by ${[...new Set(predicted)].join(', ')}.`]),
      ...(hint === undefined ? [] : [`See: ${hint}.`]),
    ].join(' ');
    const actions: readonly NoticeAction[] = [
      { title: 'Retry', command: 'matrixPreflight.retryStep' },
      { title: 'Skip…', command: 'matrixPreflight.skipStep' },
      ...(mayAccept ? [{ title: 'Accept…', command: 'matrixPreflight.acceptStep' }] : []),
      ...(diagnosis.object === undefined ? [] : [{ title: 'Open Manifest', command: openManifestCommand }]),
      { title: 'Show Log', command: 'matrixPreflight.showDeploymentLog' },
    ];
    void showDiagnosis();
    window.showErrorMessage(words, ...actions).then(async action => {
      if (action === undefined) return;
      await commands.executeCommand(action.command);
      // Looking at something is no answer: the question stays.
      if (operations.active?.failure === question && !/retry|skip|accept/i.test(action.title)) tellFailure(question);
    });
  }
}

const settled: ReadonlySet<string> = new Set(['done', 'skipped']);
const selectContext: NoticeAction = { title: 'Select Context…', command: 'matrixPreflight.selectContext' };
const manageTrust: NoticeAction = { title: 'Manage Trust', command: 'workbench.trust.manage' };

const offeredTasks: readonly TaskDefinition[] = [
  { type: taskType, operation: 'deploy' },
  { type: taskType, operation: 'verify' },
  { type: taskType, operation: 'prerequisites' },
];

/** The deployment tree: the first folder, as for the plan and the checklist. */
function rootDirectory(): string | undefined {
  const folder = workspace.workspaceFolders?.[0]?.uri;
  return folder?.scheme === 'file' ? folder.fsPath : undefined;
}

/** Says once that a run this window had begun was cut off, when the window is opened again. */
function remindOfInterrupted(context: ExtensionContext, read: (id: string) => KnownRun | undefined): void {
  const id = context.workspaceState.get<string>(activeRunKey);
  if (id === undefined) return;
  void context.workspaceState.update(activeRunKey, undefined);
  const run = read(id);
  if (run === undefined || run.state.ended !== undefined) return;
  const where = run.state.cluster?.context ?? 'a cluster';
  inform(`The deployment to ${where} was interrupted. What had been done is kept.`, {
    title: 'Resume',
    command: 'matrixPreflight.resumeDeployment',
    arguments: [id],
  });
}

/** The lines at which objects of a file begin, in order. */
function plannedObjectsOf({ objects }: FailureQuestion['step'], file: string): readonly number[] {
  return objects
    .filter(object => object.file === file)
    .map(({ line }) => line)
    .sort((a, b) => a - b);
}

/** What the journal says of a failed step, as Markdown. */
function recordedFailure(run: KnownRun | undefined, id: string): string {
  const step = run === undefined ? undefined : plannedSteps(run.plan).find(candidate => candidate.id === id);
  const record = run?.state.steps.get(id);
  const title = step?.title ?? id;
  if (record?.state !== 'failed') return `# ${title} has not failed\n\nIt stands as the Deployment view shows.\n`;
  return `# ${title} has failed\n\n\`\`\`\`text\n${record.reason ?? 'The journal does not say why.'}\n\`\`\`\`\n`;
}

/** With a full stop at its end, for another sentence to follow. */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

function isNode(given: unknown): given is DeploymentNode {
  return typeof given === 'object' && given !== null && 'level' in given;
}
