import { rulePage } from '../../rules/page';
import { ruleOf, textsOf } from '../load';
import { parse, UsageError } from '../usage';

/** Prints the page of a rule. */
export function explain(argv: readonly string[]): number {
  const { positionals } = parse(argv, {});
  const [id] = positionals;
  if (id === undefined) throw new UsageError('say which rule to explain');
  const rule = ruleOf(id);
  process.stdout.write(rulePage(rule, textsOf(rule)));
  return 0;
}
