import assert from 'node:assert/strict';
import required from '../../../rules/schema/crd-required-field-missing';
import { applyFix, fixTitles } from '../expect';

describe('fixes of missing required fields', () => {
  const cluster = (name: string): string =>
    `apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: { name: ${name}, namespace: matrix }\nspec: { storage: { size: 1Gi } }\n---\n`;
  const backup =
    'apiVersion: postgresql.cnpg.io/v1\nkind: ScheduledBackup\nmetadata: { name: daily, namespace: matrix }\nspec:\n  schedule: "0 0 0 * * *"\n  cluster: { kind: Cluster }\n';

  it('name the only cluster of the namespace', () => {
    assert.match(
      applyFix(required, cluster('main') + backup, 'Write name: main')['main.yaml'] ?? '',
      /cluster: \{ kind: Cluster, name: main \}/,
    );
    assert.deepEqual(fixTitles(required, cluster('main') + cluster('li') + backup), []);
  });

  it('give a claim the access mode that every storage has', () => {
    const claim =
      'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: a }\nspec:\n  resources: { requests: { storage: 1Gi } }\n';
    assert.match(
      applyFix(required, claim, /accessModes/)['main.yaml'] ?? '',
      /storage: 1Gi \} \}\n {2}accessModes: \[ReadWriteOnce\]\n/,
    );
  });
});
