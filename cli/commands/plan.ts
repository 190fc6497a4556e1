import { planOf } from '../../deploy/plan/from-workspace';
import { blockers } from '../../rules/blockers';
import { prettyPlan } from '../formats/plan';
import { findingsOf, loadWorkspace } from '../load';
import { oneOf, parse, treeRoot } from '../usage';

/** Prints the resolved deployment plan: steps, objects, commands, and what blocks each step. */
export function plan(argv: readonly string[]): number {
  const { values, positionals } = parse(argv, {
    phase: { type: 'string', multiple: true },
    step: { type: 'string', multiple: true },
    format: { type: 'string' },
    config: { type: 'string' },
  });
  const format = oneOf('--format', values.format, ['pretty', 'json'], 'pretty');
  const workspace = loadWorkspace(treeRoot(positionals), values.config);
  const resolved = planOf(workspace, blockers(findingsOf(workspace), workspace), {
    ...(values.phase ? { phases: values.phase } : {}),
    ...(values.step ? { steps: values.step } : {}),
  });
  process.stdout.write(format === 'json' ? `${JSON.stringify(resolved, null, 2)}\n` : prettyPlan(resolved));
  return 0;
}
