import { workloadKinds } from '../../analysis/pods';
import { isSyncSystem } from '../../analysis/roles';
import { postgresRunsOf, type SqlRun, sqlRunsOf } from '../../analysis/sql-runs';
import { startOfLine } from '../../manifests/lines';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Rule } from '../rule';

export default {
  id: 'sync-creates-role',
  items: ['3.1.a.1'],
  severity: 'error',
  summary: 'The replication setup creates a database role of its own.',
  why: 'The checklist has replication use the existing user `synapse`. A second role with a password of its own is one more credential to rotate, and CloudNativePG removes what its `managed.roles` does not list.',
  remedy:
    'Delete the statement and connect as the existing user. Give it the attribute REPLICATION under `managed.roles` of the Cluster.',
  traps: [
    'Comments are not read, and a statement guarded by `IF NOT EXISTS` still creates a role.',
    'A role without REPLICATION is let pass where the subscription of the same workload connects as another.',
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
                    psql -U postgres -c "CREATE USER replicator WITH REPLICATION;"
      #                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error: This creates the role replicator
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
                    psql -U postgres -c "CREATE PUBLICATION matrix FOR ALL TABLES;"
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (!isSyncSystem(workspace, resource)) return;
    const runs = sqlRunsOf(workspace, resource);
    for (const { statement, at } of runs) {
      if (statement.kind !== 'role' || statement.action !== 'create') continue;
      if (isForOthers(runs, statement.name.text)) continue;
      yield {
        at,
        message: `This creates the role ${statement.name.text}, but replication must use the existing synapse user — delete it and connect as that user.`,
        fixes: () => deleteLines(workspace, at),
      };
    }
    for (const { call, place } of postgresRunsOf(workspace, resource)) {
      if (call.program !== 'createuser') continue;
      yield {
        at: place(call.span),
        message: `This creates the role ${call.operand?.value ?? ''}, but replication must use the existing synapse user — delete it and connect as that user.`,
      };
    }
  },
} satisfies Rule;

/** Whether a role is not the one that replicates: the subscription connects as another, and it may not replicate. */
function isForOthers(runs: readonly SqlRun[], role: string): boolean {
  const users = runs.flatMap(({ statement, partOf }) => {
    const user = statement.kind === 'create-subscription' ? statement.connection?.user : undefined;
    return user ? [partOf(user).text] : [];
  });
  const mayReplicate = runs.some(
    ({ statement }) =>
      statement.kind === 'role' &&
      statement.name.text === role &&
      statement.options.some(option => option === 'REPLICATION' || option === 'SUPERUSER'),
  );
  return users.length > 0 && !mayReplicate && users.every(user => user !== undefined && user !== role);
}

/** Deletes a statement with its lines, if it has them to itself. A script in quotes or on one line is left to a person. */
function deleteLines(workspace: Workspace, { uri, span }: Place): readonly Fix[] {
  const text = workspace.file(uri)?.text ?? '';
  const start = startOfLine(text, span.start);
  const [rest = ''] = /^[^\n]*\n?/.exec(text.slice(span.end)) ?? [];
  if (!/^[ \t]*$/.test(text.slice(start, span.start)) || !/^[ \t]*;?[ \t]*\r?\n$/.test(rest)) return [];
  const at = { uri, span: { start, end: span.end + rest.length } };
  return [{ title: 'Delete the statement', safe: false, edits: [{ at, newText: '' }] }];
}
