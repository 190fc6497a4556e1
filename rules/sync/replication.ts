import { initdbOf } from '../../analysis/database-logins';
import { effectiveFile } from '../../analysis/effective';
import { environmentOf } from '../../analysis/environment';
import { homeserverOf } from '../../analysis/homeserver';
import { mountedTexts } from '../../analysis/mounts';
import { containersOf } from '../../analysis/pods';
import { synapseLis, synapseMains, workloads } from '../../analysis/roles';
import { scriptOf } from '../../analysis/scripts';
import { type SqlRun, sqlRunsOf } from '../../analysis/sql-runs';
import { maskComments } from '../../analysis/text/comments';
import type { CreateSubscription } from '../../analysis/text/sql';
import { insertEntry, insertItem } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Place, TextEdit } from '../../manifests/span';
import type { Value } from '../../manifests/value';
import type { Index, Workspace } from '../../manifests/workspace';
import type { Fix } from '../rule';

/** A `CREATE SUBSCRIPTION` that a workload runs. */
export type SubscriptionRun = SqlRun & { readonly statement: CreateSubscription };

/**
 * Whether anything in the tree may run a statement: some text of the sync system has its words, a Cluster's bootstrap
 * has them, there is a resource of CloudNativePG for it, or a script or page that a person follows names it.
 */
export function mayRun(workspace: Workspace, object: 'PUBLICATION' | 'SUBSCRIPTION'): boolean {
  const kind = object === 'PUBLICATION' ? 'Publication' : 'Subscription';
  if (workspace.resources(`${kind}.postgresql.cnpg.io`).length > 0) return true;
  if (workspace.lookup(createdByHand, object).length > 0) return true;
  const words = new RegExp(`\\bCREATE\\s+${object}\\b`, 'i');
  const inClusters = workspace
    .resources('Cluster.postgresql.cnpg.io')
    .some(cluster => bootstrapTexts(cluster).some(text => words.test(text)));
  return (
    inClusters ||
    workloads(workspace, 'sync').some(resource => textsOf(workspace, resource).some(text => words.test(text)))
  );
}

const createdByHand: Index<true> = {
  name: 'publications and subscriptions that scripts and pages create',
  *textFile(file) {
    if (!/\.(?:sh|md|sql)$/i.test(file.path)) return;
    for (const object of ['PUBLICATION', 'SUBSCRIPTION'])
      if (new RegExp(`\\bCREATE\\s+${object}\\b`, 'i').test(file.text)) yield [object, true];
    for (const [attribute, grant] of grants)
      for (const [, name = ''] of file.text.matchAll(grant)) yield [`${attribute} ${name.toLowerCase()}`, true];
  },
};

/** What a role may be allowed; a superuser may do everything (PostgreSQL documentation, CREATE ROLE). */
export type RoleAttribute = 'REPLICATION' | 'CREATEDB' | 'SUPERUSER';

const grants: ReadonlyMap<RoleAttribute, RegExp> = new Map(
  (['REPLICATION', 'CREATEDB', 'SUPERUSER'] as const).map(attribute => [
    attribute,
    new RegExp(`\\b(?:ALTER|CREATE)\\s+(?:ROLE|USER)\\s+"?(\\w+)"?[^;]*?\\s(?:${attribute}|SUPERUSER)\\b`, 'gi'),
  ]),
);

/** The scripts of a workload without comments, and the texts that it mounts. */
function textsOf(workspace: Workspace, resource: Resource): readonly string[] {
  return [
    ...containersOf(resource).flatMap(container => {
      const text = scriptOf(workspace, resource, container)?.text.text;
      return text === undefined ? (container.value.at('args').text ?? []) : maskComments(text, 'shell');
    }),
    ...mountedTexts(workspace, resource).flatMap(({ value }) => value.string ?? []),
  ];
}

function bootstrapTexts(cluster: Resource): readonly string[] {
  const initdb = cluster.root.at('spec', 'bootstrap', 'initdb');
  return ['postInitSQL', 'postInitApplicationSQL', 'postInitTemplateSQL'].flatMap(field =>
    initdb
      .at(field)
      .items()
      .flatMap(item => item.text ?? []),
  );
}

/** The databases in which the main instance keeps its data, as far as the tree tells. */
export function mainDatabases(workspace: Workspace, main: Resource): readonly string[] {
  const initdb = initdbOf(main)?.database;
  return [...new Set([...(initdb ? [initdb] : []), ...namedBy(workspace, synapseMains(workspace))])];
}

/** The databases that the LI instance reads, or the one that is made for it where its configuration does not tell. */
export function liDatabases(workspace: Workspace, li: Resource): readonly string[] {
  const named = namedBy(workspace, synapseLis(workspace));
  const made = li.root.at('spec', 'bootstrap', 'initdb', 'database').text;
  return named.length > 0 || made === undefined ? named : [made];
}

function namedBy(workspace: Workspace, instances: readonly Resource[]): readonly string[] {
  const args = instances.flatMap(synapse => homeserverOf(workspace, synapse)?.at('database', 'args') ?? []);
  return [...new Set(args.flatMap(one => one.at('dbname').text ?? one.at('database').text ?? []))];
}

/**
 * Whether a role of a cluster may have REPLICATION, without which PostgreSQL refuses a subscriber its slot
 * (https://www.postgresql.org/docs/current/logical-replication-security.html). The owner that `initdb` makes has it not.
 */
export function mayReplicate(workspace: Workspace, cluster: Resource, role: string): boolean {
  return role === 'streaming_replica' || mayHave(workspace, cluster, role, 'REPLICATION');
}

