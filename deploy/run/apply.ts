import { failure as failureOf, identityOutput, parseIdentity, readIdentity, resourceArgument } from '../cluster/read';
import type { ErrorClass, ObjectOutcome, PauseReason } from '../journal/entries';
import { isApplied, objectKey, runState } from '../journal/state';
import { isTransient } from '../kubectl/errors';
import { isObjectName } from '../kubectl/kubectl';
import { applyArguments } from '../plan/commands';
import { objectContent, objectReference, type PlannedObject, type PlannedStep } from '../plan/plan';
import type { Json } from '../plan/source';
import { type JobFacts, jobFacts, jobVerdict } from '../verify/job-checks';
import { checkContextOf } from './checks';
import { excerpt, identityOf, type RunContext } from './context';
import type { StepFailure } from './diagnose';
import { diffObject, type ObjectDiff } from './diff';
import type { Interaction } from './interaction';

/** How applying the objects of a step ended. */
export type ApplyOutcome =
  | { readonly type: 'applied' }
  | { readonly type: 'failed'; readonly failure: StepFailure }
  | { readonly type: 'paused'; readonly reason: PauseReason; readonly text: string };

/**
 * Applies the objects of a step, one call an object, and stops at the first that fails. What the journal says to be
 * in the cluster is left alone; what is in doubt is compared first; and a Job is never started twice without asking.
 */
export async function applyObjects(
  context: RunContext,
  step: PlannedStep,
  diffs: readonly ObjectDiff[],
  takeOver: readonly string[],
  interaction: Interaction,
): Promise<ApplyOutcome> {
  for (const [index, object] of step.objects.entries()) {
    if (context.signal.aborted)
      return { type: 'paused', reason: 'cancelled', text: `Stopped before ${object.kind}/${object.name}.` };
    if (!context.renewLock()) return lockLost;
    const content = objectContent(object, context.sources);
    if (content === undefined) return { type: 'paused', reason: 'tree-changed', text: `${object.file} has changed.` };
    const diff = diffs.find(candidate => candidate.object === object);
    const force = takeOver.includes(objectReference(object));
    const outcome =
      object.kind === 'Job'
        ? await applyJob(context, step, object, content, interaction)
        : object.runOnce
          ? await applyOnce(context, step, object, content, interaction)
          : await applyObject(context, step, object, content, diff, force);
    if (outcome.type !== 'applied') return outcome;
    const state = runState(context.journal.entries).objects.get(objectKey(step.id, object))?.state ?? 'planned';
    context.emit({ type: 'object', step: step.id, object, state, done: index + 1, of: step.objects.length });
  }
  return { type: 'applied' };
}

/** A process that has lost its lock changes nothing anymore, neither in the cluster nor in the journal. */
export const lockLost = {
  type: 'paused',
  reason: 'lease-lost',
  text: 'Another process has taken over this run.',
} as const;

async function applyObject(
  context: RunContext,
  step: PlannedStep,
  object: PlannedObject,
  content: Json,
  diff: ObjectDiff | undefined,
  force: boolean,
): Promise<ApplyOutcome> {
  const seal = context.seal(JSON.stringify(content));
  const record = runState(context.journal.entries).objects.get(objectKey(step.id, object));
  if (isApplied(record) && record?.content === seal) return { type: 'applied' };
  if ((record?.state === 'inFlight' || record?.state === 'unknown') && diff?.change === 'same') {
    note(context, step, object, 'reconciled', seal, diff.live);
    return { type: 'applied' };
  }
  let known = diff;
  for (let attempt = 0; ; attempt++) {
    const result = await attemptApply(context, step, object, content, seal, known, force);
    if (result === 'applied') return { type: 'applied' };
    if (result.interrupted && context.killSignal.aborted)
      return {
        type: 'paused',
        reason: 'cancelled',
        text: `${object.kind}/${object.name} was interrupted; its state is unknown.`,
      };
    if (result.class === 'unauthorized')
      return { type: 'paused', reason: 'auth-expired', text: context.redact(result.message) };
    const backoff = context.pace.backoff[attempt];
    if (!isTransient(result.class) || backoff === undefined || context.signal.aborted)
      return { type: 'failed', failure: { class: result.class, text: result.message, object } };
    await context.clock.sleep(backoff, context.signal);
    // The server may have carried the request out although its answer was lost.
    known = await diffObject(context.kubectl, object, context.plan.namespace, context.sources, context.redact);
    if (known.change === 'same') {
      note(context, step, object, 'reconciled', seal, known.live);
      return { type: 'applied' };
    }
  }
}

