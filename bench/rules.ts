// What each rule costs in one check of the sample deployment: `node --import tsx bench/rules.ts [how many]`.
// A rule that is first to ask for something that many share pays for it, so the sum says more than the order.
import path from 'node:path';
import { loadWorkspace } from '../cli/load';
import { rules } from '../rules/catalogue';
import { checkWorkspace } from '../rules/findings';
import type { Rule } from '../rules/rule';

const root = path.resolve(import.meta.dirname, '../examples/production');
const rounds = 9;
const shown = Number(process.argv[2] ?? 15);

const times = new Map<string, number[]>(rules.map(({ id }) => [id, []]));
for (let round = 0; round < rounds; round++) {
  const workspace = loadWorkspace(root);
  const spent = new Map<string, number>();
  checkWorkspace(
    workspace,
    rules.map(rule => timed(rule, spent)),
  );
  // The first rounds pay for the compiler.
  if (round > 2) for (const [id, list] of times) list.push(spent.get(id) ?? 0);
}

const costs = [...times].map(([id, list]) => ({ id, cost: median(list) })).sort((a, b) => b.cost - a.cost);
const sum = costs.reduce((total, { cost }) => total + cost, 0);
console.log(`Rules, warm, median milliseconds of ${rounds - 3} checks: ${sum.toFixed(1)} for all ${costs.length}`);
for (const { id, cost } of costs.slice(0, shown)) console.log(`  ${cost.toFixed(2).padStart(6)}  ${id}`);

/** The rule with a clock around each of its checks. */
function timed(rule: Rule, spent: Map<string, number>): Rule {
  const clocked: Record<string, unknown> = { ...rule };
  for (const name of ['check', 'checkDocument', 'checkFile', 'checkWorkspace', 'checkFindings']) {
    const check = (rule as unknown as Record<string, unknown>)[name];
    if (typeof check !== 'function') continue;
    clocked[name] = (...args: unknown[]) => {
      const started = performance.now();
      const problems = [...(check.apply(rule, args) as Iterable<unknown>)];
      spent.set(rule.id, (spent.get(rule.id) ?? 0) + performance.now() - started);
      return problems;
    };
  }
  return clocked as unknown as Rule;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
