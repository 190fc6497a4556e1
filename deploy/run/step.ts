import { identifyCluster, isSameCluster } from '../cluster/identity';
import { readObjects } from '../cluster/read';
import type { StepState } from '../journal/entries';
import { isApplied, objectKey, runState } from '../journal/state';
import { isTransient } from '../kubectl/errors';
import { objectContent, objectReference, type PlannedStep } from '../plan/plan';
import { applyObjects, lockLost } from './apply';
import { isGood, verifyStep } from './checks';
import { excerpt, type RunContext } from './context';
import { diagnose, type StepFailure } from './diagnose';
import { diffHash, diffObject, type ObjectDiff, summarize } from './diff';
import { checkGate, type GateMemory, notStanding } from './gate';
import type { StepDecision } from './interaction';
import type { DeployOptions } from './options';
import type { Ending } from './result';
import { waitForStep } from './wait';

/** What a step ends with: the next one, another attempt with the files as they are then, or the end of the run. */
type StepOutcome = { readonly type: 'next' } | { readonly type: 'again' } | Ending;

/** Takes a step from its gate to its last check, and asks what is to become of a failure. */
export async function runStep(
  options: DeployOptions,
  context: RunContext,
  step: PlannedStep,
  memory: GateMemory,
): Promise<StepOutcome> {
  const { interaction } = options;
  const record = runState(context.journal.entries).steps.get(step.id);
  if (record?.state === 'skipped') return { type: 'next' };
  if (step.byHand !== undefined) return waitForOther(context, step, step.byHand);
  if (step.resolution === 'absent' || step.objects.length === 0) {
    setState(context, step, 'absent', step.reason);
    const answer = await interaction.skipAbsent(step);
    if (answer.decision === 'stop')
      return { type: 'paused', reason: 'needs-confirm', text: `${step.title}: ${step.reason}` };
    setState(context, step, 'skipped', answer.reason);
    return { type: 'next' };
  }
  if (
    record?.state === 'done' &&
    isUnchanged(context, step) &&
    (await notStanding(context.kubectl, step)) === undefined
  )
    return { type: 'next' };

  const failure = await attemptStep(options, context, step, memory);
  if (failure.type !== 'failed') return failure;
  if (failure.failure.class === 'unauthorized')
    return { type: 'paused', reason: 'auth-expired', text: context.redact(failure.failure.text) };
  const diagnosis = await diagnose(context, step, failure.failure);
  setState(context, step, 'failed', excerpt(diagnosis.text, 1000));
  const answer = await interaction.afterFailure({ step, diagnosis, mayAccept: failure.mayAccept });
  switch (answer.decision) {
    case 'retry':
      return { type: 'again' };
    case 'skip':
      setState(context, step, 'skipped', answer.reason);
      return { type: 'next' };
    case 'accept':
      if (!failure.mayAccept) return { type: 'failed', text: diagnosis.text };
      setState(context, step, 'done', `accepted: ${answer.reason}`);
      return { type: 'next' };
    case 'stop':
      return { type: 'failed', text: `${step.title}: ${diagnosis.text}` };
  }
}

/**
 * A step that another program carries out. It is done when everything it names is there and as wanted; until then the
 * run pauses with the command, and goes on when it is resumed.
 */
async function waitForOther(context: RunContext, step: PlannedStep, command: string): Promise<StepOutcome> {
  const run = `${step.title} is carried out by hand. Run ${command}, then resume.`;
  if (step.waits.length === 0)
    return { type: 'failed', text: `${step.title} names nothing to wait for, so nobody can tell when it is done.` };
  setState(context, step, 'gate');
  const standing = await notStanding(context.kubectl, step);
  if (standing !== undefined && standing.class !== 'not-ready')
    return { type: 'failed', text: context.redact(`${step.title}: ${standing.text}`) };
  if (standing !== undefined && (await isMissing(context, step)))
    return { type: 'paused', reason: 'needs-confirm', text: run };
  setState(context, step, 'waiting');
  const waited = await waitForStep(context, step);
  if (waited.type === 'cancelled')
    return { type: 'paused', reason: 'cancelled', text: `Stopped while ${step.title} was getting ready.` };
  if (waited.type === 'lost') return lockLost;
  if (waited.type === 'failed') {
    const diagnosis = await diagnose(context, step, waited.failure);
    setState(context, step, 'failed', excerpt(diagnosis.text, 1000));
    return { type: 'failed', text: `${step.title}: ${diagnosis.text}` };
  }
  setState(context, step, 'done');
  return { type: 'next' };
}

/** Whether something that a step waits for does not exist at all. */
async function isMissing(context: RunContext, step: PlannedStep): Promise<boolean> {
  for (const wait of step.waits) {
    const live = await readObjects(context.kubectl, wait, wait.namespace, [wait.name]);
    if (!live.ok || live.value.length === 0) return true;
  }
  return false;
}

/** What one attempt of a step ends with: the outcome of the step, or a failure to ask about. */
type Attempt =
  | Exclude<StepOutcome, { readonly type: 'failed' }>
  | { readonly type: 'failed'; readonly failure: StepFailure; readonly mayAccept: boolean };