/** A Job is applied only where nothing suggests that it has run already. */
async function applyJob(
  context: RunContext,
  step: PlannedStep,
  object: PlannedObject,
  content: Json,
  interaction: Interaction,
): Promise<ApplyOutcome> {
  const namespace = object.namespace ?? context.plan.namespace;
  const record = runState(context.journal.entries).objects.get(objectKey(step.id, object));
  const facts = await jobFacts(checkContextOf(context), { name: object.name, namespace });
  if (typeof facts === 'string') return { type: 'failed', failure: { class: 'other', text: facts, object } };
  const seal = context.seal(JSON.stringify(content));
  const inDoubt = record?.state === 'inFlight' || record?.state === 'unknown';
  if (facts.exists && facts.state !== 'failed' && inDoubt) {
    note(context, step, object, 'reconciled', seal, { uid: facts.uid });
    return { type: 'applied' };
  }
  if (facts.exists && facts.state !== 'failed' && isApplied(record) && record?.content === seal)
    return { type: 'applied' };

  const reason = whyAsk(facts, record?.state, isApplied(record) && record?.content !== seal);
  if (reason !== undefined) {
    const answer = await interaction.confirmRunOnce({
      step,
      object,
      reason,
      facts: describeFacts(facts).map(context.redact),
    });
    if (answer === 'stop') return { type: 'paused', reason: 'needs-confirm', text: reason };
    if (answer === 'keep') {
      note(context, step, object, facts.exists ? 'unchanged' : 'reconciled', seal, { uid: facts.uid });
      return { type: 'applied' };
    }
    const deleted = facts.exists ? await deleteJob(context, step, object, namespace) : undefined;
    if (deleted !== undefined) return { type: 'failed', failure: { ...deleted, object } };
  }
  const result = await attemptApply(context, step, object, content, seal, undefined, false);
  if (result === 'applied') return { type: 'applied' };
  if (result.interrupted && context.killSignal.aborted)
    return { type: 'paused', reason: 'cancelled', text: `Job/${object.name} was interrupted; its state is unknown.` };
  if (result.class === 'unauthorized')
    return { type: 'paused', reason: 'auth-expired', text: context.redact(result.message) };
  return { type: 'failed', failure: { class: result.class, text: result.message, object } };
}

/** What the settings call run-once and is no Job: it is applied where it is not, and else only when a person says so. */
async function applyOnce(
  context: RunContext,
  step: PlannedStep,
  object: PlannedObject,
  content: Json,
  interaction: Interaction,
): Promise<ApplyOutcome> {
  const seal = context.seal(JSON.stringify(content));
  const record = runState(context.journal.entries).objects.get(objectKey(step.id, object));
  const live = await readIdentity(context.kubectl, object);
  if (!live.ok) return { type: 'failed', failure: { class: live.class, text: live.message, object } };
  if (live.value !== undefined && isApplied(record)) return { type: 'applied' };
  if (live.value !== undefined && (record?.state === 'inFlight' || record?.state === 'unknown')) {
    note(context, step, object, 'reconciled', seal, live.value);
    return { type: 'applied' };
  }
  const wasApplied = record !== undefined && record.state !== 'failed' && record.state !== 'planned';
  if (live.value !== undefined || wasApplied) {
    const reason =
      live.value === undefined
        ? 'The object was applied before, or may have been, and is not there now. Applying it runs it AGAIN.'
        : 'The object exists already and was not applied by this run.';
    const answer = await interaction.confirmRunOnce({ step, object, reason, facts: [] });
    if (answer === 'stop') return { type: 'paused', reason: 'needs-confirm', text: reason };
    if (answer === 'keep') {
      note(context, step, object, live.value === undefined ? 'reconciled' : 'unchanged', seal, live.value);
      return { type: 'applied' };
    }
  }
  const result = await attemptApply(context, step, object, content, seal, undefined, false);
  if (result === 'applied') return { type: 'applied' };
  if (result.class === 'unauthorized')
    return { type: 'paused', reason: 'auth-expired', text: context.redact(result.message) };
  return { type: 'failed', failure: { class: result.class, text: result.message, object } };
}

