import { writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import type { JournalEntry } from '../../deploy/journal/entries';
import { readJournal } from '../../deploy/journal/journal';
import { KubectlRefused } from '../../deploy/kubectl/locate';
import { planSources } from '../../deploy/plan/from-workspace';
import type { DeployPlan } from '../../deploy/plan/plan';
import type { PlanSource } from '../../deploy/plan/source';
import { connect, type LocalKubectl } from '../../deploy/run/connect';
import type { RunEvent } from '../../deploy/run/context';
import { describeDiagnosis } from '../../deploy/run/diagnose';
import { type Interaction, unattended } from '../../deploy/run/interaction';
import { preview } from '../../deploy/run/preview';
import { runRecord } from '../../deploy/run/report';
import { exitCode } from '../../deploy/run/result';
import { deploy as run } from '../../deploy/run/run';
import { defaultStateDirectory, runFiles } from '../../deploy/run/store';
import { junitRun, reportFormat } from '../formats/deployment';
import { loadWorkspace } from '../load';
import { type PlanSelection, selectedPlan } from '../selected-plan';
import { parse, treeRoot, UsageError } from '../usage';
import { version } from '../version';

/**
 * Carries the plan out with kubectl. Without a terminal nothing is asked: then the plan's hash and the context have to
 * be named twice over. Standard output holds one JSON event a line; everything for people goes to standard error.
 */
export async function deploy(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parse(argv, {
    context: { type: 'string' },
    phase: { type: 'string', multiple: true },
    step: { type: 'string', multiple: true },
    'dry-run': { type: 'boolean' },
    resume: { type: 'string' },
    yes: { type: 'boolean' },
    'confirm-context': { type: 'string' },
    'plan-hash': { type: 'string' },
    'take-over': { type: 'boolean' },
    report: { type: 'string' },
    config: { type: 'string' },
  });
  if (values.context === undefined)
    throw new UsageError('deploy needs --context NAME; the current context is never used');
  const reportAs = reportFormat(values.report);
  const root = treeRoot(positionals);
  const current = currentPlan(root, values.config, values);
  const isAttended = process.stdin.isTTY === true && process.stderr.isTTY === true && !values.yes;
  if (
    !isAttended &&
    !values['dry-run'] &&
    (!values.yes || values['confirm-context'] !== values.context || values['plan-hash'] === undefined)
  ) {
    throw new UsageError(
      'without a terminal, deploy needs --yes, --confirm-context with the same name, and --plan-hash',
    );
  }
  const local = await connected(root);
  if (typeof local === 'string') return refuse(local);
  const kubectl = bound(local, values.context);
  if (typeof kubectl === 'string') return refuse(kubectl);
  if (values['dry-run']) {
    const { plan, sources } = current();
    const answer = await preview(kubectl, values.context, plan, sources, ({ step, summary, problems }) => {
      process.stdout.write(`${JSON.stringify({ type: 'preview', step: step.id, summary, problems })}\n`);
    });
    return typeof answer === 'string' ? refuse(answer) : 0;
  }
  const stateDirectory = defaultStateDirectory(process.env);
  const result = await run({
    current,
    kubectl,
    context: values.context,
    interaction: isAttended
      ? attended()
      : unattended({
          context: values.context,
          planHash: values['plan-hash'] ?? '',
          takesOver: values['take-over'] === true,
        }),
    stateDirectory,
    ...(values.resume === undefined ? {} : { resume: values.resume }),
    signal: interrupted(),
    onEvent: event => process.stdout.write(`${JSON.stringify(shown(event))}\n`),
    record: {
      tool: `matrix-preflight ${version}`,
      user: userInfo().username,
      root,
      kubectl: { path: local.path, version: local.version },
    },
  });
  process.stderr.write(`${result.text}\n`);
  for (const { rule, file, line, message } of result.blockers)
    process.stderr.write(`  ${file}:${line} ${rule}${message ? `: ${message}` : ''}\n`);
  if (values.report !== undefined) {
    const record = runRecord(current().plan, entriesOf(stateDirectory, result.run), result);
    writeFileSync(values.report, reportAs === 'json' ? `${JSON.stringify(record, null, 2)}\n` : junitRun(record));
  }
  process.stdout.write(`${JSON.stringify({ type: 'result', outcome: result.outcome, run: result.run })}\n`);
  return exitCode(result);
}

/** What a run has written; nothing for one that was refused before it had a journal, or whose journal is broken. */
function entriesOf(stateDirectory: string, run: string): readonly JournalEntry[] {
  try {
    return run === '' ? [] : readJournal(runFiles(stateDirectory, run).journal).entries;
  } catch {
    return [];
  }
}

type Current = { readonly plan: DeployPlan; readonly sources: readonly PlanSource[] };

/** Works out the plan from the files as they are, and anew only when a file has changed since. */
function currentPlan(root: string, config: string | undefined, selection: PlanSelection): () => Current {
  let known: { readonly texts: readonly string[]; readonly current: Current } | undefined;
  return () => {
    const workspace = loadWorkspace(root, config);
    const texts = workspace.files.flatMap(file => [file.path, file.text]);
    if (known && known.texts.length === texts.length && known.texts.every((text, at) => text === texts[at]))
      return known.current;
    const sources = planSources(workspace);
    const current = { plan: selectedPlan(workspace, selection), sources };
    known = { texts, current };
    return current;
  };
}

/** The kubectl of this machine, or why there is none to use. */
export async function connected(root: string): Promise<LocalKubectl | string> {
  try {
    return await connect({
      environment: process.env,
      roots: [root],
      stateDirectory: defaultStateDirectory(process.env),
    });
  } catch (error) {
    if (error instanceof KubectlRefused) return error.message;
    throw error;
  }
}

export function bound(local: LocalKubectl, context: string): ReturnType<LocalKubectl['bind']> | string {
  try {
    return local.bind(context);
  } catch (error) {
    if (error instanceof KubectlRefused) return error.message;
    throw error;
  }
}

function refuse(reason: string): number {
  process.stderr.write(`matrix-preflight: ${reason}\n`);
  return 5;
}

/** An event without the contents of objects, which are long and of no use in a log. */
function shown(event: RunEvent): object {
  if (!('object' in event)) return event;
  const { apiVersion, kind, name, namespace } = event.object;
  return { ...event, object: { apiVersion, kind, name, namespace } };
}

/** The first interrupt stops after the object under way, as the runner does on this signal. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort());
  process.once('SIGTERM', () => controller.abort());
  return controller.signal;
}

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question(question)).trim();
  } finally {
    terminal.close();
  }
}

async function agrees(question: string): Promise<boolean> {
  return /^y(?:es)?$/i.test(await ask(`${question} [y/N] `));
}

/** Asks the person at the terminal. */
function attended(): Interaction {
  const reason = async (): Promise<string> => ask('Why? ');
  return {
    confirmContext: ({ cluster, isProtected, steps, objects }) =>
      ask(
        `${steps} steps with ${objects} objects go to ${cluster.context} at ${cluster.server}${isProtected ? ', a protected cluster' : ''}.\nType the name of the context to go on: `,
      ),
    confirmTakeOver: ({ holder, since }) =>
      agrees(`${holder} was deploying to this cluster and has been silent since ${since}. Take over?`),
    confirmStep: async ({ step, summary }) =>
      (await agrees(`${step.title}: ${summary}. Apply?`)) ? { decision: 'apply' } : { decision: 'stop' },
    confirmRunOnce: async ({ object, reason: why, facts }) => {
      process.stderr.write(`Job ${object.name}: ${why}\n${facts.map(fact => `  ${fact}\n`).join('')}`);
      return (await agrees('Delete it and run it AGAIN?')) ? 'run-again' : 'keep';
    },
    skipAbsent: async step =>
      (await agrees(`${step.title} is not in the tree. Skip it?`))
        ? { decision: 'skip', reason: await reason() }
        : { decision: 'stop' },
    afterFailure: async ({ diagnosis, mayAccept }) => {
      process.stderr.write(`${describeDiagnosis(diagnosis)}\n`);
      const answer = await ask(`retry, skip${mayAccept ? ', accept' : ''} or stop? `);
      if (answer === 'retry') return { decision: 'retry' };
      if (answer === 'skip') return { decision: 'skip', reason: await reason() };
      if (answer === 'accept' && mayAccept) return { decision: 'accept', reason: await reason() };
      return { decision: 'stop' };
    },
  };
}
