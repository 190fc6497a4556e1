import { hostname } from 'node:os';
import { identifyCluster, isSameCluster } from '../cluster/identity';
import { type Lease, renewMilliseconds, takeLease } from '../cluster/lease';
import { isProtected, type ProtectionSettings } from '../cluster/protection';
import { readObjects } from '../cluster/read';
import { type ClusterIdentity, journalSchema, type PauseReason, type StepState, type Waiver } from '../journal/entries';
import { type Journal, JournalError, openJournal } from '../journal/journal';
import { acquireLock, isLock, type Lock } from '../journal/lock';
import { interruptedAt, isApplied, objectKey, runState } from '../journal/state';
import { isTransient } from '../kubectl/errors';
import type { Kubectl } from '../kubectl/kubectl';
import { type DeployPlan, objectContent, objectReference, type PlannedStep, plannedSteps } from '../plan/plan';
import type { PlanBlocker, PlanSource } from '../plan/source';
import { createRedactor } from '../redact/redact';
import { secretValues } from '../redact/secrets';
import { applyObjects, lockLost } from './apply';
import { isGood, verifyStep } from './checks';
import { type Clock, defaultPace, excerpt, type Pace, type RunContext, type RunEvent, systemClock } from './context';
import { diagnose, type StepFailure } from './diagnose';
import { diffHash, diffObject, type ObjectDiff, summarize } from './diff';
import { checkGate, createGateMemory, type GateMemory, notStanding } from './gate';
import type { Interaction, StepDecision } from './interaction';
import { clusterLock, createRun, type RunFiles, runFiles, sealOf } from './store';
import { waitForStep } from './wait';

export interface DeployOptions {
  /**
   * Works out the plan from the files as they are now. Asked again before each step, so that an edit under way is
   * noticed and never applied without a new look.
   */
  readonly current: () => { readonly plan: DeployPlan; readonly sources: readonly PlanSource[] };
  readonly kubectl: Kubectl;
  readonly context: string;
  readonly interaction: Interaction;
  /** Where runs are kept, see `defaultStateDirectory`. */
  readonly stateDirectory: string;
  /** Id of a run to go on with; a new run is begun when absent. */
  readonly resume?: string;
  readonly waivers?: readonly Waiver[];
  readonly protection?: ProtectionSettings;
  readonly signal?: AbortSignal;
  readonly killSignal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
  /** Called with the run's id as soon as it has a journal. */
  readonly onRun?: (run: string) => void;
  readonly clock?: Clock;
  readonly pace?: Partial<Pace>;
  /** For the record: who, with what, of which tree. */
  readonly record: {
    readonly tool: string;
    readonly user: string;
    readonly root: string;
    readonly git?: { readonly commit: string; readonly dirty: boolean };
    readonly kubectl: { readonly path: string; readonly version: string };
  };
  /** Called when a journal entry is on the disk; only tests need it. */
  readonly afterWrite?: Parameters<typeof openJournal>[2];
}

/** How a run ended; the text is redacted. */
export interface DeployResult {
  readonly outcome: 'completed' | 'completed-with-waivers' | 'blocked' | 'failed' | 'paused' | 'refused';
  /** The run's id; empty if none was begun. */
  readonly run: string;
  readonly text: string;
  /** Findings and unresolved steps that stand in the way; only for a blocked run. */
  readonly blockers: readonly (PlanBlocker & { readonly step: string })[];
  readonly reason?: PauseReason;
}

/** The exit code of the command line for an outcome. */
export function exitCode(result: DeployResult): number {
  return { completed: 0, 'completed-with-waivers': 0, blocked: 1, failed: 3, paused: 4, refused: 5 }[result.outcome];
}

/**
 * Carries a plan out, step by step: gate, differences, confirmation, apply, wait, verify. Everything is announced in
 * the journal before it happens, so that a run can be gone on with after any interruption.
 */
export async function deploy(options: DeployOptions): Promise<DeployResult> {
  const start = options.current();
  const standing = blockersOf(start.plan, options.waivers ?? []);
  if (standing.length > 0) return blocked('', standing);
  const clock = options.clock ?? systemClock;
  const redact = createRedactor(secretValues(start.sources));

  const identity = await identifyCluster(options.kubectl, options.context);
  if (!identity.ok) return refused('', `The context ${options.context} cannot be used: ${redact(identity.message)}`);
  const files = options.resume === undefined ? undefined : runFiles(options.stateDirectory, options.resume);
  const opened = openRun(options, files, start.plan, identity.value, clock);
  if ('outcome' in opened) return opened;
  const hold = createHold();
  try {
    return await drive(options, opened, start, identity.value, clock, hold);
  } finally {
    await hold.end();
    opened.journal.close();
    for (const lock of opened.locks) lock.release();
  }
}

