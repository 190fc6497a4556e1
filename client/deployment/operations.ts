import { type Event, EventEmitter, ProgressLocation, type TaskDefinition, window, workspace } from 'vscode';
import { type DeployPlan, plannedSteps } from '../../deploy/plan/plan';
import type { FailureDecision, FailureQuestion } from '../../deploy/run/interaction';
import type { DeployResult, RunnerEvent, Selection, VerifyAnswer } from '../../protocol/deployment';
import { alarm, inform, type NoticeAction, warn } from '../notices';
import { askWaivers } from './blockers';
import type { ContextChoice } from './context';
import type { Differences } from './differences';
import { bold, createLogLines, diagnosisLines, red } from './log';
import { stepProgress } from './progress';
import { askInEditor, askReason } from './questions';
import type { Runner } from './runner';
import type { KnownRun } from './runs';
import { type Operation, type OperationLog, runAsTask, taskType, terminalName } from './terminal';

/** What goes on, for whoever shows it. */
export interface Activity {
  /** `word` is undefined while nothing goes on. */
  readonly status: { readonly word: string | undefined; readonly isFailed: boolean };
  readonly onDidChange: Event<void>;
}

/** A deployment that this window drives. */
export interface ActiveRun {
  readonly run: string | undefined;
  readonly live: { readonly step: string; readonly text: string } | undefined;
  readonly failure: FailureQuestion | undefined;
}

export interface Operations extends Activity {
  readonly active: ActiveRun | undefined;
  deploy(title: string, selection: Selection): Promise<void>;
  resume(run: KnownRun): Promise<void>;
  verify(which: 'prerequisites' | 'all'): Promise<void>;
  /** The work of a task that `tasks.json` names. */
  operationOf(definition: TaskDefinition): Operation | undefined;
  pause(): void;
  cancel(): Promise<void>;
  /** Answers the failure that waits; nothing happens without one. */
  answer(decision: FailureDecision): void;
  dispose(): void;
}

export interface OperationParts {
  /** Starts a runner for the tree; rejects with a sentence for the user. */
  open(onEvent?: (event: RunnerEvent) => void): Promise<Runner>;
  readonly context: ContextChoice;
  readonly differences: Differences;
  /** Called when the run this window drives begins and ends. */
  remember(run: string | undefined): void;
  /** A step has failed and waits for an answer. */
  showFailure(question: FailureQuestion): void;
  verified(answer: VerifyAnswer): void;
}

const again: NoticeAction = { title: 'Resume', command: 'matrixPreflight.resumeDeployment' };
const showLog: NoticeAction = { title: 'Show Log', command: 'matrixPreflight.showDeploymentLog' };

