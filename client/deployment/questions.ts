import { type QuickPick, type QuickPickItem, QuickPickItemKind, window } from 'vscode';
import { objectReference, type PlannedStep } from '../../deploy/plan/plan';
import type { ObjectDiff } from '../../deploy/run/diff';
import type {
  ContextQuestion,
  FailureDecision,
  FailureQuestion,
  Interaction,
  RunOnceQuestion,
  SkipDecision,
  StepDecision,
  StepQuestion,
  TakeOverQuestion,
} from '../../deploy/run/interaction';
import type { Differences } from './differences';

/** What the questions need of the operation that asks them. */
export interface Asking {
  readonly differences: Differences;
  /** Aborted when the run is to stop; an open question then closes. */
  readonly signal: AbortSignal;
  /** Told about every confirmation, for the log. */
  note(line: string): void;
  /** Waits for a person to say what is to become of a failed step. */
  failed(question: FailureQuestion): Promise<FailureDecision>;
}

/** Asks the person at the editor. Whatever is dismissed counts as stopping, never as going on. */
export function askInEditor({ differences, signal, note, failed }: Asking): Interaction {
  let isProtected = true;
  let goesOn = false;
  return {
    confirmContext: async question => {
      isProtected = question.isProtected;
      // Another plan or another cluster is another confirmation.
      goesOn = false;
      const typed = await confirmContext(question, signal);
      if (typed !== question.cluster.context) note('The context was not confirmed.');
      else
        note(
          `Context ${typed} confirmed.${isProtected ? ' There is a moment for second thoughts now: Pause ends it.' : ''}`,
        );
      return typed;
    },
    confirmStep: async question => {
      if (goesOn && question.diffs.every(({ change }) => change !== 'conflict' && change !== 'error'))
        return { decision: 'apply' };
      const answer = await confirmStep(question, { differences, signal, mayGoOn: !isProtected });
      if (answer === 'go-on') {
        goesOn = true;
        note('Confirmed, with all later steps.');
        return { decision: 'apply' };
      }
      note(`${question.summary}: ${answer.decision === 'apply' ? 'confirmed' : answer.decision}.`);
      return answer;
    },
    confirmTakeOver: async question => {
      const agreed = await confirmTakeOver(question, signal);
      note(
        `The deployment of ${question.holder}, silent since ${question.since}, is ${agreed ? '' : 'not '}taken over.`,
      );
      return agreed;
    },
    confirmRunOnce: question => confirmRunOnce(question, signal),
    skipAbsent: async step => (goesOn ? { decision: 'skip', reason: step.reason } : confirmAbsent(step, signal)),
    afterFailure: question => {
      goesOn = false;
      return failed(question);
    },
  };
}

/** Asks for a reason; undefined if none is given. */
export async function askReason(title: string, prompt: string, value = ''): Promise<string | undefined> {
  const reason = await window.showInputBox({
    title,
    prompt,
    value,
    ignoreFocusOut: true,
    validateInput: text => (text.trim() === '' ? 'A reason is kept in the journal and in the report.' : undefined),
  });
  return reason?.trim() || undefined;
}

async function confirmContext(question: ContextQuestion, signal: AbortSignal): Promise<string | undefined> {
  const { cluster, steps, objects } = question;
  const what = `${counted(steps, 'step')} with ${counted(objects, 'object')}`;
  const where = `${cluster.server}, Kubernetes ${cluster.serverVersion}`;
  if (!question.isProtected) {
    const items: readonly Choice<string | undefined>[] = [
      {
        label: `$(rocket) Deploy ${what} to ${cluster.context}`,
        detail: `${where}; plan ${question.planHash.slice(0, 12)}`,
        value: cluster.context,
      },
      { label: '$(close) Cancel', value: undefined },
    ];
    return choose(
      { title: 'Deploy', placeholder: `The cluster is ${cluster.context} at ${cluster.server}`, items },
      signal,
    );
  }
  const box = window.createInputBox();
  box.title = `Deploy to the protected context ${cluster.context}`;
  box.prompt = `${what} go to ${where} (plan ${question.planHash.slice(0, 12)}). Type the name of the context to go on.`;
  box.placeholder = 'The name of the context';
  box.ignoreFocusOut = true;
  return new Promise(resolve => {
    const close = () => box.hide();
    let answer: string | undefined;
    box.onDidAccept(() => {
      if (box.value === cluster.context) {
        answer = box.value;
        box.hide();
      } else box.validationMessage = `This is not the name ${cluster.context}. ${box.prompt}`;
    });
    box.onDidChangeValue(() => {
      box.validationMessage = undefined;
    });
    box.onDidHide(() => {
      signal.removeEventListener('abort', close);
      box.dispose();
      resolve(answer);
    });
    signal.addEventListener('abort', close);
    if (signal.aborted) resolve(undefined);
    else box.show();
  });
}