/** The Lease for as long as a run goes on. It is renewed also while a person thinks about a question. */
interface Hold {
  start(lease: Lease): void;
  /** False once somebody else has the Lease; true where there is none to hold. */
  isHeld(): boolean;
  end(): Promise<void>;
}

function createHold(): Hold {
  let held: Lease | undefined;
  let isHeld = true;
  let timer: NodeJS.Timeout | undefined;
  let renewing: Promise<void> = Promise.resolve();
  return {
    start(lease) {
      held = lease;
      timer = setInterval(() => {
        renewing = lease.renew().then(still => {
          isHeld &&= still;
        });
      }, renewMilliseconds);
      timer.unref();
    },
    isHeld: () => isHeld,
    async end() {
      clearInterval(timer);
      await renewing;
      if (isHeld) await held?.release();
    },
  };
}

interface OpenRun {
  readonly files: RunFiles;
  readonly journal: Journal;
  readonly locks: readonly Lock[];
}

function openRun(
  options: DeployOptions,
  existing: RunFiles | undefined,
  plan: DeployPlan,
  cluster: ClusterIdentity,
  clock: Clock,
): OpenRun | DeployResult {
  const id = existing?.id ?? '';
  const shared = acquireLock(clusterLock(options.stateDirectory, cluster.uid), clock.now);
  if (!isLock(shared)) return refused(id, `Process ${shared.pid} on ${shared.host} is deploying to this cluster.`);
  let own: Lock | undefined;
  try {
    const files = existing ?? createRun(options.stateDirectory, plan, clock.now());
    const lock = acquireLock(files.lock, clock.now);
    if (!isLock(lock)) {
      shared.release();
      return refused(files.id, `Process ${lock.pid} on ${lock.host} drives this run.`);
    }
    own = lock;
    return { files, journal: openJournal(files.journal, clock.now, options.afterWrite), locks: [lock, shared] };
  } catch (error) {
    own?.release();
    shared.release();
    if (error instanceof JournalError || (error as NodeJS.ErrnoException).code === 'ENOENT')
      return refused(id, `The run cannot be opened: ${(error as Error).message}`);
    throw error;
  }
}

type Tree = { readonly plan: DeployPlan; readonly sources: readonly PlanSource[] };

async function drive(
  options: DeployOptions,
  { files, journal, locks }: OpenRun,
  start: Tree,
  cluster: ClusterIdentity,
  clock: Clock,
  hold: Hold,
): Promise<DeployResult> {
  const { record } = options;
  options.onRun?.(files.id);
  const before = runState(journal.entries);
  const isResumed = journal.entries.length > 0;
  if (before.ended !== undefined) return refused(files.id, `The run has ended (${before.ended}).`);
  if (before.cluster !== undefined && !isSameCluster(before.cluster, cluster))
    return pause(journal, files.id, 'cluster-changed', `The context ${options.context} now leads to another cluster.`);
  if (!isResumed || before.planHash !== start.plan.hash)
    journal.append({
      type: 'run',
      schema: journalSchema,
      run: files.id,
      ...record,
      planHash: start.plan.hash,
      waivers: options.waivers ?? [],
    });
  if (isResumed && before.paused === undefined)
    journal.append({ type: 'paused', reason: 'host-died', text: interruptedAt(before, start.plan) });
  if (isResumed) journal.append({ type: 'resumed', user: record.user });

  const signal = options.signal ?? new AbortController().signal;
  const pace = { ...defaultPace, ...options.pace };
  const memory = createGateMemory();
  const contextFor = (tree: Tree): RunContext => ({
    ...tree,
    kubectl: options.kubectl,
    cluster,
    journal,
    redact: createRedactor(secretValues(tree.sources)),
    clock,
    pace,
    signal,
    killSignal: options.killSignal ?? new AbortController().signal,
    emit: event => options.onEvent?.(event),
    seal: sealOf(files),
    renewLock: () => locks.every(lock => lock.renew()) && hold.isHeld(),
  });

  let context = contextFor(start);
  const confirmed = await confirmContext(options, context);
  if (confirmed !== undefined) return finish(journal, files.id, confirmed);
  const me = { user: record.user, host: hostname(), run: files.id };
  const leased = await takeLease(options.kubectl, me, clock.now, (holder, since) =>
    options.interaction.confirmTakeOver({ holder: context.redact(holder), since }),
  );
  if (leased.type === 'taken') return finish(journal, files.id, { type: 'refused', text: context.redact(leased.text) });
  if (leased.type === 'failed')
    return finish(journal, files.id, { type: 'paused', reason: 'lease-lost', text: context.redact(leased.text) }, true);
  if (leased.type === 'without') context.emit({ type: 'log', text: context.redact(leased.text) });
  else hold.start(leased.lease);
  if (before.cluster === undefined)
    journal.append({ type: 'bound', cluster, lease: leased.type === 'held' ? 'held' : 'unavailable' });

  const finished = new Set<string>();
  for (;;) {
    const tree = options.current();
    if (tree.plan.hash !== context.plan.hash) {
      const standing = blockersOf(tree.plan, options.waivers ?? []);
      if (standing.length > 0)
        return {
          ...pause(journal, files.id, 'tree-changed', 'The files have changed and are blocked now.'),
          blockers: standing,
        };
      context = contextFor(tree);
      const again = await confirmContext(options, context);
      if (again !== undefined) return finish(journal, files.id, again.type === 'refused' ? treeChanged : again);
      journal.append({
        type: 'run',
        schema: journalSchema,
        run: files.id,
        ...record,
        planHash: tree.plan.hash,
        waivers: options.waivers ?? [],
      });
    } else context = contextFor(tree);
    const step = plannedSteps(context.plan).find(candidate => !finished.has(candidate.id));
    if (step === undefined) break;
    if (signal.aborted) return pause(journal, files.id, 'cancelled', `Stopped before ${step.title}.`);
    const outcome = await runStep(options, context, step, memory);
    if (outcome.type === 'next') finished.add(step.id);
    else if (outcome.type !== 'again') return finish(journal, files.id, outcome);
  }
  const state = runState(journal.entries);
  const waived = [...state.steps.values()].some(
    entry => entry.state === 'skipped' || (entry.state === 'done' && entry.reason !== undefined),
  );
  const outcome = waived || state.waivers.length > 0 ? 'completed-with-waivers' : 'completed';
  journal.append({ type: 'ended', outcome });
  return { outcome, run: files.id, text: `All ${finished.size} steps are done.`, blockers: [] };
}

