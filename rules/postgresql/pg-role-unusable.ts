import { initdbOf, loginsOf } from '../../analysis/database-logins';
import { nearest } from '../../analysis/nearest';
import { workloadKinds } from '../../analysis/pods';
import { clusterKind, familiesOf } from '../../analysis/roles';
import { createsRole } from '../../analysis/sql-names';
import { postgresRunsOf, type SqlRun, sqlRunsOf } from '../../analysis/sql-runs';
import type { RoleStatement } from '../../analysis/text/sql';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';
import { clusterOfHost } from './clusters';

export default {
  id: 'pg-role-unusable',
  items: [],
  severity: 'error',
  summary: 'A program signs in to a database as a role that nothing creates, or that has no password.',
  why: 'PostgreSQL answers both with "password authentication failed": the pod starts, finds no database, and starts again.',
  remedy:
    'Create the role with `LOGIN PASSWORD` in the Job that creates the database, or list it under `managed.roles` with a `passwordSecret`.',
  traps: [
    'The owner of the bootstrapped database, roles under `managed.roles` and `postgres` are made by CloudNativePG.',
    'Where a name or a cluster comes from a variable that the tree does not show, or the Cluster has `pg_hba` rules of its own, nothing is said.',
    'What Synapse signs in as is the business of `synapse-database-mismatch`.',
  ],
  sources: [
    'postgresql.org/docs, CREATE ROLE: "If no password is specified, the password will be set to null and password authentication will always fail for that user"',
  ],
  examples: {
    bad: example('CREATE ROLE key_vault LOGIN', true),
    good: example("CREATE ROLE key_vault LOGIN PASSWORD :'password'", false),
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (familiesOf(resource).has('synapse')) return;
    for (const { cluster, user, at, variable } of loginsOf(workspace, resource)) {
      if (user === 'postgres' || user === '') continue;
      if (isMadeByOperator(cluster, user) || cluster.root.at('spec', 'postgresql', 'pg_hba').exists) continue;
      // A database that another one is restored from brings its roles.
      if (!initdbOf(cluster) || cluster.root.at('spec', 'bootstrap', 'initdb', 'import').exists) continue;
      const statements = workspace
        .shared(roleStatements)
        .filter(one => one.cluster === undefined || one.cluster === cluster);
      if (statements.some(one => one.name === undefined)) continue;
      const own = statements.filter(one => one.name === user);
      if (own.length === 0) {
        const elsewhere = workspace.shared(roleStatements).find(one => one.name === user);
        if (!elsewhere && createsRole(workspace, user)) continue;
        // A misspelt user of the replication is the business of sync-credentials-user.
        if (!elsewhere && familiesOf(resource).has('sync') && !isOwnerElsewhere(workspace, user)) continue;
        const known = [...statements.flatMap(({ name }) => name ?? []), ...rolesOf(cluster)];
        const meant = elsewhere ? undefined : nearest(user, known);
        yield {
          at,
          message: elsewhere
            ? `${resource.title} signs in as ${user} on Cluster ${cluster.name}, but the role is created on ${elsewhere.cluster?.title ?? 'another server'} — create it there, too.`
            : `${resource.title} signs in as ${user} on Cluster ${cluster.name}, where nothing creates that role — ${meant ? `did you mean ${meant}?` : 'create it with a password.'}`,
        };
        continue;
      }
      const created = own.find(one => one.action === 'create');
      if (!created || own.some(one => one.hasPassword)) continue;
      yield {
        at: created.at,
        message: `The role ${user} gets no password, but ${resource.title} signs in with one, so PostgreSQL refuses it — add PASSWORD to the statement.`,
        related: [{ at: variable.at, message: 'The password that is used' }],
      };
    }
  },
} satisfies Rule;

interface MadeRole {
  readonly action: RoleStatement['action'];
  /** Undefined where the tree does not show it. */
  readonly name: string | undefined;
  readonly hasPassword: boolean;
  /** The Cluster that it is made on; undefined where that is not known. */
  readonly cluster: Resource | undefined;
  readonly at: Place;
}

/** What the scripts of all pods say of roles. */
function roleStatements(workspace: Workspace): readonly MadeRole[] {
  return workloadKinds
    .flatMap(kind => workspace.resources(kind))
    .flatMap(resource => [
      ...sqlRunsOf(workspace, resource).flatMap(run =>
        run.statement.kind === 'role' ? [madeBy(workspace, resource, run, run.statement)] : [],
      ),
      ...postgresRunsOf(workspace, resource).flatMap(({ call, host, place }) =>
        call.program === 'createuser' && call.operand
          ? [
              {
                action: 'create' as const,
                name: call.operand.value.includes('$') ? undefined : call.operand.value,
                // It may ask for one, and a later statement may set it.
                hasPassword: true,
                cluster: clusterAt(workspace, resource, host?.text),
                at: place(call.operand.span),
              },
            ]
          : [],
      ),
    ]);
}

function madeBy(workspace: Workspace, resource: Resource, run: SqlRun, statement: RoleStatement): MadeRole {
  return {
    action: statement.action,
    name: run.partOf(statement.name).text,
    hasPassword: statement.password !== undefined,
    cluster: clusterAt(workspace, resource, run.host?.text),
    at: run.at,
  };
}

function clusterAt(workspace: Workspace, resource: Resource, host: string | undefined): Resource | undefined {
  return host === undefined ? undefined : clusterOfHost(workspace, resource.namespace, host)?.cluster;
}

function isMadeByOperator(cluster: Resource, user: string): boolean {
  return rolesOf(cluster).includes(user) || user === 'streaming_replica';
}

function isOwnerElsewhere(workspace: Workspace, user: string): boolean {
  return workspace.resources(clusterKind).some(cluster => rolesOf(cluster).includes(user));
}

function rolesOf(cluster: Resource): readonly string[] {
  const owner = initdbOf(cluster)?.owner;
  const managed = cluster.root
    .at('spec', 'managed', 'roles')
    .items()
    .flatMap(role => role.at('name').text ?? []);
  return [...(owner === undefined ? [] : [owner]), ...managed];
}

function example(role: string, isMarked: boolean): string {
  return `
      #- /main.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: main
        namespace: matrix
      spec:
        instances: 1
        bootstrap:
          initdb:
            database: matrix
            owner: synapse
      #- /vault.yaml
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
                    psql -h main-rw -U postgres -v password="$DB_PASSWORD" <<'SQL'
                    ${role};
${isMarked ? '      #             ^^^^^^^^^^^^^^^^^^^^^^^^^^^ error: The role key_vault gets no password, but Deployment/key-vault signs in with one\n' : ''}                    SQL
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: key-vault
                image: registry.tessera.test/key-vault:1.0
                env:
                  - {name: DB_HOST, value: main-rw}
                  - {name: DB_USER, value: key_vault}
                  - name: DB_PASSWORD
                    valueFrom:
                      secretKeyRef: {name: key-vault, key: password}
    `;
}
