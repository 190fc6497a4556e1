import { initdbOf } from '../../analysis/database-logins';
import { workloadKinds } from '../../analysis/pods';
import { clusterKind } from '../../analysis/roles';
import { createsRole, createsUnknown } from '../../analysis/sql-names';
import { postgresRunsOf, type SqlRun, sqlRunsOf } from '../../analysis/sql-runs';
import { readSql, type SqlName, type SqlStatement } from '../../analysis/text/sql';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { clusterOfHost } from './clusters';

export default {
  id: 'sql-role-missing',
  items: [],
  severity: 'error',
  summary: 'SQL makes a role the owner of a database, or grants it something, before the role is there.',
  why: 'PostgreSQL answers `role "…" does not exist` and does nothing. In `postInitSQL` that ends the bootstrap, and the Cluster never comes up; in a Job the database is not made.',
  remedy: 'Create the role first, in the same list or script, or name a role that is there.',
  traps: [
    'CloudNativePG creates the owner of `initdb` before it runs `postInitSQL`, and the roles under `managed.roles` long after.',
    'A statement that only runs on a condition, and a name that the tree does not show, are not judged.',
    'Roles that another script or file creates count, except for `postInitSQL`, which runs before all of them.',
  ],
  sources: [
    'cloudnative-pg, pkg/management/postgres/initdb.go, ConfigureNewInstance: the role of the application, then PostInitSQL, PostInitTemplateSQL, the database, PostInitApplicationSQL',
    'PostgreSQL documentation, CREATE DATABASE, "OWNER"; GRANT',
  ],
  examples: {
    bad: example(
      '- CREATE DATABASE key_vault OWNER key_vault;\n      #                                         ^^^^^^^^^ error: key_vault is no role yet when this runs, so the Cluster is never bootstrapped — create the role in a statement above.',
    ),
    good: example('- CREATE ROLE key_vault LOGIN;\n              - CREATE DATABASE key_vault OWNER key_vault;'),
  },
  kinds: [clusterKind, ...workloadKinds],
  check(resource, workspace) {
    return resource.qualifiedKind === clusterKind ? ofBootstrap(resource) : ofScripts(resource, workspace);
  },
} satisfies Rule;

/** The statements that CloudNativePG runs once, in this order, all of them as `postgres`. */
function* ofBootstrap(cluster: Resource): Iterable<Problem> {
  const initdb = cluster.root.at('spec', 'bootstrap', 'initdb');
  const owner = initdbOf(cluster)?.owner;
  const isOpen = lists.some(list => initdb.at(`${list}Refs`).exists) || initdb.at('import').exists;
  if (owner === undefined || isOpen) return;
  const known = new Set([owner.toLowerCase()]);
  for (const item of lists.flatMap(list => initdb.at(list).items())) {
    for (const statement of readSql(item.text ?? '').statements) {
      if (statement.kind === 'role' && statement.action === 'create') known.add(statement.name.text.toLowerCase());
      if (statement.kind === 'do' || statement.inDo) return;
      for (const { text, span } of rolesNamed(statement)) {
        if (known.has(text.toLowerCase()) || isAlwaysThere(text)) continue;
        yield {
          at: item.part(span.start, span.end),
          message: `${text} is no role yet when this runs, so the Cluster is never bootstrapped — create the role in a statement above.`,
        };
      }
    }
  }
}

const lists = ['postInitSQL', 'postInitTemplateSQL', 'postInitApplicationSQL'];

function* ofScripts(resource: Resource, workspace: Workspace): Iterable<Problem> {
  const runs = sqlRunsOf(workspace, resource);
  for (const [index, run] of runs.entries()) {
    const { statement, call, host } = run;
    // The guard of a `CREATE DATABASE` asks for the database, others may ask for the role.
    const isGuarded = statement.inDo || (statement.conditional && statement.kind !== 'database');
    if (call.errorsIgnored || isGuarded || host?.text === undefined) continue;
    const cluster = clusterOfHost(workspace, resource.namespace, host.text)?.cluster;
    const initdb = cluster && initdbOf(cluster);
    if (!initdb || cluster.root.at('spec', 'bootstrap', 'initdb', 'import').exists) continue;
    for (const name of rolesNamed(statement)) {
      const { text } = run.partOf(name);
      if (text === undefined || isAlwaysThere(text) || text === initdb.owner || isManaged(cluster, text)) continue;
      const isCreation = (other: SqlRun): boolean => mayCreate(other, text);
      if (runs.slice(0, index).some(isCreation) || callsCreateUser(workspace, resource)) continue;
      const later = runs.slice(index + 1).find(other => other.container === run.container && isCreation(other));
      if (!later && (createsRole(workspace, text) || createsUnknown(workspace, 'role'))) continue;
      yield {
        at: run.part(name.span),
        message: later
          ? `${text} is no role yet when this runs, so PostgreSQL refuses it — create the role above.`
          : `Nothing creates the role ${text} on Cluster ${cluster.name}, so PostgreSQL refuses this — create it above, or name a role that is there.`,
        ...(later && { related: [{ at: later.at, message: 'The role is created here' }] }),
      };
    }
  }
}

function mayCreate({ statement, partOf }: SqlRun, role: string): boolean {
  if (statement.kind !== 'role' || statement.action !== 'create') return false;
  const { text } = partOf(statement.name);
  // What is not in quotes is written in small letters by PostgreSQL.
  return text === undefined || text.toLowerCase() === role.toLowerCase();
}

function callsCreateUser(workspace: Workspace, resource: Resource): boolean {
  return postgresRunsOf(workspace, resource).some(({ call }) => call.program === 'createuser');
}

function isManaged(cluster: Resource, role: string): boolean {
  const managed = cluster.root.at('spec', 'managed', 'roles').items();
  return managed.some(one => one.at('name').text === role);
}

/** The roles that have to be there for a statement. */
function rolesNamed(statement: SqlStatement): readonly SqlName[] {
  if (statement.kind === 'database' && statement.action !== 'drop') return statement.owner ? [statement.owner] : [];
  return statement.kind === 'grant' ? statement.roles : [];
}

/** Words that stand for a role, PostgreSQL's own roles, and those of the operator. */
function isAlwaysThere(name: string): boolean {
  return /^(?:public|current_user|current_role|session_user|default|group|postgres|streaming_replica|pg_\w+|cnpg_\w+)$/i.test(
    name,
  );
}

function example(statements: string): string {
  return `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        instances: 1
        bootstrap:
          initdb:
            database: matrix
            owner: synapse
            postInitSQL:
              ${statements}
    `;
}