const treeChanged = {
  type: 'paused',
  reason: 'tree-changed',
  text: 'The files have changed, and the change was not confirmed.',
} as const;

type Ending =
  | { readonly type: 'failed'; readonly text: string }
  | { readonly type: 'refused'; readonly text: string }
  | { readonly type: 'paused'; readonly reason: PauseReason; readonly text: string };
type StepOutcome = { readonly type: 'next' } | { readonly type: 'again' } | Ending;

async function confirmContext(options: DeployOptions, context: RunContext): Promise<Ending | undefined> {
  const { cluster, plan, pace, clock, signal } = context;
  const protectedCluster = isProtected(cluster.context, cluster.server, options.protection);
  const steps = plannedSteps(plan);
  const typed = await options.interaction.confirmContext({
    cluster,
    isProtected: protectedCluster,
    planHash: plan.hash,
    steps: steps.length,
    objects: steps.reduce((sum, step) => sum + step.objects.length, 0),
  });
  if (typed !== cluster.context) return { type: 'refused', text: `The context ${cluster.context} was not confirmed.` };
  if (protectedCluster) await clock.sleep(pace.secondThoughts, signal);
  return signal.aborted ? { type: 'paused', reason: 'cancelled', text: 'Stopped before the first change.' } : undefined;
}

