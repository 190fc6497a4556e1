import { nearest } from '../../analysis/nearest';
import { workloadKinds } from '../../analysis/pods';
import { familiesOf, tenantKind } from '../../analysis/roles';
import { insertItem, quoted } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Fix, Problem, Rule } from '../rule';
import { clientsOf } from './s3-clients';
import { bucketsMadeBy } from './transfers';

export default {
  id: 'minio-bucket-missing',
  items: [],
  severity: 'warning',
  summary: 'Synapse, a backup, a recording or a copy uses a bucket that nothing makes.',
  why: 'MinIO answers "The specified bucket does not exist": uploads of media fail, or no backup is ever written.',
  remedy: 'List the bucket under `spec.buckets` of the Tenant, or correct its name.',
  traps: [
    'Buckets that a script of the tree or an object of another operator makes are known; a name with a variable there may be any.',
    'Only endpoints that lead to the Tenant count. A bucket of a store outside of the tree is not judged.',
    'What rclone copies into, it makes itself; that is reported only where the name is almost that of a bucket which is made.',
    'It is an error where the name is almost that of a bucket which is made.',
  ],
  sources: [
    'minio/operator pkg/apis/minio.min.io/v2/types.go: buckets are created when the Tenant is',
    'rclone.org/s3: no_check_bucket; min.io documentation, mc mirror and mc cp',
    'matrix-org/synapse-s3-storage-provider README: bucket; CloudNativePG documentation, Backup on object stores: destinationPath; livekit/egress README, Config',
  ],
  examples: {
    bad: `
      #- /store.yaml
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
        namespace: matrix
      spec:
        requestAutoCert: false
        buckets:
          - name: postgres-backups
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        backup:
          barmanObjectStore:
            destinationPath: s3://postgres-backup/main
      #                           ^^^^^^^^^^^^^^^ 💡 error: Nothing makes the bucket postgres-backup in Tenant matrix-minio — did you mean postgres-backups?
            endpointURL: http://minio.matrix.svc.cluster.local
    `,
    good: `
      #- /store.yaml
      apiVersion: minio.min.io/v2
      kind: Tenant
      metadata:
        name: matrix-minio
        namespace: matrix
      spec:
        requestAutoCert: false
        buckets:
          - name: postgres-backups
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        backup:
          barmanObjectStore:
            destinationPath: s3://postgres-backups/main
            endpointURL: http://minio.matrix.svc.cluster.local
    `,
  },
  kinds: [tenantKind, 'StatefulSet', 'Deployment'],
  *check(tenant, workspace) {
    if (tenant.qualifiedKind !== tenantKind) {
      yield* ofScripts(workspace, tenant);
      return;
    }
    const buckets = tenant.root.at('spec', 'buckets');
    const made = buckets.items().flatMap(bucket => bucket.at('name').text ?? []);
    const uses = clientsOf(workspace, tenant);
    const copied = uses.filter(use => use.isMade).map(use => use.bucket);
    for (const { bucket: name, at, isMade } of uses) {
      if (made.includes(name) || mayBeMade(workspace, name)) continue;
      const close = nearest(name, made);
      // A bucket that others use as well is meant to have the name.
      if (
        isMade ? close === undefined || uses.some(use => use.bucket === name && use.at !== at) : copied.includes(name)
      )
        continue;
      yield {
        at,
        ...(close !== undefined && !isMade && { severity: 'error' as const }),
        message: isMade
          ? `Tenant ${tenant.name} has no bucket ${name}, so rclone makes a new one — did you mean ${close}?`
          : `Nothing makes the bucket ${name} in Tenant ${tenant.name} — ${close === undefined ? 'add it to spec.buckets, or correct the name.' : `did you mean ${close}?`}`,
        related: [{ at: buckets.exists ? buckets.key : tenant.root.at('metadata', 'name'), message: tenant.title }],
        fixes: (): readonly Fix[] => {
          if (close !== undefined) return [{ title: `Use ${close}`, safe: false, edits: [{ at, newText: close }] }];
          const edit = buckets.items().length > 0 ? insertItem(buckets, `name: ${quoted(name, 'plain')}`) : undefined;
          return edit ? [{ title: `Add ${name} to the buckets of ${tenant.name}`, safe: false, edits: [edit] }] : [];
        },
      };
    }
  },
} satisfies Rule;

/** A MinIO without the operator has the buckets that scripts make, as long as all of these can be read. */
function* ofScripts(workspace: Workspace, store: Resource): Iterable<Problem> {
  if (!familiesOf(store).has('minio.plain')) return;
  const made = workloadKinds
    .flatMap(kind => workspace.resources(kind))
    .flatMap(workload => bucketsMadeBy(workspace, workload));
  if (made.length === 0 || made.some(one => one.bucket === undefined)) return;
  const names = made.flatMap(one => one.bucket ?? []);
  for (const { bucket: name, at, isMade } of clientsOf(workspace, store)) {
    if (names.includes(name) || mayBeMade(workspace, name, true)) continue;
    const close = nearest(name, names);
    if (isMade) continue;
    yield {
      at,
      ...(close !== undefined && { severity: 'error' as const }),
      message: `Nothing makes the bucket ${name} in ${store.title} — ${close === undefined ? `scripts make ${names.join(', ')}; add it there, or correct the name.` : `did you mean ${close}?`}`,
      related: made.map(one => ({ at: one.at, message: `Makes ${one.bucket}` })),
      fixes: () =>
        close === undefined ? [] : [{ title: `Use ${close}`, safe: false, edits: [{ at, newText: close }] }],
    };
  }
}

/**
 * Whether something else may make a bucket: a script that names it or a variable, or an object of another operator. What
 * pods run by mc is left out where that has been read.
 */
function mayBeMade(workspace: Workspace, name: string, isRead = false): boolean {
  return workspace
    .lookup(bucketMakers, '')
    .some(({ text, isOfPod }) =>
      text === undefined
        ? true
        : isRead && isOfPod && !otherMakers.test(text)
          ? false
          : text.includes(name) || /\b(?:mb|bucket)\b[^\n]*[$%{<]/i.test(text),
    );
}

interface BucketMaker {
  /** Undefined for an object of an operator that makes buckets. */
  readonly text: string | undefined;
  /** Whether it stands in an object, and not in a file that somebody runs. */
  readonly isOfPod: boolean;
}

const bucketMakers: Index<BucketMaker> = {
  name: 'makers of buckets',
  *resource(resource) {
    if (/Bucket(?:Claim)?$/.test(resource.kind)) yield ['', { text: undefined, isOfPod: true }];
    for (const value of resource.root.scalars(makesBucket)) yield ['', { text: value.text, isOfPod: true }];
  },
  *textFile(file) {
    if (makesBucket(file.text)) yield ['', { text: file.text, isOfPod: false }];
  },
  equal: (one, other) => one.text === other.text && one.isOfPod === other.isOfPod,
};

const otherMakers = /\b(?:s3cmd|aws|rclone)\b[^\n]*\b(?:mb|mkdir|create-bucket)\b|\b(?:make|create)_bucket\b/;

const makesBucket = (text: string): boolean =>
  /\b(?:mc|mcli|s3cmd|aws|rclone)\b[^\n]*\b(?:mb|mkdir|create-bucket)\b|\b(?:make|create)_bucket\b/.test(text);
