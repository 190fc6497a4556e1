import { troubleshootingHints } from '../../checklist/steps';
import { hasLabels, type PodProblem, podProblem, podSelector } from '../cluster/pods';
import { readObjects, readText } from '../cluster/read';
import type { ErrorClass } from '../journal/entries';
import { isObjectName } from '../kubectl/kubectl';
import { commandText } from '../plan/commands';
import { objectContent, type PlannedObject, type PlannedStep } from '../plan/plan';
import { at, type Json, text } from '../plan/source';
import type { RunContext } from './context';

/** Why a step failed, as far as the cluster tells; all texts are redacted. */
export interface Diagnosis {
  readonly class: ErrorClass;
  /** One sentence. */
  readonly text: string;
  /** The object to look at, with its file and line; undefined if it is not one object's fault. */
  readonly object: PlannedObject | undefined;
  readonly pods: readonly DiagnosedPod[];
  /** Warnings of the cluster about the objects of the step, newest last. */
  readonly events: readonly string[];
  /** The checklist's own advice that fits. */
  readonly hints: readonly { readonly id: string; readonly title: string; readonly advice: readonly string[] }[];
  /** Commands that show more, as text; none of them changes anything. */
  readonly commands: readonly string[];
}

export interface DiagnosedPod {
  readonly name: string;
  readonly reason: string;
  readonly message: string;
  /** The last lines of its log, of the run before if it crashes. */
  readonly log: readonly string[];
}

/** What is known when a step fails. */
export interface StepFailure {
  readonly class: ErrorClass;
  /** Not yet redacted. */
  readonly text: string;
  readonly object?: PlannedObject;
  readonly problems?: readonly PodProblem[];
  readonly details?: readonly string[];
}

/** Gathers what a person would look at first. It only reads, and what it cannot read it leaves out. */
export async function diagnose(context: RunContext, step: PlannedStep, failure: StepFailure): Promise<Diagnosis> {
  const { redact } = context;
  const isAboutPods = failure.class === 'not-ready' || failure.class === 'check-failed' || failure.class === 'other';
  const problems = isAboutPods ? (failure.problems ?? (await problemsOf(context, step))) : [];
  const namespace = failure.object?.namespace ?? context.plan.namespace;
  const pods: DiagnosedPod[] = [];
  for (const problem of problems.slice(0, 5)) pods.push(await diagnosePod(context, namespace, problem));
  const events = isAboutPods ? await warnings(context, step, namespace) : [];
  const evidence = [
    failure.text,
    ...(failure.details ?? []),
    ...events,
    ...pods.flatMap(pod => [pod.reason, ...pod.log]),
  ].join('\n');
  const hints = hintsFor(step, evidence, context);
  const lines = [failure.text, ...(failure.details ?? [])];
  return {
    class: failure.class,
    text: redact(lines.join('\n')),
    object: failure.object,
    pods,
    events,
    hints: troubleshootingHints.filter(hint => hints.has(hint.id)),
    commands: commandsFor(context, step, namespace, problems),
  };
}

async function problemsOf(context: RunContext, step: PlannedStep): Promise<readonly PodProblem[]> {
  const selectors = step.objects.flatMap(object => podSelector(objectContent(object, context.sources) ?? null) ?? []);
  const problems: PodProblem[] = [];
  for (const namespace of new Set(step.waits.flatMap(wait => wait.namespace ?? []))) {
    const pods = await readObjects(context.kubectl, { apiVersion: 'v1', kind: 'Pod' }, namespace);
    if (!pods.ok) continue;
    const patience = { now: context.clock.now(), graceMilliseconds: 0, restarts: 1 };
    for (const pod of pods.value)
      if (selectors.some(selector => hasLabels(pod, selector)))
        problems.push(...[podProblem(pod, patience)].flatMap(p => p ?? []));
  }
  return problems;
}

