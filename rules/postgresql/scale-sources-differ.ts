import { bytesText, quantityOf } from '../../analysis/quantity';
import { databases } from '../../analysis/roles';
import { scaleTables } from '../../analysis/scale/tables';
import { settingsDocument } from '../../analysis/settings';
import { listed } from '../../analysis/wording';
import type { Rule } from '../rule';

export default {
  id: 'scale-sources-differ',
  items: [],
  severity: 'info',
  summary: "The deployment's scaling guide and the checklist ask for different sizes.",
  why: 'Who follows the one fails the other, and nobody knows which of them was thought through.',
  remedy:
    'Decide with `scale.source` in `matrix-preflight.yaml`: `checklist` keeps its floor of 2Gi, 1 CPU and 50Gi for 100 concurrent users, `guide` takes the larger sizes.',
  traps: [
    'Until it is decided the checklist counts, because its sizes are a floor: a cluster as large as the guide asks passes as well.',
  ],
  examples: {
    bad: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
      #- /docs/SCALING-GUIDE.md
      ## PostgreSQL
      | CCU | vCPU | RAM | Disk |
      | --- | --- | --- | --- |
      | 100 | 4 | 16 GB | 500 GB |
      #^^^^^^^^^^^^^^^^^^^^^^^^^^^ info: asks 16Gi memory, 4 CPU and 500Gi storage for 100 concurrent users, the checklist 2Gi, 1 and 50Gi
      | 1,000 | 8 | 32 GB | 1 TB |
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
      | 100 | 4 | 16 GB | 500 GB |
      | 1,000 | 8 | 32 GB | 1 TB |
      #- /matrix-preflight.yaml
      scale:
        source: checklist
    `,
  },
  *checkWorkspace(workspace) {
    if (databases(workspace).all.length === 0 || settingsDocument(workspace)?.root.at('scale', 'source').exists) return;
    for (const { path, tiers } of scaleTables(workspace)) {
      const tier = tiers.find(one => one.ccu === 100);
      if (!tier) continue;
      const { memory = floor.memory, cpu = floor.cpu, storage = floor.storage } = tier;
      if (memory === floor.memory && cpu === floor.cpu && storage === floor.storage) continue;
      const said = [
        tier.memory === undefined ? undefined : `${bytesText(memory)} memory`,
        tier.cpu === undefined ? undefined : `${cpu} CPU`,
        tier.storage === undefined ? undefined : `${bytesText(storage)} storage`,
      ].filter(one => one !== undefined);
      yield {
        at: tier.at,
        message: `${path} asks ${listed(said)} for 100 concurrent users, the checklist 2Gi, 1 and 50Gi — decide with scale.source in matrix-preflight.yaml.`,
      };
    }
  },
} satisfies Rule;

/** What the checklist asks for 100 concurrent users. */
const floor = { memory: quantityOf('2Gi') ?? 0, cpu: 1, storage: quantityOf('50Gi') ?? 0 };
