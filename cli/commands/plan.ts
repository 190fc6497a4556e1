import { prettyPlan } from '../formats/plan';
import { loadWorkspace } from '../load';
import { selectedPlan } from '../selected-plan';
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
  const resolved = selectedPlan(loadWorkspace(treeRoot(positionals), values.config), values);
  process.stdout.write(format === 'json' ? `${JSON.stringify(resolved, null, 2)}\n` : prettyPlan(resolved));
  return 0;
}