async function diagnosePod(context: RunContext, namespace: string, problem: PodProblem): Promise<DiagnosedPod> {
  const { redact } = context;
  const log = isObjectName(problem.pod)
    ? await readText(context.kubectl, [
        'logs',
        problem.pod,
        `--namespace=${namespace}`,
        ...(problem.container === undefined ? ['--all-containers'] : [`--container=${problem.container}`]),
        ...(problem.reason === 'CrashLoopBackOff' ? ['--previous'] : []),
        '--tail=50',
      ])
    : undefined;
  return {
    name: problem.pod,
    reason: problem.reason,
    message: redact(problem.message),
    log: log?.ok
      ? redact(log.value)
          .split('\n')
          .slice(-51)
          .filter(line => line !== '')
      : [],
  };
}

async function warnings(context: RunContext, step: PlannedStep, namespace: string): Promise<readonly string[]> {
  const events = await readObjects(context.kubectl, { apiVersion: 'v1', kind: 'Event' }, namespace);
  if (!events.ok) return [];
  const names = step.objects.map(object => object.name);
  return events.value
    .filter(event => at(event, 'type') === 'Warning')
    .filter(event => names.some(name => (text(at(event, 'involvedObject', 'name')) ?? '').startsWith(name)))
    .map(event => ({ event, time: text(at(event, 'lastTimestamp')) ?? text(at(event, 'eventTime')) ?? '' }))
    .sort((a, b) => (a.time < b.time ? -1 : 1))
    .slice(-10)
    .map(({ event }) => context.redact(describeEvent(event)));
}

function describeEvent(event: Json): string {
  const object = `${text(at(event, 'involvedObject', 'kind'))}/${text(at(event, 'involvedObject', 'name'))}`;
  return `${object}: ${text(at(event, 'reason'))}: ${text(at(event, 'message'))}`;
}

/** The checklist's five hints, by what the evidence says; without a clue the step's own. */
function hintsFor(step: PlannedStep, evidence: string, context: RunContext): ReadonlySet<string> {
  const hints = new Set<string>();
  if (/CrashLoopBackOff|CreateContainerConfigError|ImagePull/.test(evidence)) hints.add('T.1');
  const hasPolicies = context.plan.phases.some(phase =>
    phase.steps.some(s => s.id === 'network-policies' && s.objects.length > 0),
  );
  if (hasPolicies && /timed? ?out|ETIMEDOUT|i\/o timeout|NetworkPolicy/i.test(evidence)) hints.add('T.2');
  if (
    /psql|postgres|could not connect to server|connection refused.*5432|5432.*refused|password authentication/i.test(
      evidence,
    )
  )
    hints.add('T.3');
  if (/\bS3\b|minio|bucket|AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch/i.test(evidence)) hints.add('T.4');
  if (/subscription|publication|replication slot/i.test(evidence)) hints.add('T.5');
  return hints.size > 0 ? hints : new Set(step.hints);
}

function commandsFor(
  context: RunContext,
  step: PlannedStep,
  namespace: string,
  problems: readonly PodProblem[],
): readonly string[] {
  const base = [`--context=${context.cluster.context}`, `--namespace=${namespace}`];
  const commands: (readonly string[])[] = [];
  for (const problem of problems.slice(0, 3)) {
    commands.push([...base, 'describe', 'pod', problem.pod]);
    const previous = problem.reason === 'CrashLoopBackOff' ? ['--previous'] : [];
    commands.push([
      ...base,
      'logs',
      problem.pod,
      ...(problem.container === undefined ? [] : ['-c', problem.container]),
      ...previous,
    ]);
  }
  if (commands.length === 0)
    for (const wait of step.waits.slice(0, 3)) commands.push([...base, 'describe', wait.kind.toLowerCase(), wait.name]);
  return commands.map(args => commandText('kubectl', args));
}

/** Lines of a diagnosis for a terminal or a log. */
export function describeDiagnosis(diagnosis: Diagnosis): readonly string[] {
  return [
    diagnosis.text,
    ...(diagnosis.object === undefined
      ? []
      : [`${diagnosis.object.kind}/${diagnosis.object.name} is at ${diagnosis.object.file}:${diagnosis.object.line}`]),
    ...diagnosis.pods.flatMap(pod => [
      `${pod.name}: ${pod.reason} ${pod.message}`.trim(),
      ...pod.log.map(line => `  ${line}`),
    ]),
    ...diagnosis.events,
    ...diagnosis.hints.flatMap(hint => [`${hint.title}:`, ...hint.advice.map(line => `  ${line}`)]),
    ...diagnosis.commands,
  ];
}
