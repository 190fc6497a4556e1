import { checklistItem } from '../../checklist/items';
import type { CheckVerdict, JournalEntry, ObjectIdentity, StepState, Waiver } from '../journal/entries';
import { isApplied, type ObjectState, objectKey, runState } from '../journal/state';
import { type DeployPlan, plannedSteps } from '../plan/plan';
import type { PlanBlocker } from '../plan/source';
import { identityOf } from './context';

/** A run as data, for pipelines. All texts in it are redacted, because the journal's are. */
export interface RunRecord {
  readonly version: 1;
  readonly run: string;
  /** As the command line's result names it. */
  readonly outcome: string;
  readonly text: string;
  readonly context: string | undefined;
  readonly server: string | undefined;
  readonly kubernetes: string | undefined;
  readonly root: string;
  readonly planHash: string;
  /** ISO 8601, of the first and the last entry of the journal. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly steps: readonly StepRow[];
  readonly waivers: readonly Waiver[];
  /** What stood in the way before anything began. */
  readonly blockers: readonly (PlanBlocker & { readonly step: string })[];
}

export interface StepRow {
  readonly id: string;
  readonly title: string;
  readonly phase: string;
  readonly state: StepState;
  readonly reason?: string;
  /** From its first to its last change of state. */
  readonly seconds: number;
  readonly items: readonly string[];
  readonly objects: readonly (ObjectIdentity & { readonly state: ObjectState })[];
  readonly checks: readonly { readonly check: string; readonly verdict: CheckVerdict; readonly text: string }[];
}

/** What a run came to. `entries` may be empty for a run that was refused or blocked before it had a journal. */
export function runRecord(
  plan: DeployPlan,
  entries: readonly JournalEntry[],
  result: { readonly run: string; readonly outcome: string; readonly text: string } & Pick<RunRecord, 'blockers'>,
): RunRecord {
  const state = runState(entries);
  return {
    version: 1,
    run: result.run,
    outcome: result.outcome,
    text: result.text,
    context: state.cluster?.context,
    server: state.cluster?.server,
    kubernetes: state.cluster?.serverVersion,
    root: state.root,
    planHash: plan.hash,
    from: entries[0]?.time,
    to: entries.at(-1)?.time,
    steps: plannedSteps(plan).map(step => {
      const record = state.steps.get(step.id);
      const times = entries.flatMap(e => (e.type === 'step' && e.step === step.id ? Date.parse(e.time) : []));
      return {
        id: step.id,
        title: step.title,
        phase: step.phase,
        state: record?.state ?? 'pending',
        ...(record?.reason === undefined ? {} : { reason: record.reason }),
        seconds: times.length === 0 ? 0 : (times.at(-1)! - times[0]!) / 1000,
        items: step.items,
        objects: step.objects.map(object => ({
          ...identityOf(object),
          state: state.objects.get(objectKey(step.id, object))?.state ?? 'planned',
        })),
        checks: [...state.checks].flatMap(([key, { verdict, text }]) =>
          key.startsWith(`${step.id} `) ? [{ check: key.slice(step.id.length + 1), verdict, text }] : [],
        ),
      };
    }),
    waivers: state.waivers,
    blockers: result.blockers,
  };
}

/** A run as a Markdown document: the checklist's steps ticked, what was waived, and what the checks said. */
export function runReport(plan: DeployPlan, entries: readonly JournalEntry[]): string {
  const state = runState(entries);
  const steps = plannedSteps(plan).map(step => {
    const record = state.steps.get(step.id);
    const applied = [...state.objects].filter(
      ([key, object]) => key.startsWith(`${step.id} `) && isApplied(object),
    ).length;
    const items = step.items.map(id => `${id} ${checklistItem(id)?.title ?? ''}`.trim()).join('; ');
    const reason = record?.reason === undefined ? '' : ` (${inLine(record.reason)})`;
    const box = record?.state === 'done' ? 'x' : ' ';
    return `- [${box}] **${step.title}**: ${record?.state ?? 'pending'}${reason}, ${applied} of ${step.objects.length} objects${items === '' ? '' : ` — ${inLine(items)}`}`;
  });
  const first = entries[0];
  const last = entries.at(-1);
  const checks = [...state.checks].map(
    ([key, check]) => `| ${inLine(key)} | ${verdictWord(check.verdict)} | ${inLine(check.text)} |`,
  );
  const waivers = state.waivers.map(
    waiver => `- ${waiver.step}: ${waiver.rule}, by ${waiver.by}: ${inLine(waiver.reason)}`,
  );
  const confirmations = entries.flatMap(entry =>
    entry.type === 'confirm'
      ? `- ${entry.step}: ${entry.by}, ${entry.time}, differences ${entry.diffHash.slice(0, 12)}`
      : [],
  );
  return [
    `# Deployment ${state.run}`,
    '',
    `- Cluster: ${state.cluster === undefined ? 'none' : `${state.cluster.context} (${state.cluster.server}, Kubernetes ${state.cluster.serverVersion})`}`,
    `- Tree: ${state.root}`,
    `- Plan: ${state.planHash}`,
    `- From ${first?.time ?? 'never'} to ${last?.time ?? 'never'}`,
    `- Outcome: ${state.ended ?? (state.paused === undefined ? 'running or interrupted' : `paused, ${state.paused.reason}: ${inLine(state.paused.text)}`)}`,
    '',
    '## Steps',
    '',
    ...steps,
    ...section(
      'Checks',
      checks.length === 0 ? [] : ['| check | verdict | what was found |', '| --- | --- | --- |', ...checks],
    ),
    ...section('Waivers', waivers),
    ...section('Confirmations', confirmations),
    '',
  ].join('\n');
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines];
}

function verdictWord(verdict: CheckVerdict): string {
  return { pass: 'passed', fail: 'FAILED', warn: 'warning', unknown: 'unknown', skipped: 'nothing to check' }[verdict];
}

/** Text from a cluster must not become markup. */
function inLine(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/([\\`*_[\]<>|#])/g, '\\$1');
}