async function runStep(
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

type Attempt = StepOutcome | { readonly type: 'failed'; readonly failure: StepFailure; readonly mayAccept: boolean };
type FailedAttempt = Extract<Attempt, { readonly failure: StepFailure }>;

async function attemptStep(
  options: DeployOptions,
  context: RunContext,
  step: PlannedStep,
  memory: GateMemory,
): Promise<Exclude<StepOutcome, { readonly type: 'failed' }> | FailedAttempt> {
  const failed = (failure: StepFailure, mayAccept = false): FailedAttempt => ({ type: 'failed', failure, mayAccept });
  setState(context, step, 'gate');
  const problems = await checkGate(context.kubectl, context.plan, step, context.sources, memory);
  const [problem] = problems;
  if (problem !== undefined)
    return failed({ class: problem.class, text: problem.text, details: problems.slice(1).map(other => other.text) });

  // Everything of the step is applied and was confirmed then; only its Jobs, readiness and checks are looked at again.
  const isUnderWay = isUnchanged(context, step);
  setState(context, step, 'diff');
  const diffs = isUnderWay ? [] : await diffStep(context, step);
  const bad = diffs.find(diff => diff.change === 'error' && !diff.object.runOnce);
  if (bad !== undefined) return failed({ class: bad.class ?? 'other', text: bad.message, object: bad.object });

  setState(context, step, 'confirm');
  const question = { step, cluster: context.cluster, diffs, summary: summarize(diffs) };
  const answer: StepDecision = isUnderWay ? { decision: 'apply' } : await options.interaction.confirmStep(question);
  if (answer.decision === 'stop')
    return { type: 'paused', reason: 'needs-confirm', text: `${step.title} was not confirmed.` };
  if (answer.decision === 'skip') {
    setState(context, step, 'skipped', answer.reason);
    return { type: 'next' };
  }
  const takeOver = answer.takeOver ?? [];
  const conflict = diffs.find(diff => diff.change === 'conflict' && !takeOver.includes(objectReference(diff.object)));
  if (conflict !== undefined) return failed({ class: 'conflict', text: conflict.message, object: conflict.object });

  // The person may have taken an hour to answer: what was shown must still be what will happen, and where.
  const now = await identifyCluster(context.kubectl, context.cluster.context, context.cluster);
  if (!now.ok) return failed({ class: now.class, text: now.message });
  if (!isSameCluster(now.value, context.cluster))
    return {
      type: 'paused',
      reason: 'cluster-changed',
      text: `The context ${context.cluster.context} now leads to another cluster.`,
    };
  if (options.current().plan.hash !== context.plan.hash) return { type: 'again' };
  if (!isUnderWay)
    context.journal.append({
      type: 'confirm',
      step: step.id,
      diffHash: diffHash(diffs),
      clusterUid: context.cluster.uid,
      by: options.record.user,
    });

  setState(context, step, 'applying');
  const applied = await applyObjects(context, step, diffs, takeOver, options.interaction);
  if (applied.type === 'paused') return applied;
  if (applied.type === 'failed') return failed(applied.failure);

  setState(context, step, 'waiting');
  const waited = await waitForStep(context, step);
  if (waited.type === 'cancelled')
    return { type: 'paused', reason: 'cancelled', text: `Stopped while ${step.title} was getting ready.` };
  if (waited.type === 'lost') return lockLost;
  if (waited.type === 'failed') return failed(waited.failure, waited.failure.class === 'check-failed');

  setState(context, step, 'verifying');
  const checks = await verifyStep(context, step);
  if (context.signal.aborted && !isGood(checks))
    return { type: 'paused', reason: 'cancelled', text: `Stopped while ${step.title} was being verified.` };
  if (!isGood(checks)) {
    const complaints = checks.filter(check => check.verdict === 'fail' || check.verdict === 'unknown');
    const details = complaints.flatMap(check => [`${check.title}: ${check.text}`, ...check.details]);
    return failed(
      { class: 'check-failed', text: `${step.title} is ready, but its checks do not pass.`, details },
      true,
    );
  }
  setState(context, step, 'done');
  return { type: 'next' };
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

/** What must be settled before anything is changed: findings that were not waived, and steps that are not clear. */
function blockersOf(
  plan: DeployPlan,
  waivers: readonly Waiver[],
): readonly (PlanBlocker & { readonly step: string })[] {
  return plannedSteps(plan).flatMap(step => {
    const standing = step.blockedBy
      .filter(
        blocker =>
          !waivers.some(
            waiver => waiver.step === step.id && waiver.rule === blocker.rule && waiver.reason.trim() !== '',
          ),
      )
      .map(blocker => ({ ...blocker, step: step.id }));
    if (step.resolution === 'ambiguous')
      return [
        ...standing,
        { step: step.id, rule: 'step-ambiguous', file: step.checklistPath, line: 1, message: step.reason },
      ];
    return standing;
  });
}

function finish(journal: Journal, run: string, ending: Ending, isOurs = false): DeployResult {
  // The journal belongs to whoever has the lock now.
  if (ending.type === 'paused' && ending.reason === 'lease-lost' && !isOurs)
    return { outcome: 'paused', run, text: ending.text, blockers: [], reason: ending.reason };
  if (ending.type === 'paused') return pause(journal, run, ending.reason, ending.text);
  if (ending.type === 'refused') {
    journal.append({ type: 'paused', reason: 'needs-confirm', text: excerpt(ending.text, 1000) });
    return refused(run, ending.text);
  }
  journal.append({ type: 'paused', reason: 'failed', text: excerpt(ending.text, 1000) });
  return { outcome: 'failed', run, text: ending.text, blockers: [], reason: 'failed' };
}

function pause(journal: Journal, run: string, reason: PauseReason, text: string): DeployResult {
  journal.append({ type: 'paused', reason, text: excerpt(text, 1000) });
  return { outcome: 'paused', run, text, blockers: [], reason };
}

function refused(run: string, text: string): DeployResult {
  return { outcome: 'refused', run, text, blockers: [] };
}

function blocked(run: string, blockers: DeployResult['blockers']): DeployResult {
  const steps = new Set(blockers.map(blocker => blocker.step));
  return { outcome: 'blocked', run, text: `${blockers.length} findings block ${[...steps].join(', ')}.`, blockers };
}
