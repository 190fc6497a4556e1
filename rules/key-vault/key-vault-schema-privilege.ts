import { commandLine } from '../../analysis/configs';
import { mountedTexts } from '../../analysis/mounts';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { clusterKind } from '../../analysis/roles';
import { createsRole } from '../../analysis/sql-names';
import { sqlRunsOf } from '../../analysis/sql-runs';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { replaceWritten } from '../sync/written';
import { databasesCreatedBy, firstVaultDatabase } from './database';

export default {
  id: 'key-vault-schema-privilege',
  items: [],
  severity: 'warning',
  summary: 'The user of key_vault may not create tables in its database.',
  why: 'Since PostgreSQL 15 only the owner of a database may create in its schema `public`. `GRANT ALL ON DATABASE` does not change that, so the migrations of key_vault fail.',
  remedy:
    'Create the database with `OWNER`, or run `ALTER DATABASE … OWNER TO` or `GRANT ALL ON SCHEMA public` in that database.',
  traps: [
    'Nothing is reported without a user of its own, if any statement of the Job names the schema, or if it makes that user the owner.',
  ],
  sources: ['PostgreSQL 15 release notes: CREATE on schema public is no longer granted to everyone'],
  examples: {
    bad: `
      #- /vault.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: key-vault}
        template:
          metadata:
            labels: {app: key-vault}
          spec:
            containers:
              - name: key-vault
                image: registry.example.org/key-vault:1.0
                env:
                  - name: DB_NAME
                    value: key_vault
                  - name: DB_USER
                    value: key_vault
      ---
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: key-vault-init-db
        namespace: matrix
      spec:
        template:
          spec:
            restartPolicy: Never
            containers:
              - name: init
                image: postgres:16
                command: [sh, -c]
                args:
                  - |
                    psql -h main-rw -U postgres -c "CREATE DATABASE key_vault"
      #                                             ^^^^^^^^^^^^^^^^^^^^^^^^^ warning: The user key_vault does not own
    `,
    good: `
      #- /vault.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: key-vault}
        template:
          metadata:
            labels: {app: key-vault}
          spec:
            containers:
              - name: key-vault
                image: registry.example.org/key-vault:1.0
                env:
                  - name: DB_NAME
                    value: key_vault
                  - name: DB_USER
                    value: key_vault
      ---
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: key-vault-init-db
        namespace: matrix
      spec:
        template:
          spec:
            restartPolicy: Never
            containers:
              - name: init
                image: postgres:16
                command: [sh, -c]
                args:
                  - |
                    psql -h main-rw -U postgres -c "CREATE DATABASE key_vault OWNER key_vault"
    `,
  },
  kinds: [...workloadKinds],
  *check(job, workspace) {
    const used = firstVaultDatabase(workspace);
    if (!used?.user || used.user === 'postgres') return;
    const created = databasesCreatedBy(workspace, job).find(({ name }) => name === used.name);
    if (!created) return;
    const texts = [
      ...containersOf(job).flatMap(commandLine),
      ...mountedTexts(workspace, job).map(({ value }) => value),
    ];
    const other = otherOwner(workspace, job, used.name, used.user);
    // Rights on the schema, and a superuser, need no owner.
    if (other && !texts.some(text => /\bON\s+SCHEMA\b|\bSUPERUSER\b|\bGRANT\s+\w+\s+TO\b/i.test(text.text ?? ''))) {
      yield {
        at: other.at,
        message: `${other.name} owns ${used.name}, and key_vault signs in as ${used.user}, which since PostgreSQL 15 may not create tables there — write OWNER ${used.user}.`,
        fixes: () => {
          const edit = replaceWritten(workspace, other.at, other.name, used.user ?? '');
          return edit ? [{ title: `Write ${used.user}`, safe: false, edits: [edit] }] : [];
        },
      };
      return;
    }
    if (texts.some(text => /\bOWNER\b|\bON\s+SCHEMA\b|\bSUPERUSER\b|-O\s|^-O|--owner\b/i.test(text.text ?? ''))) return;
    yield {
      at: created.at,
      message: `The user ${used.user} does not own ${used.name}, so since PostgreSQL 15 it may not create tables there — create the database with OWNER ${used.user}.`,
    };
  },
} satisfies Rule;

function mayBeMade(workspace: Workspace, user: string): boolean {
  const managed = workspace
    .resources(clusterKind)
    .flatMap(({ root }) => root.at('spec', 'managed', 'roles').items())
    .some(role => role.at('name').text === user);
  return managed || createsRole(workspace, user) || workspace.resources(clusterKind).length === 0;
}

/** The owner that the last statement of a Job gives a database, where it is somebody else. */
function otherOwner(
  workspace: Workspace,
  job: Resource,
  database: string,
  user: string,
): { readonly name: string; readonly at: Place } | undefined {
  const last = sqlRunsOf(workspace, job).findLast(
    ({ statement, partOf }) =>
      statement.kind === 'database' && statement.owner !== undefined && partOf(statement.name).text === database,
  );
  if (last?.statement.kind !== 'database' || !last.statement.owner) return undefined;
  const name = last.partOf(last.statement.owner).text;
  // A user that nothing makes is the business of pg-role-unusable.
  if (name === undefined || name === user || name === '' || !mayBeMade(workspace, user)) return undefined;
  return { name, at: last.part(last.statement.owner.span) };
}
