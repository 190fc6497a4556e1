import { rulePage } from '../../rules/page';
import { ruleOf } from '../load';
import { parse, UsageError } from '../usage';

/** Prints the page of a rule. */
export function explain(argv: readonly string[]): number {
  const { positionals } = parse(argv, {});
  const [id] = positionals;
  if (id === undefined) throw new UsageError('say which rule to explain');
  process.stdout.write(rulePage(ruleOf(id)));
  return 0;
}
