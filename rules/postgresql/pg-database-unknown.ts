import { type FoundCommand, foundCommands } from '../../analysis/commands';
import { initdbOf } from '../../analysis/database-logins';
import { nearest } from '../../analysis/nearest';
import { workloadKinds } from '../../analysis/pods';
import { clusterKind, familiesOf } from '../../analysis/roles';
import { createsDatabase, createsRole, createsUnknown, showsCreation } from '../../analysis/sql-names';
import { type PostgresRun, postgresRunsOf, sqlRunsOf } from '../../analysis/sql-runs';
import { type PsqlCall, psqlCalls } from '../../analysis/text/psql-calls';
import { readShell } from '../../analysis/text/shell';
import type { RunWord } from '../../analysis/text/shell-values';
import type { Resource } from '../../manifests/resource';
import type { Place } from '../../manifests/span';
import type { Workspace } from '../../manifests/workspace';
import type { Problem, Rule } from '../rule';
import { clusterOfHost } from './clusters';

export default {
  id: 'pg-database-unknown',
  items: [],
  severity: 'error',
  summary:
    'A script or a runbook asks for a database, or signs in as a role, that its PostgreSQL cluster does not have.',
  why: 'psql and pg_dump end with `database "…" does not exist` or `role "…" does not exist`: the Job fails, the backup is empty, and whoever follows the runbook learns nothing.',
  remedy: 'Name the database and the role that the Cluster is bootstrapped with, or create the others.',
  traps: [
    '`postgres` and the templates are always there. Databases and roles that a script, `postInitSQL`, a Database or `managed.roles` makes count, and where one makes them by a name that nobody can read, nothing is said.',
    'Clusters that are restored or imported bring databases that the tree does not show.',
    'In a Markdown file it is an information. Only commands for the pods of a Cluster of the tree are judged there, and what a page shows how to create counts.',
    'Roles that statements give something to are judged by sql-role-missing.',
    'What Synapse, key_vault and the replication are configured with has rules of its own.',
  ],
  sources: [
    'PostgreSQL documentation, psql, "Connecting to a Database"; CloudNativePG documentation, Bootstrap: initdb makes one database with one owner',
  ],
  examples: { bad: example('matrix_main', true), good: example('matrix', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    if (familiesOf(resource).has('synapse')) return;
    for (const run of postgresRunsOf(workspace, resource)) yield* ofRun(workspace, resource, run);
  },
  *checkWorkspace(workspace) {
    if (workspace.resources(clusterKind).length === 0) return;
    for (const found of foundCommands(workspace)) yield* ofCommand(workspace, found);
  },
} satisfies Rule;

function* ofRun(workspace: Workspace, resource: Resource, run: PostgresRun): Iterable<Problem> {
  const { call, host, database, user } = run;
  const cluster =
    host?.text === undefined ? undefined : clusterOfHost(workspace, resource.namespace, host.text)?.cluster;
  if (!cluster || call.errorsIgnored || !isReading(call)) return;
  const isSync = familiesOf(resource).has('sync');
  const isSigned = typeof run.passwordVariable === 'object';
  // Where the names are those of another cluster, the host is wrong, which rules of the replication and of logins tell.
  if ((isSync || isSigned) && belongsElsewhere(workspace, cluster, database?.text, user?.text)) return;
  // The database of a publication or a subscription is judged by sync-subscription-invalid.
  const isReplication = sqlRunsOf(workspace, resource).some(
    one => one.call === call && /publication|subscription/.test(one.statement.kind),
  );
  if (database && !isReplication) yield* unknownDatabase(workspace, cluster, database.text, database.at);
  // A user with a password from a Secret is judged by pg-role-unusable, but for those of the replication.
  const isLiteral = call.user !== undefined && !call.user.value.value.includes('$');
  if (user && isLiteral && (isSync || !isSigned)) yield* unknownRole(workspace, cluster, user.text, user.at);
}

function belongsElsewhere(
  workspace: Workspace,
  cluster: Resource,
  database: string | undefined,
  user: string | undefined,
): boolean {
  return workspace.resources(clusterKind).some(other => {
    const initdb = other === cluster ? undefined : initdbOf(other);
    return initdb !== undefined && initdb.database === database && initdb.owner === user;
  });
}

/** `kubectl exec` in a pod of a Cluster, with psql behind the dashes. */
function* ofCommand(workspace: Workspace, { command, file, isShown, place }: FoundCommand): Iterable<Problem> {
  if (command.kind !== 'query' || command.verb !== 'exec' || command.errorsIgnored) return;
  const pod = command.targets[0]?.name;
  const name = pod?.certainty === 'known' ? /^(.+)-[1-9]\d*$/.exec(pod.value)?.[1] : undefined;
  const namespace = command.namespace?.certainty === 'known' ? command.namespace.value : undefined;
  const cluster = name === undefined ? undefined : workspace.find(clusterKind, namespace, name);
  if (!cluster || (command.namespace && namespace === undefined)) return;
  const { uri, span } = place(command.span);
  const text = file.text.slice(span.start, span.end);
  const inner = /\s--\s+(?=(?:env\s+)?(?:\w+=\S+\s+)*(?:psql|pg_dump|pg_restore|createdb)\s)/.exec(text);
  if (!inner) return;
  const start = inner.index + inner[0].length;
  for (const call of psqlCalls(readShell(text.slice(start)))) {
    // Another server than that of the pod.
    if (call.host && !/^(?:localhost|127\.0\.0\.1|\/)/.test(call.host.value.value)) continue;
    const severity = isShown ? ('info' as const) : ('warning' as const);
    const at = ({ use }: RunWord): Place => ({
      uri,
      span: { start: span.start + start + use.start, end: span.start + start + use.end },
    });
    const database = isReading(call) ? call.database?.value : undefined;
    if (database && !showsCreation(workspace, 'database', database.value))
      for (const problem of unknownDatabase(workspace, cluster, database.value, at(database)))
        yield { ...problem, severity };
    for (const role of [call.user?.value, call.owner])
      if (role && !showsCreation(workspace, 'role', role.value))
        for (const problem of unknownRole(workspace, cluster, role.value, at(role))) yield { ...problem, severity };
  }
}

function isReading({ program }: PsqlCall): boolean {
  return program === 'psql' || program === 'pg_dump' || program === 'pg_restore';
}

function* unknownDatabase(
  workspace: Workspace,
  cluster: Resource,
  name: string | undefined,
  at: Place,
): Iterable<Problem> {
  const initdb = initdbOf(cluster);
  if (!isName(name) || !initdb || isOpen(cluster) || alwaysThere.has(name)) return;
  const declared = workspace
    .resources('Database.postgresql.cnpg.io')
    .filter(one => one.root.at('spec', 'cluster', 'name').text === cluster.name)
    .flatMap(one => one.root.at('spec', 'name').text ?? []);
  const known = [initdb.database, ...declared];
  if (known.includes(name) || createsDatabase(workspace, name) || createsUnknown(workspace, 'database')) return;
  const close = nearest(name, known) ?? (known.length === 1 ? known[0] : undefined);
  yield {
    at,
    message: `Cluster ${cluster.name} has no database ${name} — ${close ? `did you mean ${close}?` : 'create it, or correct the name.'}`,
    related: [{ at: cluster.root.at('metadata', 'name'), message: cluster.title }],
    fixes: () => rename(workspace, at, name, close),
  };
}

const alwaysThere: ReadonlySet<string> = new Set(['postgres', 'template0', 'template1']);

function* unknownRole(workspace: Workspace, cluster: Resource, name: string | undefined, at: Place): Iterable<Problem> {
  const initdb = initdbOf(cluster);
  if (!isName(name) || !initdb || isOpen(cluster) || name === 'postgres' || name === 'streaming_replica') return;
  const managed = cluster.root
    .at('spec', 'managed', 'roles')
    .items()
    .flatMap(role => role.at('name').text ?? []);
  const known = [initdb.owner, ...managed];
  if (known.includes(name) || createsRole(workspace, name) || createsUnknown(workspace, 'role')) return;
  if (workspace.resources('DatabaseRole.postgresql.cnpg.io').length > 0) return;
  const close = nearest(name, known) ?? (known.length === 1 ? known[0] : undefined);
  yield {
    at,
    message: `Cluster ${cluster.name} has no role ${name} — ${close ? `did you mean ${close}?` : 'create it, or correct the name.'}`,
    related: [{ at: cluster.root.at('metadata', 'name'), message: cluster.title }],
    fixes: () => rename(workspace, at, name, close),
  };
}

/** A name that is meant as it stands. */
function isName(name: string | undefined): name is string {
  return name !== undefined && /^[a-z_][\w-]*$/.test(name) && !/PLACEHOLDER|CHANGE_?ME|^_|^your|^my_?db$/i.test(name);
}

/** What a cluster begins with may stand elsewhere, or be another server's databases. */
function isOpen(cluster: Resource): boolean {
  const initdb = cluster.root.at('spec', 'bootstrap', 'initdb');
  return !initdb.exists || initdb.at('import').exists;
}

function rename(
  workspace: Workspace,
  at: Place,
  name: string,
  close: string | undefined,
): readonly { title: string; safe: boolean; edits: readonly { at: Place; newText: string }[] }[] {
  const { start, end } = at.span;
  const written = workspace.file(at.uri)?.text.slice(start, end) ?? '';
  const from = written.indexOf(name);
  if (close === undefined || from === -1 || written.indexOf(name, from + 1) !== -1) return [];
  const span = { start: start + from, end: start + from + name.length };
  return [{ title: `Write ${close}`, safe: false, edits: [{ at: { uri: at.uri, span }, newText: close }] }];
}

function example(database: string, isBad: boolean): string {
  return `
      #- /cluster.yaml
      apiVersion: postgresql.cnpg.io/v1
      kind: Cluster
      metadata:
        name: matrix-postgresql
        namespace: matrix
      spec:
        instances: 3
        bootstrap:
          initdb:
            database: matrix
            owner: synapse
      #- /dump.yaml
      apiVersion: batch/v1
      kind: Job
      metadata:
        name: dump
        namespace: matrix
      spec:
        template:
          spec:
            containers:
              - name: dump
                image: postgres:16.4
                command:
                  - sh
                  - -c
                  - |
                    pg_dump -h matrix-postgresql-rw -U synapse -d ${database} -f /backup/matrix.sql${isBad ? '\n      #                                                           ^^^^^^^^^^^ 💡 error: Cluster matrix-postgresql has no database matrix_main — did you mean matrix?' : ''}
    `;
}
