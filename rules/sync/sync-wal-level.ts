import { clusterKind, databases, workloads } from '../../analysis/roles';
import { sqlRunsOf } from '../../analysis/sql-runs';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';

export default {
  id: 'sync-wal-level',
  items: ['3.1.a.3'],
  severity: 'error',
  summary: 'The main cluster does not write what logical replication needs.',
  why: 'PostgreSQL refuses to create the replication slot of the subscription, and the LI database stays empty.',
  remedy:
    'Remove `wal_level`, because CloudNativePG sets `logical` itself; leave room in `max_replication_slots` and `max_wal_senders`.',
  traps: [
    'Only reported where a script creates a publication.',
    'Too few slots or senders for the standbys and one subscription are a warning.',
  ],
  sources: [
    'PostgreSQL documentation, Logical Replication, Configuration Settings',
    'cloudnative-pg documentation, PostgreSQL Configuration: wal_level is logical by default',
  ],
  examples: {
    bad: `
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: setup-replication
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app.kubernetes.io/name: sync-system}
          spec:
            restartPolicy: Never
            containers:
              - name: setup
                image: postgres:16
                command: [sh, -c]
                args:
                  - |
                    psql -h main-rw -U postgres -c "CREATE PUBLICATION matrix FOR ALL TABLES;"
      #- /main.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: main
        namespace: matrix
      spec:
        instances: 3
        postgresql:
          parameters:
            max_connections: "100"
            wal_level: replica
      #                ^^^^^^^ 💡 error: wal_level replica
    `,
    good: `
      #- /job.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: setup-replication
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app.kubernetes.io/name: sync-system}
          spec:
            restartPolicy: Never
            containers:
              - name: setup
                image: postgres:16
                command: [sh, -c]
                args:
                  - |
                    psql -h main-rw -U postgres -c "CREATE PUBLICATION matrix FOR ALL TABLES;"
      #- /main.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: main
        namespace: matrix
      spec:
        instances: 3
        postgresql:
          parameters:
            max_connections: "100"
            wal_level: logical
    `,
  },
  kinds: [clusterKind],
  *check(cluster, workspace) {
    const { main, li } = databases(workspace);
    if (li === cluster) yield* withoutWorkers(cluster, workspace);
    if (main !== cluster) return;
    const publishes = workloads(workspace, 'sync').some(job =>
      sqlRunsOf(workspace, job).some(({ statement }) => statement.kind === 'create-publication'),
    );
    const isDeclared = workspace
      .resources('Publication.postgresql.cnpg.io')
      .some(
        ({ root, namespace }) =>
          root.at('spec', 'cluster', 'name').text === cluster.name && namespace === cluster.namespace,
      );
    if (!publishes && !isDeclared) return;
    const parameters = cluster.root.at('spec', 'postgresql', 'parameters');
    const level = parameters.at('wal_level');
    if (level.text !== undefined && level.text !== 'logical') {
      yield {
        at: level,
        message: `wal_level ${level.text} has no logical replication, but a publication is created — set logical.`,
        fixes: () => {
          const edit = replaceScalar(level, 'logical');
          return edit ? [{ title: 'Set wal_level to logical', safe: true, edits: [edit] }] : [];
        },
      };
    }
    // One for each standby, and one for the subscription.
    const needed = cluster.root.at('spec', 'instances').number ?? 1;
    for (const name of ['max_replication_slots', 'max_wal_senders']) {
      const value = parameters.at(name);
      const number = Number(value.text ?? Number.NaN);
      if (Number.isNaN(number) || number >= needed) continue;
      yield {
        at: value,
        severity: 'warning',
        message: `${name} ${value.text} is too few for ${needed - 1} standbys and the subscription — set at least ${needed}.`,
      };
    }
  },
} satisfies Rule;

/** Each subscription has a worker process; PostgreSQL starts none of them where it may have none. */
function* withoutWorkers(cluster: Resource, workspace: Workspace): Iterable<Problem> {
  const subscribes = workloads(workspace, 'sync').some(job =>
    sqlRunsOf(workspace, job).some(({ statement }) => statement.kind === 'create-subscription'),
  );
  if (!subscribes) return;
  for (const name of ['max_logical_replication_workers', 'max_worker_processes']) {
    const value = cluster.root.at('spec', 'postgresql', 'parameters', name);
    if (value.text === undefined || Number(value.text) !== 0) continue;
    yield {
      at: value,
      message: `${name} 0 lets no subscription run on ${cluster.title}, so nothing is replicated — set at least 4, or leave it out.`,
    };
  }
}