type StepChoice = 'apply' | 'go-on' | 'take-over' | 'show-all' | 'skip' | 'stop' | ObjectDiff;

async function confirmStep(
  { step, cluster, diffs, summary }: StepQuestion,
  { differences, signal, mayGoOn }: { differences: Differences; signal: AbortSignal; mayGoOn: boolean },
): Promise<StepDecision | 'go-on'> {
  differences.take(step.id, diffs);
  const conflicts = diffs.filter(({ change }) => change === 'conflict');
  const hasDifferences = diffs.some(diff => isShowable(diff));
  const items: Choice<StepChoice>[] = [
    ...(conflicts.length === 0
      ? [{ label: `$(check) Apply ${step.title}`, description: summary, value: 'apply' as const }]
      : [
          {
            label: `$(warning) Apply, and Take Over the Fields of ${counted(conflicts.length, 'Object')}`,
            description: 'other programs manage them now',
            value: 'take-over' as const,
          },
        ]),
    ...(mayGoOn && conflicts.length === 0
      ? [
          {
            label: '$(run-all) Apply This and All Later Steps',
            description: 'asks again if one fails',
            value: 'go-on' as const,
          },
        ]
      : []),
    ...(hasDifferences ? [{ label: '$(diff-multiple) Show All Differences', value: 'show-all' as const }] : []),
    { label: '$(debug-step-over) Skip This Step…', value: 'skip' },
    { label: '$(debug-pause) Pause the Deployment', value: 'stop' },
    { label: 'Objects', kind: QuickPickItemKind.Separator, value: 'stop' },
    ...diffs.map(diff => ({
      label: `$(${changeIcons[diff.change]}) ${diff.object.kind}/${diff.object.name}`,
      description: changeWords[diff.change],
      detail: diff.message === '' ? `${diff.object.file}:${diff.object.line}` : diff.message,
      value: diff,
    })),
  ];
  const title = `${step.title} on ${cluster.context}: ${summary}`;
  const placeholder = 'Select an object to see what changes in it';
  const stays = (value: StepChoice) => {
    if (value === 'show-all') void differences.showAll(`${step.title}: cluster ↔ planned`);
    else if (typeof value === 'object') void differences.show(value);
    else return false;
    return true;
  };
  const choice = await choose<StepChoice>({ title, placeholder, items, stays }, signal);
  switch (choice) {
    case 'apply':
      return { decision: 'apply' };
    case 'go-on':
      return 'go-on';
    case 'take-over': {
      const detail = conflicts.map(({ object, message }) => `${object.kind}/${object.name}: ${message}`).join('\n\n');
      const take = 'Take Over';
      const options = { modal: true, detail };
      const answer = await window.showWarningMessage('Other programs manage fields that would change.', options, take);
      return answer === take
        ? { decision: 'apply', takeOver: conflicts.map(({ object }) => objectReference(object)) }
        : { decision: 'stop' };
    }
    case 'skip': {
      const reason = await askReason(`Skip ${step.title}`, 'Why is this step skipped?');
      return reason === undefined ? { decision: 'stop' } : { decision: 'skip', reason };
    }
    default:
      return { decision: 'stop' };
  }
}