async function attemptStep(
  options: DeployOptions,
  context: RunContext,
  step: PlannedStep,
  memory: GateMemory,
): Promise<Attempt> {
  setState(context, step, 'gate');
  const [problem, ...others] = await checkGate(context.kubectl, context.plan, step, context.sources, memory);
  if (problem !== undefined)
    return failed({ class: problem.class, text: problem.text, details: others.map(other => other.text) });

  // Everything of the step is applied and was confirmed then; only its Jobs, readiness and checks are looked at again.
  const isUnderWay = isUnchanged(context, step);
  setState(context, step, 'diff');
  const diffs = isUnderWay ? [] : await diffStep(context, step);
  const bad = diffs.find(diff => diff.change === 'error' && !diff.object.runOnce);
  if (bad !== undefined) return failed({ class: bad.class ?? 'other', text: bad.message, object: bad.object });

  setState(context, step, 'confirm');
  const confirmed = isUnderWay ? { takeOver: [] } : await confirm(options, context, step, diffs);
  if ('type' in confirmed) return confirmed;
  const changed = await changedMeanwhile(options, context);
  if (changed !== undefined) return changed;
  if (!isUnderWay)
    context.journal.append({
      type: 'confirm',
      step: step.id,
      diffHash: diffHash(diffs),
      clusterUid: context.cluster.uid,
      by: options.record.user,
    });

  setState(context, step, 'applying');
  const applied = await applyObjects(context, step, diffs, confirmed.takeOver, options.interaction);
  if (applied.type === 'paused') return applied;
  if (applied.type === 'failed') return failed(applied.failure);
  return settle(context, step);
}

function failed(failure: StepFailure): Attempt {
  return { type: 'failed', failure, mayAccept: false };
}

/** Asks for a step; answers with the objects whose fields are taken over from others. */
async function confirm(
  options: DeployOptions,
  context: RunContext,
  step: PlannedStep,
  diffs: readonly ObjectDiff[],
): Promise<{ readonly takeOver: readonly string[] } | Attempt> {
  const question = { step, cluster: context.cluster, diffs, summary: summarize(diffs) };
  const answer: StepDecision = await options.interaction.confirmStep(question);
  if (answer.decision === 'stop')
    return { type: 'paused', reason: 'needs-confirm', text: `${step.title} was not confirmed.` };
  if (answer.decision === 'skip') {
    setState(context, step, 'skipped', answer.reason);
    return { type: 'next' };
  }
  const takeOver = answer.takeOver ?? [];
  const conflict = diffs.find(diff => diff.change === 'conflict' && !takeOver.includes(objectReference(diff.object)));
  return conflict ? failed({ class: 'conflict', text: conflict.message, object: conflict.object }) : { takeOver };
}

/** The person may have taken an hour to answer: what was shown must still be what will happen, and where. */
async function changedMeanwhile(options: DeployOptions, context: RunContext): Promise<Attempt | undefined> {
  const now = await identifyCluster(context.kubectl, context.cluster.context, context.cluster);
  if (!now.ok) return failed({ class: now.class, text: now.message });
  if (!isSameCluster(now.value, context.cluster))
    return {
      type: 'paused',
      reason: 'cluster-changed',
      text: `The context ${context.cluster.context} now leads to another cluster.`,
    };
  return options.current().plan.hash === context.plan.hash ? undefined : { type: 'again' };
}

/** Waits for what was applied, and checks it. */
async function settle(context: RunContext, step: PlannedStep): Promise<Attempt> {
  setState(context, step, 'waiting');
  const waited = await waitForStep(context, step);
  if (waited.type === 'cancelled')
    return { type: 'paused', reason: 'cancelled', text: `Stopped while ${step.title} was getting ready.` };
  if (waited.type === 'lost') return lockLost;
  if (waited.type === 'failed') return { ...waited, mayAccept: waited.failure.class === 'check-failed' };

  setState(context, step, 'verifying');
  const checks = await verifyStep(context, step);
  if (isGood(checks)) {
    setState(context, step, 'done');
    return { type: 'next' };
  }
  if (context.signal.aborted)
    return { type: 'paused', reason: 'cancelled', text: `Stopped while ${step.title} was being verified.` };
  const complaints = checks.filter(check => check.verdict === 'fail' || check.verdict === 'unknown');
  const details = complaints.flatMap(check => [`${check.title}: ${check.text}`, ...check.details]);
  return {
    type: 'failed',
    failure: { class: 'check-failed', text: `${step.title} is ready, but its checks do not pass.`, details },
    mayAccept: true,
  };
}

/** Faults that may pass are given time; everything else is an answer. */
async function diffStep(context: RunContext, step: PlannedStep): Promise<readonly ObjectDiff[]> {
  const diffs: ObjectDiff[] = new Array(step.objects.length);
  const queue = step.objects.map((object, index) => ({ object, index }));
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      for (const backoff of [...context.pace.backoff, undefined]) {
        const diff = await diffObject(
          context.kubectl,
          next.object,
          context.plan.namespace,
          context.sources,
          context.redact,
        );
        diffs[next.index] = diff;
        if (backoff === undefined || diff.class === undefined || !isTransient(diff.class) || context.signal.aborted)
          break;
        await context.clock.sleep(backoff, context.signal);
      }
    }
  };
  await Promise.all(Array.from({ length: parallelDiffs }, work));
  return diffs;
}

/** Reading may go on side by side; only changes are made one at a time. */
const parallelDiffs = 4;

function isUnchanged(context: RunContext, step: PlannedStep): boolean {
  const { objects } = runState(context.journal.entries);
  return step.objects.every(object => {
    const recorded = objects.get(objectKey(step.id, object));
    const content = objectContent(object, context.sources);
    return isApplied(recorded) && content !== undefined && recorded?.content === context.seal(JSON.stringify(content));
  });
}

function setState(context: RunContext, step: PlannedStep, state: StepState, reason?: string): void {
  const safe = reason === undefined ? {} : { reason: context.redact(reason) };
  context.journal.append({ type: 'step', step: step.id, state, ...safe });
  context.emit({ type: 'step', step: step.id, state, ...safe });
}