export function createOperations(parts: OperationParts): Operations {
  const changed = new EventEmitter<void>();
  let status: Activity['status'] = { word: undefined, isFailed: false };
  let active: ActiveRun | undefined;
  let runner: Runner | undefined;
  let stop: AbortController | undefined;
  let isDisposed = false;
  let answerFailure: ((decision: FailureDecision) => void) | undefined;

  const say = (word: string | undefined, isFailed = false) => {
    status = { word, isFailed };
    changed.fire();
  };
  const update = (change: Partial<ActiveRun>) => {
    active = { run: undefined, live: undefined, failure: undefined, ...active, ...change };
    changed.fire();
  };
  const stopRun = (atOnce: boolean) => {
    stop?.abort();
    runner?.stop(atOnce);
    answerFailure?.({ decision: 'stop' });
  };

  /** Only one operation at a time: what two of them would ask could not be told apart. */
  const alone =
    (work: (log: OperationLog, stopping: AbortController) => Promise<number>): Operation =>
    async (log, closed) => {
      if (!workspace.isTrusted) throw new Error('Nothing is run in a workspace that is not trusted.');
      if (stop !== undefined) throw new Error('Another operation of Matrix Preflight is under way.');
      const stopping = new AbortController();
      stop = stopping;
      closed.addEventListener('abort', () => stopRun(false));
      try {
        return await work(log, stopping);
      } finally {
        runner?.dispose();
        runner = undefined;
        stop = undefined;
        active = undefined;
        answerFailure = undefined;
        say(undefined);
      }
    };

  const deployment = (selection: Selection, resumed: KnownRun | undefined): Operation =>
    alone(async (log, stopping) => {
      say('choosing');
      const context =
        resumed?.state.cluster?.context ?? (parts.context.chosen ?? (await parts.context.choose(parts.open)))?.name;
      if (context === undefined) return end(log, 'No context was chosen.');
      if (!(await savedAll())) return end(log, 'Files are not saved; only what is on disk is deployed.');
      log.write(bold(`Deployment to ${context}`));
      let lines = createLogLines(undefined);
      let plan: DeployPlan | undefined;
      const progress = stepProgress(() => stopRun(false));
      const listen = (event: RunnerEvent) => {
        log.write(...lines(event));
        follow(event, plan, { update, say: word => say(word), progress });
        if (event.type !== 'run') return;
        update({ run: event.run });
        parts.remember(event.run);
        log.keepIn(event.directory);
      };
      try {
        runner = await parts.open(listen);
        log.write(`kubectl ${runner.tools.kubectl.version} at ${runner.tools.kubectl.path}`);
        say('planning');
        const planned = await runner.plan({ context, selection });
        plan = planned.plan;
        parts.context.learn({
          name: context,
          isProtected: planned.isProtected,
          server: planned.cluster.server,
          version: planned.cluster.serverVersion,
        });
        lines = createLogLines(plan);
        log.write(`Plan ${plan.hash}`, '');
        const given = resumed?.state.waivers ?? [];
        const waivers = await askWaivers(plan, given, stopping.signal);
        if (waivers === undefined) return end(log, 'Findings block this deployment.');
        for (const { step, rule, reason } of waivers) log.write(`Waived ${rule} in ${step}: ${reason}`);
        update({});
        say('waiting for confirmation');
        const interaction = askInEditor({
          differences: parts.differences,
          signal: stopping.signal,
          note: line => log.write(`  ${line}`),
          failed: question => {
            progress.end();
            log.write(...diagnosisLines(question.step.title, question.diagnosis));
            update({ failure: question, live: undefined });
            say(`${question.step.title} failed`, true);
            parts.showFailure(question);
            return new Promise(resolve => {
              answerFailure = decision => {
                answerFailure = undefined;
                update({ failure: undefined });
                say(question.step.title);
                log.write(`  ${decision.decision}${'reason' in decision ? `: ${decision.reason}` : ''}`);
                resolve(decision);
              };
              if (stopping.signal.aborted) answerFailure({ decision: 'stop' });
            });
          },
        });
        const params = { context, selection, waivers, ...(resumed === undefined ? {} : { resume: resumed.files.id }) };
        const result = await runner.deploy(params, interaction);
        log.write('', bold(result.text));
        announce(result, context);
        return codes[result.outcome];
      } finally {
        progress.end();
        // A window that closes leaves the run to the next one, which reminds of it.
        if (!isDisposed) parts.remember(undefined);
      }
    });

  const verification = (which: 'prerequisites' | 'all'): Operation =>
    alone(async (log, stopping) => {
      const context = (parts.context.chosen ?? (await parts.context.choose(parts.open)))?.name;
      if (context === undefined) return end(log, 'No context was chosen.');
      const title = which === 'all' ? `Verifying ${context}` : `Checking the prerequisites of ${context}`;
      log.write(bold(title));
      say(which === 'all' ? 'verifying' : 'checking prerequisites');
      const lines = createLogLines(undefined);
      const options = { location: ProgressLocation.Notification, title, cancellable: true };
      const answer = await window.withProgress(options, async (progress, token) => {
        token.onCancellationRequested(() => stopRun(false));
        runner = await parts.open(event => {
          log.write(...lines(event));
          if (event.type === 'verified') progress.report({ message: event.check.title });
        });
        return runner.verify({ context, checks: which });
      });
      parts.verified(answer);
      const deciding = answer.checks.filter(check => !check.advisory && check.verdict !== 'skipped');
      const bad = deciding.filter(({ verdict }) => verdict === 'fail' || verdict === 'unknown');
      const passed = deciding.length - bad.length;
      const words = `${passed} of ${deciding.length} checks of ${context} passed.`;
      log.write('', bold(words));
      if (stopping.signal.aborted) inform(`Stopped. ${words}`, showLog);
      else if (bad.length === 0 && deciding.length > 0) inform(words, showLog);
      else warn(`${words} Not: ${bad.map(check => check.title).join(', ')}.`, showLog);
      return bad.length === 0 && deciding.length > 0 ? 0 : 1;
    });

  const runTask = async (name: string, definition: Omit<TaskDefinition, 'type'>, operation: Operation) => {
    try {
      await runAsTask(`${terminalName} ${name}`, { type: taskType, ...definition }, operation);
    } catch (error) {
      alarm(error instanceof Error ? error.message : String(error), showLog);
    }
  };

  return {
    get status() {
      return status;
    },
    get active() {
      return active;
    },
    onDidChange: changed.event,
    deploy: (title, selection) =>
      runTask(`deployment: ${title}`, { operation: 'deploy', ...selection }, deployment(selection, undefined)),
    resume: run => {
      const steps = plannedSteps(run.plan).map(step => step.id);
      return runTask('deployment: resumed', { operation: 'resume', run: run.files.id }, deployment({ steps }, run));
    },
    verify: which =>
      runTask(
        which === 'all' ? 'verification' : 'prerequisites',
        { operation: which === 'all' ? 'verify' : which },
        verification(which),
      ),
    operationOf: ({ operation, phases }) => {
      if (operation === 'verify') return verification('all');
      if (operation === 'prerequisites') return verification('prerequisites');
      if (operation !== 'deploy') return undefined;
      const chosen = Array.isArray(phases) ? phases.filter((phase): phase is string => typeof phase === 'string') : [];
      return deployment(chosen.length === 0 ? {} : { phases: chosen }, undefined);
    },
    pause: () => {
      if (stop === undefined) return;
      stopRun(false);
      say('stopping after the object under way');
    },
    cancel: async () => {
      if (stop === undefined) return;
      const after = 'Stop After This Object';
      const now = 'Stop at Once';
      const detail =
        'Stopped at once, kubectl is ended, and nobody knows whether the object under way has arrived until the run is resumed.';
      const choice = await window.showWarningMessage('Stop the deployment?', { modal: true, detail }, after, now);
      if (choice === after || choice === now) stopRun(choice === now);
    },
    answer: decision => answerFailure?.(decision),
    dispose: () => {
      isDisposed = true;
      stopRun(false);
      runner?.dispose();
      changed.dispose();
    },
  };
}