async function confirmRunOnce({ object, reason, facts }: RunOnceQuestion, signal: AbortSignal) {
  const items: readonly Choice<'keep' | 'run-again' | 'stop'>[] = [
    { label: '$(verified) Keep It, and Only Verify What It Has Done', value: 'keep' },
    {
      label: '$(warning) Delete It and Run It AGAIN',
      description: 'it changes the database once more',
      value: 'run-again',
    },
    { label: '$(debug-pause) Pause the Deployment', value: 'stop' },
    { label: 'What is known', kind: QuickPickItemKind.Separator, value: 'stop' },
    ...facts.map(fact => ({ label: `$(info) ${fact}`, value: 'stop' as const })),
  ];
  const answer = await choose({ title: `Job/${object.name}`, placeholder: reason, items }, signal);
  if (answer !== 'run-again') return answer ?? 'stop';
  const again = 'Run Again';
  const options = { modal: true, detail: [reason, ...facts].join('\n') };
  const sure = await window.showWarningMessage(`Delete Job/${object.name} and run it again?`, options, again);
  return sure === again ? 'run-again' : 'stop';
}

async function confirmTakeOver({ holder, since }: TakeOverQuestion, signal: AbortSignal): Promise<boolean> {
  const items: readonly Choice<boolean>[] = [
    { label: '$(debug-pause) Leave It Alone', detail: 'Nothing is changed.', value: false },
    { label: '$(debug-start) Take Over', detail: 'Only if that deployment is known to have ended.', value: true },
  ];
  const title = `${holder} was deploying to this cluster`;
  const placeholder = `It has been silent since ${since}. Take over?`;
  return (await choose({ title, placeholder, items }, signal)) ?? false;
}

async function confirmAbsent(step: PlannedStep, signal: AbortSignal): Promise<SkipDecision> {
  const items: readonly Choice<'skip' | 'stop'>[] = [
    { label: `$(debug-step-over) Skip ${step.title}…`, detail: step.reason, value: 'skip' },
    { label: '$(debug-pause) Pause the Deployment', value: 'stop' },
  ];
  const title = `${step.title} is not in the tree`;
  const answer = await choose({ title, placeholder: 'What is to become of this step?', items }, signal);
  if (answer !== 'skip') return { decision: 'stop' };
  const reason = await askReason(`Skip ${step.title}`, 'Why is this step skipped?', step.reason);
  return reason === undefined ? { decision: 'stop' } : { decision: 'skip', reason };
}

interface Choice<Value> extends QuickPickItem {
  readonly value: Value;
}

interface Choosing<Value> {
  readonly title: string;
  readonly placeholder: string;
  readonly items: readonly Choice<Value>[];
  /** True for a choice that shows something and leaves the question open. */
  readonly stays?: (value: Value) => boolean;
}

/** Lets the person choose; undefined when the question is dismissed or the signal is aborted. */
async function choose<Value>(
  { title, placeholder, items, stays }: Choosing<Value>,
  signal: AbortSignal,
): Promise<Value | undefined> {
  if (signal.aborted) return undefined;
  const pick: QuickPick<Choice<Value>> = window.createQuickPick();
  pick.title = title;
  pick.placeholder = placeholder;
  pick.items = items;
  pick.ignoreFocusOut = true;
  pick.matchOnDescription = true;
  return new Promise(resolve => {
    const close = () => pick.hide();
    let answer: Value | undefined;
    pick.onDidAccept(() => {
      const [chosen] = pick.activeItems;
      if (chosen === undefined || stays?.(chosen.value)) return;
      answer = chosen.value;
      pick.hide();
    });
    pick.onDidHide(() => {
      signal.removeEventListener('abort', close);
      pick.dispose();
      resolve(answer);
    });
    signal.addEventListener('abort', close);
    pick.show();
  });
}

function isShowable({ change }: ObjectDiff): boolean {
  return change !== 'same' && change !== 'error';
}

const changeIcons: Readonly<Record<ObjectDiff['change'], string>> = {
  create: 'diff-added',
  change: 'diff-modified',
  same: 'dash',
  opaque: 'lock',
  conflict: 'warning',
  error: 'error',
};

const changeWords: Readonly<Record<ObjectDiff['change'], string>> = {
  create: 'created',
  change: 'changed',
  same: 'unchanged',
  opaque: 'written again, its values are not shown',
  conflict: 'in conflict',
  error: 'not comparable',
};

function counted(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}
