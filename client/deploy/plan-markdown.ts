import type { DeployPlan, PlanObject, PlanPhase, PlanStep, PlanWait } from '../../protocol/messages';

/**
 * Gives the address of a place in the deployment for a link, or nothing if it cannot be linked to; `file` is relative
 * to the root, `line` is one-based.
 */
export type LinkTo = (file: string, line: number) => string | undefined;

/**
 * The plan as a Markdown document: what a deployment would do, where each step is found, and what stands against it.
 * Everything that comes from the manifests is escaped, so that it can be text only.
 */
export function planMarkdown(plan: DeployPlan, linkTo: LinkTo, phase?: string): string {
  const phases = phase === undefined ? plan.phases : plan.phases.filter(({ id }) => id === phase);
  const title = phase === undefined ? 'Deployment plan' : `Deployment plan: ${plain(phases[0]?.title ?? phase)}`;
  return [
    `# ${title}`,
    `${summary(phases)} Nothing here has been run.`,
    ...phases.flatMap(each => phaseBlocks(each, linkTo, phases.length > 1)),
    ...(phase === undefined ? unclaimed(plan.unclaimed) : []),
    `Plan ${code(plan.hash)}`,
    '',
  ].join('\n\n');
}

function summary(phases: readonly PlanPhase[]): string {
  const steps = phases.flatMap(phase => phase.steps);
  const blocked = steps.filter(({ blockedBy }) => blockedBy.length > 0).length;
  const unresolved = steps.filter(step => !isResolved(step)).length;
  const found = unresolved === 0 ? '' : ` For ${unresolved} of them the manifests are missing or not clear.`;
  return `${counted(steps.length, 'step')}, ${blocked} blocked by findings.${found}`;
}

function phaseBlocks({ title, steps }: PlanPhase, linkTo: LinkTo, withHeading: boolean): readonly string[] {
  return [
    ...(withHeading ? [`## ${plain(title)}`] : []),
    ...steps.flatMap((step, index) => stepBlocks(step, index + 1, linkTo, withHeading ? '###' : '##')),
  ];
}

function stepBlocks(step: PlanStep, number: number, linkTo: LinkTo, heading: string): readonly string[] {
  const { title, objects, commands, waits, blockedBy, runOnce } = step;
  const link: Link = (file, line) => {
    const place = plain(`${file}:${line}`);
    const target = linkTo(file, line);
    return target === undefined ? place : `[${place}](<${target}>)`;
  };
  return [
    `${heading} ${number}. ${plain(title)}`,
    `**${verdict(step)}** ${resolution(step)}`,
    ...(runOnce ? ['Contains a Job that must run once only.'] : []),
    ...(blockedBy.length > 0
      ? [`Blocked by ${counted(blockedBy.length, 'finding')}:`, list(blockedBy.map(by => finding(by, link)))]
      : []),
    ...(objects.length > 0 ? [objectTable(objects, link)] : []),
    ...(commands.length > 0 ? ['Commands that would run:', fenced(commands)] : []),
    ...(waits.length > 0 ? ['Then waits until:', list(waits.map(wait))] : []),
  ];
}

type Link = (file: string, line: number) => string;

/** Whether it is clear what a step would apply. */
export function isResolved({ resolution }: PlanStep): boolean {
  return resolution === 'exact' || resolution === 'moved';
}

function verdict(step: PlanStep): string {
  if (!isResolved(step)) return 'Cannot run.';
  return step.blockedBy.length > 0 ? 'Blocked.' : 'Ready.';
}

function resolution({ resolution: how, checklistPath, paths }: PlanStep): string {
  const found = paths.map(code).join(', ');
  const listed = checklistPath === '' ? 'The checklist has no such step' : `The checklist names ${code(checklistPath)}`;
  switch (how) {
    case 'exact':
      return checklistPath === ''
        ? `${listed}; its manifests are in ${found}.`
        : `Found where the checklist says: ${found}.`;
    case 'moved':
      return `${listed}; found in ${found}.`;
    case 'ambiguous':
      return `${listed}; more than one place could be meant: ${found}.`;
    case 'absent':
      return `${listed}; nothing in the deployment carries it out.`;
    case 'broken':
      return `${listed}; a file of ${found} cannot be read.`;
  }
}

function finding({ rule, file, line, message }: PlanStep['blockedBy'][number], link: Link): string {
  return `${link(file, line)} ${message === undefined ? '' : `${plain(message)} `}(${code(rule)})`;
}

function objectTable(objects: readonly PlanObject[], link: Link): string {
  const rows = objects.map(
    ({ kind, name, namespace, file, line }) =>
      `| ${plain(kind)} | ${plain(name)} | ${plain(namespace ?? '')} | ${link(file, line)} |`,
  );
  return ['| Kind | Name | Namespace | Manifest |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function wait({ kind, name, namespace, until, timeoutSeconds }: PlanWait): string {
  const where = namespace === undefined ? '' : ` in ${plain(namespace)}`;
  return `${plain(`${kind}/${name}`)}${where}: ${plain(until)}, for at most ${timeoutSeconds} seconds`;
}

function unclaimed(directories: readonly string[]): readonly string[] {
  if (directories.length === 0) return [];
  return ['## In no step', 'These directories hold manifests that no step applies:', list(directories.map(code))];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function list(lines: readonly string[]): string {
  return lines.map(line => `- ${line}`).join('\n');
}

/** A fence longer than any run of backticks inside it cannot be closed by its content. */
function fenced(commands: readonly string[]): string {
  const text = commands.join('\n');
  const fence = '`'.repeat(Math.max(3, longestRunOfBackticks(text) + 1));
  return `${fence}sh\n${text}\n${fence}`;
}

function code(text: string): string {
  const ticks = '`'.repeat(longestRunOfBackticks(text) + 1);
  const padding = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${ticks}${padding}${oneLine(text)}${padding}${ticks}`;
}

function longestRunOfBackticks(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map(run => run.length));
}

/** CommonMark lets a backslash stand before any ASCII punctuation, and the character then means itself. */
function plain(text: string): string {
  return oneLine(text).replace(/[!-/:-@[-`{-~]/g, '\\$&');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