/** Whether the tree shows who makes a role of a cluster: its Cluster or a statement, and so all that the role may do. */
export function isKnownRole(workspace: Workspace, cluster: Resource, role: string): boolean {
  return (
    initdbOf(cluster)?.owner === role ||
    managedRole(cluster, role) !== undefined ||
    runningSql(workspace).some(resource =>
      sqlRunsOf(workspace, resource).some(
        ({ statement }) => statement.kind === 'role' && statement.action === 'create' && statement.name.text === role,
      ),
    )
  );
}

/** What sets databases up. */
function runningSql(workspace: Workspace): readonly Resource[] {
  return workspace.resources('Job').concat(workloads(workspace, 'sync'));
}

/** Whether a role of a cluster may have an attribute, by its Cluster or by any statement of the tree. */
export function mayHave(workspace: Workspace, cluster: Resource, role: string, attribute: RoleAttribute): boolean {
  const initdb = initdbOf(cluster);
  const refs = cluster.root.at('spec', 'bootstrap', 'initdb');
  if (!initdb || ['postInitSQLRefs', 'postInitApplicationSQLRefs'].some(field => refs.at(field).exists)) return true;
  if (role === 'postgres') return true;
  const managed = managedRole(cluster, role);
  if (managed?.at(attribute.toLowerCase()).boolean || managed?.at('superuser').boolean) return true;
  if (workspace.lookup(createdByHand, `${attribute} ${role.toLowerCase()}`).length > 0) return true;
  const gives = (text: string): boolean =>
    [...text.matchAll(grants.get(attribute) ?? /(?!)/g)].some(([, name]) => name?.toLowerCase() === role.toLowerCase());
  return (
    bootstrapTexts(cluster).some(gives) ||
    runningSql(workspace).some(
      resource =>
        textsOf(workspace, resource).some(gives) ||
        sqlRunsOf(workspace, resource).some(
          ({ statement, partOf }) =>
            statement.kind === 'role' &&
            (statement.name.isVariable || partOf(statement.name).text === undefined || statement.name.text === role) &&
            statement.options.some(option => option === attribute || option === 'SUPERUSER'),
        ),
    )
  );
}

/** A role under `managed.roles` of its Cluster. */
function managedRole(cluster: Resource, role: string): Value | undefined {
  return cluster.root
    .at('spec', 'managed', 'roles')
    .items()
    .find(item => item.at('name').text === role);
}

/** Gives a role REPLICATION under `managed.roles` of its Cluster. */
export function giveReplication(cluster: Resource, role: string): readonly Fix[] {
  const spec = cluster.root.at('spec');
  const roles = spec.at('managed', 'roles');
  const known = managedRole(cluster, role);
  const item = `name: ${role}\nensure: present\nlogin: true\nreplication: true`;
  let edit: TextEdit | undefined;
  if (known?.at('replication').exists) return [];
  if (known) edit = insertEntry(known, 'replication: true', { after: 'name' });
  else if (roles.items().length > 0) edit = insertItem(roles, item);
  else if (!spec.at('managed').exists)
    edit = insertEntry(spec, `managed:\n  roles:\n    - ${item.replaceAll('\n', '\n      ')}`, { after: 'bootstrap' });
  return edit ? [{ title: `Give ${role} REPLICATION under managed.roles`, safe: false, edits: [edit] }] : [];
}

/** A variable in the connection of a subscription that does not become a value. */
export interface LeftVariable {
  readonly at: Place;
  readonly text: string;
  /** `text`: nothing expands it, so psql gets it as it stands. `undefined`: the container has no such variable. */
  readonly reason: 'text' | 'undefined';
}

/** The variables in the connection of a subscription that the shell does not fill in. */
export function leftVariables(workspace: Workspace, resource: Resource, run: SubscriptionRun): readonly LeftVariable[] {
  const connection = run.statement.connection?.span;
  if (!connection) return [];
  const { variables, isOpen } = environmentOf(workspace, resource, run.container);
  const script = scriptOf(workspace, resource, run.container)?.text.text ?? '';
  const isSourced = /(?:^|[\n;&])\s*(?:\.|source|eval|export\s+\$\()\s/.test(script);
  const found: LeftVariable[] = [];
  for (const input of run.call.sql) {
    if (input.kind === 'file') {
      const file = effectiveFile(workspace, resource, run.container, input.path.path);
      if (!file || file.isOpaque || input.filters.length > 0) continue;
      const text = file.content.text.slice(connection.start, connection.end);
      for (const match of text.matchAll(/\$\{\w+\}|\$[A-Z]\w*/g)) {
        const span = { start: connection.start + match.index, end: connection.start + match.index + match[0].length };
        if (file.resolve(span).kind === 'left') found.push({ at: run.part(span), text: match[0], reason: 'text' });
      }
      continue;
    }
    for (const piece of input.content) {
      const isInside = piece.span.start < connection.end && connection.start < piece.span.end;
      if (!isInside) continue;
      if (piece.kind === 'variable') {
        const isKnown =
          piece.assigned || piece.fallback !== undefined || isOpen || isSourced || variables.has(piece.name);
        if (!isKnown && /^[A-Za-z_]/.test(piece.name))
          found.push({ at: run.part(piece.span), text: piece.name, reason: 'undefined' });
      } else if (piece.kind === 'text' && piece.verbatim) {
        for (const match of piece.text.matchAll(/\$\{\w+\}|\$[A-Z]\w*/g)) {
          const start = piece.span.start + match.index;
          const span = { start, end: start + match[0].length };
          if (connection.start <= start && span.end <= connection.end)
            found.push({ at: run.part(span), text: match[0], reason: 'text' });
        }
      }
    }
  }
  return found;
}
