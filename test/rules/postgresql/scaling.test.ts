import assert from 'node:assert/strict';
import { scaleTables } from '../../../analysis/scale/tables';
import scalingUndefined from '../../../rules/postgresql/pg-scaling-increments-undefined';
import sourcesDiffer from '../../../rules/postgresql/scale-sources-differ';
import { readFixture, workspaceOf } from '../../fixture';
import { expecting } from '../monitoring/expect';

const GiB = 2 ** 30;
const cluster = `
    #- /cluster.yaml
    apiVersion: postgresql.cnpg.io/v1
    kind: Cluster
    metadata:
      name: matrix-postgresql
`;

function tiersOf(
  path: string,
  text: string,
): readonly (readonly [number, number | undefined, number | undefined, number | undefined])[] {
  const { files } = readFixture(`#- ${path}\n${text}`);
  return scaleTables(workspaceOf(files)).flatMap(table =>
    table.tiers.map(one => [one.ccu, one.memory, one.cpu, one.storage] as const),
  );
}

describe('scaling tables', () => {
  it('may have the users down the first column', () => {
    assert.deepEqual(
      tiersOf(
        '/docs/GUIDE.md',
        '# Guide\n## 3. Database\n| **CCU** | vCPU | RAM | Disk |\n|:--|--:|---|---|\n| 100 CCU | 4 | 16 GB | 500 GB |\n| 10K | 32 | 128 GB | 4 TB |\n',
      ),
      [
        [100, 16 * GiB, 4, 500 * GiB],
        [10_000, 128 * GiB, 32, 4096 * GiB],
      ],
    );
  });

  it('may have the users along the header, with rows of other parts between', () => {
    assert.deepEqual(
      tiersOf(
        '/SCALING.md',
        'Sizes by CCU.\n\n| | 100 CCU | 1,000 CCU |\n|---|---|---|\n| PostgreSQL RAM | 2Gi | 8Gi |\n| Redis RAM | 1Gi | 2Gi |\n| PostgreSQL storage | 50Gi | 100Gi |\n',
      ),
      [
        [100, 2 * GiB, undefined, 50 * GiB],
        [1000, 8 * GiB, undefined, 100 * GiB],
      ],
    );
  });

  it('may be comments beside a setting', () => {
    assert.deepEqual(
      tiersOf(
        '/config.env.example',
        '# 100 CCU: 50Gi\n# 1000 CCU: 100Gi\n# 20K CCU: 1Ti\nPOSTGRESQL_STORAGE_SIZE=50Gi\n',
      ),
      [
        [100, undefined, undefined, 50 * GiB],
        [1000, undefined, undefined, 100 * GiB],
        [20_000, undefined, undefined, 1024 * GiB],
      ],
    );
  });

  it('are none where a table is of something else', () => {
    const lead = (line: string): string => `# Scaling\n${line}\n\n| CCU | RAM |\n|---|---|\n| 100 | 2 GB |\n`;
    assert.equal(tiersOf('/a.md', lead('One PostgreSQL instance gets:')).length, 1);
    assert.deepEqual(tiersOf('/a.md', lead('One Redis gets:')), []);
    assert.deepEqual(tiersOf('/a.md', 'CCU\n## Redis\n| CCU | RAM |\n|---|---|\n| 100 | 2 GB |\n'), []);
    assert.deepEqual(tiersOf('/a.md', 'CCU\n## PostgreSQL\n| Step | Storage |\n|---|---|\n| 1 | 2 GB |\n'), []);
    assert.deepEqual(tiersOf('/a.md', 'CCU and PostgreSQL in one | line | 100 |\n'), []);
  });
});

describe('scaling increments', () => {
  const expectMarks = expecting(scalingUndefined);
  const guide = (rows: string): string => `
    #- /docs/SCALING-GUIDE.md
    ## PostgreSQL
    | CCU | RAM |
    | --- | --- |
${rows}`;

  it('have to grow', () => {
    expectMarks(
      `${cluster}${guide('    | 100 | 4 GB |\n    | 1000 | 2 GB |\n    #^^^^^^^^^^^^^^ hint: PostgreSQL has less memory for 1000 users than for 100\n')}`,
    );
  });

  it('have to reach the size that the tree is made for', () => {
    const rows = guide('    | 100 | 4 GB |\n    | 1000 | 8 GB |\n');
    expectMarks(`${cluster}    #       ^^^^^^^^^^^^^^^^^ hint: made for 5000 concurrent users, but docs/SCALING-GUIDE.md ends with 1000
${rows}
    #- /matrix-preflight.yaml
    scale: {ccu: 5000}
    `);
    expectMarks(`${cluster}${rows}`);
  });

  it('are more than one tier', () => {
    expectMarks(`${cluster}    #       ^^^^^^^^^^^^^^^^^ hint: No table in the tree\n${guide('    | 100 | 4 GB |\n')}`);
  });

  it('are none of the business of a tree without the main cluster', () => {
    expectMarks('apiVersion: v1\nkind: Namespace\nmetadata: {name: matrix}\n');
  });
});

describe('sources of sizes', () => {
  it('agree when the guide repeats the floor of the checklist, as far as it says something', () => {
    const expectMarks = expecting(sourcesDiffer);
    expectMarks(`${cluster}
    #- /docs/GUIDE.md
    ## PostgreSQL
    | CCU | RAM | CPU |
    | --- | --- | --- |
    | 100 | 2 GB | 1 |
    `);
  });
});
