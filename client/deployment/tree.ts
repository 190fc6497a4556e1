import type { JournalEntry, PauseReason, StepState } from '../../deploy/journal/entries';
import {
  interruptedAt,
  isApplied,
  type ObjectState,
  objectKey,
  type RunState,
  runState,
} from '../../deploy/journal/state';
import { type DeployPlan, type PlannedPhase, type PlannedStep, plannedSteps } from '../../deploy/plan/plan';
import type { LiveResults } from '../../deploy/run/results';

/** How something stands, for an icon and a colour; words tell the same to those who see neither. */
export type NodeState = 'pending' | 'active' | 'done' | 'warning' | 'failed' | 'paused' | 'skipped' | 'unknown';

/** A line of the view. The ids stay the same while a run goes on. */
export interface DeploymentNode {
  readonly id: string;
  readonly level: 'run' | 'phase' | 'step' | 'object' | 'checks' | 'check';
  readonly title: string;
  readonly state: NodeState;
  /** Short, beside the title. */
  readonly description: string;
  /** Whole sentences about it. */
  readonly explanation: string;
  readonly children: readonly DeploymentNode[];
  readonly isExpanded: boolean;
  /** What may be done with it, the last part of its context value. */
  readonly kind: string;
  /** The manifest, relative to the root, with a one-based line. */
  readonly place?: { readonly root: string; readonly file: string; readonly line: number };
  readonly run?: string;
  readonly step?: string;
}

/** A run as the disk tells it, and what its process has said last if it is alive. */
export interface RunSnapshot {
  readonly plan: DeployPlan;
  readonly entries: readonly JournalEntry[];
  readonly isRunning: boolean;
  readonly live: { readonly step: string; readonly text: string } | undefined;
  /** The step whose failure waits for an answer, if any. */
  readonly asked: string | undefined;
}

/**
 * A run as a tree of phases, steps and objects.
 *
 * @param now milliseconds since the epoch, for what still goes on
 * @param isLatest only the latest run of a tree is unfolded
 */
export function runNode(snapshot: RunSnapshot, now: number, isLatest: boolean): DeploymentNode {
  const { plan, entries, isRunning } = snapshot;
  const state = runState(entries);
  const standing = standingOf(state, plan, isRunning, snapshot.asked !== undefined);
  const phases = plan.phases.map(phase => phaseNode(phase, snapshot, state, now));
  const steps = plannedSteps(plan);
  const settled = steps.filter(step => isSettled(state.steps.get(step.id)?.state)).length;
  const started = Date.parse(entries[0]?.time ?? '');
  const time = duration((isRunning ? now : Date.parse(entries.at(-1)?.time ?? '')) - started);
  const cluster = state.cluster === undefined ? 'no cluster yet' : state.cluster.context;
  const progress = `${settled} of ${steps.length} steps`;
  return {
    id: `run:${state.run}`,
    level: 'run',
    title: cluster,
    state: standing.state,
    description: [standing.word, progress, time].join(', '),
    explanation: [
      `Run ${state.run} on ${cluster}${state.cluster === undefined ? '' : ` (${state.cluster.server})`}.`,
      `${capital(standing.word)}, ${progress}, ${time}.`,
      standing.text,
      `Begun ${entries[0]?.time ?? 'never'}.`,
    ]
      .filter(sentence => sentence !== '')
      .join('\n\n'),
    children: phases,
    isExpanded: isLatest,
    kind: standing.kind,
    run: state.run,
  };
}

/** What a cluster has answered to the checks, as a tree; undefined if nothing was asked yet. */
export function checksNode(results: LiveResults | undefined): DeploymentNode | undefined {
  if (results === undefined || results.checks.length === 0) return undefined;
  const deciding = results.checks.filter(check => !check.advisory);
  const failed = deciding.filter(({ verdict }) => verdict === 'fail' || verdict === 'unknown').length;
  const passed = results.checks.filter(({ verdict }) => verdict === 'pass').length;
  const words = `${passed} of ${results.checks.length} passed${failed === 0 ? '' : `, ${failed} not`}`;
  return {
    id: 'checks',
    level: 'checks',
    title: 'Checks',
    state: failed > 0 ? 'failed' : 'done',
    description: `${results.cluster.context}, ${words}`,
    explanation: `What ${results.cluster.context} has answered: ${words}.`,
    children: results.checks.map(check => ({
      id: `check:${check.id}`,
      level: 'check',
      title: check.title,
      state: verdicts[check.verdict],
      description: check.text,
      explanation: [check.text, ...check.details, `Asked ${check.at}.`].join('\n\n'),
      children: [],
      isExpanded: false,
      kind: check.verdict,
    })),
    isExpanded: failed > 0,
    kind: failed > 0 ? 'failed' : 'passed',
  };
}

