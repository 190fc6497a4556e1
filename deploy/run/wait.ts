import { hasLabels, type PodProblem, podProblem, podSelector } from '../cluster/pods';
import { byTypeAndNamespace, readObjects } from '../cluster/read';
import { statusOf } from '../cluster/status';
import { objectKey, runState } from '../journal/state';
import { isTransient } from '../kubectl/errors';
import { objectContent, type PlannedObject, type PlannedStep, type PlannedWait } from '../plan/plan';
import { at, type Json, text } from '../plan/source';
import { jobFacts, jobVerdict } from '../verify/job-checks';
import { checkContextOf } from './checks';
import { excerpt, identityOf, type RunContext } from './context';
import type { StepFailure } from './diagnose';

export type WaitOutcome =
  | { readonly type: 'ready' }
  | { readonly type: 'cancelled' }
  | { readonly type: 'lost' }
  | { readonly type: 'failed'; readonly failure: StepFailure };

/**
 * Waits until the objects of a step are as wanted. Looks by itself every few seconds, because `kubectl wait` runs to
 * its timeout on a Job that has failed, and ends at once when something has failed for good.
 */
export async function waitForStep(context: RunContext, step: PlannedStep): Promise<WaitOutcome> {
  const started = context.clock.now();
  let lastReady = -1;
  for (;;) {
    const look = await lookAt(context, step);
    if ('failure' in look) return { type: 'failed', failure: look.failure };
    const elapsed = context.clock.now() - started;
    const secondsLeft = Math.max(0, ...look.pending.map(wait => deadline(context, wait) - elapsed)) / 1000;
    const ready = step.waits.length - look.pending.length;
    context.emit({
      type: 'wait',
      step: step.id,
      ready,
      wanted: step.waits.length,
      secondsLeft: Math.ceil(secondsLeft),
      text: look.text,
    });
    if (ready !== lastReady) {
      context.journal.append({
        type: 'wait',
        step: step.id,
        ready,
        wanted: step.waits.length,
        text: excerpt(look.text, 500),
      });
      lastReady = ready;
    }
    if (look.pending.length === 0) return { type: 'ready' };
    const late = look.pending.find(wait => elapsed > deadline(context, wait));
    if (late !== undefined) {
      const words = `${late.kind}/${late.name} is not ${late.until} after ${Math.round(elapsed / 1000)} s: ${look.text}`;
      return {
        type: 'failed',
        failure: { class: 'not-ready', text: words, ...objectOf(step, late), problems: look.problems },
      };
    }
    if (context.signal.aborted) return { type: 'cancelled' };
    if (!context.renewLock()) return { type: 'lost' };
    await context.clock.sleep(context.pace.poll, context.signal);
  }
}

interface Look {
  readonly pending: readonly PlannedWait[];
  readonly text: string;
  readonly problems: readonly PodProblem[];
}

async function lookAt(context: RunContext, step: PlannedStep): Promise<Look | { readonly failure: StepFailure }> {
  const pending: PlannedWait[] = [];
  const words: string[] = [];
  const problems: PodProblem[] = [];
  for (const group of byTypeAndNamespace(step.waits)) {
    const answer = await readObjects(
      context.kubectl,
      group[0]!,
      group[0]!.namespace,
      group.map(wait => wait.name),
    );
    if (!answer.ok) {
      if (!isTransient(answer.class)) return { failure: { class: answer.class, text: answer.message } };
      pending.push(...group);
      words.push('the cluster does not answer');
      continue;
    }
    for (const wait of group) {
      const live = answer.value.find(object => at(object, 'metadata', 'name') === wait.name);
      const status = statusOf(live);
      const object = objectOf(step, wait);
      if (wait.kind === 'Job' && (live === undefined || status.status !== 'inProgress')) {
        const failure = await judgeJob(context, step, wait);
        if (failure !== undefined) return { failure: { ...failure, ...object } };
      } else if (status.status === 'failed')
        return { failure: { class: 'not-ready', text: `${wait.kind}/${wait.name} ${status.text}.`, ...object } };
      else if (status.status !== 'current') {
        pending.push(wait);
        words.push(`${wait.kind}/${wait.name}: ${status.text}`);
      }
    }
  }
  problems.push(...(await problemsOf(context, step, pending)));
  const [first] = problems;
  if (first !== undefined) {
    const where = first.container === undefined ? first.pod : `${first.pod}/${first.container}`;
    const because = `${where}: ${first.reason}${first.message === '' ? '' : `, ${first.message}`}`;
    const owner = pending.find(wait => first.pod.startsWith(wait.name));
    return {
      failure: { class: 'not-ready', text: because, problems, ...(owner === undefined ? {} : objectOf(step, owner)) },
    };
  }
  return { pending, text: context.redact(words.join(', ')), problems };
}

