import { containersOf, workloadKinds } from '../../analysis/pods';
import { databases, isSyncSystem, workloads } from '../../analysis/roles';
import { scriptOf } from '../../analysis/scripts';
import { sqlRunsOf } from '../../analysis/sql-runs';
import { maskComments } from '../../analysis/text/comments';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'sync-schema-missing',
  items: [],
  severity: 'info',
  summary: 'Nothing brings the table definitions to the LI database before it subscribes.',
  why: 'Logical replication carries rows and no table definitions. CREATE SUBSCRIPTION fails for each published table that the LI database does not have: `relation "public.events" does not exist`.',
  remedy:
    'Let the Job copy them first with `pg_dump --schema-only`, or start the LI Synapse once before the Job runs and wait for its tables.',
  traps: [
    'The LI Synapse makes the same tables when it starts. The step is only as good as the order in which both are applied, hence no more than an advice.',
    'A script that dumps, restores or looks for tables is taken to care for it, and so is an import in the Cluster.',
  ],
  sources: [
    'PostgreSQL documentation, Logical Replication, Restrictions: the database schema and DDL commands are not replicated',
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
                    psql -h li-rw -U postgres -c "CREATE SUBSCRIPTION li CONNECTION 'host=main-rw' PUBLICATION matrix"
      #                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ info: Nothing creates the tables
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
                    pg_dump -h main-rw -U synapse --schema-only matrix | psql -h li-rw -U synapse_li matrix_li
                    psql -h li-rw -U postgres -c "CREATE SUBSCRIPTION li CONNECTION 'host=main-rw' PUBLICATION matrix"
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (!isSyncSystem(workspace, resource)) return;
    const run = sqlRunsOf(workspace, resource).find(({ statement }) => statement.kind === 'create-subscription');
    if (!run || [resource, ...workloads(workspace, 'sync')].some(job => caresForTables(workspace, job))) return;
    if (databases(workspace).li?.root.at('spec', 'bootstrap', 'initdb', 'import').exists) return;
    yield {
      at: run.at,
      message:
        'Nothing creates the tables in the LI database before it subscribes, and replication carries none — copy them with pg_dump --schema-only first, or apply this only after the LI Synapse has started.',
    };
  },
} satisfies Rule;

function caresForTables(workspace: Workspace, job: Resource): boolean {
  return containersOf(job).some(container => {
    const script = scriptOf(workspace, job, container);
    return (
      script !== undefined &&
      /\bpg_(?:dump|dumpall|restore|basebackup)\b|\bpg_tables\b|information_schema\.tables|to_regclass|\bCREATE\s+TABLE\b/i.test(
        maskComments(script.text.text, 'shell'),
      )
    );
  });
}