/** Whether a run waits to be gone on with. */
export function isResumable(state: RunState, isRunning: boolean): boolean {
  return !isRunning && state.ended === undefined && state.run !== '';
}

/** "45 s", "2 min 5 s", "1 h 3 min". */
export function duration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return '0 s';
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

interface Standing {
  readonly state: NodeState;
  readonly word: string;
  readonly text: string;
  readonly kind: string;
}

function standingOf(state: RunState, plan: DeployPlan, isRunning: boolean, isAsked: boolean): Standing {
  if (isAsked) return { state: 'failed', word: 'a step failed', text: 'It waits for your answer.', kind: 'running' };
  if (isRunning) return { state: 'active', word: 'running', text: '', kind: 'running' };
  if (state.ended === 'completed') return { state: 'done', word: 'completed', text: '', kind: 'ended' };
  if (state.ended === 'completed-with-waivers')
    return { state: 'warning', word: 'completed with waivers', text: waivedText(state), kind: 'ended' };
  if (state.ended === 'abandoned') return { state: 'skipped', word: 'abandoned', text: '', kind: 'ended' };
  if (state.paused === undefined)
    return { state: 'paused', word: 'interrupted', text: interruptedAt(state, plan), kind: 'resumable' };
  const { reason, text } = state.paused;
  const word = pauses[reason];
  return { state: reason === 'failed' ? 'failed' : 'paused', word, text, kind: 'resumable' };
}

function waivedText(state: RunState): string {
  return state.waivers.map(({ rule, reason, by }) => `${rule} was waived by ${by}: ${reason}`).join('\n\n');
}

const pauses: Readonly<Record<PauseReason, string>> = {
  failed: 'stopped at a failed step',
  cancelled: 'paused',
  'needs-confirm': 'paused, not confirmed',
  'auth-expired': 'paused, log in again',
  'cluster-changed': 'paused, the cluster has changed',
  'tree-changed': 'paused, the files have changed',
  'lease-lost': 'paused, taken over by another process',
  'host-died': 'interrupted',
};

function phaseNode(phase: PlannedPhase, snapshot: RunSnapshot, state: RunState, now: number): DeploymentNode {
  const steps = phase.steps.map(step => stepNode(step, snapshot, state, now));
  const settled = phase.steps.filter(step => isSettled(state.steps.get(step.id)?.state)).length;
  const words = `${settled} of ${steps.length}`;
  const isActive = steps.some(step => ['active', 'failed', 'paused'].includes(step.state));
  return {
    id: `phase:${state.run}/${phase.id}`,
    level: 'phase',
    title: phase.title,
    state: worst(steps.map(step => step.state)),
    description: words,
    explanation: `${words} steps are done or skipped.`,
    children: steps,
    isExpanded: isActive,
    kind: 'phase',
    run: state.run,
  };
}