function whyAsk(facts: JobFacts, state: string | undefined, changed: boolean): string | undefined {
  if (facts.exists && facts.state === 'failed')
    return 'The Job has run and failed. Running it again means deleting it first.';
  if (facts.exists && changed)
    return 'The Job has run, and its manifest has changed since. Running it again means deleting it first.';
  if (facts.exists) return 'The Job exists already and was not started by this run.';
  if (state === 'inFlight' || state === 'unknown')
    return 'An earlier attempt was interrupted, and the Job is not there now.';
  if (state !== undefined && state !== 'failed' && state !== 'planned')
    return 'The Job has run and is gone. Applying it runs it AGAIN.';
  if (facts.effect?.verdict === 'pass') return 'The Job is not there, but what it is for is already done.';
  return undefined;
}

function describeFacts(facts: JobFacts): readonly string[] {
  const verdict = jobVerdict(facts);
  return [
    facts.exists ? `The Job exists and is ${facts.state}.` : 'The Job does not exist.',
    ...(facts.errors.length > 0 ? [`Its log has ${facts.errors.length} lines with errors.`] : []),
    ...(facts.effect === undefined ? [] : [facts.effect.text]),
    ...(facts.exists ? [verdict.text] : []),
  ];
}

interface Attempt {
  readonly class: ErrorClass;
  readonly message: string;
  readonly interrupted: boolean;
}

async function attemptApply(
  context: RunContext,
  step: PlannedStep,
  object: PlannedObject,
  content: Json,
  seal: string,
  diff: ObjectDiff | undefined,
  force: boolean,
): Promise<'applied' | Attempt> {
  const identity = identityOf(object);
  context.journal.append({ type: 'intent', step: step.id, operation: 'apply', object: identity, content: seal });
  const result = await context.kubectl({
    args: [
      ...applyArguments(object.namespace ?? context.plan.namespace),
      ...(force ? ['--force-conflicts'] : []),
      identityOutput,
    ],
    input: JSON.stringify(content),
    signal: context.killSignal,
  });
  if (result.code === 0) {
    const now = parseIdentity(result.stdout);
    const before = diff?.live;
    const outcome =
      before === undefined ? 'created' : before.resourceVersion === now?.resourceVersion ? 'unchanged' : 'configured';
    note(context, step, object, outcome, seal, now);
    return 'applied';
  }
  const failure = failureOf(result);
  // Without an answer of the server nobody knows whether it has carried the request out.
  const inDoubt =
    result.interrupted ||
    (failure.class === 'transient' && !/\((TooManyRequests|ServiceUnavailable)\)/.test(failure.message));
  context.journal.append({
    type: 'result',
    step: step.id,
    operation: 'apply',
    object: identity,
    outcome: inDoubt ? 'unknown' : 'failed',
    class: failure.class,
    ...(failure.code === undefined ? {} : { code: failure.code }),
    stderr: excerpt(context.redact(failure.message)),
  });
  return { class: failure.class, message: failure.message, interrupted: result.interrupted };
}

/** Deletes a Job that a person wants to run again; the one thing a run ever deletes, and only when told to. */
async function deleteJob(
  context: RunContext,
  step: PlannedStep,
  object: PlannedObject,
  namespace: string,
): Promise<StepFailure | undefined> {
  if (!isObjectName(object.name)) return { class: 'invalid', text: 'The Job has an odd name.' };
  const identity = identityOf(object);
  context.journal.append({ type: 'intent', step: step.id, operation: 'delete', object: identity, content: '' });
  const result = await context.kubectl({
    args: [
      'delete',
      resourceArgument(object.apiVersion, object.kind),
      object.name,
      `--namespace=${namespace}`,
      '--wait=true',
      '--timeout=60s',
    ],
    signal: context.killSignal,
  });
  if (result.code === 0) {
    context.journal.append({
      type: 'result',
      step: step.id,
      operation: 'delete',
      object: identity,
      outcome: 'deleted',
    });
    return undefined;
  }
  const { class: errorClass, message } = failureOf(result);
  context.journal.append({
    type: 'result',
    step: step.id,
    operation: 'delete',
    object: identity,
    outcome: 'failed',
    class: errorClass,
  });
  return { class: errorClass, text: message };
}

function note(
  context: RunContext,
  step: PlannedStep,
  object: PlannedObject,
  outcome: ObjectOutcome,
  content: string,
  live: { readonly uid: string; readonly resourceVersion?: string; readonly generation?: string } | undefined,
): void {
  context.journal.append({
    type: 'result',
    step: step.id,
    operation: 'apply',
    object: identityOf(object),
    outcome,
    content,
    code: 0,
    ...(live === undefined ? {} : live),
  });
}
