import { workloadKinds } from '../../analysis/pods';
import { databases, isSyncSystem } from '../../analysis/roles';
import { type PostgresRun, postgresRunsOf } from '../../analysis/sql-runs';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';
import { replaceWritten } from './written';

export default {
  id: 'sync-restores-into-main',
  items: [],
  severity: 'error',
  summary: 'The sync system restores a dump into the main database.',
  why: 'It copies from the main database to that of the LI instance. The other way round the restore writes into live tables: rows come twice or are replaced by old ones.',
  remedy: 'Dump from the main cluster, and restore into the Service `<LI cluster>-rw`.',
  traps: [
    'A restore is `pg_restore -d`, or psql that reads what `pg_dump` has written to a file or a pipe.',
    'Only workloads that keep up the replication to the LI instance are judged, and only hosts that the tree shows.',
  ],
  sources: ['PostgreSQL documentation, pg_dump and pg_restore; cloudnative-pg, docs/src/service_management.md'],
  examples: {
    bad: `
      #- /clusters.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: {name: matrix-postgresql, namespace: matrix}
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: {name: matrix-postgresql-li, namespace: matrix}
      #- /sync.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: sync-schema
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app.kubernetes.io/name: sync-system}
          spec:
            restartPolicy: Never
            containers:
              - name: copy
                image: postgres:16
                command:
                  - sh
                  - -c
                  - |
                    pg_dump -h matrix-postgresql-rw -U synapse -d matrix --schema-only > /tmp/schema.sql
                    psql -h matrix-postgresql-rw -U synapse -d matrix -f /tmp/schema.sql
      #                     ^^^^^^^^^^^^^^^^^^^^ 💡 error: psql restores a dump of Cluster/matrix-postgresql into the main database — restore it into matrix-postgresql-li-rw.
    `,
    good: `
      #- /clusters.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: {name: matrix-postgresql, namespace: matrix}
      ---
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata: {name: matrix-postgresql-li, namespace: matrix}
      #- /sync.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: sync-schema
        namespace: matrix
      spec:
        template:
          metadata:
            labels: {app.kubernetes.io/name: sync-system}
          spec:
            restartPolicy: Never
            containers:
              - name: copy
                image: postgres:16
                command:
                  - sh
                  - -c
                  - |
                    pg_dump -h matrix-postgresql-rw -U synapse -d matrix --schema-only > /tmp/schema.sql
                    psql -h matrix-postgresql-li-rw -U synapse -d matrix -f /tmp/schema.sql
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const { main, li } = databases(workspace);
    if (!main || !li || !isSyncSystem(workspace, resource)) return;
    const runs = postgresRunsOf(workspace, resource);
    for (const run of runs) {
      const { host } = run;
      if (!host?.text || !isOf(main, host.text)) continue;
      const dump = runs.find(other => isDump(other) && restores(run, other));
      if (!dump) continue;
      const source = [main, li].find(one => isOf(one, dump.host?.text ?? ''));
      yield {
        at: host.at,
        message: `${run.call.program} restores a dump${source ? ` of ${source.title}` : ''} into the main database — restore it into ${li.name}-rw.`,
        related: [{ at: dump.place(dump.call.span), message: 'The dump' }],
        fixes: () => (source === li ? [] : restoreInto(workspace, host, li)),
      };
    }
  },
} satisfies Rule;

/** Whether a host is the Service of a cluster into which can be written. */
function isOf({ name, namespace }: Resource, host: string): boolean {
  const [service, place] = host.split('.');
  return service === `${name}-rw` && (place === undefined || namespace === undefined || place === namespace);
}

function isDump({ call: { program } }: PostgresRun): boolean {
  return program === 'pg_dump' || program === 'pg_dumpall';
}

/** Whether a call puts into a database what another has written. */
function restores(run: PostgresRun, dump: PostgresRun): boolean {
  const { call } = run;
  const isPiped = run.container === dump.container && call.pipeline === dump.call.pipeline;
  // Without a database pg_restore prints what it would do.
  if (call.program === 'pg_restore') return call.database?.from === 'option';
  if (call.program !== 'psql') return false;
  if (isPiped) return !call.sql.some(input => input.kind === 'text' && input.from === 'option');
  return call.sql.some(
    input => input.kind === 'file' && dump.call.written.some(({ path }) => path === input.path.path),
  );
}

function restoreInto(workspace: Workspace, host: NonNullable<PostgresRun['host']>, li: Resource): readonly Fix[] {
  const text = host.text ?? '';
  const into = `${li.name}-rw${text.slice(text.split('.', 1)[0]?.length)}`;
  const edit = replaceWritten(workspace, host.at, text, into);
  return edit ? [{ title: `Restore into ${into}`, safe: false, edits: [edit] }] : [];
}