function stepNode(step: PlannedStep, snapshot: RunSnapshot, state: RunState, now: number): DeploymentNode {
  const record = state.steps.get(step.id);
  const objects = step.objects.map((object): DeploymentNode => {
    const known = state.objects.get(objectKey(step.id, object));
    const [objectState, word] = objectStates[known?.state ?? 'planned'];
    const name = object.namespace === undefined ? object.name : `${object.name} in ${object.namespace}`;
    return {
      id: `object:${objectKey(`${state.run}/${step.id}`, object)}`,
      level: 'object',
      title: `${object.kind}/${object.name}`,
      state: objectState === 'active' && !snapshot.isRunning ? 'unknown' : objectState,
      description: word,
      explanation: `${object.kind} ${name}: ${word}. ${object.file}:${object.line}`,
      children: [],
      isExpanded: false,
      kind: 'object',
      place: { root: state.root, file: object.file, line: object.line },
      run: state.run,
      step: step.id,
    };
  });
  const applied = step.objects.filter(object => isApplied(state.objects.get(objectKey(step.id, object)))).length;
  const nodeState = stepStateOf(record?.state, snapshot, step);
  const word = record === undefined ? '' : stepWords[record.state];
  const live = snapshot.isRunning && snapshot.live?.step === step.id ? snapshot.live.text : '';
  const counts = step.objects.length === 0 || record === undefined ? '' : `${applied}/${step.objects.length}`;
  const time = timeOf(step, snapshot, now);
  const stopped = nodeState === 'paused' ? 'stopped here' : word;
  const description = [live === '' ? stopped : live, counts, time].filter(part => part !== '').join(', ');
  return {
    id: `step:${state.run}/${step.id}`,
    level: 'step',
    title: step.title,
    state: nodeState,
    description,
    explanation: [
      `${step.title}: ${description === '' ? 'not begun' : description}.`,
      record?.reason ?? step.reason,
      ...(step.blockedBy.length === 0 ? [] : [`Findings: ${step.blockedBy.map(({ rule }) => rule).join(', ')}.`]),
    ].join('\n\n'),
    children: objects,
    isExpanded: nodeState === 'active' || nodeState === 'failed' || nodeState === 'paused',
    kind: snapshot.asked === step.id ? 'asked' : nodeState,
    run: state.run,
    step: step.id,
  };
}

function stepStateOf(state: StepState | undefined, snapshot: RunSnapshot, { id }: PlannedStep): NodeState {
  if (snapshot.asked === id) return 'failed';
  switch (state) {
    case undefined:
    case 'pending':
      return 'pending';
    case 'done':
      return 'done';
    case 'skipped':
    case 'absent':
      return 'skipped';
    case 'failed':
    case 'blocked':
      return 'failed';
    default:
      return snapshot.isRunning ? 'active' : 'paused';
  }
}

function isSettled(state: StepState | undefined): boolean {
  return state === 'done' || state === 'skipped';
}

/** How long the last attempt at a step took, or has taken so far; empty if there was none. */
function timeOf(step: PlannedStep, { entries, isRunning }: RunSnapshot, now: number): string {
  const own = entries.filter(entry => entry.type === 'step' && entry.step === step.id);
  const begun = own.findLast(entry => entry.type === 'step' && entry.state === 'gate');
  const last = own.at(-1);
  if (begun === undefined || last?.type !== 'step') return '';
  const isOver = isSettled(last.state) || last.state === 'failed';
  if (!isOver && !isRunning) return '';
  return duration((isOver ? Date.parse(last.time) : now) - Date.parse(begun.time));
}

const stepWords: Readonly<Record<StepState, string>> = {
  pending: '',
  gate: 'checking what it needs',
  diff: 'comparing',
  confirm: 'waiting for confirmation',
  applying: 'applying',
  waiting: 'waiting until ready',
  verifying: 'verifying',
  done: 'done',
  failed: 'failed',
  skipped: 'skipped',
  absent: 'not in the tree',
  blocked: 'blocked',
};

const objectStates: Readonly<Record<ObjectState, readonly [NodeState, string]>> = {
  planned: ['pending', 'planned'],
  inFlight: ['active', 'being applied'],
  created: ['done', 'created'],
  configured: ['done', 'changed'],
  unchanged: ['done', 'unchanged'],
  reconciled: ['done', 'already there'],
  failed: ['failed', 'failed'],
  unknown: ['unknown', 'state unknown'],
};

const verdicts: Readonly<Record<LiveResults['checks'][number]['verdict'], NodeState>> = {
  pass: 'done',
  fail: 'failed',
  warn: 'warning',
  unknown: 'unknown',
  skipped: 'skipped',
};

/** What a heading shows of its lines: the first of these that one of them has; done only if all are settled. */
function worst(states: readonly NodeState[]): NodeState {
  for (const state of ['failed', 'active', 'paused', 'unknown'] as const) if (states.includes(state)) return state;
  if (states.every(state => state === 'skipped')) return 'skipped';
  return states.every(state => state === 'done' || state === 'skipped') ? 'done' : 'pending';
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
