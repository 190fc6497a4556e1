import { hostname } from 'node:os';
import { identifyCluster, isSameCluster } from '../cluster/identity';
import { takeLease } from '../cluster/lease';
import { isProtected } from '../cluster/protection';
import { type ClusterIdentity, journalSchema, type Waiver } from '../journal/entries';
import { type Journal, JournalError, openJournal } from '../journal/journal';
import { acquireLock, isLock, type Lock } from '../journal/lock';
import { interruptedAt, type RunState, runState } from '../journal/state';
import { type DeployPlan, plannedSteps } from '../plan/plan';
import type { PlanBlocker, PlanSource } from '../plan/source';
import { createRedactor } from '../redact/redact';
import { secretValues } from '../redact/secrets';
import { type Clock, defaultPace, type RunContext, systemClock } from './context';
import { createGateMemory } from './gate';
import { createHold, type Hold } from './hold';
import type { DeployOptions } from './options';
import { blocked, type DeployResult, type Ending, finish, pause, refused } from './result';
import { runStep } from './step';
import { clusterLock, createRun, type RunFiles, runFiles, sealOf } from './store';

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
  const run = openRun(options, files, start.plan, identity.value, clock);
  if ('outcome' in run) return run;
  try {
    return await drive(options, run, start);
  } finally {
    await run.hold.end();
    run.journal.close();
    for (const lock of run.locks) lock.release();
  }
}

/** A run that nobody else drives, and that no other run of its cluster stands beside. */
interface OpenRun {
  readonly files: RunFiles;
  readonly journal: Journal;
  readonly locks: readonly Lock[];
  readonly hold: Hold;
  readonly cluster: ClusterIdentity;
  readonly clock: Clock;
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
    const journal = openJournal(files.journal, clock.now, options.afterWrite);
    return { files, journal, locks: [lock, shared], hold: createHold(), cluster, clock };
  } catch (error) {
    own?.release();
    shared.release();
    if (error instanceof JournalError || (error as NodeJS.ErrnoException).code === 'ENOENT')
      return refused(id, `The run cannot be opened: ${(error as Error).message}`);
    throw error;
  }
}

type Tree = { readonly plan: DeployPlan; readonly sources: readonly PlanSource[] };

async function drive(options: DeployOptions, run: OpenRun, start: Tree): Promise<DeployResult> {
  const { files, journal, cluster } = run;
  options.onRun?.(files.id);
  const before = runState(journal.entries);
  if (before.ended !== undefined) return refused(files.id, `The run has ended (${before.ended}).`);
  if (before.cluster !== undefined && !isSameCluster(before.cluster, cluster))
    return pause(journal, files.id, 'cluster-changed', `The context ${options.context} now leads to another cluster.`);
  recordStart(options, run, before, start.plan);
  const contextFor = createContexts(options, run);
  const context = contextFor(start);
  const unconfirmed = await confirmContext(options, context);
  if (unconfirmed !== undefined) return finish(journal, files.id, unconfirmed);
  const unbound = await bind(options, run, before, context);
  if (unbound !== undefined) return unbound;
  return runSteps(options, run, context, contextFor);
}

/** Says in the journal what begins, or goes on, with which plan. */
function recordStart(options: DeployOptions, run: OpenRun, before: RunState, plan: DeployPlan): void {
  const { journal } = run;
  const isResumed = journal.entries.length > 0;
  if (!isResumed || before.planHash !== plan.hash) recordPlan(options, run, plan);
  if (isResumed && before.paused === undefined)
    journal.append({ type: 'paused', reason: 'host-died', text: interruptedAt(before, plan) });
  if (isResumed) journal.append({ type: 'resumed', user: options.record.user });
}

function recordPlan({ record, waivers = [] }: DeployOptions, { files, journal }: OpenRun, plan: DeployPlan): void {
  journal.append({ type: 'run', schema: journalSchema, run: files.id, ...record, planHash: plan.hash, waivers });
}

