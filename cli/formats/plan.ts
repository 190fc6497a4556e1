import type { DeployPlan, PlanStep } from '../../protocol/messages';

/** The plan for a person at a terminal. */
export function prettyPlan(plan: DeployPlan): string {
  const phases = plan.phases.map(phase => `${phase.title}\n${phase.steps.map(stepLines).join('')}`);
  const unclaimed = plan.unclaimed.length > 0 ? `\nIn no step: ${plan.unclaimed.join(', ')}\n` : '';
  return `${phases.join('\n')}${unclaimed}\nPlan ${plan.hash}\n`;
}

function stepLines(step: PlanStep): string {
  const where = step.paths.length > 0 ? step.paths.join(', ') : step.checklistPath;
  const lines = [`  ${step.title}: ${where} (${step.resolution})`];
  for (const { kind, name, file, line } of step.objects) lines.push(`    ${kind}/${name}  ${file}:${line}`);
  if (step.byHand !== undefined) lines.push(`    by hand: ${step.byHand}`);
  for (const command of step.commands) lines.push(`    $ ${command}`);
  for (const { kind, name, until, timeoutSeconds } of step.waits)
    lines.push(`    wait for ${kind}/${name} to be ${until}, at most ${timeoutSeconds} s`);
  for (const { rule, file, line, message } of step.blockedBy)
    lines.push(`    blocked by ${rule} at ${file}:${line}${message ? `: ${message}` : ''}`);
  return `${lines.join('\n')}\n`;
}
