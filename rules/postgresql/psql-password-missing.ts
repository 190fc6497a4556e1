import { mountsOf } from '../../analysis/mounts';
import { type Container, workloadKinds } from '../../analysis/pods';
import { familiesOf } from '../../analysis/roles';
import { scriptOf } from '../../analysis/scripts';
import { type PostgresRun, postgresRunsOf, sqlRunsOf } from '../../analysis/sql-runs';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import { databasesCreatedBy } from '../key-vault/database';
import type { Problem, Rule } from '../rule';
import { clusterOfHost } from './clusters';

export default {
  id: 'psql-password-missing',
  items: [],
  severity: 'error',
  summary: 'A script calls psql without a password.',
  why: 'CloudNativePG lets nobody in over the network without a password. psql asks for one, and in a pod there is nobody to type it: maintenance, exports and backups by such a script never run.',
  remedy: 'Give the container `PGPASSWORD` from the Secret of the role, such as `<cluster>-app`.',
  traps: [
    'Judged are calls that name a Service of a Cluster in the tree without rules of its own in `pg_hba`.',
    'A password file and a client certificate count as a password, and so does anything that the script reads in.',
    'What key_vault’s database is made with, and what makes publications and subscriptions, have rules of their own.',
  ],
  sources: [
    'postgresql.org/docs, libpq: Environment Variables, The Password File; psql: -w',
    'cloudnative-pg documentation, Bootstrap: the host connections of pg_hba ask for a password',
  ],
  examples: { bad: example(true), good: example(false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (familiesOf(resource).has('key_vault')) return;
    const replicating = new Set(
      sqlRunsOf(workspace, resource).flatMap(({ call, statement }) =>
        /publication|subscription/.test(statement.kind) ? call : [],
      ),
    );
    const told = new Set<Container>();
    for (const run of postgresRunsOf(workspace, resource)) {
      if (told.has(run.container) || run.passwordVariable !== 'missing' || replicating.has(run.call)) continue;
      const problem = noPassword(workspace, resource, run);
      if (problem) told.add(run.container);
      if (problem) yield problem;
    }
  },
} satisfies Rule;

function noPassword(workspace: Workspace, resource: Resource, run: PostgresRun): Problem | undefined {
  const { container, call, host, place } = run;
  const found = host?.text ? clusterOfHost(workspace, resource.namespace, host.text) : undefined;
  if (!host || !found || call.password || found.cluster.root.at('spec', 'postgresql', 'pg_hba').exists)
    return undefined;
  // What a database is created with is asked by the rule about key_vault’s.
  if (databasesCreatedBy(workspace, resource).length > 0) return undefined;
  const script = scriptOf(workspace, resource, container)?.text.text ?? '';
  if (/PGPASS|sslkey|^\s*(?:\.|source)\s/m.test(script)) return undefined;
  if (mountsOf(container).some(({ mountPath }) => /pgpass|\.postgresql/.test(mountPath))) return undefined;
  return {
    at: place(call.span),
    message: `Container ${container.name} has no password for ${call.program}, which asks for one that nobody can type — give it PGPASSWORD from a Secret.`,
    related: [{ at: host.at, message: 'The server' }],
  };
}

function example(isBad: boolean): string {
  return `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: main
        namespace: matrix
      spec:
        instances: 3
        bootstrap:
          initdb: {database: matrix, owner: synapse}
      #- /job.yaml
      apiVersion: batch/v1
      kind: CronJob
      metadata:
        name: vacuum
        namespace: matrix
      spec:
        schedule: "0 3 * * *"
        jobTemplate:
          spec:
            template:
              spec:
                restartPolicy: Never
                containers:
                  - name: vacuum
                    image: postgres:16
                    command: [sh, -c]
                    args:
                      - |
                        psql -h main-rw -U synapse -d matrix -c 'VACUUM'
${
  isBad
    ? '      #                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error: Container vacuum has no password for psql, which asks for one that nobody can type\n'
    : `                    env:
                      - name: PGPASSWORD
                        valueFrom: {secretKeyRef: {name: main-app, key: password}}
`
}    `;
}