/** Asks for a reason and skips the failed step with it. */
export async function skipFailed(operations: Operations, decision: 'skip' | 'accept'): Promise<void> {
  const failure = operations.active?.failure;
  if (failure === undefined) return;
  const title = decision === 'skip' ? `Skip ${failure.step.title}` : `Accept ${failure.step.title} as it is`;
  const reason = await askReason(title, 'Why? The reason is kept in the journal and in the report.');
  if (reason !== undefined && operations.active?.failure === failure) operations.answer({ decision, reason });
}

const codes: Readonly<Record<DeployResult['outcome'], number>> = {
  completed: 0,
  'completed-with-waivers': 0,
  blocked: 1,
  failed: 3,
  paused: 4,
  refused: 5,
};

function announce({ outcome, text }: DeployResult, context: string): void {
  const verify: NoticeAction = { title: 'Verify', command: 'matrixPreflight.verifyDeployment' };
  if (outcome === 'completed' || outcome === 'completed-with-waivers')
    inform(`${context}: ${text}${outcome === 'completed' ? '' : ' Some were skipped or waived.'}`, verify, showLog);
  else if (outcome === 'failed') alarm(`${context}: ${text.split('\n')[0]}`, again, showLog);
  else if (outcome === 'paused') warn(`${context}: ${text}`, again, showLog);
  else if (outcome === 'refused') warn(`${context}: ${text}`, showLog);
  else alarm(`${context}: ${text}`, showLog);
}

function end(log: OperationLog, reason: string): number {
  log.write(red(reason));
  return codes.refused;
}

/** Keeps the view, the status bar and the notification up with what the runner reports. */
function follow(
  event: RunnerEvent,
  plan: DeployPlan | undefined,
  shown: {
    readonly update: (change: Partial<ActiveRun>) => void;
    readonly say: (word: string) => void;
    readonly progress: ReturnType<typeof stepProgress>;
  },
): void {
  if (event.type === 'run' || event.type === 'log' || event.type === 'verified') return;
  const step = plan === undefined ? undefined : plannedSteps(plan).find(({ id }) => id === event.step);
  const title = step?.title ?? event.step;
  switch (event.type) {
    case 'step':
      shown.update({ live: undefined });
      shown.say(title);
      if (event.state === 'applying' || event.state === 'waiting' || event.state === 'verifying') {
        shown.progress.begin(event.step, title);
        shown.progress.report(
          event.state === 'applying' ? 'applying' : event.state === 'waiting' ? 'waiting until ready' : 'verifying',
        );
      } else shown.progress.end();
      break;
    case 'object': {
      const text = `${event.done}/${event.of}`;
      shown.update({ live: { step: event.step, text: 'applying' } });
      shown.say(`${title} ${text}`);
      shown.progress.report(`${text} ${event.object.kind}/${event.object.name}`, 100 / event.of);
      break;
    }
    case 'wait': {
      const text = `waiting, ${event.ready}/${event.wanted} ready, ${event.secondsLeft} s left`;
      shown.update({ live: { step: event.step, text } });
      shown.say(`${title} ${event.ready}/${event.wanted} ready`);
      shown.progress.report(text);
      break;
    }
    case 'check':
      shown.progress.report(event.check.title);
      break;
  }
}

/** Only what is on disk is deployed, so what is typed and not saved has to be saved first, or knowingly left. */
async function savedAll(): Promise<boolean> {
  const dirty = workspace.textDocuments.filter(document => document.isDirty && document.uri.scheme === 'file');
  if (dirty.length === 0) return true;
  const names = dirty.map(document => workspace.asRelativePath(document.uri)).join(', ');
  const save = 'Save All';
  const answer = await window.showWarningMessage(
    `Not saved: ${names}. Only what is on disk is deployed.`,
    { modal: true },
    save,
  );
  return answer === save && (await workspace.saveAll(false));
}
