import { containersOf } from '../../analysis/pods';
import { clusterKind } from '../../analysis/roles';
import { appendDocument } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Index } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';

export default {
  id: 'pg-backup-unscheduled',
  items: ['F.8', 'R.2'],
  severity: 'info',
  summary: 'A PostgreSQL cluster has no backup, or none that is ever made.',
  why: 'Write-ahead logs alone restore nothing: without a base backup there is nothing to apply them to. What Synapse lost cannot be fetched again from other servers.',
  remedy: 'Say where backups go under `backup`, and add a ScheduledBackup that names the cluster.',
  traps: [
    'A backup plugin, such as the Barman Cloud plugin, counts as `backup` does.',
    'A CronJob that runs `pg_dump` or `pg_basebackup` is taken for the backup.',
    'A ScheduledBackup with `suspend: true` makes none.',
  ],
  sources: ['CloudNativePG documentation, Backup'],
  examples: {
    bad: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        backup:
      # ^^^^^^ 💡 info: no ScheduledBackup names Cluster matrix-postgresql
          barmanObjectStore:
            destinationPath: s3://backups
    `,
    good: `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        backup:
          barmanObjectStore:
            destinationPath: s3://backups
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: ScheduledBackup
      metadata:
        name: matrix-postgresql-nightly
        namespace: matrix
      spec:
        schedule: "0 0 2 * * *"
        backupOwnerReference: self
        cluster:
          name: matrix-postgresql
    `,
  },
  kinds: [clusterKind],
  *check(cluster, workspace) {
    if (workspace.lookup(dumpJobs, '').length > 0) return;
    const spec = cluster.root.at('spec');
    const plugins = spec.at('plugins').items();
    const backup = spec.at('backup');
    const hasBackup =
      ['barmanObjectStore', 'volumeSnapshot'].some(method => backup.at(method).kind === 'mapping') ||
      plugins.length > 0;
    if (!hasBackup) {
      yield {
        at: cluster.root.at('metadata', 'name'),
        message: `Cluster ${cluster.name} has no backup — say where backups go under spec.backup, and schedule them.`,
      };
      return;
    }
    const schedules = workspace
      .resources('ScheduledBackup.postgresql.cnpg.io')
      .filter(
        one =>
          one.root.at('spec', 'cluster', 'name').text === cluster.name &&
          (one.namespace === undefined || cluster.namespace === undefined || one.namespace === cluster.namespace),
      );
    const [suspended] = schedules;
    if (schedules.some(one => one.root.at('spec', 'suspend').boolean !== true)) return;
    yield {
      at: backup.exists ? backup.key : cluster.root.at('metadata', 'name'),
      message: suspended
        ? `ScheduledBackup ${suspended.name} of Cluster ${cluster.name} is suspended, so no backup is made — set suspend: false.`
        : `Backups are configured, but no ScheduledBackup names Cluster ${cluster.name}, so none is made — add one.`,
      related: suspended ? [{ at: suspended.root.at('spec', 'suspend'), message: suspended.title }] : [],
      fixes: () => (suspended ? [] : addSchedule(cluster)),
    };
  },
} satisfies Rule;

function addSchedule(cluster: Resource): readonly Fix[] {
  const namespace = cluster.namespace === undefined ? '' : `\n  namespace: ${cluster.namespace}`;
  const edit = appendDocument(
    cluster.document.file,
    `apiVersion: postgresql.cnpg.io/v1
kind: ScheduledBackup
metadata:
  name: ${cluster.name}-nightly${namespace}
spec:
  schedule: "0 0 2 * * *"
  backupOwnerReference: self
  cluster:
    name: ${cluster.name}`,
  );
  return [{ title: 'Add a nightly ScheduledBackup', safe: false, edits: [edit] }];
}

/** CronJobs that dump a database themselves. */
const dumpJobs: Index<Resource> = {
  name: 'jobs that dump databases',
  *resource(resource) {
    if (resource.kind !== 'CronJob') return;
    const words = containersOf(resource).flatMap(({ value }) => [
      ...value.at('command').scalars(),
      ...value.at('args').scalars(),
    ]);
    if (words.some(word => /\bpg_(?:dump|dumpall|basebackup)\b/.test(word.text ?? ''))) yield ['', resource];
  },
};