/** What the steps of a run work with, for the files as they are at a time. */
function createContexts(options: DeployOptions, run: OpenRun): (tree: Tree) => RunContext {
  const { files, journal, locks, hold, cluster, clock } = run;
  const signal = options.signal ?? new AbortController().signal;
  const killSignal = options.killSignal ?? new AbortController().signal;
  const pace = { ...defaultPace, ...options.pace };
  return tree => ({
    ...tree,
    kubectl: options.kubectl,
    cluster,
    journal,
    redact: createRedactor(secretValues(tree.sources)),
    clock,
    pace,
    signal,
    killSignal,
    emit: event => options.onEvent?.(event),
    seal: sealOf(files),
    renewLock: () => locks.every(lock => lock.renew()) && hold.isHeld(),
  });
}

/** Takes the Lease in the cluster and ties the run to the cluster; the result where that is not possible. */
async function bind(
  options: DeployOptions,
  { files, journal, hold, cluster, clock }: OpenRun,
  before: RunState,
  { redact, emit }: RunContext,
): Promise<DeployResult | undefined> {
  const me = { user: options.record.user, host: hostname(), run: files.id };
  const leased = await takeLease(options.kubectl, me, clock.now, (holder, since) =>
    options.interaction.confirmTakeOver({ holder: redact(holder), since }),
  );
  if (leased.type === 'taken') return finish(journal, files.id, { type: 'refused', text: redact(leased.text) });
  // The locks of this machine are held, so the journal is ours to write.
  if (leased.type === 'failed') return pause(journal, files.id, 'lease-lost', redact(leased.text));
  if (leased.type === 'without') emit({ type: 'log', text: redact(leased.text) });
  else hold.start(leased.lease);
  if (before.cluster === undefined)
    journal.append({ type: 'bound', cluster, lease: leased.type === 'held' ? 'held' : 'unavailable' });
  return undefined;
}

/** Runs one step after the other, with the files as they are before each. */
async function runSteps(
  options: DeployOptions,
  run: OpenRun,
  start: RunContext,
  contextFor: (tree: Tree) => RunContext,
): Promise<DeployResult> {
  const { files, journal } = run;
  const memory = createGateMemory();
  const finished = new Set<string>();
  for (let context = start; ; ) {
    const tree = options.current();
    const isChanged = tree.plan.hash !== context.plan.hash;
    context = contextFor(tree);
    const refusal = isChanged ? await acceptChange(options, run, context) : undefined;
    if (refusal !== undefined) return refusal;
    const step = plannedSteps(context.plan).find(candidate => !finished.has(candidate.id));
    if (step === undefined) return complete(run, finished.size);
    if (context.signal.aborted) return pause(journal, files.id, 'cancelled', `Stopped before ${step.title}.`);
    const outcome = await runStep(options, context, step, memory);
    if (outcome.type === 'next') finished.add(step.id);
    else if (outcome.type !== 'again') return finish(journal, files.id, outcome);
  }
}

/** Asks again for files that have changed under way; the result where the run cannot go on with them. */
async function acceptChange(
  options: DeployOptions,
  run: OpenRun,
  context: RunContext,
): Promise<DeployResult | undefined> {
  const { files, journal } = run;
  const standing = blockersOf(context.plan, options.waivers ?? []);
  if (standing.length > 0)
    return {
      ...pause(journal, files.id, 'tree-changed', 'The files have changed and are blocked now.'),
      blockers: standing,
    };
  const again = await confirmContext(options, context);
  if (again !== undefined) return finish(journal, files.id, again.type === 'refused' ? treeChanged : again);
  recordPlan(options, run, context.plan);
  return undefined;
}

function complete({ files, journal }: OpenRun, steps: number): DeployResult {
  const state = runState(journal.entries);
  const isWaived = [...state.steps.values()].some(
    entry => entry.state === 'skipped' || (entry.state === 'done' && entry.reason !== undefined),
  );
  const outcome = isWaived || state.waivers.length > 0 ? 'completed-with-waivers' : 'completed';
  journal.append({ type: 'ended', outcome });
  return { outcome, run: files.id, text: `All ${steps} steps are done.`, blockers: [] };
}

const treeChanged = {
  type: 'paused',
  reason: 'tree-changed',
  text: 'The files have changed, and the change was not confirmed.',
} as const;

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
