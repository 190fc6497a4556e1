import { nameOf } from '../../analysis/anchor';
import { databases } from '../../analysis/roles';
import { expectedUsers } from '../../analysis/scale';
import { type ScaleTable, type ScaleTier, scaleTables } from '../../analysis/scale/tables';
import type { Problem, Rule } from '../rule';

export default {
  id: 'pg-scaling-increments-undefined',
  items: ['1.1.c.2'],
  severity: 'hint',
  summary: 'Nothing in the tree says how PostgreSQL grows with the number of users.',
  why: 'Without steps that were thought through beforehand, the database is resized in a hurry, on the day when it is too small.',
  remedy:
    'Keep a table of sizes in the tree, for example `docs/SCALING-GUIDE.md`: memory, CPU and storage of one PostgreSQL instance for 100, 1,000, 5,000 … concurrent users.',
  traps: [
    'This is weak by nature: a table somewhere else, in a wiki for example, cannot be seen. So it is a hint.',
    'Read are Markdown tables with the users down the first column or along the header, and comments in `config.env` such as `# 1000 CCU: 100Gi`.',
    'Which number of users counts is `scale.ccu` in `matrix-preflight.yaml`, else `EXPECTED_CCU`, else 100.',
  ],
  examples: {
    bad: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      #       ^^^^^^^^^^^^^^^^^ hint: No table in the tree
    `,
    good: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      #- /docs/SCALING-GUIDE.md
      ## PostgreSQL
      | CCU | vCPU | RAM | Disk |
      | --- | --- | --- | --- |
      | 100 | 1 | 2Gi | 50Gi |
      | 1,000 | 4 | 8Gi | 100Gi |
    `,
  },
  *checkWorkspace(workspace) {
    const at = nameOf(databases(workspace).main);
    if (!at) return;
    const tables = scaleTables(workspace).filter(table => table.tiers.length > 1);
    if (tables.length === 0) {
      yield {
        at,
        message:
          'No table in the tree says how PostgreSQL grows with the number of users — keep one, for example in docs/SCALING-GUIDE.md.',
      };
      return;
    }
    for (const table of tables) yield* shrinking(table);
    const users = expectedUsers(workspace);
    const largest = Math.max(...tables.flatMap(table => table.tiers.map(tier => tier.ccu)));
    if (users <= largest) return;
    yield {
      at,
      message: `The tree is made for ${users} concurrent users, but ${tables[0]?.path} ends with ${largest} — add the sizes for ${users}.`,
    };
  },
} satisfies Rule;

/** A tier that has less of something than a smaller one is a slip. */
function* shrinking({ path, tiers }: ScaleTable): Iterable<Problem> {
  for (const [index, tier] of tiers.entries()) {
    const smaller = tiers[index - 1];
    const measure = measures.find(
      ([name]) => smaller?.[name] !== undefined && tier[name] !== undefined && (tier[name] ?? 0) < (smaller[name] ?? 0),
    );
    if (!smaller || !measure) continue;
    yield {
      at: tier.at,
      message: `In ${path} PostgreSQL has less ${measure[1]} for ${tier.ccu} users than for ${smaller.ccu} — correct the table.`,
      related: [{ at: smaller.at, message: `${smaller.ccu} users` }],
    };
  }
}

const measures: readonly (readonly [keyof Pick<ScaleTier, 'memory' | 'cpu' | 'storage'>, string])[] = [
  ['memory', 'memory'],
  ['cpu', 'CPU'],
  ['storage', 'storage'],
];