/**
 * A Job that has ended is judged by its log and its effect. The effect may show only some seconds later, so a
 * missing one is given time; an error in the log is final.
 */
async function judgeJob(context: RunContext, step: PlannedStep, wait: PlannedWait): Promise<StepFailure | undefined> {
  const planned = step.objects.find(object => object.kind === 'Job' && object.name === wait.name);
  const namespace = wait.namespace ?? context.plan.namespace;
  const until = context.clock.now() + context.pace.verify;
  for (;;) {
    const facts = await jobFacts(checkContextOf(context), { name: wait.name, namespace });
    if (typeof facts === 'string') return { class: 'other', text: facts };
    const record =
      planned === undefined ? undefined : runState(context.journal.entries).objects.get(objectKey(step.id, planned));
    const isKeptWithoutJob =
      facts.state === 'absent' && record?.state === 'reconciled' && facts.effect?.verdict === 'pass';
    const verdict = isKeptWithoutJob ? facts.effect! : jobVerdict(facts);
    const mayMend = facts.state === 'complete' && facts.errors.length === 0;
    if (verdict.verdict === 'pass' || !mayMend || context.clock.now() >= until || context.signal.aborted) {
      if (planned !== undefined)
        context.journal.append({
          type: 'job',
          step: step.id,
          object: identityOf(planned),
          uid: facts.uid,
          verdict: verdict.verdict === 'pass' ? 'passed' : verdict.verdict === 'fail' ? 'failed' : 'unknown',
          text: excerpt(context.redact(verdict.text), 500),
        });
      if (verdict.verdict === 'pass') return undefined;
      return { class: 'check-failed', text: `Job/${wait.name}: ${verdict.text}`, details: verdict.details };
    }
    await context.clock.sleep(context.pace.poll, context.signal);
  }
}

/** Pods of objects that are not ready yet and have failed for good; pods from before the last change do not count. */
async function problemsOf(
  context: RunContext,
  step: PlannedStep,
  pending: readonly PlannedWait[],
): Promise<readonly PodProblem[]> {
  const problems: PodProblem[] = [];
  const patience = { now: context.clock.now(), graceMilliseconds: context.pace.grace, restarts: 3 };
  for (const namespace of new Set(pending.flatMap(wait => wait.namespace ?? []))) {
    const pods = await readObjects(context.kubectl, { apiVersion: 'v1', kind: 'Pod' }, namespace);
    if (!pods.ok) continue;
    for (const wait of pending.filter(candidate => candidate.namespace === namespace)) {
      const planned = step.objects.find(object => object.kind === wait.kind && object.name === wait.name);
      const selector = planned === undefined ? undefined : podSelector(objectContent(planned, context.sources) ?? null);
      if (planned === undefined || selector === undefined) continue;
      const since = changedAt(context, step, planned);
      for (const pod of pods.value)
        if (hasLabels(pod, selector) && createdAt(pod) >= since)
          problems.push(...[podProblem(pod, patience)].flatMap(p => p ?? []));
    }
  }
  return problems;
}

/** When this run last changed an object, with a second for the API server's coarser clock; 0 if it did not. */
function changedAt(context: RunContext, step: PlannedStep, object: PlannedObject): number {
  const key = objectKey(step.id, object);
  const changes = context.journal.entries.filter(
    entry => entry.type === 'result' && entry.outcome === 'configured' && objectKey(entry.step, entry.object) === key,
  );
  const last = changes.at(-1);
  return last === undefined ? 0 : Date.parse(last.time) - 2000;
}

function createdAt(pod: Json): number {
  const created = Date.parse(text(at(pod, 'metadata', 'creationTimestamp')) ?? '');
  return Number.isNaN(created) ? Number.POSITIVE_INFINITY : created;
}

function deadline(context: RunContext, wait: PlannedWait): number {
  return wait.timeoutSeconds * 1000 * context.pace.deadlineFactor;
}

function objectOf(step: PlannedStep, wait: PlannedWait): { readonly object?: PlannedObject } {
  const object = step.objects.find(candidate => candidate.kind === wait.kind && candidate.name === wait.name);
  return object === undefined ? {} : { object };
}
