import { isAboutMatrix } from '../../analysis/anchor';
import { settingsNamed, settingsOf } from '../../analysis/minio-settings';
import { bytesText } from '../../analysis/quantity';
import { tenantKind } from '../../analysis/roles';
import { insertEntry } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { defaultParity, driveSize, type Pool, parityOf, poolsOf, storeKinds, stripeOf } from './store';

export default {
  id: 'minio-storage-efficiency',
  items: ['1.3.a.3'],
  severity: 'warning',
  summary: 'Not half of the storage of MinIO is usable, or its size is not known.',
  why: 'Capacity is planned with 50 %: of 4 × 2 × 500Gi raw storage, 2000Gi hold data. Another share means either less protection or less space than planned.',
  remedy: 'Use EC:4 on sets of eight drives, and say the size of a drive in the claim template.',
  traps: [
    'Nothing is said where MinIO would not start with the parity at all; minio-erasure-parity does.',
    'Pools are judged one by one.',
    'A store in a tree in which nothing is called after Matrix or its programs is somebody else’s.',
  ],
  sources: ['MinIO, docs/erasure/storage-class/README.md'],
  examples: {
    bad: `
      #- /tenant.yaml
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
      spec:
        env:
          - name: MINIO_STORAGE_CLASS_STANDARD
            value: EC:4
        pools:
          - name: pool-0
            servers: 4
            volumesPerServer: 4
      #                       ^ warning: 12 of 16 shards are data, so 75 % of 8000Gi is usable, not 50 %
            volumeClaimTemplate:
              spec:
                resources:
                  requests:
                    storage: 500Gi
    `,
    good: `
      #- /tenant.yaml
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
      spec:
        env:
          - name: MINIO_STORAGE_CLASS_STANDARD
            value: EC:4
        pools:
          - name: pool-0
            servers: 4
            volumesPerServer: 2
            volumeClaimTemplate:
              spec:
                resources:
                  requests:
                    storage: 500Gi
    `,
  },
  kinds: storeKinds,
  *check(store, workspace) {
    if (!isAboutMatrix(workspace)) return;
    for (const pool of poolsOf(workspace, store)) {
      yield* checkShare(store, workspace, pool);
      if (store.qualifiedKind === tenantKind) yield* checkSize(pool);
    }
  },
} satisfies Rule;

function* checkShare(store: Resource, workspace: Workspace, pool: Pool): Iterable<Problem> {
  const settings = settingsOf(workspace, store);
  const written = settingsNamed(settings, 'MINIO_STORAGE_CLASS_STANDARD').at(-1);
  if (written ? written.value === undefined : settings.isOpen) return;
  const stripe = stripeOf(workspace, store, pool);
  // A single drive has no shards; minio-drive-count asks for more.
  // MinIO refuses what it cannot divide into sets of at most 16.
  if (stripe < 2 || stripe > 16) return;
  const parity = written?.value === undefined ? defaultParity(stripe) : parityOf(written.value);
  if (Number.isNaN(parity) || parity > stripe / 2 || parity * 2 === stripe) return;
  const size = driveSize(pool);
  const share = Math.round((100 * (stripe - parity)) / stripe);
  const raw = size === undefined ? 'the storage' : gibibytes(size * pool.drives);
  yield {
    at: written && stripe === 8 ? written.at : pool.volumesPerServer === 2 ? pool.serversAt : pool.volumesAt,
    message: `${stripe - parity} of ${stripe} shards are data, so ${share} % of ${raw} is usable, not 50 % — use EC:4 on sets of 8 drives.`,
  };
}

function* checkSize(pool: Pool): Iterable<Problem> {
  const template = pool.value?.at('volumeClaimTemplate');
  const requests = template?.at('spec', 'resources', 'requests');
  if (!pool.value || !template || requests?.at('storage').exists) return;
  yield {
    at: requests?.exists ? requests.key : template.exists ? template.key : pool.value.key,
    severity: 'error',
    message: `The drives of ${pool.name} have no size, so the operator cannot claim them — set volumeClaimTemplate.spec.resources.requests.storage.`,
    fixes: () => {
      const edit = requests?.kind === 'mapping' ? insertEntry(requests, 'storage: 500Gi') : undefined;
      return edit ? [{ title: 'Set storage: 500Gi', safe: false, edits: [edit] }] : [];
    },
  };
}

/** Capacity in Gi, because it is added up from drives in Gi. */
function gibibytes(bytes: number): string {
  const count = bytes / 2 ** 30;
  return Number.isInteger(count) ? `${count}Gi` : bytesText(bytes);
}
