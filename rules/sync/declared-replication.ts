import { initdbOf } from '../../analysis/database-logins';
import { nearest } from '../../analysis/nearest';
import { clusterKind, databases } from '../../analysis/roles';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Workspace } from '../../manifests/workspace';
import type { Fix, Problem } from '../rule';
import { giveReplication, mainDatabases, mayReplicate } from './replication';

export const publicationKind = 'Publication.postgresql.cnpg.io';
export const subscriptionKind = 'Subscription.postgresql.cnpg.io';

/** A Subscription of CloudNativePG with the cluster that it is made in and what that calls the other one. */
export interface DeclaredSubscription {
  readonly cluster: Resource;
  /** The entry of `externalClusters`; undefined where the cluster has none of the name. */
  readonly external: Value | undefined;
}

/** Undefined where the cluster of the Subscription is not in the tree. */
export function declaredSubscription(workspace: Workspace, resource: Resource): DeclaredSubscription | undefined {
  const cluster = clusterNamed(workspace, resource);
  const name = resource.root.at('spec', 'externalClusterName').text;
  return (
    cluster && {
      cluster,
      external: cluster.root
        .at('spec', 'externalClusters')
        .items()
        .find(one => one.at('name').text === name),
    }
  );
}

/**
 * What is wrong with a Publication or Subscription of CloudNativePG (documentation, "Logical Replication"): which cluster
 * and database it is for, which publication it asks for, and how it reaches the main cluster.
 */
export function* declaredProblems(workspace: Workspace, resource: Resource): Iterable<Problem> {
  const cluster = clusterNamed(workspace, resource);
  if (!cluster) return;
  if (resource.qualifiedKind === publicationKind) {
    const { main } = databases(workspace);
    if (cluster === main && !resource.root.at('spec', 'target', 'objects').exists)
      yield* otherDatabase(resource, mainDatabases(workspace, main), main, 'publishes');
    return;
  }
  yield* subscriptionProblems(workspace, resource, cluster);
}

function* subscriptionProblems(workspace: Workspace, resource: Resource, cluster: Resource): Iterable<Problem> {
  const spec = resource.root.at('spec');
  const { main, li } = databases(workspace);
  if (li && cluster === main) {
    yield {
      at: spec.at('cluster', 'name'),
      message: `${resource.title} is created in ${cluster.title}, which is the main cluster — create it in ${li.name}.`,
      related: [{ at: li.root.at('metadata', 'name'), message: li.title }],
      fixes: () => writing(spec.at('cluster', 'name'), li.name),
    };
    return;
  }
  const database = initdbOf(cluster)?.database;
  if (cluster === li && database !== undefined) yield* otherDatabase(resource, [database], cluster, 'writes into');
  yield* unknownPublication(workspace, resource);
  const external = declaredSubscription(workspace, resource)?.external;
  const name = spec.at('externalClusterName');
  if (!external) {
    if (name.text === undefined) return;
    const known = cluster.root
      .at('spec', 'externalClusters')
      .items()
      .flatMap(one => one.at('name').text ?? []);
    const close = nearest(name.text, known) ?? (known.length === 1 ? known[0] : undefined);
    yield {
      at: name,
      message: `${cluster.title} has no external cluster ${name.text} — ${close === undefined ? 'add it under externalClusters.' : `did you mean ${close}?`}`,
      related: [{ at: cluster.root.at('metadata', 'name'), message: cluster.title }],
      fixes: () => (close === undefined ? [] : writing(name, close)),
    };
    return;
  }
  // Where no LI cluster is, the subscription may be for something else, and which cluster is the main one is a guess.
  if (main && li) yield* connectionProblems(workspace, resource, external, main);
}

/** How the apply worker of the LI cluster signs in to the main one. */
function* connectionProblems(
  workspace: Workspace,
  resource: Resource,
  external: Value,
  main: Resource,
): Iterable<Problem> {
  const connection = external.at('connectionParameters');
  const host = connection.at('host');
  const [, cluster, service] = /^(.+)-(rw|ro|r)$/.exec(host.text?.split('.', 1)[0] ?? '') ?? [];
  if (cluster === undefined) return;
  const related = [{ at: resource.root.at('metadata', 'name'), message: resource.title }];
  if (cluster !== main.name || service !== 'rw') {
    yield {
      at: host,
      message:
        cluster === main.name
          ? `${resource.title} connects to ${host.text}, behind which the instances change, but its slot is on one of them — connect to ${main.name}-rw.`
          : `${resource.title} connects to ${host.text}, which is not the main cluster — connect to ${main.name}-rw.`,
      related,
      fixes: () => writing(host, (host.text ?? '').replace(/^[^.]+/, `${main.name}-rw`)),
    };
    if (cluster !== main.name) return;
  }
  const database = connection.at('dbname');
  const wanted = mainDatabases(workspace, main);
  if (database.text !== undefined && wanted.length > 0 && !wanted.includes(database.text))
    yield {
      at: database,
      message: `${resource.title} reads the database ${database.text}, but the main instance keeps its data in ${wanted.join(', ')} — name that.`,
      related,
    };
  // Another user than the owner of the database is sync-credentials-user's.
  const user = connection.at('user');
  if (user.text !== undefined && user.text === initdbOf(main)?.owner && !mayReplicate(workspace, main, user.text)) {
    const name = user.text;
    yield {
      at: user,
      message: `${resource.title} signs in to ${main.title} as ${name}, which has no REPLICATION, so PostgreSQL refuses it a slot — give it replication: true under managed.roles of the Cluster.`,
      related: [{ at: main.root.at('metadata', 'name'), message: main.title }],
      fixes: () => giveReplication(main, name),
    };
  }
}

/** A publication that no object of the tree makes, where there is one that makes others. */
function* unknownPublication(workspace: Workspace, resource: Resource): Iterable<Problem> {
  const wanted = resource.root.at('spec', 'publicationName');
  const made = workspace.resources(publicationKind).flatMap(one => one.root.at('spec', 'name').text ?? []);
  if (wanted.text === undefined || made.length === 0 || made.includes(wanted.text)) return;
  const names = [...new Set(made)];
  const [only, ...others] = names;
  yield {
    at: wanted,
    message: `${resource.title} asks for the publication ${wanted.text}, but ${names.join(', ')} is created — use the same name.`,
    fixes: () => (only !== undefined && others.length === 0 ? writing(wanted, only) : []),
  };
}

function* otherDatabase(
  resource: Resource,
  wanted: readonly string[],
  cluster: Resource,
  does: 'publishes' | 'writes into',
): Iterable<Problem> {
  const database = resource.root.at('spec', 'dbname');
  if (database.text === undefined || wanted.length === 0 || wanted.includes(database.text)) return;
  yield {
    at: database,
    message: `${resource.title} ${does} the database ${database.text}, but the data of Synapse is in ${wanted.join(', ')} — name that.`,
    related: [{ at: cluster.root.at('metadata', 'name'), message: cluster.title }],
  };
}

function clusterNamed(workspace: Workspace, resource: Resource): Resource | undefined {
  const name = resource.root.at('spec', 'cluster', 'name').text;
  return name === undefined ? undefined : workspace.find(clusterKind, resource.namespace, name);
}

function writing(value: Value, text: string): readonly Fix[] {
  const edit = replaceScalar(value, text);
  return edit ? [{ title: `Write ${text}`, safe: false, edits: [edit] }] : [];
}
